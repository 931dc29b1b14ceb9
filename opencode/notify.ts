// Brings what processes say into the sessions that started them, as prompts that the agent answers.
import { setTimeout as sleep } from "node:timers/promises";
import type { PluginInput } from "@opencode-ai/plugin";
import type { Outbox } from "./outbox.ts";
import type { Event } from "./record.ts";
import type { Session, Sessions } from "./sessions.ts";
import { notificationText, REMINDER } from "./text.ts";
import type { Mark, Turns } from "./turns.ts";

type Client = PluginInput["client"];

// The first goes at once; what comes within this time after it goes together.
const GATHER = 200;
const MOST_TOGETHER = 50;
// What is more stays in hob until there is room.
const MOST_IN_HAND = 256;
const MOST_TRIED = 10_000;
// hob hands an event over again 60 s after it was last claimed: a younger one was never sent by another.
const YOUNG = 50_000;

export class Notifier {
  readonly #client: Client;
  readonly #sessions: Sessions;
  readonly #turns: Turns;
  readonly #outbox: Outbox;
  readonly #began = Date.now();
  readonly #inHand = new Set<number>();
  readonly #queues = new Map<string, Event[]>();
  readonly #tried = new Set<number>();
  #waiting: (() => void)[] = [];

  constructor(client: Client, sessions: Sessions, turns: Turns, outbox: Outbox) {
    this.#client = client;
    this.#sessions = sessions;
    this.#turns = turns;
    this.#outbox = outbox;
  }

  /** Takes an event that hob hands over; returns when there is room for another. */
  readonly take = async (event: Event): Promise<void> => {
    if (event.type !== "notify" || event.sessionId === null) {
      await this.#acknowledge([event]);
      return;
    }
    if (this.#inHand.has(event.seq)) return;
    this.#inHand.add(event.seq);
    const queue = this.#queues.get(event.sessionId);
    if (queue) queue.push(event);
    else void this.#empty(event.sessionId, [event]);
    while (this.#inHand.size >= MOST_IN_HAND) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  };

  /** Sends what is queued for a session, group by group in order, until nothing came for GATHER. */
  async #empty(sessionId: string, queue: Event[]): Promise<void> {
    this.#queues.set(sessionId, queue);
    while (queue.length > 0) {
      const group = queue.splice(0, MOST_TOGETHER);
      await Promise.all([this.#send(sessionId, group), sleep(GATHER, undefined, { ref: false })]);
    }
    this.#queues.delete(sessionId);
  }

  /** Sends one group. What fails here is not acknowledged: hob hands it over again. */
  async #send(sessionId: string, group: Event[]): Promise<void> {
    try {
      const session = await this.#sessions.get(sessionId);
      const fresh = session ? await this.#unsent(session, group) : [];
      if (!session || fresh.length === 0) return await this.#settle(group);
      const { accepted, turn } = this.#prompt(session, fresh, notificationText(fresh));
      // A turn may be long in coming: the next group does not wait for it.
      void turn.then(() => this.#settle(group)).catch(() => this.#letGo(group));
      await accepted;
    } catch {
      this.#letGo(group);
    }
  }

  /** Without what an OpenCode that was killed before it could acknowledge has sent already. */
  async #unsent(session: Session, group: Event[]): Promise<Event[]> {
    const since = Math.max(this.#began, Date.now() - YOUNG);
    const isNew = ({ seq, at }: Event) => Date.parse(at) >= since && !this.#tried.has(seq);
    if (group.every(isNew)) return group;
    const sent = await this.#turns.sent(session, group.map(({ seq }) => seq));
    return group.filter(({ seq }) => !sent.has(seq));
  }

  /** Prompts, and once more when no turn comes of it. */
  #prompt(session: Session, group: Event[], text: string): { accepted: Promise<void>; turn: Promise<void> } {
    const seqs = group.map(({ seq }) => seq);
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

  async #settle(group: Event[]): Promise<void> {
    await this.#acknowledge(group);
    this.#letGo(group);
  }

  async #acknowledge(events: Event[]): Promise<void> {
    await this.#outbox.acknowledge(events.map(({ seq }) => seq));
  }

  #letGo(group: Event[]): void {
    for (const { seq } of group) this.#inHand.delete(seq);
    for (const wakeUp of this.#waiting.splice(0)) wakeUp();
  }

  /** What was tried is never sent blindly again. Those forgotten here are no longer young. */
  #remember(seqs: number[]): void {
    if (this.#tried.size >= MOST_TRIED) this.#tried.clear();
    for (const seq of seqs) this.#tried.add(seq);
  }
}
