// An ordinary user whose task became root: hob may not end that, says so by name, and ends all the rest.
import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { labOfNobody } from "./lib/nobody.mjs";
import { alive, signal } from "./lib/processes.mjs";
import { waitUntil } from "./lib/wait.mjs";

test("kill names the process that became root, ends the others, and says 1", async (t) => {
  const lab = labOfNobody(t);
  const show = async (id) => JSON.parse((await lab.asNobody("show", id, "--json")).stdout);
  const line = `${lab.suid} root & (setsid ${lab.suid} wait &) ; ${lab.suid} wait`;
  const started = await lab.asNobody("run", "--grace", "100ms", "-c", line);
  assert.equal(started.code, 0, started.stderr);
  const id = started.stdout.trim();
  const task = await waitUntil(async () => {
    const now = await show(id);
    return now.output === "ready\n" && now.processes.length >= 4 && now;
  }, "one of them is root");
  const owned = (pid) => Number(/^Uid:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))[1]);
  const root = task.processes.find(({ pid }) => owned(pid) === 0);
  t.after(() => signal(root.pid));

  const { code, stderr } = await lab.asNobody("kill", id);
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`${root.pid} \\(root, .*prop root\\)`));
  assert.deepEqual(
    task.processes.filter(({ pid }) => alive(pid)).map(({ pid }) => pid),
    [root.pid],
  );
  const again = await lab.asNobody("restart", id);
  const sentence = `hob restart: task ${id} has processes that could not be ended: hob kill ${id} names them\n`;
  assert.deepEqual([again.code, again.stdout, again.stderr], [1, "", sentence]);
  const [answer] = JSON.parse((await lab.asNobody("kill", id, "--json")).stdout);
  assert.equal(answer.ended, false);
  assert.deepEqual(
    answer.left.map(({ pid, user }) => [pid, user]),
    [[root.pid, "root"]],
  );
  const left = await show(id);
  assert.deepEqual([left.status, left.reason, left.leftover], ["cancelled", "request", true]);
  assert.equal(left.processes[0].pid, root.pid);

  // It is still kept: once it ends, so do guard and keeper, and the record says so.
  signal(root.pid);
  await waitUntil(async () => !(await show(id)).leftover, "the record has no leftover");
  await waitUntil(() => !lab.keepers(id).guard && !lab.keepers(id).keeper, "guard and keeper ended");
  assert.equal((await lab.asNobody("kill", id)).code, 0);
});

test("a task of another user is none of ours: his state folder is refused", async (t) => {
  const lab = labOfNobody(t);
  assert.equal((await lab.asNobody("run", "--", lab.suid, "wait")).code, 0);
  const [task] = JSON.parse((await lab.asNobody("list", "--json")).stdout);
  const { code, stderr } = await lab.hob(["list"]);
  assert.equal(code, 1);
  assert.match(stderr, /another user|belongs to/);
  assert.ok(alive(task.pid));
  assert.equal((await lab.asNobody("kill", "--all")).code, 0);
});
