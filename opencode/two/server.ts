// OpenCode 2's server, which all of the user's windows share: through whichever instance of the plugin is loaded.
// An instance is unloaded when nothing happens in its folder for an hour; the server and its sessions live on.
import { Family, type Session } from "../sessions.ts";
import type { Host } from "../notify.ts";
import { holds, pack } from "../seqs.ts";
import { isMethod, type Context, type Info, type Synthetic } from "./context.ts";
import { toldIn } from "./mark.ts";

const MOST_OF_A_TITLE = 100;

export class Server extends Family implements Host {
  readonly #contexts = new Set<Context>();
  readonly #working = new Set<string>();

  add(context: Context): void {
    this.#contexts.add(context);
  }

  remove(context: Context): void {
    this.#contexts.delete(context);
  }

  /** Whether sessions can be told anything now. */
  get canWake(): boolean {
    return this.#with((session) => isMethod(session.synthetic)) !== undefined;
  }

  /** Whether OpenCode tells of its sessions. */
  get canLook(): boolean {
    return this.#with(({ get }) => isMethod(get)) !== undefined;
  }

  /** A session as OpenCode tells of it; undefined when there is none. */
  async info(id: string): Promise<Info | undefined> {
    const { session } = this.#with(({ get }) => isMethod(get)) ?? {};
    try {
      return await session?.get?.({ sessionID: id });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Whether OpenCode says that there is no such session: what nobody knows is not gone. */
  async isGone(id: string): Promise<boolean> {
    return this.canLook && (await this.info(id).then((info) => info === undefined, () => false));
  }

  async get(id: string): Promise<Session | undefined> {
    if (!this.canLook) return { id, directory: "" };
    const info = await this.info(id);
    return info && { id, directory: info.location.directory, parentID: info.parentID };
  }

  async has(id: string): Promise<boolean> {
    return (await this.get(id)) !== undefined;
  }

  works(id: string): boolean {
    return this.#working.has(id);
  }

  /** A turn of the model begins, or ends. */
  turn(id: string, begins: boolean): void {
    if (begins) this.#working.add(id);
    else this.#working.delete(id);
  }

  async sent(id: string, seqs: number[]): Promise<Set<number>> {
    const { session } = this.#with(({ context }) => isMethod(context)) ?? {};
    const found = toldIn(await session?.context?.({ sessionID: id }));
    return new Set(seqs.filter((seq) => holds(found, seq)));
  }

  /** Agent and model are the session's own. What the inbox took will be seen, also after a restart. */
  prompt(id: string, text: string, seqs: number[]): { accepted: Promise<void>; begun: Promise<void> } {
    const metadata = { source: "hob", hob: { seqs: pack(seqs) } };
    const accepted = this.#wake({ sessionID: id, text, description: titleOf(text), metadata });
    return { accepted, begun: accepted };
  }

  /** Puts a message into the session's durable inbox, which begins a turn, or comes up in the one that runs. */
  async #wake(message: Synthetic): Promise<void> {
    const { session } = this.#with(({ synthetic }) => isMethod(synthetic)) ?? {};
    if (!session?.synthetic) throw new Error("No instance of the plugin is loaded that could tell the session.");
    await session.synthetic(message);
  }

  /** The last instance that was loaded and whose sessions can do that. */
  #with(can: (session: NonNullable<Context["session"]>) => boolean): Context | undefined {
    return [...this.#contexts].findLast(({ session }) => session && can(session));
  }
}

function titleOf(text: string): string {
  const [first = ""] = text.split("\n");
  return first.length > MOST_OF_A_TITLE ? `${first.slice(0, MOST_OF_A_TITLE)}…` : first;
}

function isNotFound(error: unknown): boolean {
  const { name, _tag, code } = (error ?? {}) as Record<string, unknown>;
  return [name, _tag, code].some((word) => typeof word === "string" && /^Session\.?NotFound(Error)?$/.test(word));
}
