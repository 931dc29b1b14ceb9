// hob wait: until a task ends, any of them or all, and what it says then.
import assert from "node:assert/strict";
import { test } from "node:test";
import { usage, watching } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { signal } from "./lib/processes.mjs";

test("an ended task is answered at once: its end, its cursor, its last lines", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "a", "-n", "name", "sh", "-c", "seq 30; exit 3"]));
  const { code, stdout } = await lab.hob(["wait", "a"]);
  assert.equal(code, 0, "the wait succeeded, whatever the task did");
  assert.match(stdout, /^a exit: failed, exit 3, cursor 81\n\[… 20 lines .*\]\n21\n(\d+\n){8}30\n$/);
  const answer = await lab.json(["wait", "name", "--exit"]);
  const note = "[… 20 lines (51 bytes) left out: --since 0 --until 51 …]";
  const lines = [note, ...Array.from({ length: 10 }, (_, i) => `${21 + i}`)];
  const end = { status: "failed", reason: "exit", exitCode: 3, signal: null, portHeldBy: null };
  assert.deepEqual(answer, { id: "a", condition: "exit", cursor: 81, lines, ...end });
});

test("it waits, and then the last words are there", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "sh", "-c", "trap 'echo bye; exit 0' TERM; echo ready; sleep 1000 & wait"]);
  await lab.until("a", (task) => task.lines === 1);
  const waiting = lab.start(["wait", "a", "--json"]);
  await lab.must(["kill", "a"]);
  const { code, stdout } = await waiting.done;
  assert.equal(code, 0);
  const { id, condition, cursor, lines, status, reason } = JSON.parse(stdout);
  assert.deepEqual([id, condition, cursor, lines], ["a", "exit", 10, ["ready", "bye"]]);
  assert.deepEqual([status, reason], ["cancelled", "request"]);
});

test("no output is no lines", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "a", "true"]));
  const { cursor, lines } = await lab.json(["wait", "a"]);
  assert.deepEqual([cursor, lines], [0, []]);
  assert.equal(await lab.must(["wait", "a"]), "a exit: completed, exit 0, cursor 0\n");
});

test("any of several: the one that ended", async (t) => {
  const lab = newLab(t);
  for (const id of ["a", "b", "c"]) await lab.run(["--id", id, "sleep", "1000"]);
  const waiting = lab.start(["wait", "a", "b", "c", "--json"]);
  await lab.must(["kill", "b"]);
  const { code, stdout } = await waiting.done;
  assert.equal(code, 0);
  assert.equal(JSON.parse(stdout).id, "b");
  assert.match(await lab.must(["wait", "a", "b"]), /^b exit: cancelled, SIGTERM, request, cursor 0\n$/);
});

test("--all: every one of them, in the order given", async (t) => {
  const lab = newLab(t);
  for (const id of ["a", "b"]) await lab.run(["--id", id, "sleep", "1000"]);
  const waiting = lab.start(["wait", "b", "a", "--all", "--json"]);
  await lab.must(["kill", "b"]);
  await lab.must(["kill", "a"]);
  const { code, stdout } = await waiting.done;
  assert.equal(code, 0);
  assert.deepEqual(
    JSON.parse(stdout).map(({ id, condition }) => [id, condition]),
    [
      ["b", "exit"],
      ["a", "exit"],
    ],
  );
  assert.equal((await lab.must(["wait", "a", "b", "--all"])).match(/ exit: /g).length, 2);
});

test("--timeout: code 4, and how far each is", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "sh", "-c", "echo so far; exec sleep 1000"]);
  await lab.until("a", (task) => task.lines === 1);
  await lab.ended(await lab.run(["--id", "b", "true"]));
  const answer = await lab.hob(["wait", "a", "--timeout", "200ms", "--json"]);
  assert.equal(answer.code, 4);
  assert.deepEqual(JSON.parse(answer.stdout), {
    id: "a",
    condition: "timeout",
    status: "running",
    cursor: 7,
    lines: ["so far"],
  });
  const text = await lab.hob(["wait", "a", "--timeout", "0"]);
  assert.equal(text.code, 4);
  assert.match(text.stdout, /^a timeout: running, for .*, cursor 7\nso far\n$/);
  const all = await lab.hob(["wait", "a", "b", "--all", "--timeout", "0.1", "--json"]);
  assert.equal(all.code, 4);
  assert.deepEqual(
    JSON.parse(all.stdout).map(({ id, condition }) => [id, condition]),
    [
      ["a", "timeout"],
      ["b", "exit"],
    ],
  );
  assert.equal((await lab.hob(["wait", "a", "b", "--timeout", "1h"])).code, 0, "one has ended");
  await lab.run(["--id", "c", "sleep", "1000"]);
  const several = await lab.hob(["wait", "a", "c", "--timeout", "0.1", "--json"]);
  assert.equal(several.code, 4);
  assert.deepEqual(
    JSON.parse(several.stdout).map(({ id, condition }) => [id, condition]),
    [
      ["a", "timeout"],
      ["c", "timeout"],
    ],
  );
  assert.equal((await lab.show("a")).status, "running");
});

test("a command that ended is an end, although a leftover lives", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "sh", "-c", "sleep 1000 & exit 3"]);
  assert.match(await lab.must(["wait", "a"]), /^a exit: failed, exit 3/);
});

test("the death of both keepers wakes it: failed, lost", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "sleep", "1000"]);
  const { guard, keeper } = await lab.bothKeepers("a");
  const waiting = lab.start(["wait", "a"]);
  await watching(waiting);
  for (const name of ["SIGSTOP", "SIGKILL"]) for (const proc of [guard, keeper]) signal(proc, name);
  assert.match((await waiting.done).stdout, /^a exit: failed, exit code unknown, lost, cursor 0\n$/);
});

test("many tasks at once: all of a hundred", async (t) => {
  const lab = newLab(t);
  const ids = Array.from({ length: 100 }, (_, i) => `t${i}`);
  for (let i = 0; i < ids.length; i += 10)
    await Promise.all(ids.slice(i, i + 10).map((id) => lab.run(["--id", id, "sleep", "1000"])));
  const waiting = lab.start(["wait", ...ids, "--all", "--json"]);
  await lab.must(["kill", "--all"]);
  const { code, stdout } = await waiting.done;
  assert.equal(code, 0);
  assert.deepEqual(
    JSON.parse(stdout).map(({ id }) => id),
    ids,
  );
});

test("usage errors", async (t) => {
  const lab = newLab(t);
  await usage(lab, ["wait"], /wait wants an ID: hob list shows them/);
  await usage(lab, ["wait", "a", "--timeout", "x"], /--timeout 'x' is no duration/);
  await usage(lab, ["wait", "a", "--until"], /'--until'.*hob help wait/);
});
