// A keeper that crashes at every start: the guard takes its time before the next, and never lets the command block.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, it, test } from "node:test";
import { Gate, bytesAt } from "./lib/bytes.mjs";
import { newLab } from "./lib/lab.mjs";
import { alive, signal } from "./lib/processes.mjs";
import { CRASH, prop, quote } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";
import { setTimeout as delay } from "node:timers/promises";

/** Minor faults of all children that PID has reaped: the number changes with each. */
const reaped = (pid) => fs.readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").pop().split(" ")[8];

/** How often GUARD reaped somebody while we looked a hundred times. */
async function deaths(guard) {
  let count = 0;
  for (let look = 0, last = reaped(guard.pid); look < 100; look++, await delay(10)) {
    const now = reaped(guard.pid);
    if (now !== last) count++;
    last = now;
  }
  return count;
}

/** Seconds since a process began. */
const age = ({ start }) => Number(/[\d.]+/.exec(fs.readFileSync("/proc/uptime", "latin1"))) - start / 100;

async function crashAndRecover(t, pty) {
  const crash = path.join(fs.mkdtempSync("/tmp/hob-crash-"), "now");
  t.after(() => fs.rmSync(path.dirname(crash), { recursive: true }));
  const lab = newLab(t, { env: { HOB_TEST_CRASH: crash } });
  const gate = new Gate(path.join(lab.work, "gate"));
  const step = 1 << 20;
  const size = 9 * step;
  const words = ["write", size, 4096, "notify=1000", `gate=${gate.file}`, `step=${step}`, "exit=7"];
  const line = `stty -opost; exec ${prop(...words).map(quote).join(" ")}`;
  const id = await lab.run(pty ? ["--pty", "-c", line] : ["--", ...prop(...words)], { bin: CRASH });
  const { pid } = await lab.show(id);
  const written = () => Number(/wchar: (\d+)/.exec(fs.readFileSync(`/proc/${pid}/io`, "latin1"))[1]);
  gate.open();
  await lab.until(id, (task) => task.outputBytes === step);

  fs.writeFileSync(crash, "");
  const { guard, keeper } = await lab.bothKeepers(id);
  signal(keeper);
  await waitUntil(() => !alive(keeper), "the first keeper is dead");
  gate.open(6);
  // The pipe takes 64 KiB. That the command wrote it all means that somebody threw it away: the guard.
  await waitUntil(() => written() >= 7 * step, "the command goes on without a keeper");
  assert.ok(alive(pid));
  // A hundred keepers a second would come and go without a back-off.
  const count = await deaths(guard);
  assert.ok(count <= 2, `${count} keepers died while we looked`);

  fs.rmSync(crash);
  const healthy = await lab.bothKeepers(id, { keeper });
  assert.equal(healthy.guard.pid, guard.pid);
  gate.open(1);
  // One that was well for ten seconds has made good for those before it: nothing more is thrown away.
  await waitUntil(() => age(healthy.keeper) > 11, "the keeper is well for a while");
  await lab.until(id, (task) => task.outputBytes === 8 * step);
  const { lost } = await lab.show(id);
  fs.writeFileSync(crash, "");
  signal(healthy.keeper);
  await waitUntil(() => !alive(healthy.keeper), "the healthy keeper is dead");
  fs.rmSync(crash);
  gate.open(1);
  const task = await lab.ended(id);
  assert.deepEqual([task.status, task.exitCode, task.outputBytes], ["failed", 7, size]);
  assert.equal(task.lost, lost, "by the guard that emptied the pipe, and never after");
  assert.ok(task.lost >= 5 * step && task.lost <= 6 * step, `${task.lost} bytes lost`);
  const log = lab.file(id, "log");
  const last = bytesAt(log, size - 96, 96).toString();
  assert.match(last, /^[a-z0-9 \n]+$/, "the log's end is there");
  const gaps = await lab.events(id, "gap");
  assert.equal(gaps.length, 1);
  assert.match(gaps[0].message, new RegExp(String(task.lost)));
  assert.doesNotMatch(gaps[0].message, /disk/, "the disk was not full");
  assert.match(await lab.must(["show", id]), /lost/);
}

// Side by side, because most of it is waiting.
describe("it backs off, the command does not block, the loss is counted and told, a healthy one goes on", { concurrency: true }, () => {
  it("from a pipe", (t) => crashAndRecover(t, false));
  it("from a terminal", (t) => crashAndRecover(t, true));
});

test("without a crash the same program is as good as any", async (t) => {
  const lab = newLab(t, { env: { HOB_TEST_CRASH: "/nonexistent" } });
  const id = await lab.run(["-c", "echo fine; exit 4"], { bin: CRASH });
  const task = await lab.ended(id);
  assert.deepEqual([task.exitCode, task.output], [4, "fine\n"]);
});
