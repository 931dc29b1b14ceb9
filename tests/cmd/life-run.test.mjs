// `hob run` stopped or killed at any instant: its task runs, or is failed/lost once, and never strays.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { newLab } from "./lib/lab.mjs";
import { alive, signal, stat } from "./lib/processes.mjs";
import { HOB, prop, sanitized } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

/** Starts `hob run WORDS` under strace. LeakSanitizer cannot work there. */
function traced(lab, options, ...words) {
  const env = { ASAN_OPTIONS: `${lab.env.ASAN_OPTIONS ?? ""}:detect_leaks=0` };
  return lab.spawn(["strace", ...options, HOB, "run", ...words], { env });
}

/** The system calls of `hob run` from the registry's opening to its end: [[name, which one of that name]]. strace
 * looks at `run` alone, not at the guard it forks. */
async function systemCalls(lab) {
  const file = path.join(lab.work, "calls");
  await lab.must(["run", "--", "true"]);
  await traced(lab, ["-o", file], "--", "true").done;
  const lines = fs.readFileSync(file, "utf8").split("\n");
  const seen = {};
  const calls = [];
  let opened = false;
  for (const line of lines) {
    const name = /^(\w+)\(/.exec(line)?.[1];
    if (!name) continue;
    seen[name] = (seen[name] ?? 0) + 1;
    opened ||= line.includes(lab.home);
    if (opened) calls.push([name, seen[name]]);
  }
  assert.ok(calls.length > 50, `${calls.length} calls`);
  return calls;
}

/** What became of task ID, whose `run` was killed; RAN: its row says that it runs. */
async function settled(lab, id, where) {
  const task = (await lab.list()).find((one) => one.id === id);
  if (!task) return "nothing";
  if (task.status === "running") {
    assert.ok(alive(task.pid), `${where}: it runs`);
    await lab.kill(id);
    assert.ok(!alive(task.pid), `${where}: it is ended`);
    assert.equal((await lab.ended(id)).reason, "request", where);
    assert.equal((await lab.events(id, "exit")).length, 1, where);
    return "running";
  }
  assert.deepEqual([task.status, task.reason], ["failed", "lost"], where);
  assert.equal((await lab.events(id, "exit")).length, 1, where);
  // The guard may just have been forked when `run` died: it finds out by itself.
  await waitUntil(() => !lab.processes().length, `${where}: no stray, no guard`);
  assert.equal((await lab.events(id, "exit")).length, 1, where);
  return "lost";
}

test("killed before each of its system calls: it settles at the next command", async (t) => {
  const lab = newLab(t);
  const calls = await systemCalls(lab);
  const ends = { nothing: 0, running: 0, lost: 0 };
  // Under ASan every third has to do: the calls are the same.
  for (let i = 0; i < calls.length; i += sanitized ? 3 : 1) {
    const [name, which] = calls[i];
    const id = `t${i}`;
    const inject = `inject=${name}:signal=SIGKILL:when=${which}`;
    await traced(lab, ["-o", "/dev/null", "-e", inject], "--id", id, "--", ...prop("wait")).done;
    ends[await settled(lab, id, `${i}: ${name} ${which}`)]++;
  }
  for (const [end, count] of Object.entries(ends)) assert.ok(count > 0, `no kill led to "${end}"`);
});

test("killed at 60 random instants, with nobody in its way", async (t) => {
  const lab = newLab(t);
  await lab.must(["run", "--", "true"]);
  for (let i = 0; i < 60; i++) {
    const run = lab.start(["run", "--id", `t${i}`, "--", ...prop("wait")]);
    // A start takes a few milliseconds.
    const end = performance.now() + (i % 20) * (sanitized ? 3 : 0.4);
    while (performance.now() < end);
    run.kill("SIGKILL");
    await run.done;
    await settled(lab, `t${i}`, `kill ${i}`);
  }
});

/** `hob run` stopped where it waits for the guard's word, its command running: {run, inner, command, go}. */
async function pendingRun(lab, ...options) {
  const story = path.join(lab.work, "story");
  const inject = "inject=recvfrom:signal=SIGSTOP:when=1";
  const run = traced(lab, ["-o", story, "-e", inject], "--id", "p", ...options, "--", ...prop("wait"));
  await waitUntil(() => fs.existsSync(story) && fs.readFileSync(story, "utf8").includes("stopped by SIGSTOP"), "run is stopped");
  const inner = lab.processes().find(({ pid }) => stat(pid)?.ppid === run.pid && stat(pid).name === "hob");
  const command = await waitUntil(() => commandOf(lab), "the command runs");
  return { run, inner, command, go: () => signal(inner, "SIGCONT") };
}

const commandOf = (lab) => lab.processes().find(({ name }) => name === "prop");

test("--status pending: a task that is being started", async (t) => {
  const lab = newLab(t);
  const { run, go } = await pendingRun(lab, "-n", "slow");
  const pending = await lab.list("--status", "pending");
  assert.deepEqual(
    pending.map((task) => [task.id, task.name, task.status, task.startedAt]),
    [["p", "slow", "pending", null]],
  );
  assert.equal((await lab.list("--status", "completed")).length, 0);
  assert.equal((await lab.show("p")).status, "pending");
  assert.equal((await lab.events("p")).length, 0);
  go();
  assert.equal((await run.done).stdout, "p\n");
  assert.equal((await lab.list("--status", "pending")).length, 0);
  assert.equal((await lab.list("--status", "running")).length, 1);
});

test("a pending task can be killed, and is cancelled", async (t) => {
  const lab = newLab(t);
  // The grace is so long that only an answer at the tree's end is one in this life.
  const { run, go } = await pendingRun(lab, "--grace", "10m");
  await lab.kill("p");
  assert.equal(commandOf(lab), undefined);
  go();
  await run.done;
  const task = await lab.ended("p");
  assert.deepEqual([task.status, task.reason], ["cancelled", "request"]);
  assert.equal((await lab.events("p", "exit")).length, 1);
});

test("a pending task whose run is killed is lost", async (t) => {
  const lab = newLab(t);
  const { run, inner } = await pendingRun(lab);
  signal(inner);
  await run.done;
  assert.equal(await settled(lab, "p", "pending"), "lost");
  assert.match((await lab.show("p")).error, /hob run was killed/);
});

test("a pending task of before a restart is lost, and nobody is killed", async (t) => {
  const lab = newLab(t);
  const { run, command, go } = await pendingRun(lab);
  execFileSync("sqlite3", [path.join(lab.home, "hob.db"), "UPDATE tasks SET boot = 'another'"]);
  const task = await lab.show("p");
  assert.deepEqual([task.status, task.reason], ["failed", "lost"]);
  assert.ok(alive(command), "its command lives");
  go();
  await run.done;
  signal(command);
  await waitUntil(() => !lab.processes().length, "all are gone");
  assert.equal((await lab.events("p", "exit")).length, 1);
});
