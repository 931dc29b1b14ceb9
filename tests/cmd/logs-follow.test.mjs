// hob logs -f: every line once, as it comes, until the task ends.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { watching } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { alive, signal } from "./lib/processes.mjs";
import { HOB, prop, quote } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

/** A task "a" that writes each line given to `say`, and ends at `end`. */
async function talker(lab) {
  const pipe = path.join(lab.dir, "talk");
  execFileSync("mkfifo", [pipe]);
  await lab.run(["--id", "a", "sh", "-c", `exec cat ${pipe}`]);
  const fd = fs.openSync(pipe, "w");
  return { say: (text) => fs.writeSync(fd, text), end: () => fs.closeSync(fd) };
}

const hears = (child, text) =>
  waitUntil(() => child.out.endsWith(text), `${JSON.stringify(text)} at the end of the output`);

test("what was there, then each line as it comes, then the end", async (t) => {
  const lab = newLab(t);
  const talk = await talker(lab);
  talk.say("one\ntwo\n");
  await lab.until("a", (task) => task.lines === 2);
  const child = lab.start(["logs", "a", "-f"]);
  await hears(child, "one\ntwo\n");
  talk.say("three\n");
  await hears(child, "three\n");
  talk.say("no newline");
  talk.end();
  const { code, stdout, stderr } = await child.done;
  assert.deepEqual([code, stdout, stderr], [0, "one\ntwo\nthree\nno newline\n", ""]);
});

test("a line comes when it is whole, and cleaned", async (t) => {
  const lab = newLab(t);
  const talk = await talker(lab);
  const child = lab.start(["logs", "a", "-f"]);
  talk.say("50%\r100%");
  talk.say("\r\x1b[31mdo");
  await lab.until("a", (task) => task.outputBytes === 16);
  talk.say("ne\x1b[0m\n");
  await hears(child, "done\n");
  talk.say("half \xc3");
  talk.say("same\nsame\nsame\n");
  talk.end();
  const { stdout } = await child.done;
  assert.match(stdout, /^done\nhalf Ãsame\n(same … ×2\n|same\nsame\n)$/);
});

test("bars of several rows come in the state where they pause, and when they are over nothing is held", async (t) => {
  const lab = newLab(t);
  const talk = await talker(lab);
  const child = lab.start(["logs", "a", "-f"]);
  talk.say("log\na 1\nb 1\n");
  await hears(child, "log\na 1\nb 1\n");
  talk.say("\x1b[2Aa 2\nb 2\n\x1b[2Aa 3\nb 3\n");
  await hears(child, "b 1\na 3\nb 3\n");
  talk.say("\x1b[1A\x1b[Kdone\n1\n2\n3\n4\n5\n");
  await hears(child, "b 3\ndone\n1\n2\n3\n4\n5\n");
  talk.say("6\n");
  await hears(child, "5\n6\n");
  talk.say("\x1b[1A\x1b[K7\n");
  talk.end();
  const { stdout } = await child.done;
  assert.equal(stdout, "log\na 1\nb 1\na 3\nb 3\ndone\n1\n2\n3\n4\n5\n6\n7\n");
});

test("--json: whole lines once, and what is unfinished as it stands", async (t) => {
  const lab = newLab(t);
  const talk = await talker(lab);
  talk.say("one\ntwo\nhalf");
  await lab.until("a", (task) => task.outputBytes === 12);
  const child = lab.start(["logs", "a", "-f", "--json"]);
  const heard = () => child.out.split("\n").slice(0, -1).map((line) => JSON.parse(line));
  const hears = (text, unfinished) =>
    waitUntil(() => {
      const { unfinished: now } = heard().at(-1) ?? {};
      return heard().map((each) => each.text).join("") === text && now === unfinished;
    }, JSON.stringify({ text, unfinished }));
  await hears("one\ntwo\n", "half\n");
  talk.say("\r50%");
  await hears("one\ntwo\n", "50%f\n");
  talk.say("\r\x1b[Kdone\n");
  await hears("one\ntwo\ndone\n", "");
  talk.say("a 1\nb 1\n\x1b[2Aa 2\n");
  await hears("one\ntwo\ndone\n", "a 2\nb 1\n");
  talk.say("b 2\nlast");
  await hears("one\ntwo\ndone\n", "a 2\nb 2\nlast\n");
  talk.end();
  const { code } = await child.done;
  assert.equal(code, 0);
  assert.deepEqual(heard().at(-1), { since: 0, text: "a 2\nb 2\nlast\n", unfinished: "" });
});

test("--json: a flood is few objects, and none of it is missing", async (t) => {
  const lab = newLab(t);
  const talk = await talker(lab);
  const child = lab.start(["logs", "a", "-f", "--json"]);
  talk.say("0\n");
  await waitUntil(() => child.out !== "", "it follows");
  const began = Date.now();
  for (let at = 1; at < 60000; at++) talk.say(`${at}\n`);
  talk.end();
  const { code, stdout } = await child.done;
  const heard = stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line));
  assert.equal(code, 0);
  assert.equal(heard.map(({ text }) => text).join(""), Array.from({ length: 60000 }, (_, at) => `${at}\n`).join(""));
  const most = (Date.now() - began) / 50 + 3;
  assert.ok(heard.length <= most, `${heard.length} objects, not ${most} at most`);
});

