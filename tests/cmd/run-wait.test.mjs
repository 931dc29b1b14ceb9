// hob run --wait: the record at the task's end, or what there is when the time is up.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { newLab } from "./lib/lab.mjs";
import { alive } from "./lib/processes.mjs";
import { HOB, quote } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

const wait = (lab, ...args) => lab.hob(["run", "--wait", "--json", "--id", "waited", ...args]);

test("the record is that of show, at the end", async (t) => {
  const lab = newLab(t);
  const { code, stdout, stderr } = await wait(lab, "sh", "-c", "echo one; echo two >&2");
  assert.deepEqual([code, stderr], [0, ""]);
  const task = JSON.parse(stdout);
  assert.equal(task.status, "completed");
  assert.equal(task.output, "one\ntwo\n");
  assert.equal(task.cursor, 8);
  assert.notEqual(task.completedAt, null);
  assert.deepEqual({ ...task, processes: null }, { ...(await lab.show("waited")), processes: null });
});

test("text is that of show", async (t) => {
  const lab = newLab(t);
  const { code, stdout } = await lab.hob(["run", "--wait", "--id", "waited", "sh", "-c", "seq 30; exit 3"]);
  assert.equal(code, 1);
  assert.match(stdout, /^id        waited\nstatus    failed, exit 3\n/);
  assert.match(stdout, /\n\n\[… 10 lines \(21 bytes\) left out: --since 0 --until 21 …\]\n11\n(.*\n)*30\n$/);
  assert.equal(stdout, await lab.must(["show", "waited"]));
});

test("0 for completed, 1 for every other end", async (t) => {
  const lab = newLab(t);
  const ended = async (...words) => {
    const { code, stdout } = await lab.hob(["run", "--wait", "--json", ...words]);
    const { status, reason, exitCode, signal } = JSON.parse(stdout);
    return [code, status, reason, exitCode, signal];
  };
  assert.deepEqual(await ended("true"), [0, "completed", "exit", 0, null]);
  assert.deepEqual(await ended("sh", "-c", "exit 4"), [1, "failed", "exit", 4, null]);
  assert.deepEqual(await ended("sh", "-c", "kill -9 $$"), [1, "failed", "signal", null, "SIGKILL"]);
  assert.deepEqual(await ended("--timeout", "100ms", "sleep", "1000"), [1, "failed", "timeout", null, "SIGTERM"]);
});

test("a task that is cancelled meanwhile is an end, too", async (t) => {
  const lab = newLab(t);
  const waiting = wait(lab, "sleep", "1000");
  await lab.must(["kill", await waitUntil(async () => (await lab.list("--status", "running"))[0]?.id)]);
  const { code, stdout } = await waiting;
  assert.equal(code, 1);
  assert.equal(JSON.parse(stdout).status, "cancelled");
});

test("after --wait=DUR: code 4, the record as it is, and the task goes on", async (t) => {
  const lab = newLab(t);
  const { code, stdout } = await lab.hob(["run", "--wait=2s", "--json", "sh", "-c", "echo x; exec sleep 1000"]);
  assert.equal(code, 4);
  const task = JSON.parse(stdout);
  assert.equal(task.status, "running");
  assert.equal(task.output, "x\n");
  assert.ok(alive(task.pid));
  const text = await lab.hob(["run", "--wait=100ms", "sleep", "1000"]);
  assert.equal(text.code, 4);
  assert.match(text.stdout, /\nstatus    running, for \d+m?s\n/);
});

test("--wait=0 only looks", async (t) => {
  const lab = newLab(t);
  const { code, stdout } = await lab.hob(["run", "--wait=0", "--json", "sleep", "1000"]);
  assert.equal(code, 4);
  assert.equal(JSON.parse(stdout).status, "running");
});

test("who waits and is killed leaves the task alone", async (t) => {
  const lab = newLab(t);
  for (const name of ["SIGKILL", "SIGTERM", "SIGINT"]) {
    const child = lab.start(["run", "--wait", "--id", name, "sleep", "1000"]);
    await waitUntil(async () => (await lab.list("--status", "running")).some(({ id }) => id === name));
    child.kill(name);
    assert.equal((await child.done).signal, name);
    const { status, pid } = await lab.show(name);
    assert.equal(status, "running");
    assert.ok(alive(pid));
  }
});

test("a closed pipe hurts nobody: run --wait | head -1", async (t) => {
  const lab = newLab(t);
  const line = `${quote(HOB)} run --wait --id waited sh -c 'seq 1000' | head -1`;
  assert.equal(execFileSync("sh", ["-c", line], { env: lab.env, encoding: "utf8" }), "id        waited\n");
  assert.equal((await lab.ended("waited")).status, "completed");
});

test("the death of both keepers is an end, for who waits as well", async (t) => {
  const lab = newLab(t);
  const waiting = wait(lab, "sleep", "1000");
  await waitUntil(async () => (await lab.list("--status", "running")).length);
  const { guard, keeper } = await lab.bothKeepers("waited");
  // Stopped first, so that neither starts the other anew.
  for (const name of ["SIGSTOP", "SIGKILL"]) for (const { pid } of [guard, keeper]) process.kill(pid, name);
  const { code, stdout } = await waiting;
  assert.equal(code, 1);
  assert.deepEqual([JSON.parse(stdout).status, JSON.parse(stdout).reason], ["failed", "lost"]);
});
