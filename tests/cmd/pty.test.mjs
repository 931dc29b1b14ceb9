// hob run --pty: a session and a terminal of its own, and all that holds for tasks without one.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { refused, usage } from "./lib/asking.mjs";
import { digestOfFile, digestOfProp } from "./lib/bytes.mjs";
import { smallDisk } from "./lib/disk.mjs";
import { newLab } from "./lib/lab.mjs";
import { alive, children, links, signal, stat, status } from "./lib/processes.mjs";
import { HOB, prop, quote, sanitized } from "./lib/programs.mjs";
import { order, send, sizes } from "./lib/terminal.mjs";
import { waitUntil } from "./lib/wait.mjs";

const MiB = 1 << 20;
const words = (...args) => prop(...args).map(quote).join(" ");
/** A line of sh that waits until somebody makes the file NAME in the working directory. */
const until = (name) => `until [ -e ${name} ]; do sleep 0.02; done`;
const cpuTicks = (pid) =>
  fs
    .readFileSync(`/proc/${pid}/stat`, "latin1")
    .split(") ")
    .pop()
    .split(" ")
    .slice(11, 13)
    .map(Number)
    .reduce((a, b) => a + b);
const make = (lab, name) => fs.writeFileSync(path.join(lab.work, name), "");

test("standard input, output and error are one terminal of 80x24, and it controls the command's session", async (t) => {
  const lab = newLab(t, { env: { COLUMNS: "13", LINES: "7", TERM: "dumb" } });
  const line = `test -t 0 && test -t 1 && test -t 2 && echo three; stty size; echo $TERM \${COLUMNS-none} \${LINES-none}
    stty -a | grep -o iutf8; sleep 0.01 >/dev/tty && echo "controls" >/dev/tty; ${until("go")}`;
  const id = await lab.run(["--pty", "-c", line]);
  const task = await lab.until(id, (now) => now.lines === 5);
  assert.equal(await lab.raw(id), "three\r\n24 80\r\nxterm-256color none none\r\niutf8\r\ncontrols\r\n");
  assert.deepEqual([task.pty, task.stdin, task.log], [{ cols: 80, rows: 24 }, false, "spliced"]);
  assert.match(await lab.must(["show", id]), /^terminal +80x24$/m);
  const { pid, sid, pgid } = stat(task.pid);
  assert.deepEqual([sid, pgid], [pid, pid], "it leads a session and a group of its own");
  assert.deepEqual(sizes(lab, id), [{ at: 0, cols: 80, rows: 24 }]);
  const [terminal] = links(pid).filter((link) => link.startsWith("/dev/pts/"));
  assert.ok(terminal && !links(process.pid).includes(terminal));
  make(lab, "go");
  assert.equal((await lab.ended(id)).exitCode, 0);
});

test("another size; -e TERM is obeyed; a task without a terminal has none", async (t) => {
  const lab = newLab(t);
  const record = JSON.parse(
    await lab.must(["run", "--wait", "--json", "--pty=132x43", "-e", "TERM=vt100", "-e", "COLUMNS=9", "-c", "stty size; echo $TERM $COLUMNS"]),
  );
  assert.deepEqual([record.output, record.pty], ["43 132\nvt100 9\n", { cols: 132, rows: 43 }]);
  const plain = await lab.run(["--", "true"]);
  const { pty, stdin } = await lab.ended(plain);
  assert.deepEqual([pty, stdin], [null, false]);
  assert.doesNotMatch(await lab.must(["show", plain]), /terminal|stdin/);
});

test("a size that is none, and --pty with --stdin, are wrong usage", async (t) => {
  const lab = newLab(t);
  for (const size of ["80", "0x24", "80x0", "80x24x1", "-1x5", "1001x10", "ax b", "", " 80x24", "80x+24"])
    await usage(lab, ["run", `--pty=${size}`, "--", "true"], /--pty '.*' is no size: write COLUMNSxROWS/);
  await usage(lab, ["run", "--pty", "--stdin", "--", "true"], /--pty and --stdin exclude each other/);
  assert.deepEqual(await lab.list(), []);
});

