// hob under a shell's name: the same as that shell, to the byte, until a command takes too long.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { sql } from "./lib/asking.mjs";
import { digestOfProp } from "./lib/bytes.mjs";
import { smallDisk } from "./lib/disk.mjs";
import { newLab } from "./lib/lab.mjs";
import { alive, signal, stat, withWord } from "./lib/processes.mjs";
import { HOB, prop, quote } from "./lib/programs.mjs";
import { SCRIPTS } from "./lib/scripts.mjs";
import { waitUntil } from "./lib/wait.mjs";

const BASH = "/bin/bash";

/** A lab with a link to hob that bears a shell's name, and beside it one to the real shell. */
function newShell(t, { name = "bash", real = BASH } = {}) {
  const lab = newLab(t, { env: { SHELL: BASH } });
  lab.link = path.join(lab.dir, "link", name);
  fs.mkdirSync(path.dirname(lab.link));
  fs.symlinkSync(HOB, lab.link);
  fs.symlinkSync(real, path.join(lab.dir, "link", "real"));
  return lab;
}

const said = (more) => ({ HOB_SHELL_PATH: BASH, HOB_SHELL_WAIT: "60s", HOB_SHELL_SESSION: "ses", ...more });

/** Runs a program as OpenCode's bash tool does: nothing to read, a process group of its own; stdout and stderr in one
 * place, so that their order can be compared. */
function start(lab, words, { env = {}, cwd = lab.work } = {}) {
  const [program, ...args] = ["/bin/sh", "-c", 'exec "$@" 2>&1', "sh", ...words];
  const child = spawn(program, args, { cwd, detached: true, env: { ...lab.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
  const chunks = [];
  child.stdout.on("data", (chunk) => chunks.push(chunk));
  Object.defineProperty(child, "out", { get: () => Buffer.concat(chunks).toString("latin1") });
  child.done = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, sig) => resolve({ code, signal: sig, out: child.out }));
  });
  return child;
}

const shell = (lab, line, more) => start(lab, [lab.link, "-c", line], { env: said(more) });
const folders = (lab) => (fs.existsSync(path.join(lab.home, "tasks")) ? fs.readdirSync(path.join(lab.home, "tasks")) : []);

/** Guard and keeper of the one command that runs. */
async function keepersOf(lab) {
  const [id] = await waitUntil(() => folders(lab).length === 1 && folders(lab), "a folder");
  return { id, ...(await lab.bothKeepers(id)) };
}

async function leftNothing(lab) {
  assert.deepEqual(folders(lab), []);
  const made = fs.existsSync(lab.home) ? fs.readdirSync(lab.home) : [];
  assert.deepEqual(made.filter((name) => name !== "tasks"), [], "no registry was made, no bell was rung");
  await waitUntil(() => lab.processes().length === 0, "every process ends");
}

test("fifty lines: the same output and the same end, and nothing is left of any", async (t) => {
  const lab = newShell(t);
  for (const line of SCRIPTS) {
    const [with_, without] = await Promise.all([shell(lab, line).done, start(lab, [BASH, "-c", line]).done]);
    assert.deepEqual(with_, without, line);
  }
  await leftNothing(lab);
});

test("a shell that a signal ended, ended by it here, too", async (t) => {
  const lab = newShell(t);
  for (const sig of ["KILL", "TERM", "SEGV", "USR1", "HUP", "INT"]) {
    const line = `echo before; ulimit -c 0; kill -${sig} $$; echo after`;
    assert.deepEqual(await shell(lab, line).done, await start(lab, [BASH, "-c", line]).done, sig);
  }
  await leftNothing(lab);
});

