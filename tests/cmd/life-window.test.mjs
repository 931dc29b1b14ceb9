// The log's window: the first MiB and the last ones stay, what lies between is freed, and no cursor ever moves.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { lockRegistry } from "./lib/asking.mjs";
import { bytesAt, digestOfFile, digestOfProp, Gate } from "./lib/bytes.mjs";
import { newLab } from "./lib/lab.mjs";
import { signal } from "./lib/processes.mjs";
import { prop } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

const MiB = 1 << 20;
const GiB = 1 << 30;

/** What `prop write … ` writes from FROM to TO. */
function expected(from, to, ...options) {
  const [program, ...args] = prop("write", to - from, MiB, `from=${from}`, ...options);
  return execFileSync(program, args, { maxBuffer: GiB });
}

async function rawAt(lab, id, since, until) {
  return Buffer.from(await lab.must(["logs", id, "--raw", "--since", `${since}`, "--until", `${until}`]));
}

test("1 GiB through 64 MiB: the first MiB and the last 64, little disk, every cursor, a gap that says so", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--log-max", "64M", "--", ...prop("write", GiB, 65536, "notify=1000000")]);
  const log = lab.file(id, "log");
  const task = await lab.ended(id, 300);
  assert.deepEqual([task.status, task.outputBytes, task.cursor, task.lost], ["completed", GiB, GiB, 0]);
  assert.equal(task.lines, Math.floor(GiB / 100));
  assert.equal(fs.statSync(log).size, GiB);
  const disk = fs.statSync(log).blocks * 512;
  assert.ok(disk < 70 * MiB, `${disk} bytes of disk`);

  const options = ["notify=1000000"];
  assert.ok(bytesAt(log, 0, MiB).equals(expected(0, MiB, ...options)), "the first MiB");
  assert.ok(bytesAt(log, GiB - 64 * MiB, 64 * MiB).equals(expected(GiB - 64 * MiB, GiB, ...options)), "the last 64");
  for (const [from, to] of [
    [0, 1000],
    [MiB - 1000, MiB],
    [GiB - 64 * MiB, GiB - 64 * MiB + 1000],
    [GiB - 64 * MiB + 12_345_678, GiB - 64 * MiB + 12_346_001],
    [GiB - 100, GiB],
  ])
    assert.deepEqual(await rawAt(lab, id, from, to), expected(from, to, ...options), `${from} to ${to}`);

  // An event's cursor in what is kept still means its line.
  const notes = await lab.events(id, "notify");
  assert.equal(notes.length, 11);
  const last = notes.at(-1);
  assert.equal(last.cursor, 1e9);
  assert.match((await rawAt(lab, id, 1e9 + 48 * MiB, 1e9 + 48 * MiB + 10)).toString(), /^.{10}$/s);

  // A read in the gap says which bytes are gone, and goes on behind them.
  const gap = await lab.json(["logs", id, "--since", `${500 * MiB}`, "--max-bytes", "2000"]);
  const freed = gap.omitted.find((one) => one.reason === "freed");
  assert.equal(freed.since, 500 * MiB);
  assert.ok(freed.until > 500 * MiB && freed.until <= GiB - 64 * MiB, `until ${freed.until}`);
  assert.match(gap.text, /no longer kept/);
  assert.match(await lab.must(["logs", id, "--since", `${500 * MiB}`, "--until", `${501 * MiB}`]), /1,048,576 bytes no longer kept/);
  const whole = await lab.json(["logs", id, "--since", "0", "--max-bytes", "2000"]);
  assert.ok(whole.text.startsWith("OPENCODE_NOTIFY:0000000000 "), "a read from the start begins there");
  assert.match(await lab.must(["show", id]), new RegExp(String(Math.floor(GiB / 100) - 1)), "show ends with the last lines");
});

test("--log-max has a smallest value, and is kept while the task still writes", async (t) => {
  const lab = newLab(t);
  assert.equal((await lab.hob(["run", "--log-max", "1000", "--", "true"])).code, 2);
  const id = await lab.run(["--log-max", "1M", "-c", `${prop("write", 40 * MiB, 65536).join(" ")}; exec ${prop("wait").join(" ")}`]);
  await lab.until(id, (task) => task.outputBytes === 40 * MiB && fs.statSync(lab.file(id, "log")).blocks * 512 < 4 * MiB, "the window slid");
  assert.ok(bytesAt(lab.file(id, "log"), 39 * MiB, MiB).equals(expected(39 * MiB, 40 * MiB)));
});

test("nothing is freed before its notifications are told, keeper killed or not", async (t) => {
  const lab = newLab(t);
  const size = 40 * MiB;
  const each = 5000;
  const gate = new Gate(path.join(lab.work, "gate"));
  const words = ["write", size, 65536, `notify=${each}`, `gate=${gate.file}`, `step=${size}`];
  const id = await lab.run(["--log-max", "1M", "--", ...prop(...words)]);
  const lock = await lockRegistry(lab);
  gate.open();
  const disk = () => fs.statSync(lab.file(id, "log")).blocks * 512;
  await waitUntil(() => fs.statSync(lab.file(id, "log")).size === size, "all is written");
  const { keeper } = await lab.bothKeepers(id);
  signal(keeper);
  await lab.bothKeepers(id, { keeper });
  assert.ok(disk() >= size, "all is there still");
  await lock.release();
  await lab.ended(id);
  await waitUntil(() => !lab.keepers(id).keeper, "the keeper ended");
  const notes = await lab.events(id, "notify");
  assert.deepEqual(
    notes.map((event) => event.cursor),
    Array.from({ length: Math.ceil(size / 100 / each) }, (_, i) => i * each * 100),
  );
  assert.ok(disk() < 4 * MiB, `${disk()} bytes of disk at the end`);
});

test("one line of 100 MiB is kept, cut for readers, and stalls nobody", async (t) => {
  const lab = newLab(t);
  const size = 100 * MiB;
  const words = ["write", size, 65536, "line=0"];
  const id = await lab.run(["--log-max", "200M", "-c", `${prop(...words).join(" ")}; echo; echo OPENCODE_NOTIFY: behind it`]);
  const task = await lab.ended(id, 120);
  assert.deepEqual([task.status, task.outputBytes, task.lines], ["completed", size + 1 + 27, 2]);
  assert.deepEqual(
    (await lab.events(id, "notify")).map((event) => [event.message, event.cursor]),
    [["behind it", size + 1]],
  );
  fs.truncateSync(lab.file(id, "log"), size);
  assert.equal(await digestOfFile(lab.file(id, "log")), await digestOfProp(...words));
  for (const args of [
    ["logs", id],
    ["logs", id, "--head", "1"],
    ["show", id],
  ]) {
    const text = await lab.must(args);
    assert.ok(text.length < 20_000, `${args[0]}: ${text.length} characters`);
    assert.match(text, /abcdefgh/);
  }
});
