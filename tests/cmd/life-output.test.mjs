// What a task writes is what its log holds: any byte, in any size, from either descriptor, in the order it came.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { digestOfFile, digestOfProp } from "./lib/bytes.mjs";
import { newLab } from "./lib/lab.mjs";
import { HOB, prop, sanitized } from "./lib/programs.mjs";

const MiB = 1 << 20;

test("binary output with NULs is kept as it is, and harms no reader", async (t) => {
  const lab = newLab(t);
  const every = Buffer.from(Array.from({ length: 65536 }, (_, i) => [i >> 8, i & 255]).flat());
  const bytes = Buffer.concat([Buffer.from("\0\0OPENCODE_NOTIFY: no\n"), every, crypto.randomBytes(200_000), Buffer.from("\nOPENCODE_NOTIFY: a\0b\xff\x1b[31m!\n", "latin1")]);
  fs.writeFileSync(path.join(lab.work, "bytes"), bytes);
  const id = await lab.run(["--", "cat", "bytes"]);
  const task = await lab.ended(id);
  assert.deepEqual([task.status, task.outputBytes], ["completed", bytes.length]);
  assert.equal(task.lines, bytes.filter((byte) => byte === 10).length);
  assert.ok(fs.readFileSync(lab.file(id, "log")).equals(bytes));
  await lab.spawn(["sh", "-c", `"$0" logs ${id} --raw >copy`, HOB]).done;
  assert.ok(fs.readFileSync(path.join(lab.work, "copy")).equals(bytes), "logs --raw");
  for (const text of [await lab.must(["logs", id]), await lab.must(["show", id]), task.output]) {
    assert.doesNotMatch(text, /[\0-\x08\x0b-\x1f\x7f]/, "no control characters but tab and newline");
  }
  const [note, ...more] = await lab.events(id, "notify");
  assert.equal(more.length, 0);
  assert.match(note.message, /^a.?b\ufffd!$/u);
});

test("3 million writes of one byte: every byte, every notification, and an index of at most 1 MiB", async (t) => {
  const lab = newLab(t);
  // Under ASan a keeper is several times slower, and so is its writer's pipe: a million shows the same.
  const size = sanitized ? 1_000_000 : 3_000_000;
  const words = ["write", size, 1, "notify=100"];
  const id = await lab.run(["--", ...prop(...words)]);
  const task = await lab.ended(id, 300);
  assert.deepEqual([task.outputBytes, task.lines], [size, size / 100]);
  assert.equal(await digestOfFile(lab.file(id, "log")), await digestOfProp(...words));
  assert.deepEqual(
    (await lab.events(id, "notify")).map((event) => event.cursor),
    Array.from({ length: size / 10_000 }, (_, i) => i * 10_000),
  );
  assert.ok(fs.statSync(lab.file(id, "index")).size <= MiB);
});

test("the index keeps its bound however much comes, and the times in it their order", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--log-max", "1M", "--", ...prop("write", 256 * MiB, 4096)]);
  await lab.ended(id, 300);
  const { size } = fs.statSync(lab.file(id, "index"));
  assert.ok(size > 10_000 && size <= MiB, `${size} bytes`);
  const index = fs.readFileSync(lab.file(id, "index"));
  assert.equal(index.subarray(0, 8).toString(), "hobindex");
  const header = index.readUInt16LE(10);
  const record = index.readUInt16LE(12);
  let last = { end: 0n, time: 0n, lines: 0n };
  for (let at = header; at + record <= index.length; at += record) {
    if (index[at] !== 1) continue;
    const now = { end: index.readBigUInt64LE(at + 8), time: index.readBigInt64LE(at + 16), lines: index.readBigUInt64LE(at + 24) };
    assert.ok(now.end > last.end && now.time >= last.time && now.lines === now.end / 100n, `record at ${at}`);
    last = now;
  }
  assert.equal(last.end, BigInt(256 * MiB));
});

test("alternating lines on stdout and stderr keep their order", async (t) => {
  const lab = newLab(t);
  const n = 50_000;
  const id = await lab.run(["--", ...prop("alternate", n)]);
  const task = await lab.ended(id);
  assert.equal(task.lines, 2 * n);
  const expected = Array.from({ length: n }, (_, i) => `out ${i}\nerr ${i}\n`).join("");
  assert.ok(fs.readFileSync(lab.file(id, "log"), "latin1") === expected);
});

test("a command that is told to write nothing, one byte, or no newline", async (t) => {
  const lab = newLab(t);
  for (const text of ["", "x", "a\nb"]) {
    const id = await lab.run(["--", "printf", "%s", text]);
    const task = await lab.ended(id);
    assert.deepEqual([task.outputBytes, task.lines, await lab.raw(id)], [text.length, text.split("\n").length - 1, text]);
  }
});
