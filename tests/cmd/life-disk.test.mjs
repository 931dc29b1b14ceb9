// A full disk: the command is neither killed nor blocked, what is lost is counted and told, logging goes on when there
// is room, and meanwhile tasks can be listed and ended.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { bytesAt, Gate } from "./lib/bytes.mjs";
import { smallDisk } from "./lib/disk.mjs";
import { newLab } from "./lib/lab.mjs";
import { alive, signal, status } from "./lib/processes.mjs";
import { HOB, prop } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

const MiB = 1 << 20;
const STEP = 1 << 16;

/** Does what who opens the registry first does to the file beside it, and holds it as SQLite does until its stdin ends. */
const TRY = `
import fcntl, os, struct, sys
file = os.open(sys.argv[1], os.O_RDWR)
os.ftruncate(file, 3)
fcntl.fcntl(file, fcntl.F_SETLK, struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 128, 1, 0))
print("held", flush=True)
sys.stdin.read()`;

/** How many bytes a process has written so far, to whatever. */
const written = (pid) => Number(/wchar: (\d+)/.exec(fs.readFileSync(`/proc/${pid}/io`, "latin1"))[1]);

/** A full disk is tried again a few times a second only: opens the gate step by step until one of them is stored. */
async function untilStored(lab, id, gate, full) {
  for (let task = full, steps = 1; steps <= 100; steps++) {
    gate.open(1);
    const next = await lab.until(id, (now) => now.outputBytes === full.outputBytes + steps * STEP);
    if (next.lost === task.lost) return next;
    task = next;
  }
  assert.fail("logging does not go on");
}

/** What prop writes from FROM to TO. */
async function expected(lab, from, to, ...options) {
  const file = path.join(lab.work, "expected");
  await lab.spawn(["sh", "-c", `exec "$@" >${file}`, "sh", ...prop("write", to - from, 65536, `from=${from}`, ...options)]).done;
  return fs.readFileSync(file);
}

