// The events that hob keeps for this OpenCode until they are acknowledged.
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

type Take = (event: Event) => Promise<void>;

export class Outbox {
  readonly #hob: Hob;
  readonly #consumer: string[];
  readonly #closed = new AbortController();
  #following = false;

  constructor(hob: Hob, owner: string) {
    this.#hob = hob;
    this.#consumer = ["--claim", NAME, "-o", owner];
  }

  /** Hands over every event of the tasks that this OpenCode owns, from now until close(). */
  follow(take: Take): void {
    if (this.#following) return;
    this.#following = true;
    this.#keepFollowing(take)
      // Without the program there are no events: the next tool call says so and tries once more.
      .catch(() => {})
      .finally(() => (this.#following = false));
  }

  /** What waits for a session, raised by tasks whose OpenCode is gone. */
  async waiting(session: string): Promise<Event[]> {
    const text = await this.#hob.call(["events", ...this.#consumer, "-S", session, "--json"]);
    return text.split("\n").filter(Boolean).map(parse);
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
      await this.#followOnce(take, signal);
      pause = Date.now() - began > SOUND ? FIRST_PAUSE : Math.min(pause * 2, LONGEST_PAUSE);
      await sleep(pause, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  async #followOnce(take: Take, signal: AbortSignal): Promise<void> {
    const child = this.#hob.start(["events", "-f", ...this.#consumer, "--json"]);
    const kill = () => child.kill();
    signal.addEventListener("abort", kill, { once: true });
    child.on("error", () => {});
    child.stdin.end();
    child.stderr.resume();
    try {
      // To wait for take() is to leave the rest in the pipe, and so in hob.
      for await (const line of lines(child.stdout)) await take(parse(line));
    } catch {
      // What is no event comes from no sound hob: let it go, and start another.
    } finally {
      child.kill();
      signal.removeEventListener("abort", kill);
    }
  }
}

function parse(line: string): Event {
  return JSON.parse(line) as Event;
}
