// What waits to be told to one session, by task. What comes within a window goes together; of a task that was slowed
// down, what comes within its pause.
import { setTimeout as sleep } from "node:timers/promises";
import { Batch } from "./batch.ts";
import type { Paces } from "./pace.ts";
import type { Event } from "./record.ts";

/** There is one prompt in so many milliseconds at the most. */
export const WINDOW = 200;
// Of so many of one task none waits for the end of a pause.
const MOST_HELD = 10_000;

export class Queue {
  readonly #paces: Paces;
  readonly #batches = new Map<string, Batch>();
  #wake = () => {};

  constructor(paces: Paces) {
    this.#paces = paces;
  }

  get isEmpty(): boolean {
    return this.#batches.size === 0;
  }

  /** WORKING: the session's agent is at work. */
  add(event: Event, working: boolean): void {
    const batch = this.#batches.get(event.id) ?? new Batch(event);
    this.#batches.set(event.id, batch);
    batch.add(event);
    this.#paces.of(event.id).raised(event, working);
    this.#wake();
  }

  /** Returns when there is something to take. */
  async ready(): Promise<void> {
    for (;;) {
      const due = Math.min(...[...this.#batches.values()].map((batch) => this.#due(batch)));
      const wait = due - Date.now();
      if (wait <= 0) return;
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await sleep(wait, undefined, { ref: false, signal: woken.signal }).catch(() => {});
    }
  }

  /** What goes together now, and the ids of the tasks that are slowed down from now on and were never before. */
  take(): { batches: Batch[]; slowed: Set<string> } {
    const now = Date.now();
    const batches = [...this.#batches.values()].filter((batch) => this.#due(batch) <= now);
    for (const { id } of batches) this.#batches.delete(id);
    return { batches, slowed: new Set(batches.filter(({ id }) => this.#paces.of(id).told(now)).map(({ id }) => id)) };
  }

  /** The end of a task ends its pause. */
  #due({ id, exit, seqs }: Batch): number {
    return exit || seqs.length >= MOST_HELD ? -Infinity : this.#paces.of(id).due;
  }
}
