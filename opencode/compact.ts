// What outlives a compaction: the session's running tasks, their ports and how far their output was read.
import type { Desk } from "./desk.ts";
import type { Task } from "./record.ts";
import { selectors } from "./select.ts";
import { keptText } from "./text.ts";

// A summary is to stay short.
const MOST = 40;

/** Lines for the compaction's context; none when nothing runs, or hob does not tell. */
export async function runningIn(desk: Desk, caller: string, project: string): Promise<string[]> {
  try {
    const session = await desk.sessions.root(caller);
    const chosen = selectors({ status: "running" }, { session, project });
    const tasks = await desk.hob.ask<Task[]>(["list", ...chosen, "--json"]);
    if (tasks.length === 0) return [];
    const more = tasks.length > MOST ? [`- and ${tasks.length - MOST} older ones, which listBackgroundProcesses shows`] : [];
    const lines = [...tasks.slice(-MOST).map(keptText), ...more];
    return [["These background processes still run. Keep their ids, ports and cursors in the summary:", ...lines].join("\n")];
  } catch {
    return [];
  }
}
