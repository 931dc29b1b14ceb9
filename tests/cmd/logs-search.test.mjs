// hob logs -g: the lines that match, where they lie, and what the command says when none does. How lines are found is
// in tests/unit/test_search.c.
import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { newLab } from "./lib/lab.mjs";
import { usage } from "./lib/asking.mjs";
import { waitUntil } from "./lib/wait.mjs";

const build = String.raw`
echo compiling; printf 'a.c:1: \033[1;31mer\033[0mror: bad\n'; echo linking
printf ' 10%%\r 99%%\r100%%\n'; printf 'Error\nError\n'; printf 'the last error'`;

/** A lab with one ended task "a", which ran SCRIPT; logs(...) reads its log, and grep(...) tells {code, stdout, stderr}. */
async function written(t, script = build) {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "a", "sh", "-c", script]));
  return {
    lab,
    logs: (...args) => lab.must(["logs", "a", ...args]),
    grep: (...args) => lab.hob(["logs", "a", ...args]),
  };
}

test("lines that match come with their number and cursor, as a reader would see them", async (t) => {
  const { logs } = await written(t);
  assert.equal(await logs("-g", "error"), "2:10:a.c:1: error: bad\n7:74:the last error\n");
  assert.equal(await logs("--grep", "ERROR", "--ignore-case"), "2:10:a.c:1: error: bad\n5:62:Error … ×2\n7:74:the last error\n");
  assert.equal(await logs("-g", "^a.c", "-C1"), "1-0-compiling\n2:10:a.c:1: error: bad\n3-39-linking\n");
  assert.equal(await logs("-g", "^comp|last", "-C", "1"), "1:0:compiling\n2-10-a.c:1: error: bad\n--\n6-68-Error\n7:74:the last error\n");
});

test("a cursor that was printed shows its line, and searches from there", async (t) => {
  const { logs } = await written(t);
  const [, , cursor] = /^(\d+):(\d+):the last error$/m.exec(await logs("-g", "last"));
  assert.equal(await logs("--since", cursor), "the last error\n");
  assert.equal(await logs("-g", "error", "--since", cursor), "7:74:the last error\n");
  assert.equal(await logs("-g", "error", "--since", "0", "--until", cursor), "2:10:a.c:1: error: bad\n");
});

test("-n and --head take the last and the first matches, and name the rest", async (t) => {
  const { logs } = await written(t, "seq 1000");
  assert.equal(await logs("-g", "5$", "-n", "1"), "[… 99 matches left out: -g with --since 0 --until 3868 …]\n995:3868:995\n");
  assert.equal(
    await logs("-g", "5$", "--head", "2"),
    "5:8:5\n15:33:15\n[… 3,857 bytes not searched: -g with --since 36 --until 3893 …]\n",
  );
  assert.equal(
    await logs("-g", "5$", "-n", "1", "--since", "33", "--until", "69"),
    "[… 1 match left out: -g with --since 33 --until 63 …]\n25:63:25\n",
  );
});

test("the answer is bounded, and what it leaves out is found by the cursors that it names", async (t) => {
  const { logs } = await written(t, "seq 100000");
  const whole = await logs("-g", "7", "--max-bytes", "0");
  assert.equal(whole.split("\n").length - 1, 40951);
  const text = await logs("-g", "7");
  assert.ok(Buffer.byteLength(text) <= 16384);
  const [note, count, since, until] = /\[… ([\d,]+) matches left out: -g with --since (\d+) --until (\d+) …\]\n/.exec(text);
  const middle = await logs("-g", "7", "--since", since, "--until", until, "--max-bytes", "0");
  assert.equal(middle.split("\n").length - 1, Number(count.replaceAll(",", "")));
  assert.equal(text.replace(note, () => middle), whole);
});

