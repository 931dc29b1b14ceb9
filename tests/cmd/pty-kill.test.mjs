// kill -9 of keeper or guard of a task that writes to its terminal, whenever: no byte, event or exit code is lost.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { digestOfFile, digestOfProp, Gate } from "./lib/bytes.mjs";
import { newLab } from "./lib/lab.mjs";
import { alive, signal } from "./lib/processes.mjs";
import { prop, quote } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

const MiB = 1 << 20;

/** Kills KILLS times, chosen by CHOOSE(kill, keepers), while SIZE bytes are written to a terminal; a kill counts only
 * if the log had grown since the one before and the writer still lives. Returns the task at its end. */
async function writeAndKill(lab, { size, kills, each, choose }) {
  const gate = new Gate(path.join(lab.work, "gate"));
  const steps = kills + 8; // The writer is to outlive the kills.
  const words = ["write", size, 65536, `notify=${each}`, `gate=${gate.file}`, `step=${Math.ceil(size / steps)}`, "exit=7"];
  const line = `stty -opost; exec ${prop(...words).map(quote).join(" ")}`;
  const id = await lab.run(["--pty", "--log-max", "1G", "-c", line]);
  const { pid } = await lab.show(id);
  const log = lab.file(id, "log");
  const expected = digestOfProp(...words);

  let before = { size: 0 };
  for (let kill = 0; kill < kills; kill++) {
    gate.open();
    // Somewhere in the first half of what may be written now; looked for without a pause, or it would be over.
    const at = before.size + 1 + Math.floor((Math.random() * size) / steps / 2);
    const end = performance.now() + 60_000;
    const fresh = ({ guard, keeper }) =>
      guard && keeper && guard.pid !== before.guard?.pid && keeper.pid !== before.keeper?.pid;
    let now;
    for (let look = 0; !now || !fresh(now) || fs.statSync(log).size < at; look++) {
      now = lab.keepers(id);
      if (look % 100 === 99) await new Promise(setImmediate);
      assert.ok(performance.now() < end, `no keeper goes on after kill ${kill}`);
    }
    before = { ...choose(kill, now), size: fs.statSync(log).size };
    assert.ok(signal(before.victim) && alive(pid), `kill ${kill} counts`);
  }
  gate.open(steps - kills);

  const task = await lab.ended(id);
  assert.equal(task.outputBytes, size);
  assert.equal(task.log, "spliced");
  assert.equal(await digestOfFile(log), await expected);
  const events = await lab.events(id);
  assert.equal(
    events.filter(({ type }) => type === "notify").map(({ message, cursor }) => `${Number(message.split(" ")[0])} at ${cursor}`).join("\n"),
    Array.from({ length: Math.ceil(size / 100 / each) }, (_, i) => `${i * each} at ${i * each * 100}`).join("\n"),
  );
  assert.equal(events.filter(({ type }) => type === "exit").length, 1);
  return task;
}

test("the keeper, 200 times while 64 MiB are written", async (t) => {
  const choose = (_, { keeper }) => ({ keeper, victim: keeper });
  const task = await writeAndKill(newLab(t), { size: 64 * MiB, kills: 200, each: 10_000, choose });
  assert.deepEqual([task.status, task.reason, task.exitCode], ["failed", "exit", 7]);
});

test("keeper and guard by turns, 60 times while 32 MiB are written", async (t) => {
  const choose = (kill, { guard, keeper }) =>
    kill % 2 ? { guard, keeper, victim: guard } : { keeper, victim: keeper };
  const task = await writeAndKill(newLab(t), { size: 32 * MiB, kills: 60, each: 10_000, choose });
  // A second kill of a guard may cost the code, which is then unknown.
  assert.ok(task.exitCode === 7 || task.exitCode === null, String(task.exitCode));
});

test("the guard, once: the code is kept", async (t) => {
  const choose = (_, { guard, keeper }) => ({ guard, keeper, victim: guard });
  const task = await writeAndKill(newLab(t), { size: 8 * MiB, kills: 1, each: 10_000, choose });
  assert.equal(task.exitCode, 7);
});

test("newlines become what terminals make of them, and nothing is added or lost", async (t) => {
  const lab = newLab(t);
  const line = `until [ -e go ]; do sleep 0.02; done; ${prop("write", 2 * MiB, 65536).map(quote).join(" ")}`;
  const id = await lab.run(["--pty", "-c", line]);
  // Asked for while they surely live.
  const { keeper } = await lab.bothKeepers(id);
  fs.writeFileSync(path.join(lab.work, "go"), "");
  await waitUntil(() => fs.statSync(lab.file(id, "log")).size > 0, "it writes");
  signal(keeper);
  await lab.ended(id);
  const lf = path.join(lab.work, "lf");
  await lab.spawn(["sh", "-c", `tr -d '\\r' <${quote(lab.file(id, "log"))} >${lf}`]).done;
  assert.equal(await digestOfFile(lf), await digestOfProp("write", 2 * MiB, 65536));
  assert.equal(fs.statSync(lab.file(id, "log")).size, 2 * MiB + Math.floor((2 * MiB) / 100));
});
