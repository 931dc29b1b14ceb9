// What list and show tell of a living tree: its ports, and who holds the one that a task could not have; its use.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import { newLab } from "./lib/lab.mjs";

/** A node program that listens on these ports, 0 for any, and writes each once it does. */
const listening = (...ports) => `
  const net = require("node:net");
  for (const [port, host] of ${JSON.stringify(ports)}) {
    const server = net.createServer().listen(port, host, () => console.log(server.address().port));
  }`;

const numbers = (text) => text.trim().split("\n").map(Number);

test("the ports of all processes of the tree, v4 and v6, each once, by number", async (t) => {
  const lab = newLab(t);
  const child = `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(listening([0, "127.0.0.1"]))}], {stdio: "inherit"})`;
  const both = `${listening([0, "127.0.0.1"], [0, "::1"])}; ${child}`;
  await lab.run(["--id", "a", process.execPath, "-e", both]);
  const task = await lab.until("a", ({ lines }) => lines === 3);
  const expected = numbers(await lab.raw("a")).sort((a, b) => a - b);
  assert.deepEqual(task.ports, expected);
  assert.match(await lab.must(["show", "a"]), new RegExp(`^ports     ${expected.join(", ")}$`, "m"));
  const [heading, row] = (await lab.must(["list"])).split("\n");
  assert.ok(row.slice(heading.indexOf("PORTS")).startsWith(expected.join(", ")), row);
});

test("a port that is closed is none any more, and an ended task has none", async (t) => {
  const lab = newLab(t);
  const script = `
    const server = require("node:net").createServer().listen(0, () => console.log(server.address().port));
    process.on("SIGUSR1", () => server.close(() => console.log("closed")));
    setInterval(() => {}, 1e6);`;
  await lab.run(["--id", "a", process.execPath, "-e", script]);
  await lab.until("a", ({ ports }) => ports.length === 1);
  const [{ pid }] = (await lab.show("a")).processes;
  process.kill(pid, "SIGUSR1");
  assert.deepEqual((await lab.until("a", ({ output }) => output.includes("closed"))).ports, []);
  await lab.kill("a");
  assert.equal((await lab.show("a")).ports, null);
});

test("a process in a network of its own has its ports there", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "unshare", "-n", process.execPath, "-e", listening([0, "127.0.0.1"], [0, "0.0.0.0"])]);
  const task = await lab.until("a", ({ lines }) => lines === 2);
  assert.deepEqual(
    task.ports,
    numbers(await lab.raw("a")).sort((a, b) => a - b),
  );
});

test("a leftover's port is the task's", async (t) => {
  const lab = newLab(t);
  const line = `setsid ${process.execPath} -e '${listening([0, "127.0.0.1"])}' & exit 0`;
  await lab.run(["--id", "a", "-c", line]);
  const task = await lab.until("a", ({ leftover, lines }) => leftover && lines === 1);
  assert.deepEqual(task.ports, numbers(await lab.raw("a")));
});

test("processor time and memory are sums over the tree", async (t) => {
  const lab = newLab(t);
  // A shell that waits, and a child that works and holds 64 MiB.
  const script = `const held = Buffer.alloc(64 << 20, 1); console.log("ready"); for (;;);`;
  await lab.run(["--id", "busy", "sh", "-c", `"$0" -e '${script}'; :`, process.execPath]);
  await lab.run(["--id", "idle", "sleep", "1000"]);
  const busy = await lab.until("busy", (task) => task.lines === 1 && task.cpuPercent > 5);
  assert.ok(busy.memoryBytes > 64 << 20 && busy.memoryBytes < 1 << 30, `${busy.memoryBytes}`);
  const since = Date.now() - Date.parse(busy.startedAt);
  const told = (busy.cpuPercent / 100) * since;
  assert.ok(busy.cpuMs > 0 && busy.cpuMs <= told + 100, `${busy.cpuMs} of ${told}`);
  await lab.until("busy", (task) => task.cpuMs > busy.cpuMs + 100);
  const idle = await lab.show("idle");
  assert.ok(idle.cpuPercent < 5 && idle.memoryBytes < 32 << 20, JSON.stringify(idle));
  assert.match(await lab.must(["show", "busy"]), /^uses      \d+\.\d% CPU, \d+\.\d MiB$/m);
  assert.match(await lab.must(["list"]), /^busy +- +running +for \S+ +\S+ +\d+% +\d+M +- +-/m);
});

