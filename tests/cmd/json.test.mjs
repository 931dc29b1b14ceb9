// The JSON of a task: every key of design.md's list, in every state, null where absent; and bytes that are no UTF-8.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sleeper } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { HOB } from "./lib/programs.mjs";

const KEYS = `id name status reason ending command argv cwd project tags sessionId createdBy owner lifetime global watch idleAfterMs
  portEvent inputEvent pid startedAt
  completedAt exitCode signal error outputBytes cursor lines lost log pty stdin ports cpuPercent cpuMs memoryBytes processes leftover
  waitingFor prompt restartOf`.split(/\s+/);
const OF_THE_LIVING = ["ports", "cpuPercent", "cpuMs", "memoryBytes"];
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function check(task, { ended }, ...more) {
  assert.deepEqual(Object.keys(task).sort(), [...KEYS, ...more].sort());
  for (const key of ["waitingFor", "prompt"]) assert.equal(task[key], null, key);
  if (task.processes?.length) {
    assert.deepEqual(task.ports, []);
    assert.ok(task.cpuPercent >= 0 && task.memoryBytes > 0, `${task.cpuPercent} ${task.memoryBytes}`);
  } else for (const key of OF_THE_LIVING) assert.ok(!task[key] || !task[key].length, key);
  if (ended && !task.leftover) for (const key of OF_THE_LIVING) assert.equal(task[key], null, key);
  for (const key of ["outputBytes", "cursor", "lines", "lost"]) assert.ok(Number.isInteger(task[key]), key);
  for (const key of ["global", "leftover"]) assert.equal(typeof task[key], "boolean", key);
  assert.equal(task.log, "spliced");
  assert.match(task.startedAt, INSTANT);
  if (ended) assert.match(task.completedAt, INSTANT);
  else assert.equal(task.completedAt, null);
  assert.ok(Math.abs(Date.now() - Date.parse(task.startedAt)) < 600_000);
}

test("a bare task, from run, list, show and restart", async (t) => {
  const lab = newLab(t);
  const task = JSON.parse(await lab.must(["run", "--json", "sleep", "1000"]));
  check(task, { ended: false });
  const absent = { name: null, reason: null, ending: null, sessionId: null, createdBy: null, owner: null, completedAt: null, exitCode: null };
  const rest = {
    signal: null,
    error: null,
    restartOf: null,
    tags: [],
    lifetime: "detached",
    global: false,
    leftover: false,
    pty: null,
    stdin: false,
    watch: [],
    idleAfterMs: null,
    portEvent: false,
    inputEvent: false,
  };
  for (const [key, value] of Object.entries({ ...absent, ...rest })) assert.deepEqual(task[key], value, key);
  const [listed] = await lab.list();
  check(listed, { ended: false });
  const shown = await lab.show(task.id);
  check(shown, { ended: false }, "output", "portHeldBy");
  assert.equal(shown.output, "");
  const again = await lab.json(["restart", task.id]);
  check(again, { ended: false });
  assert.equal(again.restartOf, task.id);
});

test("a task with everything, at its end", async (t) => {
  const lab = newLab(t);
  const owner = await sleeper(lab);
  const words = ["-n", "web", "-t", "a", "-t", "b", "-S", "s", "--created-by", "c", "-o", owner.pid, "-l", "app"];
  const id = await lab.run([...words, "sh", "-c", "echo one; echo two; exit 3"]);
  const task = await lab.ended(id);
  check(task, { ended: true }, "output", "portHeldBy");
  const { status, reason, exitCode, signal, outputBytes, cursor, lines, lost, processes, global } = task;
  assert.deepEqual([status, reason, exitCode, signal], ["failed", "exit", 3, null]);
  assert.deepEqual([outputBytes, cursor, lines, lost, global], [8, 8, 2, 0, true]);
  assert.match(task.owner, new RegExp(`^${owner.pid}:\\d+$`));
  assert.deepEqual(task.argv, ["sh", "-c", "echo one; echo two; exit 3"]);
  assert.equal(task.command, "sh -c 'echo one; echo two; exit 3'");
  assert.ok(processes === null || processes.length === 0);
  assert.ok(Date.parse(task.completedAt) >= Date.parse(task.startedAt));
  await owner.end();
});

test("a signal has its name, and then there is no exit code", async (t) => {
  const lab = newLab(t);
  for (const name of ["SIGKILL", "SIGTERM", "SIGUSR1"]) {
    const task = await lab.ended(await lab.run(["sh", "-c", `kill -${name.slice(3)} $$`]));
    assert.deepEqual([task.status, task.reason, task.exitCode, task.signal], ["failed", "signal", null, name]);
    const [exit] = await lab.events(task.id, "exit");
    assert.deepEqual([exit.status, exit.reason, exit.exitCode, exit.signal], ["failed", "signal", null, name]);
  }
});

test("a task that never started has no pid, no start, and an error", async (t) => {
  const lab = newLab(t);
  await lab.hob(["run", "no-such-program"]);
  const [task] = await lab.list();
  assert.deepEqual(Object.keys(task).sort(), [...KEYS].sort());
  const { status, reason, pid, startedAt, exitCode, error, processes } = task;
  assert.deepEqual([status, reason, pid, startedAt, exitCode, processes], ["failed", "exec", null, null, null, null]);
  assert.equal(error, "no program no-such-program in PATH");
  assert.match(task.completedAt, INSTANT);
});

test("cursor, bytes and lines move while the task writes", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["sh", "-c", "printf 'a\\nb'; exec sleep 1000"]);
  const task = await lab.until(id, ({ outputBytes }) => outputBytes === 3);
  assert.deepEqual([task.cursor, task.lines], [3, 1]);
});

test("text that is no UTF-8, and every control character, is valid JSON", async (t) => {
  const lab = newLab(t);
  const script = String.raw`"$HOB" run --id bad -n "$(printf 'a\377b')" -t "$(printf '\303')" printf '%s' "$(printf '\377\001\033')"`;
  const { code, stderr } = await lab.spawn(["sh", "-c", script], { env: { HOB } }).done;
  assert.equal(code, 0, stderr);
  const task = await lab.ended("bad");
  assert.equal(task.name, "a\ufffdb");
  assert.deepEqual(task.tags, ["\ufffd"]);
  assert.deepEqual(task.argv, ["printf", "%s", "\ufffd\u0001\u001b"]);
  const control = Array.from({ length: 31 }, (_, i) => String.fromCharCode(i + 1)).join("");
  const other = await lab.ended(await lab.run(["-n", `"\\${control}\u007f`, "true", `\u2028"ä€😀`]));
  assert.equal(other.name, `"\\${control}\u007f`);
  assert.deepEqual(other.argv, ["true", `\u2028"ä€😀`]);
});

test("one object or array on one line", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "a", "-n", "two\nlines", "seq", "10"]));
  for (const args of [["list"], ["show", "a"], ["logs", "a"], ["wait", "a"], ["kill", "a"]]) {
    const text = await lab.must([...args, "--json"]);
    assert.equal(text.indexOf("\n"), text.length - 1, args[0]);
    JSON.parse(text);
  }
});
