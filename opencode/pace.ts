// How fast a task's events are told. One that never comes to rest is slowed down, or it would prompt its session for
// ever: a line twice a second, or a server that speaks up whenever the agent, just prompted, asks it something. What
// comes while the agent is at work may be such a circle, or the tests that it is mending: that takes longer to tell.
import type { Event } from "./record.ts";

// An event follows the one before it, or the prompt that told of that, when no more lies between.
const FOLLOWS = 1_000;
// So much in a row is enough: five prompts that follow each other, or twenty while the agent works.
const ENOUGH = 20;
const CLOSE = 4;
const WORKING = 1;
// Between two prompts of a task that is slowed down; doubled each time, up to the longest.
const FIRST_PAUSE = 2_000;
const LONGEST_PAUSE = 30_000;
const MOST_TASKS = 1_000;

export class Pace {
  #raised = -Infinity;
  #told = -Infinity;
  /** How closely what was raised since the last prompt follows. */
  #follows = 0;
  #row = 0;
  #pause = 0;
  #warned = false;

  /** Notes an event of the task. WORKING: its session's agent is at work. */
  raised({ at }: Pick<Event, "at">, working: boolean): void {
    const raised = Date.parse(at);
    const close = raised - Math.max(this.#raised, this.#told) <= FOLLOWS;
    this.#follows = Math.max(this.#follows, close ? CLOSE : working ? WORKING : 0);
    this.#raised = Math.max(this.#raised, raised);
  }

  /** Notes that a prompt tells of what was raised. Returns true when the task has to be told that it is slowed down. */
  told(now: number): boolean {
    this.#told = now;
    this.#row = this.#follows > 0 ? this.#row + this.#follows : 0;
    if (this.#row === 0) this.#pause = 0;
    else if (this.#pause > 0) this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
    else if (this.#row >= ENOUGH) this.#pause = FIRST_PAUSE;
    this.#follows = 0;
    if (this.#pause === 0 || this.#warned) return false;
    return (this.#warned = true);
  }

  /** When the next prompt may tell of the task. */
  get due(): number {
    return this.#pause > 0 ? this.#told + this.#pause : -Infinity;
  }
}

/** The pace of each task. One that is forgotten here begins anew. */
export class Paces {
  readonly #paces = new Map<string, Pace>();

  of(id: string): Pace {
    const known = this.#paces.get(id);
    if (known) return known;
    if (this.#paces.size >= MOST_TASKS) this.#paces.delete(this.#paces.keys().next().value!);
    const pace = new Pace();
    this.#paces.set(id, pace);
    return pace;
  }
}
