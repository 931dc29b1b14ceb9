// The events that hob keeps for this OpenCode until they are acknowledged: those of its own tasks, and of sessions
// that are open here those whose own OpenCode is gone.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Hob } from "./hob.ts";
import { lines } from "./lines.ts";
import type { Event } from "./record.ts";

// The consumer's name. With OpenCode's process beside it nobody else is meant.
const NAME = "opencode";
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 30_000;
// A follower that lived so long was not broken from the start.
const SOUND = 10_000;

// Far from what a command line can hold.
const MOST_AT_ONCE = 1000;
// Of more, those named last: one that is opened again is named again.
const MOST_SESSIONS = 200;

type Take = (event: Event) => Promise<void>;

export class Outbox {
  readonly #hob: Hob;
  readonly #consumer: string[];
  readonly #closed = new AbortController();
  readonly #sessions = new Set<string>();
  #following = false;
  #child: ChildProcess | undefined;

  constructor(hob: Hob, owner: string) {
    this.#hob = hob;
    this.#consumer = ["--claim", NAME, "-o", owner];
  }

  /** Hands over every event of the tasks that this OpenCode owns, from now until close(). */
  follow(take: Take): void {
    if (this.#following) return;
    this.#following = true;
    this.#keepFollowing(take)
      // Without the program there are no events: who creates a task is told so, and the next use of a session tries
      // once more.
      .catch(() => {})
      .finally(() => (this.#following = false));
  }

  /** From now on also what is raised for a session by tasks whose OpenCode is gone, and what waits already. */
  name(session: string): void {
    if (this.#sessions.has(session)) return;
    if (this.#sessions.size >= MOST_SESSIONS) this.#sessions.delete(this.#sessions.values().next().value!);
    this.#sessions.add(session);
    // Another follower takes its place, which knows the session.
    this.#child?.kill();
  }

  /** The session is gone. */
  forget(session: string): void {
    this.#sessions.delete(session);
  }

  /** Says that these need not be handed over again. */
  async acknowledge(seqs: number[]): Promise<void> {
    for (let at = 0; at < seqs.length; at += MOST_AT_ONCE) {
      const some = seqs.slice(at, at + MOST_AT_ONCE).map(String);
      await this.#hob.call(["events", "--ack", ...some, ...this.#consumer]);
    }
  }

  close(): void {
    this.#closed.abort();
  }

  /** Starts the follower again whenever it ends, after a pause that grows while it keeps ending at once. */
  async #keepFollowing(take: Take): Promise<void> {
    const { signal } = this.#closed;
    let pause = FIRST_PAUSE;
    while (!signal.aborted) {
      const began = Date.now();
      const renewed = await this.#followOnce(take, signal);
      if (renewed) continue;
      pause = Date.now() - began > SOUND ? FIRST_PAUSE : Math.min(pause * 2, LONGEST_PAUSE);
      await sleep(pause, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** Returns whether the follower was ended by us, for another to take its place. */
  async #followOnce(take: Take, signal: AbortSignal): Promise<boolean> {
    const sessions = [...this.#sessions].flatMap((session) => ["-S", session]);
    const child = this.#hob.start(["events", "-f", ...this.#consumer, ...sessions, "--json"]);
    const kill = () => child.kill();
    signal.addEventListener("abort", kill, { once: true });
    child.on("error", () => {});
    // What it was handed, another is handed only once it is dead.
    const ended = once(child, "close").catch(() => {});
    this.#child = child;
    child.stdin.end();
    child.stderr.resume();
    let renewed = false;
    try {
      for await (const line of lines(child.stdout)) {
        // To wait for take() is to leave the rest in the pipe, and so in hob.
        await take(parse(line));
        if (child.killed) break;
      }
      renewed = child.killed;
    } catch {
      // What is no event comes from no sound hob: let it go, and start another.
    } finally {
      this.#child = undefined;
      child.kill();
      child.stdout.destroy();
      signal.removeEventListener("abort", kill);
    }
    await ended;
    return renewed;
  }
}

function parse(line: string): Event {
  return JSON.parse(line) as Event;
}
