// What waits to be told of one task: the first and the last of its events, and how many lie between. So it stays
// small, however many there are; only their numbers are all kept, to be acknowledged.
import type { Event } from "./record.ts";

// Of more than twice as many, the first and the last so many are told.
const EDGE = 10;
export const MOST_TOLD = 2 * EDGE;

/** What is not told one by one. */
export interface Rest {
  count: number;
  /** The first one's number, and where in the output it lies. */
  seq: number;
  cursor: number;
}

export class Batch {
  readonly id: string;
  readonly name: string | null;
  readonly project: string | null;
  readonly seqs: number[] = [];
  /** When the oldest was raised. */
  oldest = Infinity;
  /** The owners of the task, as the events tell them. */
  readonly owners = new Set<string | null>();
  /** The task's end is kept apart: it is never counted only. */
  exit: Event | undefined;
  #first: Event[] = [];
  #last: Event[] = [];
  #rest: Rest | undefined;

  constructor({ id, name, project }: Event) {
    this.id = id;
    this.name = name;
    this.project = project;
  }

  add(event: Event): void {
    this.seqs.push(event.seq);
    this.oldest = Math.min(this.oldest, Date.parse(event.at));
    this.owners.add(event.owner);
    if (event.type === "exit") this.exit = event;
    else if (this.#first.length < EDGE) this.#first.push(event);
    else {
      this.#last.push(event);
      if (this.#last.length > EDGE) this.#rest = counted(this.#rest, this.#last.shift()!);
    }
  }

  /** Leaves out what was told before. */
  without(sent: Set<number>): void {
    if (sent.size === 0) return;
    const isNew = ({ seq }: Event) => !sent.has(seq);
    const known = this.events;
    this.#first = this.#first.filter(isNew);
    this.#last = this.#last.filter(isNew);
    if (this.exit && !isNew(this.exit)) this.exit = undefined;
    const gone = this.seqs.filter((seq) => sent.has(seq)).length - known.filter((event) => !isNew(event)).length;
    if (this.#rest && this.#rest.count <= gone) this.#rest = undefined;
    else if (this.#rest) this.#rest = { ...this.#rest, count: this.#rest.count - gone };
    this.seqs.splice(0, Infinity, ...this.seqs.filter((seq) => !sent.has(seq)));
  }

  /** The task's end is no news. */
  dropExit(): void {
    if (!this.exit) return;
    this.seqs.splice(this.seqs.indexOf(this.exit.seq), 1);
    this.exit = undefined;
  }

  /** Those that are not counted only, in order. */
  get events(): Event[] {
    return [...this.#first, ...this.#last, ...(this.exit ? [this.exit] : [])];
  }

  get rest(): Rest | undefined {
    return this.#rest;
  }
}

/** What one prompt tells of one task. */
export interface Told {
  batch: Batch;
  /** In order. */
  events: Event[];
  rest: Rest | undefined;
}

/** Of more than twenty events in all of a prompt the first and the last ten; the others are counted by task. */
export function digest(batches: Batch[]): Told[] {
  const all = batches.flatMap(({ events }) => events).sort((a, b) => a.seq - b.seq);
  const count = batches.reduce((sum, { rest }) => sum + (rest?.count ?? 0), all.length);
  const kept = new Set(count > MOST_TOLD ? [...all.slice(0, EDGE), ...all.slice(Math.max(EDGE, all.length - EDGE))] : all);
  return batches.map((batch) => ({
    batch,
    events: batch.events.filter((event) => kept.has(event)),
    rest: batch.events.filter((event) => !kept.has(event)).reduce<Rest | undefined>(counted, batch.rest),
  }));
}

function counted(rest: Rest | undefined, { seq, cursor }: Event): Rest {
  if (!rest) return { count: 1, seq, cursor };
  return seq < rest.seq ? { count: rest.count + 1, seq, cursor } : { ...rest, count: rest.count + 1 };
}
