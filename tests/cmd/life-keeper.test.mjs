// kill -9 of a keeper, whenever: no byte, no event and no exit code is lost, and the next one comes at once.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { lockHalfTheTime } from "./lib/asking.mjs";
import { digestOfFile, digestOfProp, Gate } from "./lib/bytes.mjs";
import { killWhileWriting } from "./lib/kills.mjs";
import { newLab } from "./lib/lab.mjs";
import { alive, signal, stat, status } from "./lib/processes.mjs";
import { HOB, prop } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

const MiB = 1 << 20;

/** Kills the keeper of a task that writes SIZE bytes, KILLS times, and looks at everything that is left of it. EACH:
 * lines a notification. */
async function writeAndKill(lab, { size, kills, each }) {
  const gate = new Gate(path.join(lab.work, "gate"));
  const steps = kills + 8; // The writer is to outlive the kills.
  const words = ["write", size, 65536, `notify=${each}`, `gate=${gate.file}`, `step=${Math.ceil(size / steps)}`, "exit=7"];
  const id = await lab.run(["--log-max", "1G", "--", ...prop(...words)]);
  const writer = (await lab.show(id)).pid;
  const log = lab.file(id, "log");
  const expected = digestOfProp(...words);

  await killWhileWriting(lab, { id, writer, gate, size, steps, kills });

  const task = await lab.ended(id);
  assert.deepEqual([task.status, task.reason, task.exitCode, task.outputBytes], ["failed", "exit", 7, size]);
  assert.equal(await digestOfFile(log), await expected);
  const events = await lab.events(id);
  const notes = events.filter((event) => event.type === "notify");
  assert.equal(
    notes.map((event) => `${Number(event.message.split(" ")[0])} at ${event.cursor}`).join("\n"),
    Array.from({ length: Math.ceil(size / 100 / each) }, (_, i) => `${i * each} at ${i * each * 100}`).join("\n"),
  );
  assert.equal(events.filter((event) => event.type === "exit").length, 1);
  assert.equal(events.length, notes.length + 2, "started, exit and nothing else");
}

test("killed 120 times while 256 MiB are written: log, events and exit code are whole", async (t) => {
  await writeAndKill(newLab(t), { size: 256 * MiB, kills: 120, each: 20_000 });
});

test("… and while somebody else holds the registry locked half of the time", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--", "true"]));
  // Notifications gather, and a scribe may outlive the keeper it speaks for.
  lockHalfTheTime(t, lab);
  await writeAndKill(lab, { size: 256 * MiB, kills: 60, each: 5000 });
});

test("killed just after it told run that the command runs", async (t) => {
  const lab = newLab(t);
  // What is told is told at once, and the teller then held up for a while: long enough for run to record the start.
  const inject = ["-f", "-o", "/dev/null", "-e", "trace=sendto", "-e", "inject=sendto:delay_exit=2000000:when=1"];
  const env = { ASAN_OPTIONS: `${lab.env.ASAN_OPTIONS ?? ""}:detect_leaks=0` };
  const run = lab.spawn(["strace", ...inject, HOB, "run", "--id", "t", "--", ...prop("wait")], { env });
  const running = async () => (await lab.list("--status", "running"))[0];
  const { pid } = await waitUntil(running, "the start is recorded");
  const { guard, keeper } = await lab.bothKeepers("t");
  signal(keeper);
  await waitUntil(() => !alive(keeper), "it is dead");
  assert.equal((await lab.bothKeepers("t", { keeper })).guard.pid, guard.pid);
  assert.ok(alive(pid));
  assert.equal((await lab.show("t")).status, "running");
  await lab.kill("t");
  await run.done;
});

test("killed between reaping the command and writing down how it ended", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["-c", "until [ -e go ]; do sleep 0.02; done; exit 7"]);
  const { pid } = await lab.show(id);
  const { keeper } = await lab.bothKeepers(id);
  const story = path.join(lab.work, "story");
  const calls = ["-e", "trace=wait4,waitid", "-e", "inject=wait4,waitid:delay_exit=2000000"];
  const strace = lab.spawn(["strace", "-o", story, ...calls, "-p", keeper.pid]);
  await waitUntil(() => status(keeper.pid, "TracerPid") > 0, "strace looks at the keeper");
  fs.writeFileSync(path.join(lab.work, "go"), "");
  // Either the kernel has let go of the command, or the keeper has written down its end.
  const recorded = () => fs.readFileSync(lab.file(id, "exit"), "latin1").startsWith("status");
  await waitUntil(() => stat(pid) === undefined || recorded(), "the command is reaped");
  signal(keeper);
  await strace.done;
  const task = await lab.ended(id);
  assert.deepEqual([task.status, task.reason, task.exitCode], ["failed", "exit", 7]);
});

test("SIGKILLed 400 times in a row, it is started again at once each time", async (t) => {
  const lab = newLab(t);
  const go = path.join(lab.work, "go");
  const id = await lab.run(["-c", `until [ -e ${go} ]; do sleep 0.05; done; echo OPENCODE_NOTIFY: still here; exit 9`]);
  let last;
  for (let kill = 0; kill < 400; kill++) {
    // A back-off of a minute, or the first second of one each time, would not get through in this time.
    last = await waitUntil(
      () => {
        const { keeper } = lab.keepers(id);
        return keeper && keeper.pid !== last?.pid && keeper;
      },
      `keeper ${kill}`,
      20,
    );
    signal(last);
  }
  fs.writeFileSync(go, "");
  const task = await lab.ended(id);
  assert.deepEqual([task.status, task.exitCode], ["failed", 9]);
  assert.deepEqual(
    (await lab.events(id)).map((event) => event.message ?? event.type),
    ["started", "still here", "exit"],
  );
});