test("a resize is told to the program, to the index and to the record, and outlives its keeper", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--pty", "-c", "trap 'stty size' WINCH; echo ready; while :; do sleep 0.02; done"]);
  await lab.until(id, (task) => task.output === "ready\n");
  assert.equal(await order(lab, id, "1 size 100 30"), "ok");
  await lab.until(id, (task) => task.output === "ready\n30 100\n");
  assert.equal(await order(lab, id, "1 size 100 30"), "ok", "the same again changes nothing");
  const before = await lab.bothKeepers(id);
  signal(before.keeper);
  await lab.bothKeepers(id, { keeper: before.keeper });
  assert.deepEqual((await lab.show(id)).pty, { cols: 100, rows: 30 });
  assert.equal(await order(lab, id, "1 size 90 31"), "ok");
  const task = await lab.until(id, (now) => now.output === "ready\n30 100\n31 90\n");
  assert.deepEqual(task.pty, { cols: 90, rows: 31 });
  assert.deepEqual(sizes(lab, id), [
    { at: 0, cols: 80, rows: 24 },
    { at: 7, cols: 100, rows: 30 },
    { at: 15, cols: 90, rows: 31 },
  ]);
  await lab.kill(id);
  assert.deepEqual((await lab.show(id)).pty, { cols: 90, rows: 31 });
  const plain = await lab.run(["--", ...prop("wait")]);
  assert.equal(await order(lab, plain, "1 size 90 31"), "none");
});

test("orders that are none are answered by the end of the connection, and harm nobody", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--pty", "--", ...prop("wait")]);
  for (const text of ["1 size 0 24", "1 size 80 99999", "1 size 80", "1 size 80 24 1", "1 inputs", "2 input", "x", "1 kill 999 0 request"])
    assert.equal(await order(lab, id, text), "", text);
  assert.deepEqual((await lab.show(id)).pty, { cols: 80, rows: 24 });
});

test("what the terminal still holds at the command's end is in the log before the end is recorded", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--pty", "-c", `stty -opost; echo ready; ${until("go")}; ${words("write", 12000, 1000)}; exit 7`]);
  const { pid } = await lab.until(id, (task) => task.output === "ready\n");
  const { keeper } = await lab.bothKeepers(id);
  signal(keeper, "SIGSTOP");
  make(lab, "go");
  await waitUntil(() => stat(pid)?.state === "Z", "the command has ended");
  signal(keeper, "SIGCONT");
  const task = await lab.ended(id);
  assert.deepEqual([task.exitCode, task.outputBytes, task.leftover], [7, 12006, false]);
  const [exit] = await lab.events(id, "exit");
  assert.equal(exit.cursor ?? 12006, 12006);
});

test("the end is told at once, although a leftover keeps the terminal; it is still logged, and still ended", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--pty", "-c", `trap '' HUP; (${until("go")}; echo later; exec ${words("wait")}) & exit 3`]);
  const task = await lab.ended(id, 20);
  assert.deepEqual([task.status, task.exitCode, task.leftover], ["failed", 3, true]);
  make(lab, "go");
  await lab.until(id, (now) => now.output === "later\n");
  const [{ pid }] = (await lab.show(id)).processes;
  await lab.kill(id);
  assert.ok(!alive(pid));
  assert.equal((await lab.events(id, "exit")).length, 1);
});

test("where there are no terminals to be had, run says so", async (t) => {
  const lab = newLab(t);
  lab.wrapper = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /dev/pts && exec "$@"', "sh"];
  await refused(lab, 1, ["run", "--pty", "true"], /cannot make a terminal for it \(is \/dev\/pts mounted\?\): /);
  const [task] = await lab.list();
  assert.deepEqual([task.status, task.reason, task.pid], ["failed", "exec", null]);
});

