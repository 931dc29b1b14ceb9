// What /proc knows of the processes that a lab started.
import { readFileSync, readdirSync } from "node:fs";

/** Every living process whose environment at its start held this entry, as { pid, command }. */
export function withEnvironment(entry) {
  const found = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    if (read(`/proc/${name}/environ`).split("\0").includes(entry) && alive(Number(name))) {
      found.push({ pid: Number(name), command: read(`/proc/${name}/cmdline`).replaceAll("\0", " ").trim() });
    }
  }
  return found;
}

/** Whether a process runs; a zombie does not. */
export function alive(pid) {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== "" && stat[stat.lastIndexOf(")") + 2] !== "Z";
}

/** PID:START as hob wants an owner named. */
export function identity(pid) {
  const stat = read(`/proc/${pid}/stat`);
  return `${pid}:${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
}

/** A process that ends while we look is no longer there. */
function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
