// hob restart: the same again, as a new task.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { refused, sleeper, usage } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { alive } from "./lib/processes.mjs";
import { HOB } from "./lib/programs.mjs";

const SPEC = ["name", "command", "argv", "cwd", "project", "tags", "sessionId", "createdBy", "lifetime", "global"];
const spec = (task) => Object.fromEntries(SPEC.map((key) => [key, task[key]]));

test("a living task is ended and starts anew; the old one keeps its log and its code", async (t) => {
  const lab = newLab(t);
  const owner = await sleeper(lab);
  const words = [
    "-n",
    "web",
    "-t",
    "a",
    "-t",
    "b",
    "-S",
    "s",
    "--created-by",
    "c",
    "-l",
    "app",
    "-o",
    owner.pid,
    "--project",
    "/",
  ];
  const script = "trap 'echo bye; exit 7' TERM; echo ready; sleep 1000 & wait";
  const old = await lab.run([...words, "-C", lab.dir, "sh", "-c", script]);
  await lab.until(old, (task) => task.lines === 1);
  const { code, stdout, stderr } = await lab.hob(["restart", "web"]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^[2-9a-hjkmnp-z]{5}\n$/);
  const id = stdout.trim();
  const [before, after] = [await lab.show(old), await lab.show(id)];
  assert.deepEqual([before.status, before.exitCode], ["cancelled", 7]);
  assert.equal(await lab.raw(old), "ready\nbye\n");
  assert.deepEqual(spec(after), spec(before));
  assert.deepEqual([after.status, after.restartOf, before.restartOf], ["running", old, null]);
  assert.equal((await lab.show("web")).id, id);
  assert.match(await lab.must(["show", id]), new RegExp(`^restarts  ${old}$`, "m"));
  // The owner is the same: the new task ends with it, too.
  await owner.end();
  assert.equal((await lab.ended(id)).reason, "owner");
});

test("an ended task is just started, with its leftovers ended", async (t) => {
  const lab = newLab(t);
  const old = await lab.run(["sh", "-c", "sleep 1000 & echo x"]);
  const { processes } = await lab.ended(old);
  const id = (await lab.must(["restart", old])).trim();
  assert.equal(alive(processes[0].pid), false);
  assert.equal((await lab.show(old)).status, "completed");
  await lab.ended(id);
  assert.equal(await lab.raw(id), "x\n");
});

test("the environment is the caller's of now, with HOB_ID of the new task", async (t) => {
  const lab = newLab(t);
  const old = await lab.run(["-e", "A=old", "sh", "-c", "echo $A $HOB_ID"], { env: { A: "env" } });
  await lab.ended(old);
  const id = (await lab.must(["restart", old], { env: { A: "new" } })).trim();
  await lab.ended(id);
  assert.equal(await lab.raw(old), `old ${old}\n`);
  assert.equal(await lab.raw(id), `new ${id}\n`);
});

test("limits go with it: timeout, grace, log window, prefixes", async (t) => {
  const lab = newLab(t);
  const words = ["--timeout", "2s", "--grace", "0", "--log-max", "1M", "--notify-prefix", "A:"];
  const old = await lab.run([
    ...words,
    "sh",
    "-c",
    "trap '' TERM; echo A:x; yes 0123456789abcde | head -c 8M; while :; do sleep 1; done",
  ]);
  await lab.ended(old);
  const id = (await lab.must(["restart", old])).trim();
  const task = await lab.ended(id);
  assert.deepEqual([task.reason, task.signal], ["timeout", "SIGKILL"]);
  assert.deepEqual(
    (await lab.events(id, "notify")).map((e) => e.message),
    ["x"],
  );
  assert.ok(fs.statSync(lab.file(id, "log")).blocks * 512 <= 4 << 20);
});

test("a -c - line is there again", async (t) => {
  const lab = newLab(t);
  const old = await lab.run(["-c", "-"], { input: "echo one\necho two\n" });
  await lab.ended(old);
  const id = (await lab.must(["restart", old])).trim();
  await lab.ended(id);
  assert.equal(await lab.raw(id), "one\ntwo\n");
});

test("what cannot be started again is told; the old one is as it was", async (t) => {
  const lab = newLab(t);
  const dir = path.join(lab.dir, "gone");
  fs.mkdirSync(dir);
  await lab.ended(await lab.run(["--id", "a", "-C", dir, "true"]));
  fs.rmdirSync(dir);
  await refused(lab, 1, ["restart", "a"], /cannot enter the working directory/);
  const owner = await sleeper(lab);
  await lab.ended(await lab.run(["--id", "b", "-o", owner.pid, "true"]));
  await owner.end();
  await refused(lab, 1, ["restart", "b"], /owner, process \d+, is gone/);
  await refused(lab, 3, ["restart", "nobody"], /'nobody'/);
  await usage(lab, ["restart"], /restart takes one ID/);
  await usage(lab, ["restart", "a", "b"], /restart takes one ID/);
  assert.equal((await lab.show("a")).status, "completed");
});

test("what runs is not ended for a start that cannot be", async (t) => {
  const lab = newLab(t);
  const dir = path.join(lab.dir, "gone");
  const program = path.join(dir, "server");
  fs.mkdirSync(dir);
  fs.writeFileSync(program, "#!/bin/sh\nsleep 1000\n", { mode: 0o755 });
  await lab.run(["--id", "a", "-C", dir, "sleep", "1000"]);
  await lab.run(["--id", "b", program]);
  await lab.run(["--id", "c", "server"], { env: { PATH: `${dir}:${process.env.PATH}` } });
  await refused(lab, 1, ["restart", "c"], /no program server in PATH/);
  fs.chmodSync(program, 0o644);
  await refused(lab, 1, ["restart", "b"], /cannot run .*server: Permission denied/);
  fs.rmSync(dir, { recursive: true });
  await refused(lab, 1, ["restart", "a"], /cannot enter the working directory .*: No such file/);
  await refused(lab, 1, ["restart", "b"], /cannot run .*server: No such file/);
  for (const id of ["a", "b", "c"]) assert.equal((await lab.show(id)).status, "running", id);
  assert.equal((await lab.list()).length, 3, "no row was made");
});

test("a task cannot restart itself, and says so instead of ending", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["sh", "-c", `${HOB} restart $HOB_ID; echo $?; sleep 1000`]);
  await lab.until(id, (task) => task.lines === 2);
  assert.match(await lab.raw(id), new RegExp(`^hob restart: task ${id} cannot be restarted from inside, .*\n1\n$`));
  assert.equal((await lab.show(id)).status, "running");
});

test("a detached task whose owner is gone starts anew without one", async (t) => {
  const lab = newLab(t);
  const owner = await sleeper(lab);
  const old = await lab.run(["-l", "detached", "-S", "s", "-o", owner.pid, "sleep", "1000"]);
  assert.ok((await lab.show(old)).owner.startsWith(`${owner.pid}:`));
  await owner.end();
  const id = (await lab.must(["restart", old])).trim();
  const { status, lifetime, sessionId, owner: left } = await lab.show(id);
  assert.deepEqual([status, lifetime, sessionId, left], ["running", "detached", "s", null]);
});