test("a terminal that nobody has open costs nothing, and may be opened again", async (t) => {
  const lab = newLab(t);
  const line = `echo first; exec <&- >&- 2>&-; ${until("a")}; (echo second) >/dev/tty; ${until("b")}; (echo third) >/dev/tty; exit 5`;
  const id = await lab.run(["--pty", "-c", line]);
  const { pid } = await lab.until(id, (task) => task.output === "first\n");
  await waitUntil(() => !links(pid).some((link) => link.startsWith("/dev/pts/")), "it is closed");
  await refused(lab, 1, ["send", id, "--text", "x"], /took 0 of 1 bytes: no process has its terminal open/);
  const { guard, keeper } = await lab.bothKeepers(id);
  const switches = () => status(guard.pid, "voluntary_ctxt_switches") + status(keeper.pid, "voluntary_ctxt_switches");
  const time = () => [guard, keeper].map((one) => cpuTicks(one.pid)).reduce((a, b) => a + b);
  const before = [switches(), time()];
  await delay(1000);
  // Something may just have been told; a hang-up seen all the time would wake thousands of times.
  assert.ok(switches() - before[0] <= 5, `${switches() - before[0]} wake-ups`);
  assert.ok(time() - before[1] <= 10, `${time() - before[1]} ticks`);
  make(lab, "a");
  await lab.until(id, (task) => task.output === "first\nsecond\n");
  // What waits is found by a new keeper, too.
  signal((await lab.bothKeepers(id)).keeper);
  await lab.bothKeepers(id, { keeper });
  make(lab, "b");
  const task = await lab.ended(id);
  assert.deepEqual([task.output, task.exitCode], ["first\nsecond\nthird\n", 5]);
});

