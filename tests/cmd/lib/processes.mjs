// What /proc tells of processes. A process is {pid, start}: the number alone may be somebody else's by now.
import fs from "node:fs";

function read(file) {
  try {
    return fs.readFileSync(file, "latin1");
  } catch {
    return ""; // It ended while we looked.
  }
}

/** {pid, name, state, ppid, pgid, sid, start} of a process, or undefined. A zombie has state Z. */
export function stat(pid) {
  const text = read(`/proc/${pid}/stat`);
  const close = text.lastIndexOf(")");
  if (close < 0) return undefined;
  const fields = text.slice(close + 2).split(" ");
  const [ppid, pgid, sid] = fields.slice(1, 4).map(Number);
  return { pid: Number(pid), name: text.slice(text.indexOf("(") + 1, close), state: fields[0], ppid, pgid, sid, start: fields[19] };
}

/** Whether a process lives: a pid, or {pid, start} for exactly that one. Zombies do not live. */
export function alive(proc) {
  const { pid, start } = typeof proc === "object" ? proc : { pid: proc };
  const now = stat(pid);
  return now !== undefined && !"ZX".includes(now.state) && (start === undefined || now.start === start);
}

/** {pid, start} of a living process. */
export function identity(pid) {
  return { pid, start: stat(pid)?.start };
}

export const words = (pid) => read(`/proc/${pid}/cmdline`).split("\0").slice(0, -1);
export const commandLine = (pid) => words(pid).join(" ");
export const environment = (pid) => read(`/proc/${pid}/environ`).split("\0").filter(Boolean);
export const children = (pid) => read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);

/** All below PID, but not PID itself. */
export function descendants(pid) {
  return children(pid).flatMap((child) => [child, ...descendants(child)]);
}

/** The number in one line of /proc/PID/status: "VmRSS", "voluntary_ctxt_switches" … */
export function status(pid, key) {
  return Number(new RegExp(`^${key}:\\s*(\\d+)`, "m").exec(read(`/proc/${pid}/status`))?.[1]);
}

export function pids() {
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** What a process has open, besides its working directory. */
export function links(pid) {
  const found = [];
  for (const where of ["cwd", "fd"]) {
    try {
      if (where === "cwd") found.push(fs.readlinkSync(`/proc/${pid}/cwd`));
      else for (const fd of fs.readdirSync(`/proc/${pid}/fd`)) found.push(fs.readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      // It ended, or closed it.
    }
  }
  return found;
}

/** Every living process whose command line holds TEXT: [{pid, start}]. A test makes TEXT unique. */
export function withWord(text) {
  return pids()
    .filter((pid) => pid !== process.pid && commandLine(pid).includes(text) && alive(pid))
    .map(identity);
}

/** Sends a signal to exactly this process, or to nobody. */
export function signal(proc, name = "SIGKILL") {
  const { pid, start } = typeof proc === "object" ? proc : identity(proc);
  if (!(pid > 1) || !alive({ pid, start })) return false;
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
