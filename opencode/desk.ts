// What all projects that one OpenCode process has open share: one process owns their tasks, so one follower
// takes their events, and whichever project's client is at hand delivers them.
import type { PluginInput } from "@opencode-ai/plugin";
import { Hob } from "./hob.ts";
import { Notifier, type Prompter } from "./notify.ts";
import type { Options } from "./options.ts";
import { Outbox } from "./outbox.ts";
import { owner } from "./owner.ts";
import { type Family, Sessions } from "./sessions.ts";
import { Turns } from "./turns.ts";

// To look at a session twice costs little.
const MOST_SEEN = 1000;

/** How OpenCode's sessions are reached. */
export interface Ways {
  client: Prompter;
  sessions: Family;
  turns: Pick<Turns, "watch" | "sent" | "notice">;
}

/** Those of OpenCode 1. */
export function waysOf(client: PluginInput["client"]): Ways {
  return { client, sessions: new Sessions(client), turns: new Turns(client) };
}

export class Desk {
  readonly hob: Hob;
  readonly owner = owner();
  readonly sessions: Ways["sessions"];
  readonly turns: Ways["turns"];
  readonly #outbox: Outbox;
  readonly #notifier: Notifier;
  readonly #seen = new Set<string>();
  #users = 0;

  constructor({ client, sessions, turns }: Ways, options: Options) {
    this.hob = new Hob(options);
    this.sessions = sessions;
    this.turns = turns;
    this.#outbox = new Outbox(this.hob, this.owner);
    this.#notifier = new Notifier(this.hob, client, this.sessions, this.turns, this.#outbox);
  }

  listen(): void {
    this.#outbox.follow(this.#notifier.take);
  }

  /** Hands a session, when it is first seen, what was raised for it while no OpenCode listened. */
  async see(session: string): Promise<void> {
    const root = await this.sessions.root(session);
    if (this.#seen.has(root)) return;
    this.open(root);
    for (const event of await this.#outbox.waiting(root)) await this.#notifier.take(event);
  }

  /** A session that was just made: nothing can wait for it. */
  open(session: string): void {
    if (this.#seen.size >= MOST_SEEN) this.#seen.clear();
    this.#seen.add(session);
  }

  /** Ends what a deleted session started. */
  async end(session: string): Promise<void> {
    this.#seen.delete(session);
    await this.hob.call(["kill", "-S", session, "-l", "session", "--json"]);
  }

  join(): this {
    this.#users++;
    return this;
  }

  /** Returns true when nobody is left. */
  leave(): boolean {
    if (--this.#users > 0) return false;
    this.#outbox.close();
    return true;
  }
}