test("much output arrives whole, through sockets and pipes, and a reader that takes its time holds up the writer", async (t) => {
  const lab = newShell(t);
  const size = 96 << 20;
  const words = prop("write", size, 65536);
  const line = words.map(quote).join(" ");
  for (const through of [line, `${line} | cat`]) {
    const child = spawn(lab.link, ["-c", through], { cwd: lab.work, env: { ...lab.env, ...said() }, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.pause();
    const { id } = await keepersOf(lab);
    const log = lab.file(id, "log");
    await waitUntil(() => fs.statSync(log).size >= 16 << 20, "the log fills");
    const hash = crypto.createHash("sha256");
    for await (const chunk of child.stdout) hash.update(chunk);
    assert.equal(hash.digest("hex"), await digestOfProp("write", size, 65536));
    await waitUntil(() => child.exitCode === 0, "it ends");
  }
  const stopped = spawn(lab.link, ["-c", line], { cwd: lab.work, env: { ...lab.env, ...said() }, stdio: ["ignore", "pipe", "pipe"] });
  const { id } = await keepersOf(lab);
  const writer = await waitUntil(() => withWord(`write ${size} 65536`)[0], "the writer");
  let before = 0;
  let same = 0;
  const held = () => {
    const now = fs.statSync(lab.file(id, "log")).size;
    same = now === before ? same + 1 : 0;
    before = now;
    return now >= 16 << 20 && same >= 10 && stat(writer.pid)?.state !== "R";
  };
  await waitUntil(held, "the writer waits");
  assert.ok(fs.statSync(lab.file(id, "log")).size < size / 2);
  stopped.kill("SIGTERM");
  stopped.stdout.resume();
  await waitUntil(() => folders(lab).length === 0 && !alive(writer), "it is ended");
});

test("what takes longer is let go: its output so far, one line, and a task with all that was said of it", async (t) => {
  const lab = newShell(t);
  const env = { HOB_SHELL_WAIT: "300ms", HOB_SHELL_CALLER: "sub", HOB_SHELL_PROJECT: "/tmp", HOB_SHELL_TAG: "notify:exit", HOB_SHELL_PREFIX: "SAY:" };
  const line = " echo first; echo SAY: early; until [ -e go ]; do sleep 0.02; done; echo last; exit 4 ";
  const { code, out } = await shell(lab, line, { ...env, HOB_SHELL_OWNER: String(process.pid) }).done;
  assert.equal(code, 0);
  const id = /^first\nSAY: early\n\(Still running after 300ms: it goes on as background process (\w{5})\.\)\n$/.exec(out)?.[1];
  assert.ok(id, out);
  const task = await lab.show(id);
  assert.equal(task.status, "running");
  assert.equal(task.command, line.trim());
  assert.deepEqual(task.argv, [BASH, "-c", line]);
  assert.deepEqual([task.sessionId, task.createdBy, task.project, task.lifetime], ["ses", "sub", "/tmp", "session"]);
  assert.deepEqual(task.tags, ["notify:exit"]);
  fs.writeFileSync(path.join(lab.work, "go"), "");
  assert.equal((await lab.ended(id)).exitCode, 4);
  assert.equal(await lab.raw(id), "first\nSAY: early\nlast\n");
  const events = await lab.events(id);
  assert.deepEqual(events.map(({ type }) => type), ["started", "notify", "exit"]);
  assert.equal(events[1].message, "early");
});

test("no newline at the end of the output so far: hob's line gets one of its own", async (t) => {
  const lab = newShell(t);
  const { out } = await shell(lab, "printf half; exec sleep 1000", { HOB_SHELL_WAIT: "200ms" }).done;
  assert.match(out, /^half\n\(Still running after 200ms: .*\)\n$/);
});

test("a flood is let go in time", async (t) => {
  const lab = newShell(t);
  const { code, out } = await shell(lab, "exec yes", { HOB_SHELL_WAIT: "200ms" }).done;
  assert.equal(code, 0);
  assert.match(out.slice(-200), /y\n\(Still running after 200ms: it goes on as background process \w{5}\.\)\n$/);
});

test("a pipe or socket that is full and does not block loses nothing, hob's own line neither", async (t) => {
  const lab = newShell(t);
  const listed = async () => (await lab.list()).length === 1;
  // As much as fits into a pipe that nobody reads: there is no room for the line.
  const words = prop("unblocked", lab.link, "-c", "head -c 65536 /dev/zero | tr '\\0' x; exec sleep 1000").map(quote).join(" ");
  const pipe = start(lab, ["/bin/sh", "-c", `${words} | { until [ -e go ]; do sleep 0.02; done; cat; }`], { env: said({ HOB_SHELL_WAIT: "200ms" }) });
  await waitUntil(listed, "it is let go");
  fs.writeFileSync(path.join(lab.work, "go"), "");
  const { out } = await pipe.done;
  assert.equal(out.slice(0, 65536), "x".repeat(65536), `${out.length} bytes`);
  assert.match(out.slice(65536), /^\n\(Still running after 200ms: .*\)\n$/);
  await lab.must(["kill", "--all"]);

  const env = { ...lab.env, ...said() };
  const line = "seq 1 1000000; exit 5";
  const child = spawn(prop()[0], ["unblocked", lab.link, "-c", line], { cwd: lab.work, env, stdio: ["ignore", "pipe", "pipe"] });
  const pieces = [];
  for await (const piece of child.stdout) {
    pieces.push(piece);
    await setImmediate();
  }
  await waitUntil(() => child.exitCode === 5, "it ends");
  assert.ok(Buffer.concat(pieces).toString() === (await start(lab, [BASH, "-c", line]).done).out);
});

test("asked to linger, hob stays after much output until its reader has taken it, and then so long", async (t) => {
  const lab = newShell(t);
  const much = 60_000;
  const zeros = (bytes) => `head -c ${bytes} /dev/zero`;
  const file = (name) => path.join(lab.work, name);
  const until = (name) => `until [ -e ${name} ]; do sleep 0.02; done`;
  const left = { code: 5, signal: null };
  const run = (line, more) => {
    const child = spawn(lab.link, ["-c", `${line}; exit 5`], { cwd: lab.work, env: { ...lab.env, ...said(more) }, stdio: ["ignore", "pipe", "pipe"] });
    child.taken = "";
    child.stdout.setEncoding("latin1").on("data", (chunk) => (child.taken += chunk));
    child.end = new Promise((resolve) => child.once("exit", (code, sig) => resolve({ code, signal: sig })));
    return child;
  };
  /** Of many looks none sees hob end. */
  const stays = async (over) => {
    let looks = 0;
    await waitUntil(() => over() || ++looks > 10, "it is looked at");
    assert.equal(over(), false, "it stays");
  };
  const gone = () => waitUntil(() => folders(lab).length === 0, "the command has gone");

  assert.deepEqual(await run(zeros(much)).end, left);
  assert.deepEqual(await run(zeros(48 << 10), { HOB_SHELL_LINGER: "1h" }).end, left);

  for (const go of [(child) => child.kill("SIGTERM"), (child) => child.stdout.destroy()]) {
    const child = run(zeros(much), { HOB_SHELL_LINGER: "1h" });
    await waitUntil(() => child.taken.length === much, "all is taken");
    await gone();
    await stays(() => child.exitCode !== null);
    go(child);
    assert.deepEqual(await child.end, left);
  }

  // A socket: Node reads ahead of a stream that is paused, but not for ever.
  const slow = run(`${zeros(much)}; ${until("more")}; ${zeros(20_000)}; ${until("last")}; echo last; touch over`, { HOB_SHELL_LINGER: "200ms" });
  await waitUntil(() => slow.taken.length === much, "the first part is taken");
  slow.stdout.pause();
  fs.writeFileSync(file("more"), "");
  await waitUntil(() => slow.stdout.readableLength >= slow.stdout.readableHighWaterMark, "enough is read ahead");
  fs.writeFileSync(file("last"), "");
  await waitUntil(() => fs.existsSync(file("over")), "it is over");
  await gone();
  await stays(() => slow.exitCode !== null);
  const since = performance.now();
  slow.stdout.resume();
  assert.deepEqual(await slow.end, left);
  assert.ok(performance.now() - since >= 200, `${performance.now() - since} ms`);

  // A pipe, which holds as much.
  const piped = (more) => {
    const words = `${lab.link} -c '${zeros(much)}; touch filled; exit 5'; echo $? > ended`;
    for (const name of ["filled", "ended", "go"]) fs.rmSync(file(name), { force: true });
    return start(lab, ["/bin/sh", "-c", `{ ${words}; } | { ${until("go")}; cat; }`], { env: said(more) });
  };
  const ended = () => fs.existsSync(file("ended"));
  for (const more of [{}, { HOB_SHELL_LINGER: "1ms" }]) {
    const pipe = piped(more);
    await waitUntil(() => fs.existsSync(file("filled")), "it has written");
    await gone();
    if (more.HOB_SHELL_LINGER) await stays(ended);
    else await waitUntil(ended, "it ends unread");
    fs.writeFileSync(file("go"), "");
    assert.equal((await pipe.done).out.length, much);
    assert.equal(fs.readFileSync(file("ended"), "utf8"), "5\n");
  }

  const late = run(`${zeros(much)}; exec sleep 1000`, { HOB_SHELL_LINGER: "1h", HOB_SHELL_WAIT: "300ms" });
  await waitUntil(() => / background process \w{5}\.\)\n$/.test(late.taken), "the line");
  await stays(() => late.exitCode !== null);
  late.kill("SIGTERM");
  assert.deepEqual(await late.end, { code: 0, signal: null });
  assert.deepEqual((await lab.list()).map(({ status }) => status), ["running"]);
});

test("a reader that goes away ends what writes, and nothing else", async (t) => {
  const lab = newShell(t);
  const unread = (line) => {
    const child = spawn(lab.link, ["-c", line], { cwd: lab.work, env: { ...lab.env, ...said() }, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    return new Promise((resolve) => child.once("exit", (code, sig) => resolve({ code, signal: sig })));
  };
  assert.deepEqual(await unread("sleep 0.3; echo done > silent; exit 4"), { code: 4, signal: null });
  assert.equal(fs.readFileSync(path.join(lab.work, "silent"), "utf8"), "done\n");
  assert.deepEqual(await unread("exec yes"), { code: null, signal: "SIGPIPE" });
  await leftNothing(lab);
});

test("jobs that are left running return at once and are a task", async (t) => {
  const lab = newShell(t);
  const lines = ["sleep 1000 & echo on", "nohup sleep 1000 & echo on", "setsid sleep 1000 & echo on", "(sleep 1000; echo never) & echo on; exit 0"];
  for (const line of lines) {
    const { code, out } = await shell(lab, line, { HOB_SHELL_TAG: "notify:exit" }).done;
    const [, id, left] = /on\n\(What it left running is background process (\w{5}): (.*)\.\)\n$/.exec(out) ?? [];
    assert.equal(code, 0, line);
    assert.ok(id, `${line}: ${out}`);
    assert.match(left, /^(\/bin\/bash -c \(sleep 1000; echo never\) & echo on; exit 0, )?sleep 1000$/);
    const task = await lab.until(id, ({ status }) => status !== "running");
    assert.deepEqual([task.status, task.leftover, task.tags], ["completed", true, []], line);
    assert.deepEqual(task.processes.at(-1).command, "sleep 1000");
    await lab.kill(id);
    assert.equal((await lab.show(id)).leftover, false);
  }
});

test("of many that are left running three are named, and each on one short line", async (t) => {
  const lab = newShell(t);
  const long = `n=1; while :; do sleep 1000; done\n# ${"é".repeat(40)}`;
  const child = shell(lab, `for i in 1 2 3 4 5; do bash -c ${quote(long)} bash & done 2>/dev/null; echo on; until [ -e go ]; do sleep 0.02; done`);
  await waitUntil(() => lab.processes().filter(({ command }) => command === "sleep 1000").length === 5, "all have begun");
  fs.writeFileSync(path.join(lab.work, "go"), "");
  const { out } = await child.done;
  const named = "bash -c n=1; while :; do sleep 1000; done # é{8,9}…";
  assert.match(Buffer.from(out, "latin1").toString(), new RegExp(`^on\n\\(What it left running is background process \\w{5}: (${named}|sleep 1000)(, (${named}|sleep 1000)){2} and 7 more\\.\\)\n$`));
  await lab.must(["kill", "--all"]);
});

test("what ends a moment after its shell is no task, and its output belongs to the command", async (t) => {
  const lab = newShell(t);
  // Only a tenth of a second is given to it: it starts nothing, and looks for the end of its shell.
  assert.equal((await shell(lab, "(while [ -e /proc/$$ ]; do :; done; echo late) & echo on").done).out, "on\nlate\n");
  await leftNothing(lab);
});

test("a command that says more than can be kept of it ends all the same, with its code or by an abort", async (t) => {
  const lab = newShell(t);
  const flood = "seq -f 'OPENCODE_NOTIFY: %g' 3000";
  const { code, out } = await shell(lab, `${flood}; exit 7`).done;
  assert.equal(code, 7);
  assert.equal(out.split("\n").length, 3001);
  const child = shell(lab, `${flood}; exec sleep 1000`);
  await waitUntil(() => child.out.includes(" 3000\n"), "the flood");
  child.kill("SIGTERM");
  assert.equal((await child.done).signal, "SIGTERM");
  const behind = await shell(lab, `(until [ -e go ]; do sleep 0.02; done; ${flood}) & ${flood}`).done;
  const id = /background process (\w{5})/.exec(behind.out)?.[1];
  assert.ok(id, behind.out.slice(-200));
  fs.writeFileSync(path.join(lab.work, "go"), "");
  await waitUntil(async () => !(await lab.show(id)).leftover, "it ends");
  await waitUntil(() => lab.processes().length === 0, "every process ends");
  const events = await lab.events(id);
  assert.equal(events.filter(({ type }) => type === "notify").length, 6000);
});

test("an abort reaches the command, which ends as it would have; a second one, and a killed caller, end it at once", async (t) => {
  const lab = newShell(t);
  // No child is there for the signal to end, of which bash would tell.
  const line = "trap 'echo caught; exit 9' TERM; echo ready; while :; do read -t 0.05 <>pipe; done";
  execFileSync("mkfifo", [path.join(lab.work, "pipe")]);
  let child;
  for (const script of [line, "echo ready; exec sleep 1001", "echo ready; sleep 1001; echo never"]) {
    const ends = [];
    for (child of [shell(lab, script), start(lab, [BASH, "-c", script])]) {
      const one = child;
      await waitUntil(() => one.out.includes("ready"), "ready");
      process.kill(-one.pid, "SIGTERM");
      ends.push(await one.done);
    }
    assert.deepEqual(ends[0], ends[1], script);
  }

  for (const again of ["SIGTERM", "SIGKILL"]) {
    child = shell(lab, "trap 'echo no' TERM; echo ready; while :; do sleep 1002 & wait; done");
    await waitUntil(() => child.out.includes("ready"), "ready");
    process.kill(child.pid, "SIGTERM");
    await waitUntil(() => child.out.includes("no"), "the first is caught");
    process.kill(child.pid, again);
    await child.done;
    await waitUntil(() => withWord("sleep 1002").length === 0, "everything ends");
  }
  // Without an abort before there is no grace that would end it anyway.
  child = shell(lab, "echo ready; exec sleep 1016");
  await waitUntil(() => child.out.includes("ready"), "ready");
  process.kill(child.pid, "SIGKILL");
  await waitUntil(() => withWord("sleep 1016").length === 0, "it goes with its caller");
  await waitUntil(() => folders(lab).length === 0 && lab.processes().length === 0, "nothing stays");
  assert.deepEqual(await lab.list(), []);
});

test("signals that the caller ignores end nothing", async (t) => {
  const lab = newShell(t);
  const line = "echo ready; until [ -e go ]; do sleep 0.02; done; echo over; exit 3";
  const child = start(lab, ["/bin/sh", "-c", "trap '' INT TERM HUP; exec \"$@\"", "sh", lab.link, "-c", line], { env: said() });
  await waitUntil(() => child.out.includes("ready"), "ready");
  for (const sig of ["SIGHUP", "SIGINT", "SIGTERM"]) {
    process.kill(-child.pid, sig);
    await waitUntil(() => /^ShdPnd:\s*0+$/m.test(fs.readFileSync(`/proc/${child.pid}/status`, "latin1")), "it was taken");
  }
  fs.writeFileSync(path.join(lab.work, "go"), "");
  assert.deepEqual(await child.done, { code: 3, signal: null, out: "ready\nover\n" });
  await leftNothing(lab);
});

test("no single kill of hob costs output, the code, or leaves anything", async (t) => {
  const lab = newShell(t);
  for (const who of ["keeper", "guard"]) {
    fs.rmSync(path.join(lab.work, "go"), { force: true });
    const child = shell(lab, "echo one; until [ -e go ]; do sleep 0.02; done; echo two; exit 6");
    await waitUntil(() => child.out.includes("one"), "the first line");
    const before = await keepersOf(lab);
    signal(before[who]);
    await lab.bothKeepers(before.id, { [who]: before[who] });
    fs.writeFileSync(path.join(lab.work, "go"), "");
    assert.deepEqual(await child.done, { code: 6, signal: null, out: "one\ntwo\n" }, who);
    await leftNothing(lab);
  }
});

test("a task whose keeper was killed before it was listed is listed all the same, with its events", async (t) => {
  const lab = newShell(t);
  const child = shell(lab, "echo OPENCODE_NOTIFY: early; exec sleep 1000", { HOB_SHELL_WAIT: "2s" });
  const { id, keeper } = await keepersOf(lab);
  await waitUntil(() => child.out !== "", "the line");
  signal(keeper);
  await child.done;
  await lab.kill(id);
  assert.deepEqual((await lab.events(id)).map(({ type, message }) => message ?? type), ["started", "early", "exit"]);
});

test("guard and keeper killed together: the command does not run on unseen", async (t) => {
  const lab = newShell(t);
  const child = shell(lab, "echo ready; exec sleep 1003");
  await waitUntil(() => child.out.includes("ready"), "ready");
  const { guard, keeper } = await keepersOf(lab);
  signal(keeper.pid, "SIGSTOP");
  signal(guard);
  signal(keeper);
  const { code, out } = await child.done;
  assert.equal(code, 125);
  assert.match(out, /its guard and keeper were killed/);
  await leftNothing(lab);
});

test("what was listed once keeps its output, even when the registry loses it", async (t) => {
  const lab = newShell(t);
  const line = "echo first; until [ -e go ]; do sleep 0.02; done; echo OPENCODE_NOTIFY: last";
  const { out } = await shell(lab, line, { HOB_SHELL_WAIT: "100ms" }).done;
  const id = /background process (\w{5})/.exec(out)?.[1];
  assert.ok(id, out);
  await sql(lab, "DELETE FROM tasks");
  fs.writeFileSync(path.join(lab.work, "go"), "");
  await waitUntil(() => lab.processes().length === 0, "guard and keeper end");
  assert.equal(fs.readFileSync(lab.file(id, "log"), "utf8"), "first\nOPENCODE_NOTIFY: last\n");
});

test("a folder that nobody keeps and no row names is cleared away", async (t) => {
  const lab = newShell(t);
  await lab.run(["true"]);
  const orphan = lab.file("orfan", "log");
  fs.mkdirSync(path.dirname(orphan));
  fs.writeFileSync(orphan, "x");
  await lab.must(["clean"]);
  assert.ok(fs.existsSync(orphan), "it may be a start under way");
  fs.utimesSync(path.dirname(orphan), 1, 1);
  await lab.must(["clean"]);
  assert.equal(fs.existsSync(path.dirname(orphan)), false);
  assert.equal(folders(lab).length, 1);
});

test("called in any other way, or without a way to keep it, hob becomes the real shell", async (t) => {
  const lab = newShell(t);
  const show = "echo $0 $1 $BASH_VERSION; env | grep -c HOB_SHELL_";
  const version = (await start(lab, [BASH, "-c", "echo $BASH_VERSION"]).done).out.trim();
  const direct = { code: 1, signal: null, out: `${BASH} ${version}\n0\n` };
  const same = async (words, env, what) => {
    const { code, signal: sig, out } = await start(lab, words, { env }).done;
    assert.deepEqual({ code, signal: sig, out: out.replace("  ", " ") }, direct, what);
    await leftNothing(lab);
  };
  const words = [lab.link, "-c", show];
  await same(words, {}, "nothing was said");
  await same(words, { HOB_SHELL_PATH: BASH }, "no time was said");
  await same(words, said({ HOB_SHELL_WAIT: "soon" }), "a time that is none");
  await same(words, said({ HOB_SHELL_LINGER: "soon" }), "another");
  await same([lab.link, "-O", "extglob", "-c", show], said(), "more words");
  await same([lab.link, "-l", "-c", show], said(), "a login shell");
  await same(words, said({ HOB_SHELL_OWNER: "999999999" }), "the owner is gone");
  await same(words, said({ HOB_SHELL_HOME: "/proc/not/there" }), "no home");
  fs.chmodSync(lab.dir, 0o755);
  fs.mkdirSync(path.join(lab.dir, "open"), { mode: 0o755 });
  await same(words, said({ HOB_SHELL_HOME: path.join(lab.dir, "open") }), "a home that is open to others");
  assert.equal((await start(lab, [lab.link, "-c", "echo $1", "sh", "word"], { env: said() }).done).out, "word\n");
  const script = path.join(lab.dir, "script");
  fs.writeFileSync(script, "echo script $1");
  assert.equal((await start(lab, [lab.link, script, "x"], { env: said() }).done).out, "script x\n");
  for (const blocks of [0, 8]) {
    const limited = (program) => start(lab, ["/bin/sh", "-c", `ulimit -f ${blocks}; exec "$@"`, "sh", program, "-c", "seq 1 20000"], { env: said() }).done;
    assert.deepEqual(await limited(lab.link), await limited(BASH), "files may not be that large");
  }
  await leftNothing(lab);
  for (const redirected of ["</etc/passwd", ">out", "5</dev/null", "9</dev/null"]) {
    const { out } = await start(lab, [BASH, "-c", `${lab.link} -c 'echo; ls -l /proc/self/fd' ${redirected}; cat out 2>/dev/null`], { env: said() }).done;
    assert.match(out, redirected === ">out" ? /work\/out/ : /^\d</.test(redirected) ? new RegExp(`${redirected[0]} -> /dev/null`) : /passwd/);
  }
});

test("on a disk that is full, or nearly, hob becomes the real shell, and no folder stays", async (t) => {
  const lab = newShell(t);
  // So few files that one can be had for the folder, and none for what is in it.
  const disk = await smallDisk(lab, "64M,nr_inodes=8");
  const line = "head -c 2000000 /dev/zero | tr '\\0' x; echo id ${HOB_ID:-none}; exit 3";
  const real = async (what) => {
    const { code, out } = await start(lab, [...lab.wrapper, lab.link, "-c", line], { env: said() }).done;
    assert.ok(code === 3 && out === `${"x".repeat(2_000_000)}id none\n`, `${what}: ${code} ${out.length} ${JSON.stringify(out.slice(-100))}`);
    assert.deepEqual(fs.readdirSync(disk.folder).filter((name) => !/^(tasks|filler)/.test(name)), [], what);
    assert.deepEqual(fs.readdirSync(path.join(disk.folder, "tasks")), [], what);
  };
  fs.mkdirSync(path.join(disk.folder, "tasks"), { mode: 0o700 });
  let files = 0;
  assert.throws(() => {
    for (;;) fs.writeFileSync(path.join(disk.folder, `filler${files++}`), "");
  }, /ENOSPC/);
  fs.rmSync(path.join(disk.folder, "filler0"));
  await real("no files");
  for (let i = 1; i < files; i++) fs.rmSync(path.join(disk.folder, `filler${i}`), { force: true });
  for (const rest of [0, 64 << 10, 8 << 20]) {
    disk.fill(rest);
    await real(`${rest} bytes`);
    disk.empty();
  }
});

test("a disk that becomes full: what it has no room for is told, and the rest arrives", async (t) => {
  const lab = newShell(t);
  const disk = await smallDisk(lab, 32 << 20);
  disk.fill(20 << 20);
  const much = 30 << 20;
  const ends = Array.from({ length: 40 }, (_, i) => `end ${i + 1}\n`).join("");
  const line = `head -c ${much} /dev/zero | tr '\\0' x; touch full; until [ -e go ]; do sleep 0.02; done; seq -f 'end %g' 40 | while read l; do echo $l; sleep 0.02; done; exit 3`;
  const child = start(lab, [...lab.wrapper, lab.link, "-c", line], { env: said() });
  await waitUntil(() => fs.existsSync(path.join(lab.work, "full")), "all is written");
  disk.empty();
  fs.writeFileSync(path.join(lab.work, "go"), "");
  const { code, out } = await child.done;
  assert.equal(code, 3);
  const told = /end 40\n\((\d+) bytes of the output above are missing: there was no room for them in (.*)\.\)\n$/.exec(out);
  assert.ok(told, JSON.stringify(out.slice(-300)));
  assert.equal(told[2], lab.home);
  const [xs, rest] = /^(x*)([^]*)/.exec(out.slice(0, told.index + 7)).slice(1);
  assert.ok(ends.endsWith(rest), rest.slice(0, 300));
  assert.equal(xs.length + rest.length + Number(told[1]), much + ends.length);
  assert.deepEqual(fs.readdirSync(path.join(disk.folder, "tasks")), []);
});

test("a keeper that is killed while the disk is full does not make the command wait for its caller", async (t) => {
  const lab = newShell(t);
  const disk = await smallDisk(lab, 32 << 20);
  disk.fill(20 << 20);
  const xs = (bytes) => `head -c ${bytes} /dev/zero | tr '\\0' x`;
  const line = `${xs(60 << 20)}; touch full; until [ -e go ]; do sleep 0.02; done; ${xs(1 << 20)}; touch over; exit 3`;
  const child = start(lab, [...lab.wrapper, lab.link, "-c", line], { env: said() });
  await waitUntil(() => fs.existsSync(path.join(lab.work, "full")), "all is written");
  const [id] = fs.readdirSync(path.join(disk.folder, "tasks"));
  const { keeper } = await lab.bothKeepers(id);
  signal(keeper);
  await lab.bothKeepers(id, { keeper });
  fs.writeFileSync(path.join(lab.work, "go"), "");
  await waitUntil(() => fs.existsSync(path.join(lab.work, "over")), "the command goes on");
  const { code, out } = await child.done;
  assert.equal(code, 3);
  const [, kept, lost] = /^(x+)\n\((\d+) bytes of the output above are missing: [^\n]*\n$/.exec(out) ?? assert.fail(out.slice(-300));
  assert.equal(kept.length + Number(lost), 61 << 20);
});

test("the real shell is never hob itself, by whatever name", async (t) => {
  const lab = newShell(t, { name: "dash", real: HOB });
  const other = path.join(lab.dir, "other");
  fs.mkdirSync(other);
  for (const name of ["dash", "bash"]) fs.symlinkSync(HOB, path.join(other, name));
  const env = { PATH: `${other}:${path.dirname(lab.link)}:${process.env.PATH}`, HOB_SHELL_PATH: path.join(other, "bash") };
  for (const more of [env, said(env)]) {
    const { code, out } = await start(lab, ["timeout", "-s", "KILL", "20", lab.link, "-c", "readlink /proc/$$/exe"], { env: more }).done;
    assert.deepEqual([code, path.basename(out.trim())], [0, "dash"]);
  }
  await leftNothing(lab);
});

test("every shell's name is known, and hob's own is none", async (t) => {
  const lab = newLab(t);
  for (const name of ["ash", "bash", "dash", "ksh", "mksh", "sh", "yash", "zsh"]) {
    const link = path.join(lab.dir, name);
    fs.symlinkSync(HOB, link);
    assert.equal((await start(lab, [link, "-c", "echo $((1 + 1))"]).done).out, "2\n", name);
  }
  fs.symlinkSync(HOB, path.join(lab.dir, "fish"));
  assert.match((await start(lab, [path.join(lab.dir, "fish"), "-c", "x"]).done).out, /no command '-c'/);
});
