// Tasks whose guard and keeper are both gone: whoever looks next ends the strays and records the end, once.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { lockRegistry } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { alive, identity, signal } from "./lib/processes.mjs";
import { prop, quote } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

const wait = prop("wait").map(quote).join(" ");

/** Both at once: stopped first, so that neither can act on the other's death. */
async function killBoth(lab, id) {
  const both = Object.values(await lab.bothKeepers(id));
  for (const name of ["SIGSTOP", "SIGKILL"]) both.forEach((proc) => assert.ok(signal(proc, name)));
  await waitUntil(() => !both.some(alive), "both are dead");
}

function sql(lab, statement) {
  execFileSync("sqlite3", [path.join(lab.home, "hob.db"), statement], { env: lab.env });
}

test("both killed: the next command ends the strays, records failed/lost and raises one exit", async (t) => {
  const lab = newLab(t);
  // The command, a child in a session of its own, one without an environment, and an orphan that both adopters lose.
  const id = await lab.run(["-c", `setsid ${wait} & env -i ${wait} & (setsid ${wait} &) ; echo OPENCODE_NOTIFY: told; ${wait}; :`]);
  const bystander = lab.spawn(prop("wait"), { env: { HOB_ID: id, HOB_HOME: lab.home } });
  const task = await lab.until(id, (now) => now.processes.filter(({ command }) => command.endsWith("prop wait")).length === 4);
  await waitUntil(async () => (await lab.events(id, "notify")).length, "the notification is stored");
  await killBoth(lab, id);
  assert.ok(task.processes.every(({ pid }) => alive(pid)), "killing the two kills nobody else");

  // Ten look at once: still there is one end.
  await Promise.all(Array.from({ length: 10 }, () => lab.must(["list"])));
  assert.deepEqual(
    task.processes.filter(({ pid }) => alive(pid)),
    [],
  );
  const ended = await lab.show(id);
  assert.deepEqual([ended.status, ended.reason, ended.exitCode], ["failed", "lost", null]);
  assert.match(ended.error, /guard and keeper/);
  assert.deepEqual(
    (await lab.events(id)).map((event) => event.type),
    ["started", "notify", "exit"],
  );
  assert.ok(alive(bystander.pid), "HOB_ID alone makes no stray");
});

for (const command of ["show", "logs", "wait", "kill", "events"])
  test(`a lost task is seen by ${command}, too`, async (t) => {
    const lab = newLab(t);
    const id = await lab.run(["--", ...prop("wait")]);
    const { pid } = await lab.show(id);
    await killBoth(lab, id);
    await lab.hob([command, ...(command === "events" ? [] : [id])]);
    assert.ok(!alive(pid));
    execFileSync("sqlite3", [path.join(lab.home, "hob.db"), "SELECT 1"]);
    const found = execFileSync("sqlite3", [path.join(lab.home, "hob.db"), "SELECT status, reason FROM tasks"]);
    assert.equal(found.toString().trim(), "failed|lost");
  });

test("a lost task whose leftover alone lived keeps its code", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["-c", `${wait} & exit 3`]);
  const task = await lab.until(id, (now) => now.completedAt && now.leftover);
  await killBoth(lab, id);
  await lab.must(["list"]);
  assert.ok(!alive(task.processes[0].pid));
  const after = await lab.show(id);
  assert.deepEqual([after.status, after.reason, after.exitCode, after.leftover], ["failed", "exit", 3, false]);
  assert.equal((await lab.events(id, "exit")).length, 1);
});

test("after a restart of the machine tasks are lost, and nobody is killed", async (t) => {
  const lab = newLab(t);
  const running = await lab.run(["--", ...prop("wait")]);
  const { pid } = await lab.show(running);
  await killBoth(lab, running);
  // The same command under another boot id: what has the task's pid now is somebody else.
  const boot = path.join(lab.dir, "boot_id");
  fs.writeFileSync(boot, "00000000-1111-2222-3333-444444444444\n");
  lab.wrapper = ["unshare", "-m", "sh", "-c", `mount --bind ${boot} /proc/sys/kernel/random/boot_id && exec "$@"`, "sh"];
  const [task] = await lab.list();
  assert.deepEqual([task.status, task.reason, task.exitCode], ["failed", "lost", null]);
  assert.match(task.error, /restarted/);
  assert.equal((await lab.events(running, "exit")).length, 1);
  lab.wrapper = [];
  assert.ok(alive(pid), "not even the task's own process was touched");
  await lab.must(["list"]);
  assert.equal((await lab.events(running, "exit")).length, 1);
  signal(pid);
});

test("from another pid namespace nobody is signalled", async (t) => {
  const lab = newLab(t);
  const kept = await lab.run(["--", ...prop("wait")]);
  const lost = await lab.run(["--", ...prop("wait")]);
  const pids = [(await lab.show(kept)).pid, (await lab.show(lost)).pid];
  await killBoth(lab, lost);
  lab.wrapper = ["unshare", "--pid", "--fork", "--mount-proc", "--"];
  const tasks = await lab.list();
  assert.equal(tasks.find((task) => task.id === kept).status, "running", "its lock is seen from there");
  assert.deepEqual(pids.map(alive), [true, true]);
  lab.wrapper = [];
  assert.deepEqual(pids.map(alive), [true, true]);
  signal(pids[1]);
});

test("a pid that was reused is not killed", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--", ...prop("wait")]);
  const { pid } = await lab.show(id);
  await killBoth(lab, id);
  signal(pid);
  await waitUntil(() => !alive(pid), "the command is gone");
  const other = lab.spawn(prop("wait"));
  await waitUntil(() => alive(other.pid), "somebody else runs");
  sql(lab, `UPDATE tasks SET pid = ${other.pid}`);
  assert.equal((await lab.show(id)).reason, "lost");
  await lab.hob(["kill", id]);
  assert.ok(alive(identity(other.pid)));
});

test("a task that the registry does not have any more is kept to its end, and no longer, whatever it says", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["-c", "until [ -e go ]; do sleep 0.02; done; seq -f 'OPENCODE_NOTIFY: %g' 5000"]);
  sql(lab, "DELETE FROM tasks");
  fs.writeFileSync(path.join(lab.work, "go"), "");
  await waitUntil(() => !lab.processes().length, "guard and keeper end");
  assert.match(fs.readFileSync(lab.file(id, "log"), "utf8"), / 5000\n$/);
});

test("what nobody came to tell is told with the end: long messages cut with a mark, empty matches, too", async (t) => {
  const lab = newLab(t);
  const line = `until [ -e go ]; do sleep 0.02; done; printf 'OPENCODE_NOTIFY:%05000d\\n\\n' 7; exec ${wait}`;
  const id = await lab.run(["--watch", "^$", "-c", line]);
  const lock = await lockRegistry(lab);
  fs.writeFileSync(path.join(lab.work, "go"), "");
  await waitUntil(() => fs.statSync(lab.file(id, "log")).size >= "OPENCODE_NOTIFY:".length + 5002, "it is in the log");
  await killBoth(lab, id);
  // The scribe waits for the lock, and would tell it.
  lab.processes().filter(({ name }) => name.startsWith("hob-")).forEach((one) => signal(one, "SIGKILL"));
  await lock.release();
  const told = (await lab.events(id)).map(({ type, message }) => [type, message?.length ?? 0, message?.slice(-7)]);
  const cut = 4000 + "… [cut]".length;
  assert.deepEqual(told.slice(1, 3), [
    ["notify", cut, "… [cut]"],
    ["match", 0, undefined],
  ]);
});
