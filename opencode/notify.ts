// Brings what processes say into the sessions that started them, as prompts that the agent answers.
import type { PluginInput } from "@opencode-ai/plugin";
import type { Hob } from "./hob.ts";
import { mayTell, newsOf, REMINDER, type News } from "./news.ts";
import type { Outbox } from "./outbox.ts";
import { Queue, type Item } from "./queue.ts";
import type { Event } from "./record.ts";
import type { Session, Sessions } from "./sessions.ts";
import type { Mark, Turns } from "./turns.ts";

type Call = Parameters<PluginInput["client"]["session"]["promptAsync"]>[0];

/** What prompts a session: OpenCode 1's client, or what stands for it on OpenCode 2. */
export interface Prompter {
  session: { promptAsync(call: Call): Promise<{ data?: unknown; error?: unknown }> };
}

// What is more stays in hob until there is room.
const MOST_IN_HAND = 256;
const MOST_TRIED = 10_000;
// hob hands an event over again 60 s after it was last claimed: a younger one was never sent by another.
const YOUNG = 50_000;

export class Notifier {
  readonly #hob: Hob;
  readonly #client: Prompter;
  readonly #sessions: Pick<Sessions, "get">;
  readonly #turns: Pick<Turns, "watch" | "sent">;
  readonly #outbox: Outbox;
  readonly #began = Date.now();
  readonly #inHand = new Set<number>();
  #room = MOST_IN_HAND;
  readonly #queues = new Map<string, Queue>();
  readonly #tried = new Set<number>();
  #waiting: (() => void)[] = [];

  constructor(hob: Hob, client: Prompter, sessions: Pick<Sessions, "get">, turns: Pick<Turns, "watch" | "sent">, outbox: Outbox) {
    this.#hob = hob;
    this.#client = client;
    this.#sessions = sessions;
    this.#turns = turns;
    this.#outbox = outbox;
  }

  /** Takes an event that hob hands over; returns when there is room for another. */
  readonly take = async (event: Event): Promise<void> => {
    if (!mayTell(event)) {
      await this.#outbox.acknowledge([event.seq]);
      return;
    }
    if (this.#inHand.has(event.seq)) return;
    this.#inHand.add(event.seq);
    if (this.#queueOf(event).add(event)) this.#room--;
    while (this.#room <= 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  };

  #queueOf({ sessionId, type }: Event): Queue {
    const known = this.#queues.get(sessionId!);
    if (known) return known;
    const queue = new Queue();
    this.#queues.set(sessionId!, queue);
    void this.#empty(sessionId!, queue, type);
    return queue;
  }

  /** Sends what is queued for a session, group by group in order, until nothing comes any more. */
  async #empty(sessionId: string, queue: Queue, first: string): Promise<void> {
    // A message goes at once; what else happens seldom comes alone: a build's errors, and then its end.
    if (first === "notify") await Promise.resolve();
    else await queue.rest();
    while (!queue.isEmpty) await Promise.all([this.#send(sessionId, queue.take()), queue.rest()]);
    this.#queues.delete(sessionId);
  }

  /** Sends one group. What fails here is not acknowledged: hob hands it over again. */
  async #send(sessionId: string, group: Item[]): Promise<void> {
    try {
      const session = await this.#sessions.get(sessionId);
      const fresh = session ? await this.#unsent(session, group) : [];
      const news = await newsOf(this.#hob, fresh);
      if (!session || !news) return await this.#settle(group);
      const { accepted, turn } = this.#prompt(session, news);
      // A turn may be long in coming: the next group does not wait for it.
      void turn.then(() => this.#settle(group)).catch(() => this.#letGo(group));
      await accepted;
    } catch {
      this.#letGo(group);
    }
  }

  /** Without what an OpenCode that was killed before it could acknowledge has sent already. */
  async #unsent(session: Session, group: Item[]): Promise<Item[]> {
    const since = Math.max(this.#began, Date.now() - YOUNG);
    const isNew = ({ event: { seq, at } }: Item) => Date.parse(at) >= since && !this.#tried.has(seq);
    if (group.every(isNew)) return group;
    const sent = await this.#turns.sent(session, group.map(({ event }) => event.seq));
    return group.filter(({ event }) => !sent.has(event.seq));
  }

  /** Prompts, and once more when no turn comes of it. */
  #prompt(session: Session, { text, items }: News): { accepted: Promise<void>; turn: Promise<void> } {
    const seqs = items.map(({ event }) => event.seq);
    this.#remember(seqs);
    const watched = this.#turns.watch(session, seqs);
    const accepted = this.#post(session, seqs, text);
    const turn = Promise.all([watched, accepted]).then(async ([outcome]) => {
      if (outcome === "begun") return;
      const now = await this.#sessions.get(session.id);
      if (now) await this.#post(now, seqs, outcome === "stored" ? REMINDER : text);
    });
    return { accepted, turn };
  }

  async #post({ id, directory, agent, model }: Session, seqs: number[], text: string): Promise<void> {
    const mark: Mark = { hob: { seqs } };
    const body = {
      // A prompt that does not name them would switch the session's agent, model and variant.
      agent,
      model: model && { providerID: model.providerID, modelID: model.id },
      variant: model?.variant === "default" ? undefined : model?.variant,
      parts: [{ type: "text" as const, text, metadata: { ...mark } }],
    };
    const { error } = await this.#client.session.promptAsync({ path: { id }, query: { directory }, body });
    if (error) throw new Error(`OpenCode refused a prompt for session ${id}: ${JSON.stringify(error)}`);
  }

  async #settle(group: Item[]): Promise<void> {
    await this.#outbox.acknowledge(group.flatMap(numbers));
    this.#letGo(group);
  }

  #letGo(group: Item[]): void {
    for (const seq of group.flatMap(numbers)) this.#inHand.delete(seq);
    this.#room += group.length;
    for (const wakeUp of this.#waiting.splice(0)) wakeUp();
  }

  /** What was tried is never sent blindly again. Those forgotten here are no longer young. */
  #remember(seqs: number[]): void {
    if (this.#tried.size >= MOST_TRIED) this.#tried.clear();
    for (const seq of seqs) this.#tried.add(seq);
  }
}

function numbers({ event, more }: Item): number[] {
  return [event.seq, ...more];
}
