// Who calls a tool, as far as the tools need to know it: OpenCode 1's own context is one, two/caller.ts makes one.

export interface Request {
  /** bash or external_directory. */
  permission: string;
  patterns: string[];
  /** What "always allow" remembers. */
  always: string[];
  metadata: Record<string, unknown>;
}

export interface Caller {
  sessionID: string;
  /** The folder that the session works in. */
  directory: string;
  /** The repository around it; "/" where there is none. */
  worktree: string;
  abort: AbortSignal;
  /** Returns when the user's rules or the user allow it; throws when they do not. */
  ask(request: Request): Promise<void>;
}
