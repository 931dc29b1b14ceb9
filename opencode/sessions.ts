// What OpenCode knows of its sessions. A sub-agent has a session of its own below the one that called it.
import type { PluginInput } from "@opencode-ai/plugin";

type Client = PluginInput["client"];

/** The part of a session that the plugin reads; the SDK's type lacks agent and model. */
export interface Session {
  id: string;
  directory: string;
  parentID?: string;
  agent?: string;
  model?: { id: string; providerID: string; variant?: string };
}

const MOST_ROOTS = 1000;

/** Who stems from whom. */
export abstract class Family {
  // A session never changes its parent, so an answer holds for good.
  readonly #roots = new Map<string, string>();

  /** A session, or undefined when it is gone. */
  abstract get(id: string): Promise<Session | undefined>;

  /** The session at the top of the chain, which the tasks of all its sub-agents belong to. */
  async root(id: string): Promise<string> {
    const known = this.#roots.get(id);
    if (known) return known;
    const parent = (await this.get(id))?.parentID;
    const root = parent ? await this.root(parent) : id;
    if (this.#roots.size >= MOST_ROOTS) this.#roots.clear();
    this.#roots.set(id, root);
    return root;
  }
}

/** Those of OpenCode 1. */
export class Sessions extends Family {
  readonly #client: Client;

  constructor(client: Client) {
    super();
    this.#client = client;
  }

  async get(id: string): Promise<Session | undefined> {
    const { data, error, response } = await this.#client.session.get({ path: { id } });
    if (data) return data as Session;
    if (response?.status === 404) return undefined;
    throw new Error(`OpenCode does not tell about session ${id}: ${JSON.stringify(error)}`);
  }
}
