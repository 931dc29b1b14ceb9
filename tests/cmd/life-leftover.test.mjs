// A command that ends before its children: the end is told at once, and what is left stays a hand's reach away.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { lockRegistry } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { alive } from "./lib/processes.mjs";
import { prop, quote } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

test("sh -c 'sleep 300 & exit 3': status and event at once; the leftover is listed and killable", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["-c", "sleep 300 & exit 3"]);
  // `wait` returns although the pipe is still held open.
  const { code, stdout } = await lab.hob(["wait", id, "--timeout", "60s", "--json"]);
  assert.equal(code, 0);
  assert.equal(JSON.parse(stdout).condition, "exit");
  // The child may still be about to become sleep.
  const task = await lab.until(id, (now) => now.processes.every(({ command }) => command === "sleep 300"));
  assert.deepEqual([task.status, task.reason, task.exitCode, task.leftover], ["failed", "exit", 3, true]);
  assert.equal(task.processes.length, 1);
  assert.match(await lab.must(["show", id]), /leftover +\d+ sleep 300/);
  assert.deepEqual(
    (await lab.list("--status", "running")).map((one) => one.id),
    [id],
    "--status running takes what still has a living process",
  );
  const exits = await lab.events(id, "exit");
  assert.deepEqual(
    exits.map((event) => [event.status, event.exitCode]),
    [["failed", 3]],
  );

  await lab.must(["clean", "--all-finished"]);
  assert.ok(alive(task.processes[0].pid), "clean leaves it alone");
  await lab.kill(id);
  assert.ok(!alive(task.processes[0].pid));
  const after = await lab.show(id);
  assert.deepEqual([after.status, after.exitCode, after.leftover], ["failed", 3, false], "its own end stays what it was");
  assert.equal((await lab.events(id, "exit")).length, 1);
  assert.equal((await lab.list("--status", "running")).length, 0);
});

test("what a leftover writes is logged, and its notifications are told", async (t) => {
  const lab = newLab(t);
  const go = path.join(lab.work, "go");
  const id = await lab.run(["-c", `(until [ -e ${go} ]; do sleep 0.02; done; echo later; echo OPENCODE_NOTIFY: still) & echo now`]);
  const task = await lab.ended(id);
  assert.deepEqual([task.status, task.output], ["completed", "now\n"]);
  fs.writeFileSync(go, "");
  await lab.until(id, (now) => !now.leftover);
  await waitUntil(() => !lab.keepers(id).guard && !lab.keepers(id).keeper, "guard and keeper ended");
  const after = await lab.show(id);
  assert.equal(after.output, "now\nlater\nOPENCODE_NOTIFY: still\n");
  assert.equal(after.outputBytes, after.output.length);
  assert.deepEqual(
    (await lab.events(id)).map((event) => event.message ?? event.type),
    ["started", "exit", "still"],
  );
});

test("a leftover by double fork and setsid is one, too", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["-c", `(setsid ${prop("wait").join(" ")} >/dev/null 2>&1 &) ; exit 0`]);
  const task = await lab.until(id, (now) => now.completedAt && now.leftover && /prop wait$/.test(now.processes[0]?.command));
  await lab.kill(id);
  assert.ok(!alive(task.processes[0].pid));
});

test("a process outside that holds the pipe's other end does not hold the task", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["-c", "echo $$; until [ -e go ]; do sleep 0.02; done"]);
  const { pid } = await lab.until(id, (now) => now.output !== "");
  const holder = lab.spawn(["sh", "-c", `exec 9>/proc/${pid}/fd/1; exec ${prop("wait").join(" ")}`]);
  await waitUntil(() => fs.existsSync(`/proc/${holder.pid}/fd/9`), "somebody else has it open");
  fs.writeFileSync(path.join(lab.work, "go"), "");
  assert.equal((await lab.ended(id)).status, "completed");
  await waitUntil(() => !lab.keepers(id).guard && !lab.keepers(id).keeper, "guard and keeper ended");
  assert.ok(alive(holder.pid));
});

test("who ends what was left running has not ended the command, which had its own end", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["-c", `until [ -e go ]; do sleep 0.02; done; ${prop("wait").map(quote).join(" ")} & echo OPENCODE_NOTIFY: told; exit 3`]);
  const lock = await lockRegistry(lab);
  fs.writeFileSync(path.join(lab.work, "go"), "");
  await waitUntil(() => fs.readFileSync(lab.file(id, "exit"), "utf8").startsWith("status 768"), "the command has ended");
  const killing = lab.start(["kill", id]);
  await waitUntil(() => !lab.processes().some(({ command }) => command.endsWith("prop wait")), "what it left has ended");
  await lock.release();
  assert.equal((await killing.done).code, 0);
  const task = await lab.ended(id);
  assert.deepEqual([task.status, task.reason, task.exitCode], ["failed", "exit", 3]);
});
