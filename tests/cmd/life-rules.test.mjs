// kill -9 of a keeper or a guard while lines match: every match is told once, and what is told once is told once.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { lockHalfTheTime } from "./lib/asking.mjs";
import { Gate } from "./lib/bytes.mjs";
import { killWhileWriting } from "./lib/kills.mjs";
import { newLab } from "./lib/lab.mjs";
import { alive, signal } from "./lib/processes.mjs";
import { prop } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

// The lines of prop begin with their number.
const EVERY = 5000;
const ONCE = Array.from({ length: 30 }, (_, i) => `^0000${String(i * 20 + 3).padStart(3, "0")}`);

/** Where the lines are that must be told, of SIZE bytes. */
function expected(size) {
  const lines = size / 100;
  const told = new Set();
  for (let i = 0; i < lines; i += EVERY) told.add(i);
  for (const pattern of ONCE) {
    const first = Number(pattern.slice(1)) * 1000;
    if (first < lines) told.add(first);
  }
  return [...told].sort((a, b) => a - b).map((i) => `${i} at ${i * 100}`);
}

async function matchAndKill(lab, { size, kills, who }) {
  const gate = new Gate(path.join(lab.work, "gate"));
  const steps = kills + 8; // The writer is to outlive the kills.
  const rules = ["--watch", "^\\d{6}[05]000 ", ...ONCE.flatMap((pattern) => ["--watch-once", pattern])];
  const words = ["write", size, 65536, `gate=${gate.file}`, `step=${Math.ceil(size / steps)}`];
  const id = await lab.run(["--log-max", "1G", ...rules, "--", ...prop(...words)]);
  const writer = (await lab.show(id)).pid;
  await killWhileWriting(lab, { id, writer, gate, size, steps, kills, who });
  assert.equal((await lab.ended(id, 120)).outputBytes, size);
  const events = await lab.events(id);
  const matches = events.filter((event) => event.type === "match");
  assert.deepEqual(
    matches.map((event) => `${Number(event.message.split(" ")[0])} at ${event.cursor}`),
    expected(size),
  );
  assert.equal(events.length, matches.length + 2, "started, exit and nothing else");
}

test("the keeper killed 80 times while 64 MiB are written", async (t) => {
  await matchAndKill(newLab(t), { size: 64_000_000, kills: 80, who: "keeper" });
});

test("the guard killed 20 times while 32 MiB are written", async (t) => {
  await matchAndKill(newLab(t), { size: 32_000_000, kills: 20, who: "guard" });
});

test("… and while somebody else holds the registry locked half of the time", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--", "true"]));
  lockHalfTheTime(t, lab);
  await matchAndKill(lab, { size: 64_000_000, kills: 50, who: "keeper" });
});

test("guard and keeper killed at once: who finds the task tells what they left, once", async (t) => {
  const lab = newLab(t);
  const go = path.join(lab.work, "go");
  const script = `echo one hit; echo first; until [ -e ${go} ]; do sleep 0.05; done; sleep 1000`;
  const id = await lab.run(["--watch", "hit", "--watch-once", "first", "--watch-once", "second", "-c", script]);
  await waitUntil(async () => (await lab.events(id, "match")).length === 2, "both are told");
  const { guard, keeper } = await lab.bothKeepers(id);
  for (const proc of [guard, keeper]) signal(proc, "SIGSTOP");
  for (const proc of [guard, keeper]) signal(proc);
  await waitUntil(() => !alive(guard) && !alive(keeper), "they are dead");
  // What had left the pipe and nobody came to scan.
  fs.appendFileSync(lab.file(id, "log"), "first again\nsecond\nsecond again\n\x1b[1mhit\x1b[0m two\nlast hit");
  const task = await lab.ended(id);
  assert.deepEqual([task.status, task.reason], ["failed", "lost"]);
  assert.deepEqual(
    (await lab.events(id)).map((event) => event.message ?? event.type),
    ["started", "one hit", "first", "second", "hit two", "last hit", "its guard and keeper were killed"],
  );
});

test("killed 8 times while every line matches: each is told once or lies in a gap; markers are told", async (t) => {
  const lab = newLab(t);
  const [size, kills, each] = [64_000_000, 8, 1000];
  const gate = new Gate(path.join(lab.work, "gate"));
  const steps = kills + 8;
  const words = ["write", size, 65536, `notify=${each}`, `gate=${gate.file}`, `step=${Math.ceil(size / steps)}`];
  const id = await lab.run(["--watch", ".", "--", ...prop(...words)]);
  const writer = (await lab.show(id)).pid;
  await killWhileWriting(lab, { id, writer, gate, size, steps, kills });
  await lab.ended(id, 120);
  const events = await lab.events(id);
  const cursors = (type) => events.filter((event) => event.type === type).map((event) => event.cursor);
  assert.deepEqual(
    cursors("notify"),
    Array.from({ length: Math.ceil(size / 100 / each) }, (_, i) => i * each * 100),
  );
  const gaps = events.filter((event) => event.type === "gap").map((event) => / from cursor (\d+) to (\d+) raised no match/.exec(event.message));
  assert.ok(gaps.length > 0);
  const told = cursors("match");
  const once = new Set(told);
  assert.equal(told.length, once.size, "nothing twice");
  for (let at = 0; at < size; at += 100)
    assert.ok(once.has(at) || gaps.some(([, from, to]) => at >= from && at < to), `the line at ${at} is told, or in a gap`);
});

test("a silence is told once, whoever is killed in it and after it", async (t) => {
  const lab = newLab(t);
  const go = path.join(lab.work, "go");
  const script = `printf 'go on? '; until [ -e ${go} ]; do sleep 0.05; done; echo; sleep 1000`;
  const since = performance.now();
  const id = await lab.run(["--idle-after", "1500ms", "-c", script]);
  const idles = () => lab.events(id, "idle");
  let last = await lab.bothKeepers(id);
  for (let kill = 0; kill < 5; kill++) {
    signal(kill % 2 ? last.guard : last.keeper);
    last = await lab.bothKeepers(id, kill % 2 ? { guard: last.guard } : { keeper: last.keeper });
  }
  const [idle] = await waitUntil(async () => ((await idles()).length ? idles() : undefined), "it is told");
  assert.ok(performance.now() - since > 1400, "a kill does not end the wait");
  assert.equal(idle.message, "silent for 1s: go on?");
  assert.equal(idle.cursor, 7);
  for (let kill = 0; kill < 5; kill++) {
    signal(kill % 2 ? last.guard : last.keeper);
    last = await lab.bothKeepers(id, kill % 2 ? { guard: last.guard } : { keeper: last.keeper });
  }
  fs.writeFileSync(go, "");
  await waitUntil(async () => (await idles()).length > 1, "the next silence is told");
  assert.deepEqual(
    (await idles()).map((event) => event.cursor),
    [7, 8],
  );
  await lab.kill(id);
});
