// What OpenCode 2 tells of its sessions while an instance of the plugin is loaded.
import { setTimeout as sleep } from "node:timers/promises";
import type { Desk } from "../desk.ts";
import { isMethod, type Context, type Event } from "./context.ts";
import type { Server } from "./server.ts";

// Between one stream of events and the next.
const PAUSE = 1000;
const LONGEST_PAUSE = 60_000;

/** Calls TAKE for every event until CLOSED, and MISSED whenever some may have been missed: first of all now. */
export async function followEvents({ event }: Context, take: (event: Event) => void, missed: () => void, closed: AbortSignal): Promise<void> {
  let pause = PAUSE;
  while (!closed.aborted) {
    try {
      // What came before is not told again.
      const stream = isMethod(event?.subscribe) ? event!.subscribe!({ signal: closed }) : undefined;
      missed();
      if (!stream) return;
      for await (const one of stream) {
        if (closed.aborted) return;
        pause = PAUSE;
        take(one);
      }
    } catch {
      // It was cut off.
    }
    await sleep(pause, undefined, { signal: closed, ref: false }).catch(() => {});
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

// Far more than what every instance hears at the same time.
const MOST_HEARD = 1000;

/** The events of the sessions: all instances hear all of them, and each is acted on once. */
export class Ear {
  readonly #desk: Desk;
  readonly #server: Server;
  readonly #see: (session: string) => void;
  readonly #heard = new Set<string>();

  /** SEE is told which session is in use. */
  constructor(desk: Desk, server: Server, see: (session: string) => void) {
    this.#desk = desk;
    this.#server = server;
    this.#see = see;
  }

  hear({ id, type, data }: Event): void {
    const session = data?.sessionID;
    if (!session || !this.#isNew(id)) return;
    if (type === "session.execution.started") this.#see(session);
    const turn = /^session\.execution\.(?:(started)|succeeded|failed|interrupted)$/.exec(type);
    if (turn) this.#server.turn(session, turn[1] !== undefined);
    // In the background, as it may take seconds. Where hob is missing there is nothing to end.
    if (type === "session.deleted") void this.#desk.end(session).catch(() => {});
  }

  #isNew(id: string | undefined): boolean {
    if (id === undefined) return true;
    if (this.#heard.has(id)) return false;
    if (this.#heard.size >= MOST_HEARD) this.#heard.clear();
    this.#heard.add(id);
    return true;
  }
}
