// hob wait for what is not the end: a line of output, a port, silence; at once when it holds already, 5 when it never
// will.
import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { usage, watching } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { stat, status } from "./lib/processes.mjs";
import { prop } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

/** A task that writes what a test puts into its named pipe, and ends with it. */
async function writer(lab, id) {
  const pipe = `${lab.dir}/pipe-${id}`;
  await lab.run(["--id", id, "sh", "-c", 'mkfifo "$0"; echo begun; exec cat "$0"', pipe]);
  await lab.until(id, ({ lines }) => lines === 1);
  const fd = fs.openSync(pipe, fs.constants.O_WRONLY);
  return { write: (text) => fs.writeSync(fd, text), end: () => fs.closeSync(fd) };
}

const answerOf = async (child, code = 0) => {
  const end = await child.done;
  assert.equal(end.code, code, end.stderr);
  return JSON.parse(end.stdout);
};

const listen = (port = 0) =>
  `const server = require("node:net").createServer().listen(${port}, "127.0.0.1", () => console.log(server.address().port))`;

// ---- match ----

test("a line that came before is an answer at once: the first that fits, and what stands before it", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "sh", "-c", "seq 100; exec sleep 1000"]);
  await lab.until("a", ({ lines }) => lines === 100);
  const answer = await lab.json(["wait", "a", "--match", "^5.$"]);
  const { condition, cursor, match, lines, status: now } = answer;
  assert.deepEqual([condition, cursor, match, now], ["match", 141, "50", "running"]);
  assert.deepEqual(lines.slice(1), ["41", "42", "43", "44", "45", "46", "47", "48", "49", "50"]);
  assert.match(lines[0], /40 lines .*left out: --since 0 --until 111/);
  assert.match(await lab.must(["wait", "a", "--match", "^5.$"]), /^a match: running, for \S+, cursor 141\n/);
  // … and what comes after a cursor is another.
  const next = await lab.json(["wait", "a", "--match", "^5.$", "--since", cursor]);
  assert.deepEqual([next.match, next.cursor], ["51", 144]);
});

test("a match across writes, in an unfinished line, and only then", async (t) => {
  const lab = newLab(t);
  const task = await writer(lab, "a");
  const waiting = lab.start(["wait", "a", "--match", "ready in \\d+ ms", "--json"]);
  await watching(waiting);
  for (const part of ["noise\nrea", "dy \x1b[1mi", "n\x1b[0m 1", "2 m"]) task.write(part);
  await lab.until("a", ({ outputBytes }) => outputBytes === 33);
  assert.equal(waiting.exitCode, null);
  task.write("s");
  const { condition, match, cursor, lines } = await answerOf(waiting);
  assert.deepEqual([condition, match, cursor], ["match", "ready in 12 ms", 34]);
  assert.deepEqual(lines, ["begun", "noise", "ready in 12 ms"]);
  task.end();
});

test("what a bar showed before it was drawn anew is none of its line; any of several patterns fits", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "sh", "-c", 'printf "error 1\\rworks  \\nno error 2\\n"; exec sleep 1000']);
  const { match } = await lab.json(["wait", "a", "--match", "^never$", "--match", "error"]);
  assert.equal(match, "no error 2");
});

test("a cursor within a line, a character or an escape counts from there", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "sh", "-c", 'printf "äöü \\033[31mred\\033[0m x\\n"; exec sleep 1000']);
  await lab.until("a", ({ lines }) => lines === 1);
  const from = async (cursor) => (await lab.json(["wait", "a", "--match", ".+", "--since", cursor])).match;
  assert.equal(await from(1), "äöü red x");
  assert.equal(await from(8), "red x");
  assert.equal(await from(17), " x");
});

test("what was written last is matched, although the task has ended", async (t) => {
  const lab = newLab(t);
  const waiting = lab.start(["wait", await lab.run(["sh", "-c", "sleep 0.3; printf last"]), "--match", "last$", "--json"]);
  assert.equal((await answerOf(waiting)).condition, "match");
});

test("a match in a long log, beyond a block and beyond 64 KiB of an unfinished line", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "a", ...prop("write", 10_000_000, 65536)]));
  const { match, cursor } = await lab.json(["wait", "a", "--match", "^0000099999 "]);
  assert.equal(match.slice(0, 11), "0000099999 ");
  assert.equal(cursor, 10_000_000);
  await lab.run(["--id", "b", "sh", "-c", 'head -c 300000 /dev/zero | tr "\\\\0" x; printf END; exec sleep 1000']);
  assert.equal((await lab.json(["wait", "b", "--match", "xEND$"])).cursor, 300003);
});

