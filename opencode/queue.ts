// What waits to be told to one session. Matches that come faster than anybody reads are counted, not told each.
import { setTimeout as sleep } from "node:timers/promises";
import type { Event } from "./record.ts";

export interface Item {
  event: Event;
  /** The numbers of later matches of the same task, which are only counted. */
  more: number[];
}

// What comes within this time goes together.
const GATHER = 200;
// While more matches come than are told, the pauses grow up to this.
const LONGEST_PAUSE = 30_000;
const MOST_TOGETHER = 50;
const MOST_MATCHES = 10;

export class Queue {
  readonly #items: Item[] = [];
  #pause = GATHER;
  #hurry = () => {};

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** Returns whether the event takes up room of its own. */
  add(event: Event): boolean {
    if (event.type !== "match") this.#hurry();
    else {
      const same = this.#items.filter((item) => item.event.type === "match" && item.event.id === event.id);
      if (same.length >= MOST_MATCHES) {
        same.at(-1)!.more.push(event.seq);
        return false;
      }
    }
    this.#items.push({ event, more: [] });
    return true;
  }

  /** The next ones that go together. */
  take(): Item[] {
    const group = this.#items.splice(0, MOST_TOGETHER);
    this.#pause = group.some(({ more }) => more.length > 0) ? Math.min(this.#pause * 4, LONGEST_PAUSE) : GATHER;
    return group;
  }

  /** Lets others come; a flood of matches gets longer, anything else does not wait for it. */
  async rest(): Promise<void> {
    const hurried = new AbortController();
    this.#hurry = () => hurried.abort();
    await sleep(GATHER, undefined, { ref: false });
    await sleep(this.#pause - GATHER, undefined, { ref: false, signal: hurried.signal }).catch(() => {});
  }
}
