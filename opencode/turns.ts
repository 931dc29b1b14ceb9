// Sees whether a prompt began a turn of the model: OpenCode 1.18 can store one in an idle session and then
// do nothing with it (its issue 32010).
import type { PluginInput } from "@opencode-ai/plugin";
import { holds, type Packed } from "./seqs.ts";
import type { Session } from "./sessions.ts";

type Client = PluginInput["client"];

/** What a prompt's part carries, so that it is known again in the session's messages. */
export interface Mark {
  hob: { seqs: Packed };
}

/** begun: the model sees it, or will; stored: it lies there; lost: OpenCode dropped it. */
export type Outcome = "begun" | "stored" | "lost";

// From the stored prompt to the first sign of its turn OpenCode takes 20 ms; a busy machine may take longer.
const PATIENCE = 5_000;
// Until it is stored it may load models and plugins first.
const LONG_PATIENCE = 60_000;

interface Watch {
  session: string;
  seqs: number[];
  message?: string;
  stored: () => void;
  begun: () => void;
}

interface Message {
  info: { id: string; role: string; parentID?: string; sessionID: string };
  parts: { metadata?: unknown }[];
}

export class Turns {
  readonly #client: Client;
  readonly #patience: number;
  readonly #longPatience: number;
  readonly #watches = new Set<Watch>();
  readonly #working = new Set<string>();

  constructor(client: Client, patience = PATIENCE, longPatience = LONG_PATIENCE) {
    this.#client = client;
    this.#patience = patience;
    this.#longPatience = longPatience;
  }

  /** Settles when the prompt with these seqs began a turn, or when patience ended. Call it before sending. */
  async watch(session: Session, seqs: number[]): Promise<Outcome> {
    const watch: Watch = { session: session.id, seqs, stored: () => {}, begun: () => {} };
    this.#watches.add(watch);
    const seen = await new Promise<boolean>((resolve) => {
      const lose = () => resolve(false);
      let timer = setTimeout(lose, this.#longPatience).unref();
      watch.stored = () => {
        clearTimeout(timer);
        timer = setTimeout(lose, this.#patience).unref();
      };
      watch.begun = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
    this.#watches.delete(watch);
    return seen ? "begun" : this.#look(session, watch.seqs);
  }

  /** Takes OpenCode's events; those of other things pass by. */
  notice(event: { type: string; properties: unknown }): void {
    if (event.type === "session.status") {
      const { sessionID, status } = event.properties as { sessionID: string; status: { type: string } };
      if (status.type === "idle") this.#working.delete(sessionID);
      else this.#working.add(sessionID);
    }
    if (this.#watches.size === 0) return;
    if (event.type === "message.part.updated") {
      const { part } = event.properties as { part: { sessionID: string; messageID: string; metadata?: unknown } };
      const told = toldIn(part.metadata);
      for (const watch of this.#watches) {
        if (watch.session !== part.sessionID || !anyOf(watch.seqs, told)) continue;
        watch.message = part.messageID;
        watch.stored();
      }
    } else if (event.type === "message.updated") {
      const { info } = event.properties as { info: Message["info"] };
      for (const watch of this.#watches) {
        if (watch.session === info.sessionID && answers(info, watch.message)) watch.begun();
      }
    }
  }

  /** Whether a turn is under way. */
  works(session: string): boolean {
    return this.#working.has(session);
  }

  /** Which of these were sent into the session before. */
  async sent(session: Session, seqs: number[]): Promise<Set<number>> {
    const found = (await this.#messages(session)).flatMap(({ parts }) => parts.flatMap(({ metadata }) => toldIn(metadata)));
    return new Set(seqs.filter((seq) => holds(found, seq)));
  }

  /** Asks OpenCode itself: events of another directory's session do not come here. */
  async #look(session: Session, seqs: number[]): Promise<Outcome> {
    const messages = await this.#messages(session);
    const ours = messages.findLast(({ parts }) => parts.some(({ metadata }) => anyOf(seqs, toldIn(metadata))));
    if (!ours) return "lost";
    if (messages.some(({ info }) => answers(info, ours.info.id))) return "begun";
    const query = { directory: session.directory };
    const status = (await this.#client.session.status({ query })).data?.[session.id];
    // A turn that is under way takes up what was stored meanwhile.
    return status && status.type !== "idle" ? "begun" : "stored";
  }

  async #messages({ id, directory }: Session): Promise<Message[]> {
    const { data, error } = await this.#client.session.messages({ path: { id }, query: { directory } });
    // To take them for none would be to tell them twice.
    if (!data) throw new Error(`OpenCode does not show the messages of session ${id}: ${JSON.stringify(error)}`);
    return data as Message[];
  }
}

/** Whether this is the model's answer to a message, or to one after it: ids grow with time. */
function answers({ role, parentID }: Message["info"], message: string | undefined): boolean {
  return role === "assistant" && message !== undefined && parentID !== undefined && parentID >= message;
}

function toldIn(metadata: unknown): Packed {
  return (metadata as Partial<Mark> | undefined)?.hob?.seqs ?? [];
}

function anyOf(seqs: number[], told: Packed): boolean {
  return told.length > 0 && seqs.some((seq) => holds(told, seq));
}