// ---- who holds it ----

/** A port that a task of the lab holds. */
async function taskOnPort(lab, ...words) {
  await lab.run([...words, process.execPath, "-e", listening([0, "127.0.0.1"])]);
  const [task] = await lab.list();
  const { ports, pid } = await lab.until(task.id, ({ ports }) => ports?.length === 1);
  return { port: ports[0], pid };
}

test("a task that could not bind is told by which task the port is held", async (t) => {
  const lab = newLab(t);
  const { port, pid } = await taskOnPort(lab, "--id", "front", "-n", "web");
  const command = [process.execPath, "-e", listening([port, "127.0.0.1"])];
  await lab.ended(await lab.run(["--id", "a", ...command]));
  const { portHeldBy } = await lab.show("a");
  assert.deepEqual({ ...portHeldBy, command: "" }, { port, id: "front", name: "web", pid, command: "" });
  assert.ok(portHeldBy.command.startsWith(process.execPath));
  assert.match(await lab.must(["show", "a"]), new RegExp(`^port ${port} is held by task web \\(pid ${pid}, .*node -e`, "m"));
  const { code, stdout } = await lab.hob(["run", "--wait", ...command]);
  assert.equal(code, 1);
  assert.match(stdout, new RegExp(`^port ${port} is held by task web`, "m"));
  // Once the port is free nobody holds it.
  await lab.kill("front");
  assert.equal((await lab.show("a")).portHeldBy, null);
});

test("… or by which other process", async (t) => {
  const lab = newLab(t);
  const server = net.createServer().listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address();
  await lab.ended(await lab.run(["--id", "a", process.execPath, "-e", listening([port, "127.0.0.1"])]));
  const { portHeldBy } = await lab.show("a");
  assert.deepEqual([portHeldBy.port, portHeldBy.id, portHeldBy.pid], [port, null, process.pid]);
  assert.match(await lab.must(["show", "a"]), new RegExp(`^port ${port} is held by process ${process.pid} \\(.*node`, "m"));
});

test("as many programs say it", async (t) => {
  const lab = newLab(t);
  const server = net.createServer().listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address();
  const said = [
    `Error: listen EADDRINUSE: address already in use :::${port}`,
    `listen tcp 127.0.0.1:${port}: bind: address already in use`,
    `error: Port ${port} is already in use`,
    `Web server failed to start. Port ${port} was already in use.`,
    `[Errno 98] error while attempting to bind on address ('127.0.0.1', ${port}): address already in use`,
    `Address already in use - bind(2) for "127.0.0.1" port ${port} (Errno::EADDRINUSE)`,
    `bind() to 0.0.0.0:${port} failed (98: Address already in use)`,
    `Address already in use\nPort ${port} is in use by another program.`,
    `OSError: [Errno 98] Address already in use\n\n(port ${port})`,
  ];
  for (const [i, text] of said.entries()) {
    await lab.ended(await lab.run(["--id", `said${i}`, "sh", "-c", 'echo "$0"; exit 1', text]));
    assert.equal((await lab.show(`said${i}`)).portHeldBy?.port, port, text);
  }
  // The command names it where the output does not.
  await lab.ended(await lab.run(["--id", "words", "sh", "-c", "echo Address already in use; exit 1", port]));
  assert.equal((await lab.show("words")).portHeldBy?.port, port);
  // A port that is held says nothing where that was no reason, nor where the task did well or was ended.
  for (const [id, script] of [
    ["other", `echo connected to port ${port}; exit 1`],
    ["well", `echo port ${port} is in use, trying another; exit 0`],
    ["version", `echo v1.${port}.2 of address already in use; exit 1`],
  ]) {
    await lab.ended(await lab.run(["--id", id, "sh", "-c", script]));
    assert.equal((await lab.show(id)).portHeldBy, null, script);
  }
});
