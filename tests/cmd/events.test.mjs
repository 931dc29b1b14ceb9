// hob events: the outbox, read and followed.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { lockRegistry, records, sql, usage, watching } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { identity } from "./lib/processes.mjs";
import { HOB, quote } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

const KEYS = "seq type at id name sessionId createdBy project owner message cursor status reason exitCode signal".split(" ");
const notify = (lab, id, text) => lab.must(["notify", text], { env: { HOB_ID: id } });

/** A follower that has begun to watch. */
async function following(lab, ...args) {
  const child = lab.start(["events", "-f", "--json", ...args]);
  await watching(child);
  return child;
}

const hears = (child, n) => waitUntil(() => child.out.split("\n").length > n && records(child.out), `${n} events`);

test("--json: every key, in the story of one task", async (t) => {
  const lab = newLab(t);
  const words = ["--id", "a", "-n", "web", "-S", "s", "--created-by", "c", "--project", "/", "-o", process.pid];
  await lab.ended(await lab.run([...words, "sh", "-c", "echo x; echo OPENCODE_NOTIFY:hello; exit 3"]));
  const events = records(await lab.must(["events", "--json"]));
  for (const event of events) {
    assert.deepEqual(Object.keys(event).sort(), [...KEYS].sort());
    assert.match(event.at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(
      [event.id, event.name, event.sessionId, event.createdBy, event.project],
      ["a", "web", "s", "c", "/"],
    );
    assert.equal(event.owner, `${process.pid}:${identity(process.pid).start}`);
  }
  const rest = events.map(({ seq, type, message, cursor, status, reason, exitCode, signal }) => [
    seq,
    type,
    message,
    cursor,
    status,
    reason,
    exitCode,
    signal,
  ]);
  assert.deepEqual(rest, [
    [1, "started", null, 0, null, null, null, null],
    [2, "notify", "hello", 2, null, null, null, null],
    [3, "exit", null, 24, "failed", "exit", 3, null],
  ]);
  const { startedAt, completedAt } = await lab.show("a");
  assert.equal(events[0].at <= events[2].at, true);
  assert.ok(Math.abs(Date.parse(events[0].at) - Date.parse(startedAt)) < 60_000);
  assert.ok(Math.abs(Date.parse(events[2].at) - Date.parse(completedAt)) < 60_000);
});

test("a task without anything: absent is null", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["true"]));
  const [started] = await lab.events();
  assert.deepEqual([started.name, started.sessionId, started.createdBy], [null, null, null]);
});

test("--since and -S choose; pages of 500 meet", async (t) => {
  const lab = newLab(t);
  const many = "i=0; while [ $i -lt 1200 ]; do i=$((i+1)); echo OPENCODE_NOTIFY:$i; done";
  await lab.ended(await lab.run(["-S", "a", "sh", "-c", many]));
  await lab.ended(await lab.run(["-S", "b", "true"]));
  await lab.ended(await lab.run(["true"]));
  const all = await lab.events();
  assert.deepEqual(
    all.map(({ seq }) => seq),
    Array.from({ length: 1206 }, (_, i) => i + 1),
  );
  assert.deepEqual(
    all.filter((e) => e.type === "notify").map((e) => e.message),
    Array.from({ length: 1200 }, (_, i) => `${i + 1}`),
  );
  const seqs = async (...args) => records(await lab.must(["events", "--json", ...args])).map(({ seq }) => seq);
  assert.deepEqual(await seqs("--since", "1203"), [1204, 1205, 1206]);
  assert.deepEqual(await seqs("--since", "9999"), []);
  assert.deepEqual(await seqs("-S", "b"), [1203, 1204]);
  assert.deepEqual(await seqs("-S", "b", "-S", "a", "--since", "1200"), [1201, 1202, 1203, 1204]);
  assert.deepEqual(await seqs("-S", "c"), []);
  assert.deepEqual(await seqs("-n", "2"), [1205, 1206]);
  assert.deepEqual(await seqs("-n", "2", "-S", "a"), [1201, 1202]);
  assert.deepEqual(await seqs("-n", "0"), []);
  assert.equal((await seqs("-n", "1206")).length, 1206);
  assert.equal((await seqs("-n", "9999")).length, 1206);
  assert.equal((await lab.must(["events"])).split("\n").length, 1207);
});

test("-f: what happens from now on; -f --since: and what happened after that", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "-S", "s", "sleep", "1000"]);
  await notify(lab, "a", "before");
  const now = await following(lab);
  const since = await following(lab, "--since", "1");
  const session = await following(lab, "--session", "s");
  const other = await following(lab, "-S", "t");
  await notify(lab, "a", "after");
  await lab.run(["--id", "b", "-S", "t", "sleep", "1000"]);
  const story = async (child, n) => (await hears(child, n)).map((e) => e.message ?? `${e.type} ${e.id}`);
  assert.deepEqual(await story(now, 2), ["after", "started b"]);
  assert.deepEqual(await story(since, 3), ["before", "after", "started b"]);
  assert.deepEqual(await story(session, 1), ["after"]);
  assert.deepEqual(await story(other, 1), ["started b"]);
});

test("a follower whose first look is into nothing, in a state folder that it makes itself", async (t) => {
  const lab = newLab(t);
  const child = await following(lab);
  await lab.ended(await lab.run(["true"]));
  assert.deepEqual(
    (await hears(child, 2)).map((e) => e.type),
    ["started", "exit"],
  );
});

