// What OpenCode 2 gives a plugin, as far as we use it, from its documentation. Its names moved during 2026: every
// method may be missing, so each is looked for before it is called.

export interface Context {
  options?: Record<string, unknown>;
  /** Where this instance of the plugin is loaded; sessions may work elsewhere. */
  location?: Location;
  tool?: { transform?(edit: (editor: Editor) => void): Promise<unknown> };
  session?: {
    get?(call: { sessionID: string }): Promise<Info>;
    synthetic?(call: Synthetic): Promise<unknown>;
    context?(call: { sessionID: string }): Promise<unknown>;
    hook?(name: "compaction", hook: (event: Compaction) => void | Promise<void>): Promise<unknown>;
  };
  event?: { subscribe?(call: { signal: AbortSignal }): AsyncIterable<Event> };
  permission?: { assert?(call: Assertion): Promise<unknown> };
}

export interface Location {
  directory?: string;
  project?: { id?: string; directory?: string };
}

export interface Editor {
  add(tool: Tool): void;
}

export interface Tool {
  name: string;
  description: string;
  /** JSON Schema. */
  input: unknown;
  options: { codemode: boolean; permission?: string };
  execute(input: unknown, call: Call): Promise<Result>;
}

/** What a call of a tool brings along. */
export interface Call {
  sessionID: string;
  agent?: string;
  messageID?: string;
  id?: string;
  signal?: AbortSignal;
}

export interface Result {
  content: string;
  metadata: Record<string, unknown>;
}

/** A session. */
export interface Info {
  id: string;
  parentID?: string;
  projectID?: string;
  location: { directory: string };
}

/** A message that comes from nobody at a keyboard. */
export interface Synthetic {
  sessionID: string;
  text: string;
  /** What the user sees of it. */
  description: string;
  metadata: Record<string, unknown>;
}

export interface Event {
  id?: string;
  type: string;
  data?: { sessionID?: string };
}

export interface Compaction {
  sessionID?: string;
  system?: { type: "text"; text: string }[];
}

export interface Assertion {
  sessionID: string;
  agent?: string;
  action: string;
  resources: string[];
  save: string[];
  metadata: Record<string, unknown>;
  source?: { type: "tool"; messageID: string; id: string };
}

/** Whether there is such a method. */
export function isMethod(value: unknown): value is (...args: never[]) => unknown {
  return typeof value === "function";
}