// Side by side, because one of them takes a minute in which nothing happens.
describe("a full disk", { concurrency: true }, () => {
  it("disk full while a task writes", async (t) => {
    const lab = newLab(t);
    const disk = await smallDisk(lab, 24 * MiB);
    const gate = new Gate(path.join(lab.work, "gate"));
    const size = 20 * MiB;
    // One notification a MiB, or so: those in lost bytes are told, too.
    const options = ["notify=10000"];
    const id = await lab.run(["--", ...prop("write", size, 4096, ...options, `gate=${gate.file}`, `step=${STEP}`, "exit=7")]);
    const other = await lab.run(["--grace", "10m", "--", ...prop("wait")]);
    const [writer, bystander] = [(await lab.show(id)).pid, (await lab.show(other)).pid];
    gate.open((2 * MiB) / STEP);
    await lab.until(id, (task) => task.outputBytes === 2 * MiB);

    disk.fill(MiB);
    gate.open((8 * MiB) / STEP);
    await waitUntil(() => written(writer) >= 10 * MiB, "the command is not blocked");
    assert.ok(alive(writer), "nor killed");
    const full = await lab.until(id, (task) => task.outputBytes === 10 * MiB, "all it wrote is counted");
    assert.ok(full.lost >= 6 * MiB && full.lost < 8 * MiB, `${full.lost} bytes lost`);
    assert.match(await lab.must(["show", id]), /lost while the disk was full/);
    assert.deepEqual((await lab.list("--status", "running")).map((task) => task.id).sort(), [id, other].sort());
    const killed = await lab.hob(["kill", other]);
    assert.ok(!alive(bystander), "kill works meanwhile");
    assert.equal(killed.code, 0, killed.stderr);

    disk.empty();
    const resumed = await untilStored(lab, id, gate, full);
    gate.open((size - resumed.outputBytes) / STEP);
    const task = await lab.ended(id);
    assert.deepEqual([task.status, task.exitCode, task.outputBytes], ["failed", 7, size], "logging goes on, cursors count the loss");
    assert.equal(task.lost, resumed.lost, "and nothing more is lost");
    const log = lab.file(id, "log");
    assert.ok(bytesAt(log, 0, 2 * MiB).equals(await expected(lab, 0, 2 * MiB, ...options)), "what was there stays");
    const tail = resumed.outputBytes - STEP;
    assert.ok(bytesAt(log, tail, size - tail).equals(await expected(lab, tail, size, ...options)), "what came later is there");

    const gaps = await lab.events(id, "gap");
    assert.equal(gaps.length, 1);
    assert.match(gaps[0].message, new RegExp(`^${task.lost} bytes.*disk was full`));
    const lines = Math.ceil(size / 100);
    assert.deepEqual(
      (await lab.events(id, "notify")).map((event) => Number(event.message.split(" ")[0])),
      Array.from({ length: Math.ceil(lines / 10_000) }, (_, i) => i * 10_000),
      "every notification",
    );
    const middle = await lab.json(["logs", id, "--since", `${5 * MiB}`, "--until", `${6 * MiB}`]);
    assert.ok(
      middle.omitted.some((one) => one.reason === "lost"),
      "a read there says so",
    );
    const after = await lab.ended(other);
    assert.deepEqual([after.status, after.reason], ["cancelled", "request"]);
    assert.equal((await lab.events(other, "exit")).length, 1);
  });

  it("full for longer than an ended task waits for its registry", async (t) => {
    const lab = newLab(t);
    const disk = await smallDisk(lab, 16 * MiB);
    const gate = new Gate(path.join(lab.work, "gate"));
    const words = ["write", 3 * MiB, 4096, "notify=5000", `gate=${gate.file}`, `step=${MiB}`];
    const id = await lab.run(["--", ...prop(...words)]);
    const { pid } = await lab.show(id);
    disk.fill(MiB / 2);
    gate.open(2);
    await waitUntil(() => written(pid) >= 2 * MiB, "the command is not blocked");
    // A keeper whose task has ended gives up after a minute without a registry. This one's has not ended.
    await delay(62_000);
    disk.empty();
    gate.open();
    const task = await lab.ended(id);
    assert.equal(task.status, "completed");
    const events = await lab.events(id);
    assert.deepEqual(
      events.filter((event) => event.type === "notify").map((event) => event.cursor),
      Array.from({ length: 7 }, (_, i) => i * 500_000),
    );
    assert.equal(events.filter((event) => event.type === "gap").length, 1);
  });

  it("a task that ends while the disk is full keeps its code", async (t) => {
    const lab = newLab(t);
    const disk = await smallDisk(lab, 16 * MiB);
    const id = await lab.run(["-c", "until [ -e go ]; do sleep 0.02; done; exit 9"]);
    await lab.show(id);
    disk.fill(0);
    fs.writeFileSync(path.join(lab.work, "go"), "");
    await waitUntil(() => fs.readFileSync(lab.file(id, "exit"), "latin1").startsWith("status"), "the end is on the disk");
    assert.equal((await lab.hob(["list"])).code, 0);
    disk.empty();
    const task = await lab.ended(id);
    assert.deepEqual([task.status, task.exitCode], ["failed", 9]);
    assert.equal((await lab.events(id, "exit")).length, 1);
  });

  it("no room for what those share who have the registry open: it is read, tasks are ended", async (t) => {
    const lab = newLab(t);
    const disk = await smallDisk(lab, 16 * MiB);
    await lab.ended(await lab.run(["--id", "a", "--", "echo", "hello"]));
    for (const id of ["b", "c"]) await lab.run(["--id", id, "--", ...prop("wait")]);
    const [b, c] = [await lab.show("b"), await lab.show("c")];
    // The first to open it empties that file and fills it anew: others may take the room in between.
    fs.truncateSync(path.join(lab.root, lab.home, "hob.db-shm"), 3);
    disk.fill(0);
    const listed = await lab.hob(["list", "--json"]);
    assert.deepEqual([listed.code, listed.stderr], [0, ""]);
    assert.deepEqual(
      JSON.parse(listed.stdout).map(({ id, status }) => [id, status]),
      [
        ["a", "completed"],
        ["b", "running"],
        ["c", "running"],
      ],
    );
    assert.equal(await lab.raw("a"), "hello\n");
    assert.deepEqual(
      (await lab.events("a")).map(({ type }) => type),
      ["started", "exit"],
    );
    assert.match((await lab.hob(["run", "--", "true"])).stderr, /^hob run: no room on the disk for the registry \S+\n$/);
    // Another one that just tries has the file, without room, for a moment.
    const trying = lab.spawn(["python3", "-c", TRY, path.join(lab.home, "hob.db-shm")], { input: null });
    await waitUntil(() => trying.out, "it has it");
    const reading = lab.start(["list"]);
    let hasRead = false;
    void reading.done.then(() => (hasRead = true));
    await waitUntil(() => hasRead || status(reading.pid, "voluntary_ctxt_switches") > 20, "the reader tries again and again");
    trying.stdin.end();
    const read = await reading.done;
    assert.deepEqual([read.code, read.stderr], [0, ""]);

    const waiting = lab.hob(["wait", "b"]);
    const killed = await lab.hob(["kill", "b"]);
    assert.equal(killed.code, 0, killed.stderr);
    const keepers = Object.values(await lab.bothKeepers("c"));
    keepers.forEach((proc) => signal(proc, "SIGSTOP"));
    assert.equal((await lab.hob(["kill", "c"])).code, 0);
    assert.ok(!alive(b.pid) && !alive(c.pid), "kill works, also where no keeper answers");
    disk.empty();
    const { code, stdout } = await waiting;
    assert.deepEqual([code, stdout.split(" ").slice(0, 2)], [0, ["b", "exit:"]]);
    const ended = await lab.show("b");
    assert.deepEqual([ended.status, ended.reason], ["cancelled", "request"]);
  });

  it("a start on a full disk is refused with a sentence, and leaves nothing running", async (t) => {
    const lab = newLab(t);
    const disk = await smallDisk(lab, 16 * MiB);
    disk.fill(0);
    const first = await lab.hob(["run", "--", "true"]);
    assert.equal(first.code, 1);
    assert.match(first.stderr, /[Nn]o (room|space)/, "nor is there a registry yet");
    disk.empty();
    await lab.ended(await lab.run(["--", "true"]));
    disk.fill(0);
    const { code, stderr } = await lab.hob(["run", "--", ...prop("wait")]);
    assert.equal(code, 1);
    assert.match(stderr, /[Nn]o (room|space)/);
    const props = lab.processes().filter(({ name }) => name === "prop");
    assert.equal(props.length, 1, "none but the one that holds the disk");
    disk.empty();
    assert.equal((await lab.ended(await lab.run(["--", "true"]))).status, "completed");
  });

  it("a soft RLIMIT_FSIZE of 100000: hob's log goes on, the command has the limit", async (t) => {
    const lab = newLab(t);
    lab.wrapper = ["prlimit", "--fsize=100000:", "--"];
    const line = `${prop("write", MiB, 4096).join(" ")}; ulimit -f; ${prop("write", 200_000, 4096).join(" ")} >file; echo $?`;
    const id = await lab.run(["-c", line]);
    lab.wrapper = [];
    const task = await lab.ended(id);
    assert.deepEqual([task.lost, fs.statSync(lab.file(id, "log")).size], [0, task.outputBytes]);
    assert.ok(bytesAt(lab.file(id, "log"), 0, MiB).equals(await expected(lab, 0, MiB)));
    assert.match(await lab.must(["logs", id, "--raw", "--since", `${MiB}`]), /^195\n(.*\n)?153\n$/, "SIGXFSZ is the command's own");
    assert.equal(fs.statSync(path.join(lab.work, "file")).size, 100_000);
  });

  it("a limit below the registry's size is told, and harms nothing", async (t) => {
    const lab = newLab(t);
    await lab.ended(await lab.run(["--id", "a", "--", "true"]));
    // While somebody else has the registry open, it need not grow to be read.
    await waitUntil(() => !lab.processes().length, "its keeper has ended");
    lab.wrapper = ["prlimit", "--fsize=20000:", "--"];
    for (const home of [lab.home, path.join(lab.dir, "none-yet")]) {
      const { code, stdout, stderr } = await lab.hob(["run", "--", "true"], { env: { HOB_HOME: home } });
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, /^hob run: the registry .*\/hob\.db cannot grow: files may have 20000 bytes here, raise ulimit -f\n$/);
    }
    assert.equal((await lab.show("a")).status, "completed", "it can be read");
    lab.wrapper = [];
    assert.deepEqual((await lab.list()).map(({ id, status }) => [id, status]), [["a", "completed"]]);
    await waitUntil(() => lab.processes().length === 0, "nothing of the start stays");
  });

  it("a hard RLIMIT_FSIZE is a full disk", async (t) => {
    const lab = newLab(t);
    await lab.ended(await lab.run(["--", "true"]));
    const line = `${prop("write", MiB, 4096).join(" ")}; echo fine >&2; exit 5`;
    // Beyond the registry's own size, or nothing could be recorded.
    const run = lab.spawn(["prlimit", "--fsize=600000:600000", "--", HOB, "run", "-c", line]);
    const id = (await run.done).stdout.trim();
    const task = await lab.ended(id);
    assert.deepEqual([task.status, task.exitCode, task.outputBytes], ["failed", 5, MiB + 5]);
    assert.equal(task.lost, MiB + 5 - 600_000);
    assert.ok(bytesAt(lab.file(id, "log"), 0, 600_000).equals(await expected(lab, 0, 600_000)));
    const [gap, ...more] = await lab.events(id, "gap");
    assert.equal(more.length, 0);
    assert.match(gap.message, new RegExp(`^${task.lost} bytes from cursor 600000`));
  });
});
