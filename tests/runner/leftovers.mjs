// Finds what a test left running. Every process of a job inherits HOB_TEST_ROOT, and hob's own keep files open
// below that folder; a pid is signalled only after its start time was seen to be the same.
import fs from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

const MARK = "HOB_TEST_ROOT=";
const ROUNDS = 100;

function read(path) {
  try {
    return fs.readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function links(pid) {
  const found = [];
  try {
    found.push(fs.readlinkSync(`/proc/${pid}/cwd`));
    for (const fd of fs.readdirSync(`/proc/${pid}/fd`)) found.push(fs.readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    // It ended, or belongs to somebody else.
  }
  return found;
}

/** State and start time: the third and the twenty-second field; the name before them may hold anything. */
function stat(pid) {
  const fields = read(`/proc/${pid}/stat`).split(") ").pop().split(" ");
  return { state: fields[0], start: fields[19] };
}

function belongs(pid, root) {
  const below = (path) => path === root || path.startsWith(`${root}/`);
  const marks = read(`/proc/${pid}/environ`)
    .split("\0")
    .filter((variable) => variable.startsWith(MARK));
  return marks.some((mark) => below(mark.slice(MARK.length))) || links(pid).some(below);
}

/** Every living process that belongs to a job in or below the folder ROOT: [{pid, start, command}]. */
function find(root) {
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && belongs(pid, root))
    .map((pid) => ({ pid, ...stat(pid), command: read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim() }))
    .filter(({ state }) => state && state !== "Z" && state !== "X");
}

function end({ pid, start }) {
  if (stat(pid).start !== start) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

/** Waits up to PATIENCE ms for the last process of ROOT to end; kills and returns what is still there. */
export async function endLeftovers(root, patience) {
  const deadline = performance.now() + patience;
  let found = find(root);
  while (found.length && performance.now() < deadline) {
    await delay(50);
    found = find(root);
  }
  // A guard starts its keeper again, and the other way round: go on until none is left. What forks and ends faster than
  // it can be signalled gives up by itself once the folder is gone (see prop's hop).
  const all = new Map();
  for (let round = 0; found.length; found = find(root)) {
    if (round++ === ROUNDS) fs.rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    for (const one of found) {
      all.set(one.pid, one);
      end(one);
    }
    await delay(10);
  }
  return [...all.values()];
}
