// Tasks of sessions that were deleted while no instance of the plugin heard of it.
import type { Desk } from "../desk.ts";
import type { Task } from "../record.ts";
import type { Server } from "./server.ts";

/** Ends those of PROJECT that this server owns and that were to end with a session that is gone. */
export async function endOrphans({ hob, owner }: Desk, server: Server, project: string): Promise<void> {
  const chosen = ["--project", project, "-l", "session", "--status", "running", "--status", "pending"];
  const tasks = await hob.ask<Task[]>(["list", ...chosen, "--json"]);
  const own = tasks.filter((task) => task.owner === owner && task.sessionId !== null);
  for (const session of new Set(own.map(({ sessionId }) => sessionId!))) {
    if (!(await server.isGone(session))) continue;
    const ids = own.filter(({ sessionId }) => sessionId === session).map(({ id }) => id);
    await hob.call(["kill", ...ids, "--json"]);
  }
}
