// Brings what processes say into the sessions that started them. Who prompts, and how, is the host's matter.
import { setTimeout as sleep } from "node:timers/promises";
import type { Batch } from "./batch.ts";
import { type Knowledge, mayTell, newsOf } from "./news.ts";
import type { Outbox } from "./outbox.ts";
import { Paces } from "./pace.ts";
import { Queue, WINDOW } from "./queue.ts";
import type { Event } from "./record.ts";

// What is more stays in hob until there is room.
const MOST_IN_HAND = 50_000;
const MOST_TRIED = 100_000;
// hob hands an event over again 60 s after it was last claimed: a younger one was never sent by another.
const YOUNG = 50_000;

/** What prompts: OpenCode. */
export interface Host {
  /** Whether a session is there; asked shortly before it is prompted. */
  has(session: string): Promise<boolean>;
  /** Whether the model is at work in a session, as far as that is known. */
  works(session: string): boolean;
  /** Which of these were sent into a session before. */
  sent(session: string, seqs: number[]): Promise<Set<number>>;
  /** Prompts a session. ACCEPTED: the next prompt will come behind it; BEGUN: a turn began. */
  prompt(session: string, text: string, seqs: number[]): { accepted: Promise<void>; begun: Promise<void> };
}

export class Notifier {
  readonly #knowledge: Knowledge;
  readonly #host: Host;
  readonly #outbox: Pick<Outbox, "acknowledge">;
  /** Whose events nobody else is handed while we live. */
  readonly #owner: string;
  readonly #began = Date.now();
  readonly #paces = new Paces();
  readonly #inHand = new Set<number>();
  readonly #queues = new Map<string, Queue>();
  readonly #tried = new Set<number>();
  #waiting: (() => void)[] = [];
  #closed = false;

  constructor(knowledge: Knowledge, host: Host, outbox: Pick<Outbox, "acknowledge">, owner: string) {
    this.#knowledge = knowledge;
    this.#host = host;
    this.#outbox = outbox;
    this.#owner = owner;
  }

  /** Takes an event that hob hands over; returns when there is room for another. */
  readonly take = async (event: Event): Promise<void> => {
    if (!mayTell(event)) {
      await this.#outbox.acknowledge([event.seq]);
      return;
    }
    if (this.#inHand.has(event.seq)) return;
    this.#inHand.add(event.seq);
    this.#queueOf(event).add(event, this.#host.works(event.sessionId!));
    while (this.#inHand.size >= MOST_IN_HAND) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  };

  /** Sends nothing any more. What is not acknowledged yet hob hands to whoever follows next. */
  close(): void {
    this.#closed = true;
  }

  #queueOf({ sessionId, type }: Event): Queue {
    const known = this.#queues.get(sessionId!);
    if (known) return known;
    const queue = new Queue(this.#paces);
    this.#queues.set(sessionId!, queue);
    void this.#empty(sessionId!, queue, type);
    return queue;
  }

  /** Sends what is queued for a session, window by window, until nothing comes any more. */
  async #empty(sessionId: string, queue: Queue, first: string): Promise<void> {
    // A message goes at once, with what came with it; what else happens seldom comes alone: a build's errors, then its end.
    if (first === "notify") await new Promise(setImmediate);
    else await pause();
    while (!queue.isEmpty) {
      await queue.ready();
      if (this.#closed) return;
      const { batches, slowed } = queue.take();
      await Promise.all([this.#send(sessionId, batches, slowed), pause()]);
    }
    this.#queues.delete(sessionId);
  }

  /** Sends what goes together. What fails here is not acknowledged: hob hands it over again. */
  async #send(sessionId: string, batches: Batch[], slowed: Set<string>): Promise<void> {
    const seqs = batches.flatMap((batch) => batch.seqs);
    try {
      // OpenCode and hob are asked side by side: a message is to be there at once.
      const look = async () => newsOf(this.#knowledge, await this.#unsent(sessionId, batches), slowed);
      const [there, news] = await Promise.all([this.#host.has(sessionId), look()]);
      if (this.#closed) return;
      if (!there || !news) return await this.#settle(seqs);
      this.#remember(news.seqs);
      const { accepted, begun } = this.#host.prompt(sessionId, news.text, news.seqs);
      // A turn may be long in coming: the next prompt does not wait for it.
      void begun.then(() => this.#settle(seqs)).catch(() => this.#letGo(seqs));
      await accepted;
    } catch {
      this.#letGo(seqs);
    }
  }

  /** Without what was sent already, by us or by an OpenCode that was killed before it could acknowledge. */
  async #unsent(sessionId: string, batches: Batch[]): Promise<Batch[]> {
    const since = Math.max(this.#began, Date.now() - YOUNG);
    const isNew = ({ oldest, owners, seqs }: Batch) =>
      oldest >= since && [...owners].every((owner) => owner === this.#owner) && !seqs.some((seq) => this.#tried.has(seq));
    const old = batches.filter((batch) => !isNew(batch));
    if (old.length === 0) return batches;
    const sent = await this.#host.sent(sessionId, old.flatMap(({ seqs }) => seqs));
    for (const batch of old) batch.without(sent);
    return batches.filter(({ seqs }) => seqs.length > 0);
  }

  async #settle(seqs: number[]): Promise<void> {
    await this.#outbox.acknowledge(seqs);
    this.#letGo(seqs);
  }

  #letGo(seqs: number[]): void {
    for (const seq of seqs) this.#inHand.delete(seq);
    for (const wakeUp of this.#waiting.splice(0)) wakeUp();
  }

  /** What was tried is never sent blindly again. Those forgotten here are no longer young. */
  #remember(seqs: number[]): void {
    if (this.#tried.size >= MOST_TRIED) this.#tried.clear();
    for (const seq of seqs) this.#tried.add(seq);
  }
}

async function pause(): Promise<void> {
  await sleep(WINDOW, undefined, { ref: false });
}
