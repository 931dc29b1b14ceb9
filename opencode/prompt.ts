// Prompts OpenCode's sessions: the one place that notifications call its client from, but for what turns.ts and
// sessions.ts ask.
import type { PluginInput } from "@opencode-ai/plugin";
import { REMINDER } from "./news.ts";
import type { Host } from "./notify.ts";
import { pack } from "./seqs.ts";
import type { Session, Sessions } from "./sessions.ts";
import type { Mark, Turns } from "./turns.ts";

type Client = PluginInput["client"];

// Beyond that a session is asked for once more.
const MOST_MET = 1000;
// And after so many milliseconds: meanwhile the user may have switched its agent.
const FRESH = 50;

/** A session as it was at a moment. */
interface Met {
  session: Session;
  at: number;
}

export class Prompter implements Host {
  readonly #client: Client;
  readonly #sessions: Sessions;
  readonly #turns: Turns;
  /** Sessions as they were when it was asked whether they are there. */
  readonly #met = new Map<string, Met>();

  constructor(client: Client, sessions: Sessions, turns: Turns) {
    this.#client = client;
    this.#sessions = sessions;
    this.#turns = turns;
  }

  async has(session: string): Promise<boolean> {
    const now = await this.#sessions.get(session);
    if (this.#met.size >= MOST_MET) this.#met.clear();
    if (now) this.#met.set(session, { session: now, at: performance.now() });
    return now !== undefined;
  }

  works(session: string): boolean {
    return this.#turns.works(session);
  }

  async sent(session: string, seqs: number[]): Promise<Set<number>> {
    const now = await this.#sessions.get(session);
    return now ? this.#turns.sent(now, seqs) : new Set();
  }

  /** Prompts, and once more when no turn comes of it. */
  prompt(session: string, text: string, seqs: number[]): { accepted: Promise<void>; begun: Promise<void> } {
    const met = this.#met.get(session);
    this.#met.delete(session);
    const isFresh = met && performance.now() - met.at <= FRESH;
    const now = isFresh ? Promise.resolve(met.session) : this.#sessions.get(session);
    const watched = now.then((now) => now && this.#turns.watch(now, seqs));
    const accepted = now.then((now) => now && this.#post(now, seqs, text));
    const begun = Promise.all([watched, accepted]).then(async ([outcome]) => {
      if (outcome === undefined || outcome === "begun") return;
      const now = await this.#sessions.get(session);
      if (now) await this.#post(now, seqs, outcome === "stored" ? REMINDER : text);
    });
    return { accepted, begun };
  }

  async #post({ id, directory, agent, model }: Session, seqs: number[], text: string): Promise<void> {
    const mark: Mark = { hob: { seqs: pack(seqs) } };
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
}
