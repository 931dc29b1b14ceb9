// Many at once: 500 tasks from 20 callers that run side by side, and the end of all of them.
import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { newLab } from "../lib/lab.mjs";
import { alive } from "../lib/processes.mjs";
import { prop, sanitized } from "../lib/programs.mjs";
import { waitUntil } from "../lib/wait.mjs";

test("500 tasks from 20 parallel callers are all correct; then kill --all", async (t) => {
  const lab = newLab(t);
  const callers = 20;
  // Under ASan guard and keeper take 100 times the memory: 200 tasks.
  const each = sanitized ? 10 : 25;
  const line = `echo "$HOB_ID $0"; echo "OPENCODE_NOTIFY: $0"; exec ${prop("wait").join(" ")}`;
  const started = await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      const mine = [];
      for (let i = 0; i < each; i++) {
        const name = `n-${caller}-${i}`;
        mine.push([await lab.run(["-n", name, "-t", `caller${caller}`, "--", "sh", "-c", line, name]), name]);
      }
      return mine;
    }),
  );
  const names = new Map(started.flat());
  assert.equal(names.size, callers * each, "no two have the same id");

  await waitUntil(async () => (await lab.list()).every((task) => task.lines === 2), "all have written");
  const tasks = await lab.list("--status", "running");
  assert.equal(tasks.length, names.size);
  assert.equal(new Set(tasks.map((task) => task.pid)).size, names.size);
  for (const task of tasks) assert.deepEqual([task.name, task.processes.length], [names.get(task.id), 1]);
  for (const task of tasks) assert.equal(fs.readFileSync(lab.file(task.id, "log"), "utf8"), `${task.id} ${task.name}\nOPENCODE_NOTIFY: ${task.name}\n`);
  await waitUntil(async () => (await lab.events(undefined, "notify")).length === names.size, "all notifications");
  for (const event of await lab.events(undefined, "notify")) assert.equal(event.message, names.get(event.id));
  assert.equal((await lab.list("-t", "caller7")).length, each);

  await lab.kill("--all");
  assert.deepEqual(
    tasks.filter(({ pid }) => alive(pid)).map(({ id }) => id),
    [],
  );
  await waitUntil(async () => (await lab.list()).every((task) => task.status === "cancelled" && task.reason === "request"), "all are recorded");
  assert.equal((await lab.events(undefined, "exit")).length, names.size);
  await waitUntil(() => !lab.processes().length, "guards and keepers ended");
});
