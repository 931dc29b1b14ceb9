// Tasks that know nothing of each other: in two state folders, and one that another one started.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { newLab } from "./lib/lab.mjs";
import { alive, signal } from "./lib/processes.mjs";
import { HOB, prop, quote } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

const wait = prop("wait").map(quote).join(" ");

test("two state folders with the same id: neither touches the other", async (t) => {
  const lab = newLab(t);
  const second = { env: { HOB_HOME: path.join(lab.dir, "second") } };
  // Both from one process group and one session, as from one terminal.
  for (const options of [{}, second]) await lab.must(["run", "--id", "web", "-n", "web", "--", ...prop("wait")], options);
  const pids = [(await lab.show("web")).pid, (await lab.json(["show", "web"], second)).pid];
  assert.notEqual(pids[0], pids[1]);

  // Lost in the first: its strays are ended, those of the second not.
  const both = Object.values(await lab.bothKeepers("web"));
  for (const name of ["SIGSTOP", "SIGKILL"]) both.forEach((proc) => signal(proc, name));
  await waitUntil(() => !both.some(alive), "both are dead");
  assert.equal((await lab.show("web")).reason, "lost");
  assert.deepEqual(pids.map(alive), [false, true]);

  await lab.kill("--all");
  assert.deepEqual(pids.map(alive), [false, true]);
  assert.equal((await lab.json(["show", "web"], second)).status, "running");
  await lab.must(["kill", "web"], second);
  assert.equal((await lab.json(["show", "web"], second)).status, "cancelled");
  assert.ok(!alive(pids[1]));
});

/** An outer task that starts an inner one, and both of their records. */
async function nest(lab, line) {
  const outer = await lab.run(["--id", "outer", "-c", `${quote(HOB)} run --id inner -- ${wait}; ${line}`]);
  const inner = await waitUntil(async () => {
    const { code, stdout } = await lab.hob(["show", "inner", "--json"]);
    return code === 0 && JSON.parse(stdout).status === "running" && JSON.parse(stdout);
  }, "the inner task runs");
  return { outer, inner: inner.id, pid: inner.pid };
}

test("a task started inside a task outlives it", async (t) => {
  const lab = newLab(t);
  const { outer, inner, pid } = await nest(lab, wait);
  const task = await lab.until(outer, (now) => now.processes.some(({ command }) => command.endsWith("prop wait")));
  assert.ok(!task.processes.some((one) => one.pid === pid), "the inner task's are none of the outer's");
  await lab.kill(outer, "--grace", "0");
  assert.equal((await lab.show(outer)).status, "cancelled");
  await waitUntil(() => !lab.keepers(outer).guard && !lab.keepers(outer).keeper, "the outer's keepers ended");
  const after = await lab.show(inner);
  assert.deepEqual([after.status, after.pid, after.processes.length], ["running", pid, 1]);
  assert.ok(alive(pid));
  await lab.kill(inner);
  assert.ok(!alive(pid));
});

test("a task inside a task is no leftover of it", async (t) => {
  const lab = newLab(t);
  const { outer, inner, pid } = await nest(lab, "exit 0");
  const task = await lab.ended(outer);
  assert.deepEqual([task.status, task.leftover, task.processes ?? []], ["completed", false, []]);
  await waitUntil(() => !lab.keepers(outer).guard && !lab.keepers(outer).keeper, "the outer's keepers ended");
  assert.ok(alive(pid));
  await lab.kill(inner);
});

test("a task that started many others still knows its own leftover", async (t) => {
  const lab = newLab(t);
  const start = `i=0; while [ $i -lt 70 ]; do ${quote(HOB)} run -t inner -- ${wait} >/dev/null; i=$((i+1)); done`;
  const outer = await lab.run(["-n", "outer", "-c", `${start}; ${wait} & exit 3`]);
  const task = await lab.ended(outer);
  assert.deepEqual([task.exitCode, task.leftover, task.processes.length], [3, true, 1]);
  assert.ok((await lab.bothKeepers(outer)).keeper, "it is still kept");
  await lab.kill(outer);
  assert.ok(!alive(task.processes[0].pid));
  assert.equal((await lab.list("-t", "inner", "--status", "running")).length, 70);
  await lab.kill("-t", "inner", "--grace", "0");
});

test("a task inside a lost task is no stray of it", async (t) => {
  const lab = newLab(t);
  const { outer, inner, pid } = await nest(lab, wait);
  const both = Object.values(await lab.bothKeepers(outer));
  for (const name of ["SIGSTOP", "SIGKILL"]) both.forEach((proc) => signal(proc, name));
  await waitUntil(() => !both.some(alive), "both are dead");
  assert.equal((await lab.show(outer)).reason, "lost");
  assert.ok(alive(pid));
  assert.equal((await lab.show(inner)).status, "running");
  assert.ok((await lab.bothKeepers(inner)).guard);
});