test("a pattern without an end in sight is an error, not a hang", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "sh", "-c", `echo ${"a".repeat(60)}b; exec sleep 1000`]);
  const { code, stderr } = await lab.hob(["wait", "a", "--match", "^(a|aa)+$(?<!x)"]);
  assert.equal(code, 1);
  assert.match(stderr, /too costly for the line at cursor 0/);
});

// ---- port ----

test("a port: any, or a certain one, that was there or opens", async (t) => {
  const lab = newLab(t);
  const waiting = ["a", "b"].map(async (id) => {
    await lab.run(["--id", id, "sh", "-c", `sleep 0.3; exec "$0" -e '${listen()}'`, process.execPath]);
    return answerOf(lab.start(["wait", id, "--port", "--json"]));
  });
  for (const answer of await Promise.all(waiting)) {
    assert.equal(answer.condition, "port");
    const again = await lab.json(["wait", answer.id, `--port=${answer.port}`]);
    assert.deepEqual([again.port, again.condition], [answer.port, "port"]);
    assert.match(await lab.must(["wait", answer.id, "--port"]), new RegExp(`^${answer.id} port ${answer.port}: running`));
    const other = await lab.hob(["wait", answer.id, `--port=${answer.port - 1}`, "--timeout", "0.3", "--json"]);
    assert.equal(other.code, 4);
    assert.equal(JSON.parse(other.stdout).condition, "timeout");
  }
});

test("a server that goes to the background still may listen; one that failed will not", async (t) => {
  const lab = newLab(t);
  const child = `setsid "$0" -e 'setTimeout(() => {${listen()}}, 500)' &`;
  await lab.run(["--id", "daemon", "sh", "-c", `${child} exit 0`, process.execPath]);
  await lab.run(["--id", "broken", "sh", "-c", `${child} exit 1`, process.execPath]);
  assert.equal((await lab.json(["wait", "daemon", "--port"])).condition, "port");
  const { condition, exitCode } = await answerOf(lab.start(["wait", "broken", "--port=1", "--json"]), 5);
  assert.deepEqual([condition, exitCode], ["ended", 1]);
});

test("a server that fails is told at once, with who holds its port", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "-n", "first", process.execPath, "-e", listen()]);
  const { port } = await lab.json(["wait", "a", "--port"]);
  await lab.run(["--id", "b", process.execPath, "-e", listen(port)]);
  const { condition, portHeldBy } = await answerOf(lab.start(["wait", "b", "--port", "--json"]), 5);
  assert.deepEqual([condition, portHeldBy.port, portHeldBy.name], ["ended", port, "first"]);
  const text = await lab.hob(["wait", "b", "--port"]);
  assert.match(text.stdout, new RegExp(`^b ended: failed, exit 1, cursor \\d+\n[^]*\nport ${port} is held by task first`));
});

// ---- idle ----

test("silence: since the last output, since the start; one that goes on is none", async (t) => {
  const lab = newLab(t);
  const task = await writer(lab, "a");
  const writing = setInterval(() => task.write("more\n"), 20);
  t.after(() => clearInterval(writing));
  const waiting = lab.start(["wait", "a", "--idle", "3s", "--json"]);
  await watching(waiting);
  const begun = performance.now();
  await waitUntil(() => performance.now() - begun > 3500, "more output than that");
  clearInterval(writing);
  const last = performance.now();
  task.write("last\n");
  const { condition, lines } = await answerOf(waiting);
  // The file system's clock ticks every few milliseconds.
  assert.ok(performance.now() - last > 2950);
  assert.deepEqual([condition, lines.at(-1)], ["idle", "last"]);
  // It holds already: there is no time to wait for it.
  assert.equal((await lab.json(["wait", "a", "--idle", "2s", "--timeout", "0"])).condition, "idle");
  await lab.run(["--id", "b", "sleep", "1000"]);
  assert.equal((await lab.json(["wait", "b", "--idle", "300ms"])).condition, "idle");
  task.end();
});

// ---- several, and none ----

test("any of the conditions, and which", async (t) => {
  const lab = newLab(t);
  const words = ["wait", "a", "--exit", "--match", "no such line", "--port", "--idle", "1h", "--input", "--json"];
  const task = await writer(lab, "a");
  const waiting = lab.start(words);
  await watching(waiting);
  task.end();
  assert.equal((await answerOf(waiting)).condition, "exit");
  assert.equal((await lab.json(["wait", "a", "--exit", "--match", "begun"])).condition, "match");
});

