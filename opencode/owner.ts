// OpenCode's own process, which owns the tasks: hob ends them when it is gone.
import { readFileSync } from "node:fs";

/** PID:START, so that a process that gets the same number later is not taken for this one. */
export function owner(pid = process.pid): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the program's name in parentheses and may hold spaces: count from its end.
  const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return `${pid}:${start}`;
}
