// kill -9 of the guard: its keeper takes its place. Of one life, only a second such kill may cost the exit code.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { digestOfFile, digestOfProp, Gate } from "./lib/bytes.mjs";
import { newLab } from "./lib/lab.mjs";
import { alive, signal, stat } from "./lib/processes.mjs";
import { prop } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

/** A line of sh that waits until somebody makes the file NAME in the working directory. */
const until = (name) => `until [ -e ${name} ]; do sleep 0.02; done`;

async function killGuard(lab, id) {
  const before = await lab.bothKeepers(id);
  assert.ok(signal(before.guard));
  const after = await waitUntil(() => {
    const now = lab.keepers(id);
    return now.guard?.pid === before.keeper.pid && now.keeper && now.keeper.pid !== before.keeper.pid && now;
  }, "the keeper is the guard, and has a keeper");
  assert.equal(stat(after.keeper.pid).ppid, after.guard.pid);
  return after;
}

test("output goes on, later double forks are caught, the code is kept, no orphan stays", async (t) => {
  const lab = newLab(t);
  const line = `echo one; ${until("a")}; echo two; (setsid ${prop("wait").join(" ")} &) ; echo three; ${until("b")}; exit 7`;
  const id = await lab.run(["-c", line]);
  await lab.until(id, (task) => task.output === "one\n");
  const { guard, keeper } = await killGuard(lab, id);

  fs.writeFileSync(path.join(lab.work, "a"), "");
  const task = await lab.until(id, (now) => now.output === "one\ntwo\nthree\n" && now.processes.length >= 2);
  const orphan = await waitUntil(async () => {
    const found = (await lab.show(id)).processes.find(({ command }) => command.endsWith("prop wait"));
    return found && [guard.pid, keeper.pid].includes(stat(found.pid)?.ppid) && found.pid;
  }, "the double fork is adopted");
  assert.equal(task.status, "running");

  fs.writeFileSync(path.join(lab.work, "b"), "");
  const ended = await lab.ended(id);
  assert.deepEqual([ended.status, ended.exitCode, ended.leftover], ["failed", 7, true]);
  assert.ok(alive(orphan));
  await lab.kill(id);
  assert.ok(!alive(orphan));
  await waitUntil(() => !lab.processes().length, "nobody is left");
});

test("an orphan from before the kill is still known and ended", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["-c", `(setsid ${prop("wait").join(" ")} &); ${until("a")}`]);
  const task = await lab.until(id, (now) => now.processes.some(({ command }) => command.endsWith("prop wait")));
  const orphan = task.processes.find(({ command }) => command.endsWith("prop wait")).pid;
  await killGuard(lab, id);
  fs.writeFileSync(path.join(lab.work, "a"), "");
  assert.equal((await lab.ended(id)).exitCode, 0);
  assert.ok((await lab.show(id)).processes.some(({ pid }) => pid === orphan), "listed as a leftover");
  await lab.kill(id);
  assert.ok(!alive(orphan));
});

test("a second kill of a guard may cost the code, which is then unknown and never 0", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["-c", `${until("a")}; exit 7`]);
  await killGuard(lab, id);
  await killGuard(lab, id);
  fs.writeFileSync(path.join(lab.work, "a"), "");
  const task = await lab.ended(id);
  assert.equal(task.status, "failed");
  assert.ok(task.exitCode === 7 || task.exitCode === null, String(task.exitCode));
  assert.equal((await lab.events(id, "exit")).length, 1);
});

test("guard or keeper killed 60 times by turns at random: log and events are whole", async (t) => {
  const lab = newLab(t);
  const size = 64 << 20;
  const kills = 60;
  const each = 10_000;
  const gate = new Gate(path.join(lab.work, "gate"));
  const words = ["write", size, 4096, `notify=${each}`, `gate=${gate.file}`, `step=${Math.ceil(size / kills)}`, "exit=7"];
  const id = await lab.run(["--log-max", "1G", "--", ...prop(...words)]);
  const log = lab.file(id, "log");
  const expected = digestOfProp(...words);
  for (let kill = 0; kill < kills; kill++) {
    const from = fs.statSync(log).size;
    gate.open();
    const now = await waitUntil(() => {
      const both = lab.keepers(id);
      return both.guard && both.keeper && fs.statSync(log).size > from && both;
    }, `kill ${kill}: both live, the log grows`);
    const victim = Math.random() < 0.5 ? now.guard : now.keeper;
    signal(victim);
    // A second one before the first is dead would be both at once.
    await waitUntil(() => !alive(victim), `kill ${kill}: dead`);
  }
  gate.open(kills);
  const task = await lab.ended(id);
  assert.equal(task.status, "failed");
  assert.ok(task.exitCode === 7 || task.exitCode === null, String(task.exitCode));
  assert.equal(task.outputBytes, size);
  assert.equal(await digestOfFile(log), await expected);
  const numbers = (await lab.events(id, "notify")).map((event) => Number(event.message.split(" ")[0]));
  assert.deepEqual(
    numbers,
    Array.from({ length: Math.ceil(size / 100 / each) }, (_, i) => i * each),
  );
});
