// hob kill: its options and answers. What becomes of trees is told in life-*.test.mjs.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { usage } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { alive, signal } from "./lib/processes.mjs";
import { waitUntil } from "./lib/wait.mjs";

const living = async (lab) => (await lab.list("--status", "running")).map(({ id }) => id);

test("kill without a selector is a usage error, and ends nothing", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "sleep", "1000"]);
  await usage(lab, ["kill"], /wants an ID, a selector or --all: nothing was ended/);
  await usage(lab, ["kill", "--grace", "0"], /nothing was ended/);
  await usage(lab, ["kill", "-s", "KILL", "--json"], /nothing was ended/);
  await usage(lab, ["kill", "--"], /nothing was ended/);
  await usage(lab, ["kill", "a", "--all"], /IDs or selectors, not both/);
  await usage(lab, ["kill", "a", "-t", "x"], /IDs or selectors, not both/);
  await usage(lab, ["kill", "a", "-s", "NOPE"], /no signal 'NOPE': a name such as TERM, INT or HUP, or a number/);
  await usage(lab, ["kill", "a", "-s", "0"], /no signal '0'/);
  await usage(lab, ["kill", "a", "-s", "99"], /no signal '99'/);
  await usage(lab, ["kill", "a", "-s", ""], /no signal ''/);
  await usage(lab, ["kill", "a", "--grace", "x"], /--grace 'x' is no duration/);
  await usage(lab, ["kill", "--status", "alive"], /no status 'alive'/);
  // A variable that is not set chooses nothing, and that is told.
  for (const option of ["-S", "-t", "--project", "--visible-to"])
    await usage(lab, ["kill", option, ""], new RegExp(`${option} is empty: leave it out, or say which`));
  assert.deepEqual(await living(lab), ["a"]);
});

test("ids and names: all that are named, each once, or none", async (t) => {
  const lab = newLab(t);
  for (const id of ["a", "b", "c"]) await lab.run(["--id", id, "-n", `name-${id}`, "sleep", "1000"]);
  const { code, stdout, stderr } = await lab.hob(["kill", "a", "nobody"]);
  assert.deepEqual([code, stdout], [3, ""]);
  assert.match(stderr, /no task has the id, name or id prefix 'nobody': hob list/);
  assert.deepEqual(await living(lab), ["a", "b", "c"], "a word that names nobody is no reason to end the others");
  assert.match(await lab.must(["kill", "a", "name-a", "b"]), /^a name-a ended .*\nb name-b ended .*\n$/);
  assert.deepEqual(await living(lab), ["c"]);
  assert.match(await lab.must(["stop", "c"]), /^c name-c ended \(cancelled, SIGTERM, request\)\n$/);
});

test("what a task says while it is being ended: whoever is handed it sees that it is unwanted", async (t) => {
  const lab = newLab(t);
  const script = "trap 'echo OPENCODE_NOTIFY: going; until [ -e go ]; do sleep 0.05; done; exit 1' TERM; echo on; while :; do sleep 0.05; done";
  await lab.run(["--id", "a", "-S", "s", "--watch", "^on", "--grace", "60s", "sh", "-c", script]);
  const said = (type) => async () => (await lab.events()).some((event) => event.type === type);
  await waitUntil(said("match"), "it runs");
  assert.equal((await lab.show("a")).ending, null);
  const killing = lab.start(["kill", "a"]);
  await waitUntil(said("notify"), "it says something");
  const { status, reason, ending } = await lab.show("a");
  assert.deepEqual([status, reason, ending], ["running", null, "request"]);
  fs.writeFileSync(path.join(lab.work, "go"), "");
  assert.equal((await killing.done).code, 0);
  const after = await lab.show("a");
  assert.deepEqual([after.status, after.reason, after.ending], ["cancelled", "request", null]);
});

test("what had ended is told, and that is no failure", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "a", "sh", "-c", "exit 3"]));
  assert.equal(await lab.must(["kill", "a"]), "a had already ended (failed, exit 3)\n");
  assert.deepEqual(await lab.json(["kill", "a"]), [{ id: "a", name: null, status: "failed", ended: false, left: [] }]);
});

test("--json: what became of each", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "-n", "web", "sleep", "1000"]);
  await lab.ended(await lab.run(["--id", "b", "true"]));
  assert.deepEqual(await lab.json(["kill", "a", "b"]), [
    { id: "a", name: "web", status: "cancelled", ended: true, left: [] },
    { id: "b", name: null, status: "completed", ended: false, left: [] },
  ]);
  assert.deepEqual(await lab.json(["kill", "--all"]), []);
});

test("-s: the first signal, by name or number", async (t) => {
  const lab = newLab(t);
  for (const [given, wanted] of [
    ["INT", "SIGINT"],
    ["sigusr1", "SIGUSR1"],
    ["9", "SIGKILL"],
    ["SIGHUP", "SIGHUP"],
  ]) {
    const id = await lab.run(["sleep", "1000"]);
    await lab.must(["kill", id, "-s", given]);
    const { status, reason, signal, exitCode } = await lab.show(id);
    assert.deepEqual([status, reason, signal, exitCode], ["cancelled", "request", wanted, null]);
  }
  const id = await lab.run(["sh", "-c", "trap 'echo got it; exit 5' USR2; echo ready; sleep 1000 & wait"]);
  await lab.until(id, (task) => task.lines === 1);
  await lab.must(["kill", id, "--signal", "USR2"]);
  assert.equal((await lab.show(id)).exitCode, 5);
  assert.equal(await lab.raw(id), "ready\ngot it\n");
});

