// `hob kill` answers when nobody of the tree is left, whatever its processes do; and it hits nobody else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newLab } from "./lib/lab.mjs";
import { alive, children, signal, stat } from "./lib/processes.mjs";
import { prop, quote, sanitized } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

const sh = (...words) => prop(...words).map(quote).join(" ");
const wait = sh("wait");
const deaf = (line) => `sh -c ${quote(`trap "" TERM INT HUP; ${line}`)}`;

/** Processes of the user's own that are no task: in our process group and session, some with all that a task has
 * in its environment but its HOB_RUN. */
function bystanders(lab) {
  const env = { HOB_ID: "t", HOB_HOME: lab.home, HOB_RUN: "00000000000000000000000000000000" };
  return [lab.spawn(prop("wait")), lab.spawn(prop("wait"), { env }), lab.spawn(["setsid", ...prop("wait")], { env })];
}

/** All of the lab but the bystanders, guards and keepers. */
function treeOf(lab, others) {
  const known = others.flatMap(({ pid }) => [pid, ...children(pid)]);
  return lab.processes().filter(({ pid, name }) => !known.includes(pid) && !/^hob-(guard|keeper)/.test(name));
}

/** Starts LINE, waits until READY(its processes), ends it with `hob kill WORDS`: then nobody may be left. */
async function endTree(t, line, { words = [], ready = (n) => n > 0, status = "cancelled", grace = "300ms", act = () => {} } = {}) {
  const lab = newLab(t);
  const others = bystanders(lab);
  await waitUntil(() => others.every(({ pid }) => stat(pid)?.name === "prop"), "the bystanders are there");
  await lab.must(["run", "--id", "t", "--grace", grace, "-c", line]);
  await waitUntil(() => ready(treeOf(lab, others).length) && lab.raw("t").then((text) => text.includes("ready")), "the tree is there");
  await act(lab, treeOf(lab, others));
  const { code, stdout, stderr } = await lab.hob(["kill", "t", ...words]);
  const left = treeOf(lab, others);
  assert.deepEqual(
    left.map(({ pid, name, command }) => `${pid} ${name} ${command}`),
    [],
  );
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^t ended/);
  const task = await lab.ended("t");
  assert.equal(task.status, status);
  assert.equal((await lab.events("t", "exit")).length, 1);
  await waitUntil(() => !lab.keepers("t").guard && !lab.keepers("t").keeper, "guard and keeper ended");
  assert.ok(others.every(alive), "the bystanders live");
}

test("children in sessions and groups of their own", (t) =>
  endTree(t, `setsid ${wait} & setsid ${wait} & set -m; ${wait} & echo ready; wait`, { ready: (n) => n >= 4 }));

test("double forks, one without an environment", (t) =>
  endTree(t, `(setsid ${wait} &) ; (cd / && env -i setsid ${wait} &) ; echo ready; ${wait}`, { ready: (n) => n >= 2 }));

test("who ignores SIGTERM gets SIGKILL after the grace", (t) =>
  endTree(t, `(${deaf(`echo ready; ${wait}; :`)} &) ; ${deaf(`${wait}; :`)}`, { ready: (n) => n >= 4 }));

test("a command that ignores SIGTERM, with --grace 0", (t) =>
  endTree(t, deaf(`echo ready; ${wait}; :`), { words: ["--grace", "0"], grace: "60s", ready: (n) => n >= 2 }));

test("stopped processes", (t) =>
  endTree(t, `setsid ${wait} & setsid ${deaf(`${wait}; :`)} & echo ready; ${wait}`, {
    ready: (n) => n >= 5,
    act: (lab, tree) => tree.forEach((one) => signal(one, "SIGSTOP")),
  }));

test("a stopped process that wants to end gets the chance to", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--grace", "60s", "-c", `trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done`]);
  const { pid } = await lab.until(id, (task) => task.output === "ready\n");
  signal(pid, "SIGSTOP");
  await lab.kill(id);
  assert.match(await lab.raw(id), /^bye$/m);
});

test("a child that forks all the time", (t) => endTree(t, `${sh("storm", 20)}; :`));

test("a process that is another one each time we look", (t) => endTree(t, `${sh("hop")} & ${wait}`));

test("… and in another session each time, too", (t) => endTree(t, `${sh("hop", "setsid")} & ${wait}`));

// Nobody else is there to be seen, and whoever looks may always come too late for it.
test("… its command having ended long ago", (t) => endTree(t, `${sh("hop", "setsid")} & exit 0`, { status: "completed", ready: () => true }));

test("… and forty such, which no single sweep catches all of", (t) =>
  endTree(t, `for i in $(seq 40); do ${sh("hop", "setsid")} & done; ${wait}`, {
    grace: "0",
    act: (lab) => waitUntil(() => lab.raw("t").then((text) => text.split("ready").length > 40), "all hop"),
  }));

test("a thousand processes", (t) =>
  endTree(t, `${sh("many", sanitized ? 300 : 1000)}; :`, { ready: (n) => n >= (sanitized ? 300 : 1000) }));

test("with a keeper that is stopped", (t) =>
  endTree(t, `setsid ${wait} & (setsid ${wait} &) ; echo ready; ${wait}`, {
    ready: (n) => n >= 4,
    act: async (lab) => signal((await lab.bothKeepers("t")).keeper, "SIGSTOP"),
  }));

test("with guard and keeper stopped, and deaf processes", (t) =>
  endTree(t, `(setsid ${deaf(`${wait}; :`)} &) ; echo ready; ${deaf(`${wait}; :`)}`, {
    ready: (n) => n >= 4,
    act: async (lab) => Object.values(await lab.bothKeepers("t")).forEach((proc) => signal(proc, "SIGSTOP")),
  }));

test("while keepers are being killed", (t) =>
  endTree(t, `${sh("storm", 5)} & ${deaf(`echo ready; ${wait}; :`)}`, {
    grace: "1s",
    act: async (lab) => {
      // Not waited for: the kill below runs beside it.
      let last = (await lab.bothKeepers("t")).keeper;
      signal(last);
      setTimeout(() => signal(lab.keepers("t").keeper ?? last), 300);
    },
  }));

test("the signal asked for comes first, to everybody", async (t) => {
  const lab = newLab(t);
  const line = `trap 'echo $0 usr; exit 5' USR1; trap 'echo $0 term; exit 6' TERM; echo $0 ready; while :; do sleep 0.05; done`;
  const id = await lab.run(["-c", `setsid sh -c ${quote(line)} child & sh -c ${quote(line)} main`]);
  await lab.until(id, (task) => /child ready/.test(task.output) && /main ready/.test(task.output));
  await lab.kill(id, "-s", "USR1");
  const text = await lab.raw(id);
  assert.match(text, /child usr/);
  assert.match(text, /main usr/);
  assert.doesNotMatch(text, /term/);
});

test("two kills at once, and a stricter one that shortens the grace of the first", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--grace", "10m", "-c", deaf(`echo ready; ${wait}; :`)]);
  const { pid } = await lab.until(id, (task) => task.output === "ready\n");
  const patient = lab.start(["kill", id]);
  await waitUntil(() => (stat(patient.pid)?.state ?? "") === "S", "the first one waits");
  await lab.kill(id, "--grace", "0");
  assert.ok(!alive(pid));
  assert.equal((await patient.done).code, 0);
  assert.equal((await lab.events(id, "exit")).length, 1);
});
