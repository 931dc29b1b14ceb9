// hob show, and the words by which every command finds a task.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { refused, usage } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";

test("-n: how many of the last lines; 20 by default; the rest is named", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "a", "seq", "1000"]));
  const output = async (...args) => (await lab.show("a", ...args)).output;
  assert.match(
    await output(),
    /^\[… 980 lines \(3,812 bytes\) left out: --since 0 --until 3812 …\]\n981\n(\d+\n){18}1000\n$/,
  );
  assert.match(await output("-n", "1"), /^\[… 999 lines .*\]\n1000\n$/);
  assert.match(await output("--lines=3"), /^\[… 997 lines .*\]\n998\n999\n1000\n$/);
  assert.equal((await output("-n", "1000")).split("\n").length, 1001);
  assert.match(await output("-n", "0"), /^\[… 1,000 lines \(3,893 bytes\) left out: --since 0 --until 3893 …\]\n$/);
  assert.match(await lab.must(["show", "a", "-n", "2"]), /\n\n\[… 998 lines .*\n999\n1000\n$/);
});

test("output goes through the cleaner and a budget, and the cursor is behind it", async (t) => {
  const lab = newLab(t);
  const script = "printf '\\033[31mred\\033[0m\\n10%%\\r20%%\\n\\377\\n'; for i in 1 2 3; do echo same; done";
  await lab.ended(await lab.run(["--id", "a", "sh", "-c", script]));
  const task = await lab.show("a");
  assert.equal(task.output, "red\n20%\n\ufffd\nsame … ×3\n");
  assert.equal(task.cursor, task.outputBytes);
  await lab.ended(await lab.run(["--id", "b", "seq", "100000"]));
  assert.ok((await lab.show("b", "-n", "100000")).output.length <= 16384);
});

test("text says what there is, and only that", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "a", "echo", "one"]));
  const text = await lab.must(["show", "a"]);
  const labels = text
    .split("\n\n")[0]
    .split("\n")
    .map((line) => line.slice(0, 10).trim());
  assert.deepEqual(labels, ["id", "status", "command", "cwd", "lifetime", "pid", "started", "ended", "output"]);
  assert.match(text, /^output    4 B, 1 line\n\none\n$/m);
  await lab.run(["--id", "b", "-n", "web", "-t", "x", "-t", "y", "-S", "s", "sleep", "1000"]);
  const living = await lab.must(["show", "b"]);
  assert.match(living, /^name      web\nstatus    running, for \d+m?s\ncommand   sleep 1000\n/m);
  assert.match(living, /^tags      x\n          y\nsession   s\nlifetime  session\n/m);
  assert.match(living, /^output    0 B, 0 lines\nuses      \d+\.\d% CPU, [\d.]+ KiB\nprocesses \d+ sleep 1000\n$/m);
});

test("a leftover is listed by pid and command", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "a", "sh", "-c", "sleep 1001 & sleep 1002 & exit 3"]));
  // The children may still be about to become sleep.
  const { leftover, processes } = await lab.until("a", (task) => task.processes.every(({ command }) => /^sleep/.test(command)));
  assert.equal(leftover, true);
  assert.deepEqual(processes.map(({ command }) => command).sort(), ["sleep 1001", "sleep 1002"]);
  const text = await lab.must(["show", "a"]);
  assert.match(text, /^status    failed, exit 3, leftover\n/m);
  for (const { pid, command } of processes) assert.match(text, new RegExp(`^(leftover )? +${pid} ${command}$`, "m"));
});

test("more than a hundred processes are counted, not listed", async (t) => {
  const lab = newLab(t);
  const id = await lab.run([
    "sh",
    "-c",
    "i=0; while [ $i -lt 120 ]; do sleep 1000 & i=$((i+1)); done; echo ready; wait",
  ]);
  await lab.until(id, (task) => task.lines === 1);
  assert.equal((await lab.show(id)).processes.length, 100);
  assert.match(await lab.must(["show", id]), /^ +… and 21 more$/m);
});

