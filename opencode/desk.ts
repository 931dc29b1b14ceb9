// What all projects that one OpenCode process has open share: one process owns their tasks, so one follower
// takes their events, and whichever project's client is at hand delivers them.
import type { PluginInput } from "@opencode-ai/plugin";
import { Hob } from "./hob.ts";
import { type Host, Notifier } from "./notify.ts";
import type { Notify, Options } from "./options.ts";
import { Outbox } from "./outbox.ts";
import { owner } from "./owner.ts";
import { Prompter } from "./prompt.ts";
import { type Family, Sessions } from "./sessions.ts";
import { Turns } from "./turns.ts";

// Beyond that an end is told once more than needed.
const MOST_ENDS = 1000;

/** How OpenCode's sessions are reached. */
export interface Ways {
  sessions: Family;
  host: Host;
  /** Takes OpenCode's events. */
  notice(event: { type: string; properties: unknown }): void;
}

/** Those of OpenCode 1. */
export function waysOf(client: PluginInput["client"]): Ways {
  const sessions = new Sessions(client);
  const turns = new Turns(client);
  return { sessions, host: new Prompter(client, sessions, turns), notice: (event) => turns.notice(event) };
}

export class Desk {
  readonly hob: Hob;
  readonly owner = owner();
  readonly sessions: Family;
  readonly notice: Ways["notice"];
  readonly #outbox: Outbox;
  readonly #notifier: Notifier;
  /** What each project's user wants to be told. */
  readonly #notify = new Map<string | null, Notify>();
  readonly #ends = new Set<string>();
  readonly #default: Notify;
  #users = 0;

  constructor({ sessions, host, notice }: Ways, options: Options) {
    this.hob = new Hob(options);
    this.sessions = sessions;
    this.notice = notice;
    this.#default = options.notify;
    this.#outbox = new Outbox(this.hob, this.owner);
    const knowledge = {
      hob: this.hob,
      ends: (project: string | null) => (this.#notify.get(project) ?? this.#default).exit,
      sawEnd: (task: string) => this.#ends.has(task),
    };
    this.#notifier = new Notifier(knowledge, host, this.#outbox, this.owner);
  }

  listen(): void {
    this.#outbox.follow(this.#notifier.take);
  }

  /** A session is open here: what was raised for it while no OpenCode listened is handed over, and what will be. */
  async see(session: string): Promise<void> {
    this.#outbox.name(await this.sessions.root(session));
    // hob may have come, or come back, meanwhile.
    this.listen();
  }

  /** An answer showed the agent that a task has ended. */
  sawEnd(task: string): void {
    if (this.#ends.size >= MOST_ENDS) this.#ends.clear();
    this.#ends.add(task);
  }

  /** Ends what a deleted session started. */
  async end(session: string): Promise<void> {
    this.#outbox.forget(session);
    await this.hob.call(["kill", "-S", session, "-l", "session", "--json"]);
  }

  /** A project is opened, whose user wants to be told this. */
  join(project: string, notify: Notify): this {
    this.#users++;
    this.#notify.set(project, notify);
    return this;
  }

  /** Returns true when nobody is left. */
  leave(): boolean {
    if (--this.#users > 0) return false;
    this.#outbox.close();
    this.#notifier.close();
    return true;
  }
}
