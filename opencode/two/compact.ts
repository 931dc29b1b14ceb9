// What a summary of a session must keep: its running processes, their ports, and how far their output went.
import { runningIn } from "../compact.ts";
import type { Desk } from "../desk.ts";
import { projectOf } from "../project.ts";
import { placeOf } from "./caller.ts";
import { isMethod, type Compaction, type Context } from "./context.ts";
import type { Server } from "./server.ts";

/** Adds them to whatever a summary is made from. Where hob, the session or the hook is missing, nothing is added. */
export async function keepThrough({ session, location }: Context, desk: Desk, server: Server): Promise<void> {
  if (!isMethod(session?.hook)) return;
  const keep = async ({ sessionID, system }: Compaction) => {
    if (!sessionID || !Array.isArray(system)) return;
    const info = await server.info(sessionID).catch(() => undefined);
    const kept = await runningIn(desk, sessionID, projectOf(placeOf(info, location)));
    system.push(...kept.map((text) => ({ type: "text" as const, text })));
  };
  try {
    await session!.hook!("compaction", keep);
  } catch {
    // The tools work without it.
  }
}
