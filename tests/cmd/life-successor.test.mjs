// What a killed keeper leaves undone, its successor does: nothing is freed before it was scanned, nothing stays in the pipe.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { lockRegistry, sql } from "./lib/asking.mjs";
import { Gate } from "./lib/bytes.mjs";
import { newLab } from "./lib/lab.mjs";
import { children, commandLine, signal, stat } from "./lib/processes.mjs";
import { prop } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

const MiB = 1 << 20;

test("what was not scanned yet is not freed: a locked registry, a small window, a killed keeper", async (t) => {
  const lab = newLab(t);
  const gate = new Gate(path.join(lab.dir, "gate"));
  const size = 8 * MiB;
  const writer = prop("write", size, 4096, "notify=1000", `gate=${gate.file}`, `step=${size}`);
  await lab.run(["--id", "a", "--log-max", "1M", "--", ...writer]);
  const { keeper } = await lab.bothKeepers("a");
  const lock = await lockRegistry(lab);
  gate.open();
  await waitUntil(() => fs.statSync(lab.file("a", "log")).size === size, "all of it is written");
  signal(keeper);
  await lab.bothKeepers("a", { keeper });
  await lock.release();
  await lab.ended("a");
  assert.equal((await lab.events("a", "notify")).length, Math.ceil(size / 100 / 1000));
});

test("what lay in the pipe when the command ended and its keeper was killed comes before the end", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["-c", "until [ -e go ]; do sleep 0.02; done; echo OPENCODE_NOTIFY: last; exit 4"]);
  const { pid } = await lab.show(id);
  const { keeper } = await lab.bothKeepers(id);
  signal(keeper, "SIGSTOP");
  fs.writeFileSync(path.join(lab.work, "go"), "");
  await waitUntil(() => stat(pid)?.state === "Z", "the command has ended");
  signal(keeper);
  const task = await lab.ended(id);
  assert.deepEqual([task.exitCode, task.output], [4, "OPENCODE_NOTIFY: last\n"]);
  assert.deepEqual((await lab.events(id)).map((e) => e.type), ["started", "notify", "exit"]);
});

test("what the row says of a leftover is put right although the end was recorded by the scribe of the killed keeper", async (t) => {
  const lab = newLab(t);
  const wait = (file) => `until [ -e ${file} ]; do sleep 0.02; done`;
  const id = await lab.run(["-c", `(${wait("later")}; echo later) & ${wait("go")}; echo now; exit 3`]);
  const { keeper } = await lab.bothKeepers(id);
  const lock = await lockRegistry(lab);
  fs.writeFileSync(path.join(lab.work, "go"), "");
  // The scribe waits for the lock; its keeper will not see that it was done.
  await waitUntil(() => children(keeper.pid).some((pid) => commandLine(pid).startsWith("hob keeper")), "a scribe is at work");
  signal(keeper, "SIGSTOP");
  await lock.release();
  await lab.ended(id);
  fs.writeFileSync(path.join(lab.work, "later"), "");
  await lab.until(id, (task) => task.processes.length === 0);
  signal(keeper);
  await waitUntil(() => !lab.keepers(id).guard && !lab.keepers(id).keeper, "guard and keeper ended");
  const text = "now\nlater\n";
  assert.equal(await sql(lab, "SELECT status, exit_code, leftover, output_bytes FROM tasks"), `failed|3|0|${text.length}`);
  assert.equal((await lab.events(id, "exit")).length, 1);
});
