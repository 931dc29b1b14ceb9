// Nothing blocks the agent: OpenCode's shell becomes a link to hob, which lets a command go on in the background when
// it takes too long. The command itself stays as it is, so the user's rules are judged on what the agent wrote.
import { statSync } from "node:fs";
import { homeIn } from "./copy.ts";
import { NOTIFY_EXIT } from "./create.ts";
import type { Desk } from "./desk.ts";
import { becomes, Link, standsFor } from "./link.ts";
import type { Options } from "./options.ts";
import { shellFor } from "./shell.ts";

// What OpenCode's bash tool waits when neither the call nor the user says otherwise.
const USUAL_TIMEOUT = 120_000;
// So long before its time-out a command is let go.
const AHEAD = 2_000;
// OpenCode reads long output beside its files, and drops what it has not got to when the shell has ended. So long the
// shell stays after its last byte was taken; of 200 ends 61 were lost when it left at once, 1 so, and 9 without hob.
const LINGER = "100ms";
// A call that was denied is never handed over.
const MOST_CALLS = 1000;

export interface Parts {
  desk: Desk;
  options: Options;
  project: string;
}

interface Call {
  sessionID?: string;
  callID?: string;
}

export class Auto {
  readonly #parts: Parts;
  readonly #timeouts = new Map<string, number>();
  #link: Link | undefined;
  // What the program was when it last worked.
  #sound = "";

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Puts the link into OpenCode's settings. Where anything is amiss they stay as they are. */
  async standIn(config: { shell?: string }): Promise<void> {
    const { desk, options } = this.#parts;
    if (options.autoBackground === 0) return;
    try {
      const shell = shellFor(this.shellOf(config.shell));
      const program = desk.hob.find();
      if (!(await this.#works(program, shell))) return;
      this.#link = new Link(shell, program, this.#env());
      config.shell = this.#link.path;
    } catch {
      // No hob, no private folder, a shell that hob does not know: then nothing is let go.
    }
  }

  /** The shell that was set before, for what names one. */
  shellOf(configured: string | undefined): string | undefined {
    try {
      return standsFor(configured, this.#env());
    } catch {
      return configured;
    }
  }

  /** Remembers how long a call of the bash tool may take. Its command is never touched. */
  notice({ tool, callID }: { tool: string; callID: string }, args: { timeout?: unknown } | undefined): void {
    if (tool !== "bash" || !this.#link) return;
    if (this.#timeouts.size >= MOST_CALLS) this.#timeouts.clear();
    this.#timeouts.set(callID, typeof args?.timeout === "number" ? args.timeout : usualTimeout());
  }

  /** Tells hob, by the command's environment, whose it is and how long it is waited for. */
  async handOver({ sessionID, callID }: Call, env: Record<string, string>): Promise<void> {
    if (!this.#link) return;
    const timeout = callID === undefined ? undefined : this.#timeouts.get(callID);
    if (callID !== undefined) this.#timeouts.delete(callID);
    const { desk, options, project } = this.#parts;
    try {
      // The user's own commands, too, run in a shell that is there.
      if (!(await this.#repair(this.#link)) || timeout === undefined || !sessionID) return;
      const session = await desk.sessions.root(sessionID);
      desk.listen();
      // Named, as another plugin's hook may set HOME for the command.
      const home = options.home ?? homeIn(process.env);
      Object.assign(env, {
        HOB_SHELL_PATH: this.#link.shell,
        HOB_SHELL_WAIT: `${patience(options.autoBackground * 1000, timeout)}ms`,
        HOB_SHELL_LINGER: LINGER,
        HOB_SHELL_SESSION: session,
        HOB_SHELL_CALLER: sessionID,
        HOB_SHELL_OWNER: desk.owner,
        HOB_SHELL_PROJECT: project,
        HOB_SHELL_PREFIX: options.notifyPrefix,
        HOB_SHELL_TAG: NOTIFY_EXIT,
        ...(home ? { HOB_SHELL_HOME: home } : {}),
      });
    } catch {
      // Then it is the shell's alone.
    }
  }

  /** Sees that the link leads to a program that works; to hob, if it does. */
  async #repair(link: Link): Promise<boolean> {
    const program = await this.#program(link.shell);
    link.lead(program ?? link.shell);
    return program !== undefined;
  }

  async #program(shell: string): Promise<string | undefined> {
    try {
      const program = this.#parts.desk.hob.find();
      return (await this.#works(program, shell)) ? program : undefined;
    } catch {
      return undefined;
    }
  }

  /** Tried once with a program, and again when its file has changed. */
  async #works(program: string, shell: string): Promise<boolean> {
    const { dev, ino, size, mtimeMs } = statSync(program);
    const now = [program, shell, dev, ino, size, mtimeMs].join(":");
    if (now === this.#sound) return true;
    this.#sound = (await becomes(program, shell)) ? now : "";
    return this.#sound !== "";
  }

  #env(): NodeJS.ProcessEnv {
    const { home } = this.#parts.options;
    return home ? { ...process.env, HOB_HOME: home } : process.env;
  }
}

/** How long a command is waited for, in milliseconds: less than its time-out, whatever that is. */
export function patience(wanted: number, timeout: number): number {
  const most = timeout > 2 * AHEAD ? timeout - AHEAD : timeout / 2;
  return Math.max(1, Math.round(Math.min(wanted, most)));
}

function usualTimeout(env = process.env): number {
  const given = Number(env.OPENCODE_EXPERIMENTAL_BASH_DEFAULT_TIMEOUT_MS);
  return Number.isInteger(given) && given > 0 ? given : USUAL_TIMEOUT;
}
