// What outlives a compaction: the session's running tasks, their ports and how far their output was read.
import type { Desk } from "./desk.ts";
import type { Task } from "./record.ts";
import { selectors } from "./select.ts";
import { keptText } from "./text.ts";

/** Lines for the compaction's context; none when nothing runs, or hob does not tell. */
export async function runningIn(desk: Desk, caller: string, project: string): Promise<string[]> {
  try {
    const session = await desk.sessions.root(caller);
    const chosen = selectors({ status: "running" }, { session, project });
    const tasks = await desk.hob.ask<Task[]>(["list", ...chosen, "--json"]);
    if (tasks.length === 0) return [];
    return [["These background processes still run. Keep their ids, ports and cursors in the summary:", ...tasks.map(keptText)].join("\n")];
  } catch {
    return [];
  }
}