test("--json: very much at once is several objects", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "--wait", "seq", "400000"]);
  const { stdout } = await lab.hob(["logs", "a", "-f", "-n", "1000000", "--json"]);
  const heard = stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line));
  assert.equal(heard.map(({ text }) => text).join(""), Array.from({ length: 400000 }, (_, at) => `${at + 1}\n`).join(""));
  assert.ok(heard.length > 1 && heard.every(({ text }) => text.length < 2 << 20), `${heard.length} objects`);
});

test("--json: where following began", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "--wait", "printf", "one\\ntwo\\nthree"]);
  const { stdout } = await lab.hob(["logs", "a", "-f", "-n", "2", "--json"]);
  assert.deepEqual(JSON.parse(stdout), { since: 4, text: "two\nthree\n", unfinished: "" });
});

test("a search that follows bars finds the state where they pause", async (t) => {
  const lab = newLab(t);
  const talk = await talker(lab);
  const child = lab.start(["logs", "a", "-f", "-g", "b"]);
  talk.say("log\na 1\nb 1\n");
  await hears(child, ":b 1\n");
  talk.say("\x1b[2Aa 2\nb 2\n\x1b[2Aa 3\nb 3\n");
  await hears(child, ":b 3\n");
  talk.end();
  const { stdout } = await child.done;
  assert.deepEqual(stdout.match(/:[ab] \d/g), [":b 1", ":b 3"]);
});

test("-n and --since say where it begins", async (t) => {
  const lab = newLab(t);
  const talk = await talker(lab);
  talk.say("one\ntwo\nthree\n");
  await lab.until("a", (task) => task.lines === 3);
  const followers = [
    ["-n", "0"],
    ["-n", "1"],
    ["--since", "4"],
    ["--since", "14"],
  ].map((args) => lab.start(["logs", "a", "-f", ...args]));
  await hears(followers[1], "three\n");
  await hears(followers[2], "two\nthree\n");
  // What begins at the end says nothing yet: it is there when its bell is.
  for (const child of followers) await watching(child);
  talk.say("four\n");
  for (const child of followers) await hears(child, "four\n");
  talk.end();
  const texts = await Promise.all(followers.map(async (child) => (await child.done).stdout));
  assert.deepEqual(
    texts.map((text) => text.replace(/^\[… .*\n/, "")),
    ["four\n", "three\nfour\n", "two\nthree\nfour\n", "four\n"],
  );
});

test("--raw: the bytes, all of them, in time with the task", async (t) => {
  const lab = newLab(t);
  const gate = path.join(lab.dir, "gate");
  fs.writeFileSync(gate, "");
  await lab.run(["--id", "a", ...prop("write", 1 << 20, 1000, `gate=${gate}`, "step=65536")]);
  const child = lab.start(["logs", "a", "-f", "--raw"]);
  for (let open = 1; open <= 16; open++) {
    fs.appendFileSync(gate, ".");
    await waitUntil(() => child.out.length >= open * 65536 - 1000, `${open} of 16 steps`);
  }
  const { code, stdout } = await child.done;
  assert.equal(code, 0);
  assert.equal(stdout, await lab.raw("a"));
  assert.equal(stdout.length, 1 << 20);
});

test("--time stands before each line", async (t) => {
  const lab = newLab(t);
  const talk = await talker(lab);
  const child = lab.start(["logs", "a", "-f", "--time"]);
  talk.say("one\n");
  await hears(child, "one\n");
  talk.say("two\n");
  talk.end();
  assert.match((await child.done).stdout, /^\d\d:\d\d:\d\d\.\d{3} one\n\d\d:\d\d:\d\d\.\d{3} two\n$/);
});

test("of an ended task: everything asked for, and the end", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "a", "seq", "3"]));
  assert.equal(await lab.must(["logs", "a", "-f"]), "1\n2\n3\n");
});

test("a reader that goes away ends the follower, also while the task is silent", async (t) => {
  const lab = newLab(t);
  const talk = await talker(lab);
  talk.say("one\ntwo\n");
  await lab.until("a", (task) => task.lines === 2);
  assert.equal(
    execFileSync("sh", ["-c", `${quote(HOB)} logs a -f | head -1`], { env: lab.env, encoding: "utf8" }),
    "one\n",
  );
  assert.equal((await lab.show("a")).status, "running");
  talk.end();
});

test("a keeper's death is not noticed; that of both is an end", async (t) => {
  const lab = newLab(t);
  const talk = await talker(lab);
  const child = lab.start(["logs", "a", "-f"]);
  talk.say("one\n");
  await hears(child, "one\n");
  const before = await lab.bothKeepers("a");
  signal(before.keeper);
  const { guard, keeper } = await waitUntil(
    () => !alive(before.keeper) && lab.keepers("a").keeper && lab.keepers("a"),
    "a new keeper",
  );
  talk.say("two\n");
  await hears(child, "two\n");
  for (const name of ["SIGSTOP", "SIGKILL"]) for (const proc of [guard, keeper]) signal(proc, name);
  assert.equal((await child.done).stdout, "one\ntwo\n");
  assert.equal((await lab.show("a")).reason, "lost");
  talk.end();
});
