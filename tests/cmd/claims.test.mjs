// hob events --claim and --ack: each event to one living consumer, again if that dies or forgets, until acknowledged.
import assert from "node:assert/strict";
import { test } from "node:test";
import { records, refused, sleeper, sql, watching } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { stat } from "./lib/processes.mjs";
import { waitUntil } from "./lib/wait.mjs";

const notify = (lab, id, text) => lab.must(["notify", text], { env: { HOB_ID: id } });
const told = (events) => events.map((e) => e.message ?? `${e.type} ${e.id}`);
const start = (lab, id, ...words) => lab.run(["--id", id, ...words, "sleep", "1000"]);

/** What NAME of process PID gets now. */
const claim = async (lab, name, pid, ...more) =>
  records(await lab.must(["events", "--claim", name, "-o", pid, "--json", ...more]));

/** A follower that claims; `events(n)` waits for so many. */
async function claimer(lab, name, pid, ...more) {
  const child = lab.start(["events", "-f", "--claim", name, "-o", pid, "--json", ...more]);
  await watching(child);
  child.events = (n) => waitUntil(() => child.out.split("\n").length > n && records(child.out), `${n} events`);
  return child;
}

test("an owner gets what its tasks tell, nobody else does, and nobody gets a start", async (t) => {
  const lab = newLab(t);
  const [me, other] = [await sleeper(lab), await sleeper(lab)];
  await start(lab, "mine", "-S", "s", "-o", me.pid);
  await start(lab, "others", "-S", "s", "-o", other.pid);
  await start(lab, "free", "-S", "s");
  for (const id of ["mine", "others", "free"]) await notify(lab, id, `from ${id}`);
  assert.deepEqual(told(await claim(lab, "x", me.pid)), ["from mine"]);
  assert.deepEqual(await claim(lab, "x", me.pid), [], "it was handed out");
  assert.deepEqual(told(await claim(lab, "x", `${other.pid}:${stat(other.pid).start}`)), ["from others"]);
  await lab.kill("mine");
  assert.deepEqual(told(await claim(lab, "x", me.pid)), ["exit mine"]);
  await me.end();
  await other.end();
});

test("a task without an owner is its session's", async (t) => {
  const lab = newLab(t);
  const me = await sleeper(lab);
  await start(lab, "free", "-S", "s");
  await start(lab, "homeless");
  await notify(lab, "free", "one");
  await notify(lab, "homeless", "two");
  assert.deepEqual(await claim(lab, "x", me.pid), []);
  assert.deepEqual(await claim(lab, "x", me.pid, "-S", "t"), []);
  assert.deepEqual(told(await claim(lab, "x", me.pid, "-S", "t", "-S", "s")), ["one"]);
  await me.end();
});

test("a session is no way to the events of an owner that lives", async (t) => {
  const lab = newLab(t);
  const [owner, heir] = [await sleeper(lab), await sleeper(lab)];
  await start(lab, "a", "-S", "s", "-o", owner.pid, "-l", "detached");
  await notify(lab, "a", "hello");
  assert.deepEqual(await claim(lab, "x", heir.pid, "-S", "s"), []);
  await owner.end();
  assert.deepEqual(await claim(lab, "x", heir.pid), [], "nor is being alive");
  assert.deepEqual(await claim(lab, "x", heir.pid, "-S", "t"), []);
  assert.deepEqual(told(await claim(lab, "x", heir.pid, "-S", "s")), ["hello"]);
  await heir.end();
});

test("an owner that is killed: its tasks' last events wait for whoever names the session", async (t) => {
  const lab = newLab(t);
  const [owner, heir] = [await sleeper(lab), await sleeper(lab)];
  await start(lab, "a", "-S", "s", "-o", owner.pid);
  await start(lab, "b", "-S", "s", "-o", owner.pid, "-l", "app");
  await start(lab, "c", "-o", owner.pid);
  await owner.end();
  for (const id of ["a", "b", "c"]) assert.equal((await lab.ended(id)).reason, "owner");
  const got = await claim(lab, "heir", heir.pid, "-S", "s");
  assert.deepEqual(told(got).sort(), ["exit a", "exit b"]);
  assert.deepEqual([...new Set(got.map((e) => e.reason))], ["owner"]);
  await heir.end();
});

test("two that live never get the same event, and together they get all", async (t) => {
  const lab = newLab(t);
  const owner = await sleeper(lab);
  const consumers = [];
  for (const name of ["x", "y", "z"]) consumers.push(await claimer(lab, name, owner.pid));
  const many = "i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo OPENCODE_NOTIFY:$HOB_ID $i; done";
  await Promise.all(["a", "b", "c"].map((id) => lab.run(["--id", id, "-o", owner.pid, "sh", "-c", many])));
  const all = () => consumers.flatMap((child) => records(child.out.slice(0, child.out.lastIndexOf("\n") + 1)));
  await waitUntil(() => all().length >= 303, "300 notifications and 3 exits");
  const seqs = all().map((e) => e.seq);
  assert.equal(new Set(seqs).size, seqs.length, "each once");
  assert.equal(seqs.length, 303);
  for (const child of consumers) {
    const own = records(child.out).map((e) => e.seq);
    assert.deepEqual(
      own,
      [...own].sort((a, b) => a - b),
      "in order",
    );
    child.kill();
  }
  await Promise.all(consumers.map((child) => child.done));
  await owner.end();
});

test("raised while nobody listens, handed over when somebody does", async (t) => {
  const lab = newLab(t);
  const owner = await sleeper(lab);
  await start(lab, "a", "-o", owner.pid);
  for (const text of ["one", "two"]) await notify(lab, "a", text);
  const child = await claimer(lab, "x", owner.pid);
  assert.deepEqual(told(await child.events(2)), ["one", "two"]);
  await notify(lab, "a", "three");
  assert.deepEqual(told(await child.events(3)), ["one", "two", "three"]);
  child.kill();
  await child.done;
  await owner.end();
});

