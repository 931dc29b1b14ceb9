// run --port-event and --input-event: a port and a question raise one event each, whichever keeper sees them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newLab } from "./lib/lab.mjs";
import { signal, status } from "./lib/processes.mjs";
import { waitUntil } from "./lib/wait.mjs";

/** Listens on a port of its own choice, and on USR1 closes it or opens it again. */
const toggling = `
  const net = require("node:net");
  let server, port = 0;
  const toggle = () => {
    if (server) return server.close(() => ((server = null), console.log("closed")));
    server = net.createServer().listen(port, "127.0.0.1", () => ((port = server.address().port), console.log(port)));
  };
  process.on("SIGUSR1", toggle);
  setInterval(() => {}, 1e6);
  toggle();`;

const said = async (lab, id, type) => (await lab.events(id, type)).map(({ message }) => message);
const until = (lab, id, type, n) =>
  waitUntil(async () => {
    const messages = await said(lab, id, type);
    return messages.length >= n && messages;
  }, `${n} × ${type} of ${id}`);

/** Kills the keeper and waits until its successor has looked around: it wakes by itself, a few times. */
async function successor(lab, id) {
  const before = lab.keepers(id);
  signal(before.keeper);
  const { keeper } = await lab.bothKeepers(id, { keeper: before.keeper });
  const woken = () => status(keeper.pid, "voluntary_ctxt_switches");
  const from = woken();
  await waitUntil(() => woken() > from + 6, "the new keeper looks");
}

test("a port is told once, again when it opens again, and by no later keeper", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "--port-event", process.execPath, "-e", toggling]);
  const [first] = await until(lab, "a", "port", 1);
  const { ports, processes } = await lab.show("a");
  assert.equal(first, `listens on port ${ports[0]}`);
  await successor(lab, "a");
  assert.deepEqual(await said(lab, "a", "port"), [first]);
  process.kill(processes[0].pid, "SIGUSR1");
  await lab.until("a", ({ output }) => output.includes("closed"));
  // The keeper has to see it closed: it looks several times a second.
  const { keeper } = lab.keepers("a");
  const from = status(keeper.pid, "voluntary_ctxt_switches");
  await waitUntil(() => status(keeper.pid, "voluntary_ctxt_switches") > from + 6, "it looks");
  process.kill(processes[0].pid, "SIGUSR1");
  assert.deepEqual(await until(lab, "a", "port", 2), [first, first]);
  const [started, event] = await lab.events("a");
  assert.equal(started.type, "started");
  assert.ok(event.cursor >= 0 && event.exitCode === null);
});

test("each question is told once, with its prompt, and by no later keeper", async (t) => {
  const lab = newLab(t);
  const script = 'echo hello; read -p "Name: " x; read -s -p "Secret: " y; echo; read -p "Name: " z; echo $x $y $z; sleep 1000';
  await lab.run(["--id", "a", "--pty", "--input-event", "--", "bash", "-c", script]);
  assert.deepEqual(await until(lab, "a", "input", 1), ["waits for a line: Name:"]);
  const [{ cursor }] = await lab.events("a", "input");
  assert.equal(cursor, (await lab.raw("a")).length);
  await successor(lab, "a");
  assert.equal((await said(lab, "a", "input")).length, 1);
  await lab.must(["send", "a", "--text", "me", "--key", "Enter"]);
  assert.equal((await until(lab, "a", "input", 2))[1], "waits for a password: Secret:");
  await lab.must(["send", "a", "--text", "it", "--key", "Enter"]);
  assert.equal((await until(lab, "a", "input", 3))[2], "waits for a line: Name:");
  await lab.must(["send", "a", "--text", "you", "--key", "Enter"]);
  await lab.until("a", ({ output }) => output.includes("me it you"));
  assert.equal((await said(lab, "a", "input")).length, 3);
});

test("a server that merely takes keys asks nobody, and its log lines are no questions; nor is anything unasked", async (t) => {
  const lab = newLab(t);
  const server = 'process.stdin.setRawMode(true).on("data", () => {}); let n = 0; setInterval(() => console.log(n++), 100)';
  await lab.run(["--id", "a", "--pty", "--input-event", "--", process.execPath, "-e", server]);
  await lab.run(["--id", "b", "--pty", "--", "bash", "-c", 'read -p "Name: " x']);
  await lab.run(["--id", "c", process.execPath, "-e", toggling]);
  await lab.until("a", ({ lines }) => lines > 15);
  for (const id of ["a", "b", "c"]) for (const type of ["input", "port"]) assert.deepEqual(await said(lab, id, type), [], id);
});

test("a leftover's port is told too", async (t) => {
  const lab = newLab(t);
  const line = `setsid "$0" -e 'setTimeout(() => require("net").createServer().listen(0), 300)' & exit 0`;
  await lab.run(["--id", "a", "--port-event", "sh", "-c", line, process.execPath]);
  await until(lab, "a", "port", 1);
  const types = (await lab.events("a")).map(({ type }) => type);
  assert.deepEqual(types, ["started", "exit", "port"]);
});