test("the task ended first: 5, how, and its last lines", async (t) => {
  const lab = newLab(t);
  const task = await writer(lab, "a");
  const waiting = lab.start(["wait", "a", "--match", "never", "--idle", "1h", "--json"]);
  await watching(waiting);
  task.write("bye\n");
  task.end();
  const { condition, status: now, exitCode, lines } = await answerOf(waiting, 5);
  assert.deepEqual([condition, now, exitCode, lines], ["ended", "completed", 0, ["begun", "bye"]]);
  const text = await lab.hob(["wait", "a", "--match", "never"]);
  assert.deepEqual([text.code, text.stdout], [5, "a ended: completed, exit 0, cursor 10\nbegun\nbye\n"]);
});

test("of several tasks: any, until the last has ended; with --all, until the first ends in vain", async (t) => {
  const lab = newLab(t);
  const [a, b] = [await writer(lab, "a"), await writer(lab, "b")];
  const any = lab.start(["wait", "a", "b", "--match", "yes", "--json"]);
  const all = lab.start(["wait", "a", "b", "--all", "--match", "yes", "--json"]);
  await Promise.all([any, all].map(watching));
  b.end();
  const decided = await answerOf(all, 5);
  assert.deepEqual(
    decided.map(({ id, condition }) => [id, condition]),
    [
      ["a", null],
      ["b", "ended"],
    ],
  );
  const text = await lab.hob(["wait", "a", "b", "--all", "--match", "yes"]);
  assert.match(text.stdout, /^a not yet: running, .*\nbegun\nb ended: completed, exit 0/);
  a.write("yes\n");
  const { id, condition } = await answerOf(any);
  assert.deepEqual([id, condition], ["a", "match"]);
  a.end();
  await lab.ended("a");
  const none = await answerOf(lab.start(["wait", "a", "b", "--match", "no", "--json"]), 5);
  assert.deepEqual(
    none.map(({ condition }) => condition),
    ["ended", "ended"],
  );
  assert.equal((await lab.json(["wait", "a", "b", "--all", "--match", "begun"])).length, 2);
});

test("it sleeps while nothing happens: for output and the end no wake-up, for a port few", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "sleep", "1000"]);
  const quiet = lab.start(["wait", "a", "--match", "x", "--idle", "1h", "--exit"]);
  const port = lab.start(["wait", "a", "--port"]);
  await Promise.all([quiet, port].map(watching));
  const switches = (child) => status(child.pid, "voluntary_ctxt_switches");
  // Seen asleep, it may have been about to go on.
  let last;
  await waitUntil(async () => {
    const before = last;
    await delay(300);
    last = switches(quiet);
    return last === before && stat(quiet.pid).state === "S";
  }, "it sleeps");
  const began = performance.now();
  const before = [quiet, port].map(switches);
  // As long as the looks of the other take.
  await waitUntil(() => switches(port) >= before[1] + 8, "it looks for the port");
  const seconds = (performance.now() - began) / 1000;
  assert.ok(seconds > 1, `8 looks in ${seconds} s`);
  assert.equal(switches(quiet), before[0]);
  await lab.kill("a");
  assert.equal((await quiet.done).code, 0);
  assert.equal((await port.done).code, 5);
});

test("a flood of output is followed without falling behind", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "sh", "-c", "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; sleep 1000"]);
  assert.equal((await lab.json(["wait", "a", "--match", "^line 19999$", "--port"])).condition, "match");
});

test("usage errors", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "sleep", "1000"]);
  await usage(lab, ["wait", "a", "--match", "a("], /--match: .*missing closing parenthesis.*<-- HERE/);
  await usage(lab, ["wait", "a", "--port=0"], /'0' is no port: 1 to 65535/);
  await usage(lab, ["wait", "a", "--port=http"], /'http' is no port: 1 to 65535/);
  await usage(lab, ["wait", "a", "--port=65536"], /'65536' is no port: 1 to 65535/);
  await usage(lab, ["wait", "a", "--idle", "x"], /--idle 'x' is no duration/);
  await usage(lab, ["wait", "a", "--since", "0"], /--since goes with --match/);
  await usage(lab, ["wait", "a", "a", "--since", "0", "--match", "x"], /cursor of one task/);
  await usage(lab, ["wait", "a", "--since", "1", "--match", "x"], /cursor 1 is beyond the end of the log, which is 0/);
  await usage(lab, ["wait", "a", "--input"], /neither a terminal nor a stdin/);
});