test("claimed by one that dies: it comes again with the same number, but not what was acknowledged", async (t) => {
  const lab = newLab(t);
  const owner = await sleeper(lab);
  await start(lab, "a", "-o", owner.pid);
  const first = await claimer(lab, "x", owner.pid);
  for (const text of ["one", "two", "three"]) await notify(lab, "a", text);
  const before = await first.events(3);
  await lab.must(["events", "--ack", before[1].seq, "--claim", "x", "-o", owner.pid]);
  assert.deepEqual(await claim(lab, "x", owner.pid), [], "it lives");
  first.kill("SIGKILL");
  await first.done;
  const second = await claimer(lab, "x", owner.pid);
  const after = await second.events(2);
  assert.deepEqual(after, [before[0], before[2]]);
  second.kill();
  await second.done;
  await owner.end();
});

test("a follower in wait takes over from one that dies, at the next bell at the latest", async (t) => {
  const lab = newLab(t);
  const owner = await sleeper(lab);
  await start(lab, "a", "-o", owner.pid);
  const first = await claimer(lab, "x", owner.pid);
  await notify(lab, "a", "one");
  const [before] = await first.events(1);
  const second = await claimer(lab, "y", owner.pid);
  first.kill("SIGKILL");
  await first.done;
  await notify(lab, "a", "two");
  const after = await second.events(2);
  assert.deepEqual(after[0], before);
  assert.equal(after[1].message, "two");
  second.kill();
  await second.done;
  await owner.end();
});

test("read once: the claim is the owner's, and void when that dies", async (t) => {
  const lab = newLab(t);
  const [first, second] = [await sleeper(lab), await sleeper(lab)];
  await start(lab, "a", "-S", "s");
  await notify(lab, "a", "one");
  const [event] = await claim(lab, "x", first.pid, "-S", "s");
  assert.deepEqual(await claim(lab, "x", second.pid, "-S", "s"), [], "hob is gone, but not the owner");
  await first.end();
  assert.deepEqual(await claim(lab, "x", second.pid, "-S", "s"), [event]);
  await second.end();
});

/** As if so many seconds had gone by since the claims. */
const pass = (lab, seconds) =>
  sql(lab, `UPDATE events SET claimed_ms = claimed_ms - ${seconds * 1000} WHERE claimed_ms <> 0`);

test("not acknowledged for 60 s: handed out again, the living consumer or not", async (t) => {
  const lab = newLab(t);
  const owner = await sleeper(lab);
  await start(lab, "a", "-o", owner.pid);
  await notify(lab, "a", "one");
  const [event] = await claim(lab, "x", owner.pid);
  await pass(lab, 30);
  assert.deepEqual(await claim(lab, "x", owner.pid), []);
  await pass(lab, 30);
  assert.deepEqual(await claim(lab, "y", owner.pid), [event]);
  // x was too slow: it is y's now.
  await lab.must(["events", "--ack", event.seq, "--claim", "x", "-o", owner.pid]);
  await pass(lab, 60);
  assert.deepEqual(await claim(lab, "y", owner.pid), [event]);
  await lab.must(["events", "--ack", event.seq, "--claim", "y", "-o", owner.pid]);
  await pass(lab, 600);
  assert.deepEqual(await claim(lab, "y", owner.pid), []);
  await owner.end();
});

test("a follower does not need a bell for that", async (t) => {
  const lab = newLab(t);
  const owner = await sleeper(lab);
  await start(lab, "a", "-o", owner.pid);
  await notify(lab, "a", "one");
  const [event] = await claim(lab, "x", owner.pid);
  await pass(lab, 58);
  const child = await claimer(lab, "y", owner.pid);
  assert.deepEqual(await child.events(1), [event]);
  child.kill();
  await child.done;
  await owner.end();
});

test("--ack: several numbers, twice, others', unknown ones: always 0", async (t) => {
  const lab = newLab(t);
  const [me, other] = [await sleeper(lab), await sleeper(lab)];
  await start(lab, "a", "-o", me.pid);
  for (const text of ["one", "two", "three"]) await notify(lab, "a", text);
  const [one, two, three] = await claim(lab, "x", me.pid);
  const ack = (name, pid, ...seqs) => lab.hob(["events", "--ack", ...seqs, "--claim", name, "-o", pid]);
  const done = { code: 0, signal: null, stdout: "", stderr: "" };
  assert.deepEqual(await ack("x", other.pid, one.seq), done);
  assert.deepEqual(await ack("other", me.pid, two.seq), done);
  for (let i = 0; i < 2; i++) assert.deepEqual(await ack("x", me.pid, three.seq, 9999, three.seq), done);
  await pass(lab, 60);
  assert.deepEqual(await claim(lab, "x", me.pid), [one, two]);
  assert.deepEqual(await ack("x", me.pid, one.seq, two.seq), done);
  await pass(lab, 60);
  assert.deepEqual(await claim(lab, "x", me.pid), []);
  assert.equal((await lab.events("a", "notify")).length, 3, "they can still be read");
  await me.end();
  await other.end();
});

test("a consumer must live", async (t) => {
  const lab = newLab(t);
  const gone = await sleeper(lab);
  const was = `${gone.pid}:${stat(gone.pid).start}`;
  await gone.end();
  await refused(lab, 1, ["events", "--claim", "x", "-o", was], /the owner, process .*, is gone/);
  await refused(lab, 1, ["events", "--claim", "x", "-o", `${process.pid}:1`], /is gone/);
});