test("usage errors", async (t) => {
  const lab = newLab(t);
  await usage(lab, ["show"], /show takes one ID: hob list shows them/);
  await usage(lab, ["show", "a", "b"], /show takes one ID/);
  await usage(lab, ["show", "a", "-n", "few"], /number of lines 'few' is no whole number from 0 up/);
  await usage(lab, ["show", "a", "-n", "-1"], /'-1'/);
});

// ---- what a word means ----

const found = async (lab, word) => (await lab.show(word)).id;

test("the exact id, else a name, else a prefix", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "web", "-n", "other", "true"]);
  await lab.run(["--id", "webber", "-n", "web", "true"]);
  await lab.run(["--id", "abc", "-n", "ab", "true"]);
  await lab.run(["--id", "abd", "-n", "abc", "true"]);
  assert.equal(await found(lab, "web"), "web");
  assert.equal(await found(lab, "webb"), "webber");
  assert.equal(await found(lab, "abc"), "abc");
  assert.equal(await found(lab, "ab"), "abc");
  assert.equal(await found(lab, "abd"), "abd");
});

test("a name: the newest that runs, else the newest", async (t) => {
  const lab = newLab(t);
  for (const id of ["first", "second", "third"]) await lab.run(["--id", id, "-n", "web", "sleep", "1000"]);
  assert.equal(await found(lab, "web"), "third");
  await lab.kill("third");
  assert.equal(await found(lab, "web"), "second");
  await lab.kill("web");
  assert.equal(await found(lab, "web"), "first");
  await lab.kill("web");
  assert.equal(await found(lab, "web"), "third");
});

test("a leftover lives: a name means it before newer ones that have ended", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "first", "-n", "web", "sh", "-c", "sleep 1000 &"]));
  await lab.ended(await lab.run(["--id", "second", "-n", "web", "true"]));
  assert.equal(await found(lab, "web"), "first");
  await lab.kill("web");
  assert.equal(await found(lab, "web"), "second");
});

test("an ambiguous prefix is a usage error that lists the candidates", async (t) => {
  const lab = newLab(t);
  for (let i = 0; i < 12; i++) await lab.run(["--id", `ab${String(i).padStart(2, "0")}`, "true"]);
  const all = (n, from = 0) => Array.from({ length: n }, (_, i) => `ab${String(from + i).padStart(2, "0")}`).join(", ");
  await usage(lab, ["show", "ab1"], /ab1 could be any of ab10, ab11: type more of the id/);
  await usage(lab, ["show", "ab"], new RegExp(`any of ${all(10)} and 2 more: type more`));
  for (const args of [
    ["logs", "a"],
    ["kill", "a"],
    ["wait", "a"],
    ["restart", "a"],
  ])
    await usage(lab, args, /could be any of/);
  assert.equal((await lab.list()).length, 12);
});

test("a task whose folder somebody removed: a sentence from who wants its log, the record from show", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--pty", "true"]);
  await lab.ended(id);
  fs.rmSync(path.dirname(lab.file(id, "log")), { recursive: true });
  for (const args of [["logs", id], ["logs", id, "-f"], ["logs", id, "-g", "x"], ["screen", id]])
    await refused(lab, 1, args, new RegExp(`task ${id} has no log: its folder tasks/${id} in hob's state is gone`));
  const { status, output } = await lab.show(id);
  assert.deepEqual([status, output], ["completed", ""]);
});

test("a word that names nobody: code 3 and the way out, from every command that takes an ID", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a_b", "true"]);
  for (const word of ["nobody", "%", "a%", "a_c", "A", "'", ""])
    await refused(lab, 3, ["show", word], /no task has the id, name or id prefix '.*': hob list shows those there are/);
  for (const args of [
    ["logs", "x"],
    ["kill", "x"],
    ["wait", "x"],
    ["wait", "a_b", "x"],
    ["restart", "x"],
  ])
    await refused(lab, 3, args, /'x': hob list/);
});