test("all types of events of step one: started, notify, gap, exit", async (t) => {
  const lab = newLab(t);
  const child = await following(lab);
  const id = await lab.run(["sh", "-c", "echo OPENCODE_NOTIFY:x; exec sleep 1000"]);
  await hears(child, 2);
  await sql(lab, `INSERT INTO events(task, type, at_ms, cursor, message) VALUES('${id}', 'gap', 1000, 7, 'lost')`);
  await lab.must(["kill", id]);
  const events = await hears(child, 4);
  assert.deepEqual(
    events.map((e) => e.type),
    ["started", "notify", "gap", "exit"],
  );
  assert.deepEqual([events[2].message, events[2].cursor, events[2].at], ["lost", 7, "1970-01-01T00:00:01.000Z"]);
  assert.deepEqual([events[3].status, events[3].reason, events[3].signal], ["cancelled", "request", "SIGTERM"]);
  assert.match(await lab.must(["events", "--since", 3]), new RegExp(`^ +4  \\S+Z  exit     ${id}  ${id}  cancelled, SIGTERM\n$`));
});

test("what a command says last comes before its end, though both are told at once", async (t) => {
  const lab = newLab(t);
  const until = (file) => `until [ -e ${file} ]; do sleep 0.02; done`;
  const id = await lab.run(["-c", `${until("go")}; echo OPENCODE_NOTIFY: first; ${until("end")}; echo OPENCODE_NOTIFY: last; exit 3`]);
  const lock = await lockRegistry(lab);
  fs.writeFileSync(path.join(lab.work, "go"), "");
  // The keeper and its scribe, which has the first in its hands: the last must wait, and so must the end.
  await waitUntil(() => lab.processes().filter(({ name }) => name.startsWith("hob-keeper")).length === 2, "a scribe waits");
  fs.writeFileSync(path.join(lab.work, "end"), "");
  await waitUntil(() => fs.readFileSync(lab.file(id, "exit"), "utf8").startsWith("status 768"), "the command has ended");
  await lock.release();
  await lab.ended(id);
  const told = (await lab.events(id)).map(({ type, message }) => [type, message]);
  assert.deepEqual(told, [
    ["started", null],
    ["notify", "first"],
    ["notify", "last"],
    ["exit", null],
  ]);
});

test("-f begins with what comes, -n with the last that came", async (t) => {
  const lab = newLab(t);
  const first = await following(lab, "-n", "1");
  await lab.run(["--id", "a", "sleep", "1000"]);
  assert.deepEqual((await hears(first, 1)).map(({ id, type }) => [id, type]), [["a", "started"]], "there was none");
  const [later, fromNow] = [await following(lab, "-n", "1"), await following(lab)];
  await notify(lab, "a", "x");
  assert.deepEqual((await hears(later, 2)).map(({ type }) => type), ["started", "notify"]);
  assert.deepEqual((await hears(fromNow, 1)).map(({ type }) => type), ["notify"]);
});

test("a reader that goes away ends a follower: events -f | head -1, also in silence", async (t) => {
  const lab = newLab(t);
  const line = `{ ${quote(HOB)} events -f --since 0; echo $? >code; } | head -1`;
  await lab.run(["--id", "a", "sleep", "1000"]);
  assert.match(execFileSync("sh", ["-c", line], { env: lab.env, cwd: lab.work, encoding: "utf8" }), /started/);
  assert.equal(fs.readFileSync(path.join(lab.work, "code"), "utf8"), "0\n");
});

test("a killed follower hurts nobody, and the next begins where it is told", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "sleep", "1000"]);
  const first = await following(lab);
  await notify(lab, "a", "one");
  const [{ seq }] = await hears(first, 1);
  first.kill("SIGKILL");
  await first.done;
  await notify(lab, "a", "two");
  const second = await following(lab, "--since", seq);
  assert.deepEqual(
    (await hears(second, 1)).map((e) => e.message),
    ["two"],
  );
});

test("usage errors", async (t) => {
  const lab = newLab(t);
  await usage(lab, ["events", "17"], /events takes no argument: -S says of which session, --ack takes numbers/);
  await usage(lab, ["events", "-S", ""], /-S is empty/);
  await usage(lab, ["events", "--claim", "", "-o", process.pid], /--claim is empty/);
  await usage(lab, ["events", "--since", "x"], /sequence number 'x' is no whole number from 0 up/);
  await usage(lab, ["events", "-o", process.pid], /-o goes with --claim/);
  await usage(lab, ["events", "--claim", "x"], /--claim wants -o PID: events go to a living process/);
  await usage(lab, ["events", "--claim", "x", "-o", process.pid, "--since", "1"], /--since does not go with it/);
  await usage(lab, ["events", "--claim", "x", "-o", process.pid, "-n", "1"], /-n does not go with it/);
  await usage(lab, ["events", "-n", "1", "--since", "1"], /-n and --since both say where to begin/);
  await usage(lab, ["events", "-n", "-1"], /number of events '-1' is no whole number from 0 up/);
  await usage(lab, ["events", "--claim", "x", "-o", "me"], /the owner 'me' is not PID/);
  await usage(lab, ["events", "--ack", "1"], /--ack wants --claim NAME -o PID/);
  await usage(lab, ["events", "--ack", "1", "-f", "--claim", "x", "-o", process.pid], /and not -f/);
  await usage(lab, ["events", "--ack", "0", "--claim", "x", "-o", process.pid], /sequence number '0'.* from 1 up/);
  await usage(lab, ["events", "--ack", "1", "two", "--claim", "x", "-o", process.pid], /sequence number 'two'/);
});
