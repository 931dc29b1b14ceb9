// Whose task it is: what ends with the owner's process, what with a session, and what with neither.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newLab } from "./lib/lab.mjs";
import { alive, identity, signal, stat } from "./lib/processes.mjs";
import { prop, quote } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

const wait = prop("wait").map(quote).join(" ");

/** A client's process: {pid, start, word}, word being what -o takes. */
async function newOwner(lab) {
  const child = lab.spawn(prop("wait"));
  await waitUntil(() => stat(child.pid)?.name === "prop", "the owner runs");
  const owner = identity(child.pid);
  return { ...owner, word: `${owner.pid}:${owner.start}` };
}

const summary = (task) => [task.status, task.reason];
const all = (lab, ids) => Promise.all(ids.map((id) => lab.show(id)));

test("owner killed with -9: session and app tasks end with all they started, detached ones run on", async (t) => {
  const lab = newLab(t);
  const owner = await newOwner(lab);
  // A grace of ten minutes and deaf processes: an owner's death is followed at once all the same.
  const deaf = `trap "" TERM; (setsid ${wait} &) ; ${wait}; :`;
  const start = (...words) => lab.run([...words, "-o", owner.word, "--grace", "10m", "-c", deaf]);
  const session = await start("-S", "s1");
  const sessionless = await start();
  const app = await start("-l", "app");
  const detached = await start("-l", "detached");
  const ended = [session, sessionless, app];
  const before = await Promise.all([...ended, detached].map((id) => lab.until(id, (task) => task.processes.length >= 2)));

  signal(owner);
  await waitUntil(() => !before.slice(0, 3).some((task) => task.processes.some(({ pid }) => alive(pid))), "they are gone", 20);
  for (const id of ended) assert.deepEqual(summary(await lab.ended(id)), ["cancelled", "owner"]);
  const task = await lab.show(detached);
  assert.deepEqual(summary(task), ["running", null]);
  assert.ok(before[3].processes.every(({ pid }) => alive(pid)));
  assert.equal((await lab.events(session, "exit")).length, 1);
});

test("a leftover ends with its owner, and the record of its command stays", async (t) => {
  const lab = newLab(t);
  const owner = await newOwner(lab);
  const id = await lab.run(["-o", owner.word, "-c", `${wait} & exit 3`]);
  const task = await lab.until(id, (now) => now.completedAt && now.leftover);
  signal(owner);
  await waitUntil(() => !alive(task.processes[0].pid), "the leftover is gone", 20);
  const after = await lab.until(id, (now) => !now.leftover);
  assert.deepEqual([...summary(after), after.exitCode], ["failed", "exit", 3]);
});

test("the owner's death is seen after guard and keeper were killed, too", async (t) => {
  const lab = newLab(t);
  const owner = await newOwner(lab);
  const id = await lab.run(["-o", owner.word, "--", ...prop("wait")]);
  const first = await lab.bothKeepers(id);
  signal(first.keeper);
  const second = await lab.bothKeepers(id, { keeper: first.keeper });
  signal(second.guard);
  await lab.bothKeepers(id, second);
  signal(owner);
  assert.deepEqual(summary(await lab.ended(id, 20)), ["cancelled", "owner"]);
});

test("an owner that is gone, or is another process by now, starts nothing", async (t) => {
  const lab = newLab(t);
  const owner = await newOwner(lab);
  for (const word of [`${owner.pid}:${Number(owner.start) + 1}`, "4194305"]) {
    const { code, stdout, stderr } = await lab.hob(["run", "-o", word, "--", ...prop("wait")]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /owner/);
  }
  for (const word of ["0", "-5", "x", `${owner.pid}:`, `${owner.pid}:x`])
    assert.equal((await lab.hob(["run", "-o", word, "--", ...prop("wait")])).code, 2, word);
  assert.ok(!(await lab.list()).some((task) => task.status === "running"));
  assert.ok(alive(owner));
});

test("a session's end takes its session tasks and nothing else", async (t) => {
  const lab = newLab(t);
  const owner = await newOwner(lab);
  const start = (...words) => lab.run([...words, "-o", owner.word, "--project", "/p", "--", ...prop("wait")]);
  const mine = [await start("-S", "s1"), await start("-S", "s1", "-l", "session")];
  const app = await start("-S", "s1", "-l", "app");
  const detached = await start("-S", "s1", "-l", "detached");
  const other = await start("-S", "s2");
  const left = await lab.run(["-S", "s1", "-c", `${wait} & exit 3`]);
  const leftover = await lab.until(left, (task) => task.completedAt && task.leftover);

  await lab.kill("-S", "s1", "-l", "session");
  for (const task of await all(lab, mine)) assert.deepEqual(summary(task), ["cancelled", "session"]);
  for (const task of await all(lab, [app, detached, other])) assert.equal(task.status, "running");
  assert.ok(!alive(leftover.processes[0].pid), "a leftover of the session's, too");
  assert.deepEqual([...summary(await lab.show(left)), (await lab.show(left)).exitCode], ["failed", "exit", 3]);

  // The app task has survived its session, and another session sees it, and may end it.
  const ids = async (...words) => (await lab.list(...words)).map((task) => task.id).sort();
  assert.deepEqual(await ids("--visible-to", "s3", "--project", "/p", "--status", "running"), [app, detached].sort());
  assert.deepEqual(await ids("--visible-to", "s2", "--project", "/p", "--status", "running"), [app, detached, other].sort());
  assert.deepEqual(await ids("--visible-to", "s3", "--project", "/elsewhere"), []);
  const record = await lab.show(app);
  assert.deepEqual([record.lifetime, record.global, record.sessionId], ["app", true, "s1"]);
  await lab.kill("--visible-to", "s3", "--project", "/p", "-l", "app");
  assert.deepEqual(summary(await lab.show(app)), ["cancelled", "request"]);
  assert.equal((await lab.show(other)).status, "running");
});

test("session and app need somebody to end with", async (t) => {
  const lab = newLab(t);
  for (const lifetime of ["session", "app"]) {
    const { code, stderr } = await lab.hob(["run", "-l", lifetime, "--", "true"]);
    assert.equal(code, 2);
    assert.match(stderr, /owner|session/);
  }
  assert.equal((await lab.show(await lab.run(["--", "true"]))).lifetime, "detached");
});
