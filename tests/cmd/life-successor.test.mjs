// What a killed keeper leaves undone, its successor does: nothing is freed before it was scanned, nothing stays in the pipe.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { lockRegistry } from "./lib/asking.mjs";
import { Gate } from "./lib/bytes.mjs";
import { newLab } from "./lib/lab.mjs";
import { signal, stat } from "./lib/processes.mjs";
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