test("SIGKILL follows after the grace: one's own, the task's, or that of the command line", async (t) => {
  const lab = newLab(t);
  const stubborn = ["sh", "-c", "trap '' TERM INT; echo ready; while :; do sleep 1000; done"];
  const start = async (...options) => {
    const id = await lab.run([...options, ...stubborn]);
    await lab.until(id, (task) => task.lines === 1);
    return id;
  };
  const short = await start("--grace", "100ms");
  await lab.must(["kill", short]);
  assert.equal((await lab.show(short)).signal, "SIGKILL");
  const long = await start("--grace", "1h");
  await lab.must(["kill", long, "-s", "INT", "--grace", "100ms"]);
  assert.equal((await lab.show(long)).signal, "SIGKILL");
  const now = await start("--grace", "1h");
  await lab.must(["kill", now, "--grace", "0"]);
  assert.equal((await lab.show(now)).signal, "SIGKILL");
});

test("a task that ends by itself in the grace keeps its code", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["sh", "-c", "trap 'exit 0' TERM; echo ready; sleep 1000 & wait"]);
  await lab.until(id, (task) => task.lines === 1);
  await lab.must(["kill", id]);
  const { status, reason, exitCode, signal } = await lab.show(id);
  assert.deepEqual([status, reason, exitCode, signal], ["cancelled", "request", 0, null]);
  assert.deepEqual(
    (await lab.events(id, "exit")).map((e) => [e.status, e.reason, e.exitCode]),
    [["cancelled", "request", 0]],
  );
});

test("leftovers are killable, by id and by selector, and their task keeps its end", async (t) => {
  const lab = newLab(t);
  for (const args of [["left"], ["--status", "running"], ["-t", "t"], ["--all"]]) {
    await lab.run(["--id", "left", "-t", "t", "sh", "-c", "sleep 1000 & echo $!; exit 3"]);
    const { leftover, processes } = await lab.ended("left");
    assert.equal(leftover, true);
    assert.equal(processes.length, 1);
    await lab.must(["kill", ...args]);
    assert.equal(alive(processes[0].pid), false, args.join(" "));
    const { status, exitCode, leftover: still } = await lab.show("left");
    assert.deepEqual([status, exitCode, still], ["failed", 3, false]);
    assert.equal((await lab.events("left", "exit")).length, 1);
    await lab.must(["clean", "--all-finished"]);
  }
});

test("a stopped keeper: the answer is the same", async (t) => {
  const lab = newLab(t);
  for (const [script, wanted] of [
    ["exec sleep 1000", "a ended (cancelled, SIGTERM, request)\n"],
    ["sleep 1000 & exit 3", "a ended (failed, exit 3)\n"],
  ]) {
    await lab.run(["--id", "a", "sh", "-c", script]);
    if (wanted.includes("failed")) await lab.ended("a");
    signal((await lab.bothKeepers("a")).keeper, "SIGSTOP");
    assert.equal(await lab.must(["kill", "a"]), wanted);
    await lab.must(["clean", "--all-finished"]);
    assert.deepEqual(await lab.list(), []);
  }
});

// ---- selectors ----

async function filled(t) {
  const lab = newLab(t);
  fs.mkdirSync(path.join(lab.work, "x"));
  const add = (id, ...words) => lab.run(["--id", id, ...words, "sleep", "1000"]);
  await add("a1", "-S", "a", "-t", "web");
  await add("a2", "-S", "a", "-l", "app", "--project", "x");
  await add("b1", "-S", "b", "-t", "db");
  await add("b2", "-S", "b", "-l", "app", "--project", "x", "-t", "web");
  await add("f", "--project", "x");
  return lab;
}

for (const [args, left] of [
  [["-S", "a"], "b1 b2 f"],
  [["-S", "a", "-l", "session"], "a2 b1 b2 f"],
  [["-t", "web", "-t", "db"], "a2 f"],
  [["-l", "app"], "a1 b1 f"],
  [["-l", "app", "-l", "detached"], "a1 b1"],
  [["--project", "x"], "a1 b1"],
  [["--visible-to", "a"], "b1 b2 f"],
  [["--visible-to", "a", "--project", "x"], "b1"],
  [["--visible-to", "a", "--project", "x", "-t", "web"], "a2 b1 f"],
  [["--status", "running", "-S", "b"], "a1 a2 f"],
  [["--status", "completed"], "a1 a2 b1 b2 f"],
  [["-t", "nobody"], "a1 a2 b1 b2 f"],
  [["--all", "-S", "b"], "a1 a2 f"],
  [["--all"], ""],
])
  test(`kill ${args.join(" ")}`, async (t) => {
    const lab = await filled(t);
    const text = await lab.must(["kill", ...args]);
    assert.equal((await living(lab)).join(" "), left);
    assert.equal(text === "nothing to end\n", left === "a1 a2 b1 b2 f");
  });

test("the end of a session is told as such; with anything more it is a request", async (t) => {
  const lab = newLab(t);
  const reason = async (...args) => {
    const id = await lab.run(["-S", "s", "-t", "t", "sleep", "1000"]);
    await lab.must(["kill", ...args.map((word) => (word === "ID" ? id : word))]);
    return (await lab.show(id)).reason;
  };
  assert.equal(await reason("-S", "s", "-l", "session"), "session");
  assert.equal(await reason("-S", "s", "-l", "session", "-t", "t"), "request");
  assert.equal(await reason("-S", "s"), "request");
  assert.equal(await reason("-S", "s", "-l", "session", "-l", "app"), "request");
  assert.equal(await reason("ID"), "request");
  assert.equal(await reason("--all"), "request");
});