test("JSON has lines, cursors, counts and omissions", async (t) => {
  const { lab, grep } = await written(t);
  const { found, matches, ...rest } = await lab.json(["logs", "a", "-i", "-g", "^err", "-C", "1"]);
  assert.deepEqual(found, [
    { line: 4, cursor: 47, until: 62, text: "100%", match: false, times: 1 },
    { line: 5, cursor: 62, until: 74, text: "Error", match: true, times: 2 },
    { line: 7, cursor: 74, until: 88, text: "the last error", match: false, times: 1 },
  ]);
  assert.equal(matches, 2);
  assert.deepEqual(rest, { id: "a", status: "completed", since: 0, cursor: 88, end: 88, lines: 2, omitted: [] });
  const some = await lab.json(["logs", "a", "-g", "r", "--head", "1"]);
  assert.deepEqual(some.omitted, [{ reason: "unsearched", since: 39, until: 88, lines: 0, count: 49 }]);
  const none = await grep("-g", "nothing", "--json");
  assert.equal(none.code, 1);
  assert.equal(none.stderr, "");
  assert.deepEqual(JSON.parse(none.stdout).found, []);
});

test("no match is exit 1 and a sentence", async (t) => {
  const { grep } = await written(t);
  const { code, stdout, stderr } = await grep("-g", "nothing");
  assert.deepEqual([code, stdout, stderr], [1, "", "hob logs: no line matches between cursors 0 and 88\n"]);
});

test("a bad pattern is wrong usage and shows the place; so are options that do not go together", async (t) => {
  const { lab } = await written(t);
  await usage(lab, ["logs", "a", "-g", "fo(o"], /bad pattern, character 5: missing closing parenthesis: fo\(o<-- HERE/);
  await usage(lab, ["logs", "a", "-g", "[[:foo:]]"], /bad pattern, character 4: unknown POSIX class name: \[\[:<-- HEREfoo:\]\]/);
  await usage(lab, ["logs", "a", "-i"], /-i goes with -g/);
  await usage(lab, ["logs", "a", "-C", "1"], /-C goes with -g/);
  await usage(lab, ["logs", "a", "-C", "1001", "-g", "x"], /-C takes 1000 at most/);
  await usage(lab, ["logs", "a", "-g", "x", "--raw"], /-g .* goes without --raw/);
  await usage(lab, ["logs", "a", "-g", "x", "-n", "1", "--head", "1"], /-n and --head exclude one another/);
});

test("a pattern that would run for ever ends with a sentence", async (t) => {
  const { grep } = await written(t, `for i in $(seq 40); do echo ${"a".repeat(60)}b; done`);
  const { code, stderr } = await grep("-g", "(a+)+$");
  assert.equal(code, 1);
  assert.match(stderr, /the pattern took too many steps on 32 lines, the last at cursor \d+: make it simpler/);
});

test("-f lets only lines that match through, as they come", async (t) => {
  const lab = newLab(t);
  const gate = `${lab.work}/gate`;
  fs.writeFileSync(gate, "");
  const id = await lab.run(["sh", "-c", `echo hit 1; echo no; tail -f ${gate}`]);
  const follower = lab.start(["logs", id, "-f", "-g", "hit"]);
  await waitUntil(() => follower.out === "1:0:hit 1\n");
  fs.appendFileSync(gate, "no\nhit");
  fs.appendFileSync(gate, " 2\n");
  await waitUntil(() => follower.out === "1:0:hit 1\n4:12:hit 2\n");
  await lab.must(["kill", id]);
  assert.equal((await follower.done).code, 0);
  const none = await lab.hob(["logs", id, "-f", "-g", "nothing"]);
  assert.deepEqual([none.code, none.stdout], [1, ""]);
});

test("a freed middle is named, and lines are counted across it", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "a", "--log-max", "1M", "sh", "-c", "seq 1000000"]));
  const text = await lab.must(["logs", "a", "-g", "^(10|999999)$"]);
  assert.match(text, /^10:18:10\n\[… [\d,]+ bytes no longer kept: cursors 1048576 to \d+ …\]\n999999:6888881:999999\n$/);
});