test("idle, guard and keeper of a terminal sleep, and take under 200 kB", async (t) => {
  const lab = newLab(t);
  // As in make bench: what all of them share counts once.
  const ids = await Promise.all(Array.from({ length: 40 }, () => lab.run(["--pty", "--", ...prop("wait")])));
  const pairs = [];
  for (const id of ids) pairs.push(Object.values(await lab.bothKeepers(id)).map(({ pid }) => pid));
  await waitUntil(() => pairs.every(([, keeper]) => children(keeper).length === 1), "the last scribe has ended");
  const switches = () => pairs.flat().map((pid) => status(pid, "voluntary_ctxt_switches"));
  const before = switches();
  await delay(1000);
  const woken = switches().reduce((sum, now, i) => sum + now - before[i], 0);
  assert.ok(woken < ids.length / 4, `${woken} wake-ups of ${ids.length} tasks`);
  if (sanitized) return;
  const pss = (pid) => Number(/^Pss:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"))[1]);
  const sums = pairs.map(([guard, keeper]) => pss(guard) + pss(keeper)).sort((x, y) => x - y);
  assert.ok(sums[20] <= 200, `${sums[20]} kB`);
});

test("kill, timeout, follow and wait are those of every task", async (t) => {
  const lab = newLab(t);
  const stubborn = await lab.run(["--pty", "--grace", "100ms", "-c", `trap '' TERM HUP INT; ${words("many", 5)}`]);
  await lab.until(stubborn, (task) => task.output === "ready\n");
  const tree = (await lab.show(stubborn)).processes.map(({ pid }) => pid);
  assert.ok(tree.length >= 6);
  await lab.kill(stubborn);
  assert.deepEqual(tree.filter((pid) => alive(pid)), []);
  const late = await lab.run(["--pty", "--timeout", "200ms", "--", ...prop("wait")]);
  assert.deepEqual([(await lab.ended(late)).reason, (await lab.show(late)).status], ["timeout", "failed"]);
  const followed = await lab.hob(["run", "-f", "--pty", "-c", "echo hello; exit 9"]);
  assert.deepEqual([followed.code, followed.stdout], [9, "hello\r\n"]);
  const missing = await lab.hob(["run", "-f", "--pty", "--", "no-such-program"]);
  assert.deepEqual([missing.code, missing.stdout], [127, ""]);
});

test("limits, umask, signals and the working directory are the caller's", async (t) => {
  const lab = newLab(t);
  const line = "ulimit -n 55; umask 031; trap '' USR1; exec \"$@\"";
  const inner = "ulimit -n; umask; pwd; grep SigIgn /proc/$$/status";
  const { stdout } = await lab.spawn(["sh", "-c", line, "sh", HOB, "run", "-f", "--pty", "-C", lab.dir, "-c", inner]).done;
  const [files, mask, cwd, ignored] = stdout.split("\r\n");
  assert.deepEqual([files, mask, cwd], ["55", "0031", lab.dir]);
  assert.equal(BigInt(`0x${ignored.split("\t")[1]}`) & (1n << 9n), 1n << 9n);
});

test("the window slides, and a full disk neither kills nor blocks", async (t) => {
  const lab = newLab(t);
  const disk = await smallDisk(lab, 24 * MiB);
  const first = `stty -opost; ${words("write", 5 * MiB, 65536)}`;
  const window = await lab.run(["--pty", "--log-max", "1M", "-c", first]);
  assert.equal((await lab.ended(window)).outputBytes, 5 * MiB);
  assert.match(await lab.must(["logs", window, "--raw", "-n", "1"]), /0000052428 /);
  assert.ok(fs.statSync(lab.file(window, "log")).blocks * 512 <= 4 * MiB, "the middle is freed");

  const rest = words("write", 6 * MiB, 65536, `from=${5 * MiB}`);
  const id = await lab.run(["--pty", "-c", `${first}; ${until("go")}; ${rest}; while [ ! -e on ]; do sleep 0.05; echo after; done; exit 7`]);
  await lab.until(id, (task) => task.outputBytes === 5 * MiB);
  disk.fill(MiB);
  make(lab, "go");
  const full = await lab.until(id, (task) => task.outputBytes > 11 * MiB, "all it wrote is counted");
  assert.ok(full.lost >= 4 * MiB && full.lost < 6 * MiB, `${full.lost} bytes lost`);
  disk.empty();
  await waitUntil(async () => (await lab.must(["logs", id, "--raw", "-n", "1"])) === "after\n", "logging goes on");
  make(lab, "on");
  const task = await lab.ended(id);
  assert.deepEqual([task.exitCode, (task.outputBytes - 11 * MiB) % 6], [7, 0]);
  assert.ok(task.lost < full.lost + 4096, `${task.lost} bytes lost`);
});

test("restart keeps the terminal's size and the pipe", async (t) => {
  const lab = newLab(t, { env: { TERM: "dumb", COLUMNS: "5" } });
  const id = await lab.run(["--pty=70x20", "-n", "t", "-c", "stty size; echo $TERM ${COLUMNS-none}; exec cat"]);
  await lab.until(id, (task) => task.lines === 2);
  assert.equal(await order(lab, id, "1 size 99 9"), "ok");
  const again = (await lab.must(["restart", "t"])).trim();
  const task = await lab.until(again, (now) => now.lines === 2);
  assert.deepEqual([task.output, task.pty, task.restartOf], ["20 70\nxterm-256color none\n", { cols: 70, rows: 20 }, id]);
  const pipe = await lab.run(["--stdin", "-n", "p", "--", "cat"]);
  assert.equal((await lab.show(pipe)).stdin, true);
  const second = (await lab.must(["restart", "p"])).trim();
  await send(lab, second, "--text", "to the second", "--eof");
  const ended = await lab.ended(second);
  assert.deepEqual([ended.output, ended.stdin, ended.pty], ["to the second\n", true, null]);
});

test("where terminals cannot be spliced they are copied, and the record says so", async (t) => {
  const lab = newLab(t);
  const line = `stty -opost; ${until("go")}; ${words("write", 3 * MiB, 65536)}`;
  const id = await lab.run(["--pty", "-c", line]);
  const { keeper } = await lab.bothKeepers(id);
  const inject = ["-f", "-o", "/dev/null", "-e", "trace=splice", "-e", "inject=splice:error=EINVAL:when=1"];
  const strace = lab.spawn(["strace", ...inject, "-p", keeper.pid]);
  await waitUntil(() => status(keeper.pid, "TracerPid") > 0, "strace looks at the keeper");
  make(lab, "go");
  const task = await lab.ended(id);
  await strace.done;
  assert.deepEqual([task.outputBytes, task.log], [3 * MiB, "copied"]);
  assert.equal(await digestOfFile(lab.file(id, "log")), await digestOfProp("write", 3 * MiB, 65536));
});
