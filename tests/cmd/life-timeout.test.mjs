// --timeout and --grace: a task that takes too long, and one that gets no time to say goodbye.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newLab } from "./lib/lab.mjs";
import { alive, signal } from "./lib/processes.mjs";
import { prop, quote } from "./lib/programs.mjs";

const wait = prop("wait").map(quote).join(" ");

test("--timeout ends the tree: failed, timeout", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--timeout", "500ms", "--grace", "100ms", "-c", `(setsid sh -c 'trap "" TERM; ${wait}; :' &) ; echo ready; ${wait}`]);
  const task = await lab.until(id, (now) => now.processes?.length >= 2 || now.completedAt);
  const ended = await lab.ended(id);
  assert.deepEqual([ended.status, ended.reason, ended.signal], ["failed", "timeout", "SIGTERM"]);
  const after = await lab.until(id, (now) => !now.leftover);
  assert.deepEqual(
    (task.processes ?? []).filter(({ pid }) => alive(pid)),
    [],
  );
  assert.equal(after.status, "failed");
  const exits = await lab.events(id, "exit");
  assert.deepEqual(
    exits.map((event) => [event.status, event.reason]),
    [["failed", "timeout"]],
  );
});

test("--timeout 0 is none", async (t) => {
  const lab = newLab(t);
  assert.equal((await lab.ended(await lab.run(["--timeout", "0", "sleep", "0.3"]))).reason, "exit");
});

test("--timeout goes on counting when the keeper is killed", async (t) => {
  const lab = newLab(t);
  // Time enough for three kills.
  const id = await lab.run(["--timeout", "4s", "--", ...prop("wait")]);
  for (let kill = 0, last; kill < 3; kill++) {
    last = (await lab.bothKeepers(id, { keeper: last })).keeper;
    signal(last);
  }
  assert.equal((await lab.ended(id)).reason, "timeout");
});

test("a task that ends in time has not timed out; nor does its leftover", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--timeout", "10m", "-c", "exit 3"]);
  assert.deepEqual([(await lab.ended(id)).reason, (await lab.show(id)).exitCode], ["exit", 3]);
});

test("a command that catches the timeout's SIGTERM and exits 0 has timed out all the same", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--timeout", "2s", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"]);
  const task = await lab.ended(id);
  assert.deepEqual([task.status, task.reason, task.exitCode], ["failed", "timeout", 0]);
});

test("run --grace 0: SIGKILL at once, whoever asks", async (t) => {
  const lab = newLab(t);
  const line = `trap 'echo never' TERM; echo ready; while :; do sleep 0.05; done`;
  const id = await lab.run(["--grace", "0", "-c", line]);
  const { pid } = await lab.until(id, (task) => task.output === "ready\n");
  await lab.kill(id);
  assert.ok(!alive(pid));
  const task = await lab.ended(id);
  assert.deepEqual([task.status, task.signal, task.output], ["cancelled", "SIGKILL", "ready\n"]);

  const late = await lab.run(["--grace", "0", "--timeout", "200ms", "-c", line]);
  assert.deepEqual([(await lab.ended(late)).reason, (await lab.show(late)).signal], ["timeout", "SIGKILL"]);
});
