// hob run -f: the task in the foreground: its bytes, its exit code, and its end together with the follower's.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { refused, usage } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { alive, signal } from "./lib/processes.mjs";
import { HOB, prop, quote, sanitized } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

const MIB = 1 << 20;

/** Starts `run -f ARGS` of a task FOLLOWED that says "ready"; returns the follower once it has copied that. */
async function follower(lab, args, script = "echo ready; exec sleep 1000") {
  const child = lab.start(["run", "-f", "--id", "followed", ...args, "sh", "-c", script]);
  await waitUntil(() => child.out.includes("ready"), "the first line");
  return child;
}

const ends = async (lab) => {
  const { status, reason, signal: sig, exitCode } = await lab.ended("followed");
  return [status, reason, sig ?? exitCode];
};

test("stdout is the task's, to the byte: newlines, NULs, bad UTF-8, escapes, no newline at the end", async (t) => {
  const lab = newLab(t);
  const file = path.join(lab.dir, "bytes");
  const bytes = Buffer.concat([crypto.randomBytes(3 * MIB), Buffer.from("\x1b[31m\0\r\n\xff no newline", "latin1")]);
  fs.writeFileSync(file, bytes);
  const out = fs.openSync(path.join(lab.dir, "out"), "w");
  const { code, stderr } = await lab.hob(["run", "-f", "cat", file], { stdio: ["ignore", out, "pipe"] });
  assert.deepEqual([code, stderr], [0, ""]);
  assert.ok(bytes.equals(fs.readFileSync(path.join(lab.dir, "out"))));
});

test("what goes through a pipe while it is written is the same", async (t) => {
  const lab = newLab(t);
  const size = sanitized ? 16 * MIB : 64 * MIB;
  const words = prop("write", size, 65536).map(quote).join(" ");
  const [wanted, got] = [words, `${quote(HOB)} run -f ${words}`].map((line) =>
    execFileSync("sh", ["-c", `${line} | sha256sum`], { env: lab.env, encoding: "utf8" }),
  );
  assert.equal(got, wanted);
});

test("stdout and stderr come in the order they were written", async (t) => {
  const lab = newLab(t);
  const { stdout, stderr } = await lab.hob(["run", "-f", ...prop("alternate", 500)]);
  assert.equal(stdout, Array.from({ length: 500 }, (_, i) => `out ${i}\nerr ${i}\n`).join(""));
  assert.equal(stderr, "");
});

test("the exit code is the command's", async (t) => {
  const lab = newLab(t);
  for (const wanted of [0, 1, 2, 3, 4, 5, 77, 125, 255]) {
    const { code, stdout, stderr } = await lab.hob(["run", "-f", "sh", "-c", `echo x; exit ${wanted}`]);
    assert.deepEqual([code, stdout, stderr], [wanted, "x\n", ""]);
  }
});

test("a command that a signal ended: 128 and its number", async (t) => {
  const lab = newLab(t);
  for (const [name, number] of [
    ["KILL", 9],
    ["TERM", 15],
    ["SEGV", 11],
    ["HUP", 1],
    ["PIPE", 13],
  ]) {
    const { code, signal: sig } = await lab.hob(["run", "-f", "sh", "-c", `ulimit -c 0; kill -${name} $$`]);
    assert.deepEqual([code, sig], [128 + number, null], name);
  }
});

test("125, 126 and 127 are hob's own failures", async (t) => {
  const lab = newLab(t);
  const script = path.join(lab.dir, "script");
  fs.writeFileSync(script, "exit 9\n", { mode: 0o600 });
  await refused(lab, 127, ["run", "-f", "no-such-program"], /no program no-such-program in PATH/);
  await refused(lab, 127, ["run", "-f", "/no/such/program"], /No such file/);
  await refused(lab, 126, ["run", "-f", script], /Permission denied/);
  await refused(lab, 126, ["run", "-f", "/"], /cannot run \//);
  await refused(lab, 125, ["run", "-f", "-C", "/no/such/dir", "true"], /working directory/);
  await refused(lab, 125, ["run", "-f", "-o", 2 ** 31 - 2, "true"], /owner/);
  await lab.run(["--id", "taken", "true"]);
  await refused(lab, 125, ["run", "-f", "--id", "taken", "true"], /taken/);
  await usage(lab, ["run", "-f"], /wants a command/);
  fs.chmodSync(lab.home, 0o755);
  await refused(lab, 125, ["run", "-f", "true"], /open to others/);
  fs.chmodSync(lab.home, 0o700);
});

test("an exit does not wait for leftovers, and they are not the follower's end", async (t) => {
  const lab = newLab(t);
  const { code, stdout } = await lab.hob(["run", "-f", "--id", "followed", "sh", "-c", "sleep 1000 & echo x; exit 3"]);
  assert.deepEqual([code, stdout], [3, "x\n"]);
  assert.equal((await lab.show("followed")).leftover, true);
});

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  test(`${name} ends the task, and the follower tells its last words and its code`, async (t) => {
    const lab = newLab(t);
    const child = await follower(lab, [], "trap 'echo bye; exit 7' TERM; echo ready; sleep 1000 & wait");
    child.kill(name);
    const { code, stdout } = await child.done;
    assert.deepEqual([code, stdout], [7, "ready\nbye\n"]);
    assert.deepEqual(await ends(lab), ["cancelled", "abort", 7]);
    // The last of the tree may end a moment after the command.
    await lab.until("followed", (task) => !task.leftover);
  });
}

test("a task that ignores the signal is killed after 2 s", async (t) => {
  const lab = newLab(t);
  const child = await follower(lab, ["--grace", "1h"], "trap '' TERM; echo ready; while :; do sleep 1000; done");
  child.kill("SIGINT");
  assert.equal((await child.done).code, 128 + 9);
  assert.deepEqual(await ends(lab), ["cancelled", "abort", "SIGKILL"]);
});

test("who interrupts twice does not wait", async (t) => {
  const lab = newLab(t);
  const child = await follower(lab, [], "trap 'echo once' TERM; echo ready; while :; do sleep 0.05; done");
  child.kill("SIGINT");
  await waitUntil(() => child.out.includes("once"), "the task's answer to the first");
  child.kill("SIGINT");
  assert.equal((await child.done).code, 128 + 2);
  assert.deepEqual(await ends(lab), ["cancelled", "abort", "SIGKILL"]);
});

test("a follower that is killed takes the task with it, and all the task started", async (t) => {
  const lab = newLab(t);
  const child = await follower(lab, [], "setsid sleep 1000 & echo ready; sleep 1000");
  const { processes } = await lab.show("followed");
  child.kill("SIGKILL");
  assert.equal((await child.done).signal, "SIGKILL");
  assert.deepEqual(await ends(lab), ["cancelled", "abort", "SIGTERM"]);
  await waitUntil(() => !processes.some(({ pid }) => alive(pid)), "nobody is left");
});

test("--on-abort kill is what happens anyway", async (t) => {
  const lab = newLab(t);
  const child = await follower(lab, ["--on-abort", "kill"]);
  child.kill("SIGTERM");
  assert.equal((await child.done).code, 128 + 15);
  assert.deepEqual(await ends(lab), ["cancelled", "abort", "SIGTERM"]);
});

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  test(`--on-abort detach: after ${name} the task goes on, and one line says how to reach it`, async (t) => {
    const lab = newLab(t);
    const child = await follower(lab, ["--on-abort", "detach"]);
    child.kill(name);
    const { code, stderr } = await child.done;
    assert.equal(code, 128 + { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 }[name]);
    assert.equal(stderr, "hob: task followed goes on: hob logs followed, hob kill followed\n");
    const { status, pid } = await lab.show("followed");
    assert.equal(status, "running");
    assert.ok(alive(pid));
    await lab.kill("followed");
    assert.deepEqual(await ends(lab), ["cancelled", "request", "SIGTERM"]);
  });
}

test("--on-abort detach: a follower that is killed leaves the task alone", async (t) => {
  const lab = newLab(t);
  const go = path.join(lab.dir, "go");
  const child = await follower(
    lab,
    ["--on-abort", "detach"],
    `echo ready; until test -e ${go}; do sleep 0.05; done; exit 6`,
  );
  child.kill("SIGKILL");
  await child.done;
  fs.writeFileSync(go, "");
  assert.deepEqual(await ends(lab), ["failed", "exit", 6]);
});

test("-f --wait=DUR lets go after DUR: code 0, and one line names the task, which goes on", async (t) => {
  const lab = newLab(t);
  const { code, stdout, stderr } = await lab.hob([
    "run",
    "-f",
    "--wait=2",
    "--id",
    "followed",
    "sh",
    "-c",
    "echo x; sleep 1000",
  ]);
  assert.deepEqual([code, stdout], [0, "x\n"]);
  assert.equal(stderr, "hob: task followed goes on: hob logs followed, hob kill followed\n");
  const { status, pid } = await lab.show("followed");
  assert.equal(status, "running");
  assert.ok(alive(pid));
});

test("-f --wait=DUR: a command that ends before is followed to its end", async (t) => {
  const lab = newLab(t);
  const { code, stdout, stderr } = await lab.hob(["run", "-f", "--wait=1h", "sh", "-c", "echo x; exit 3"]);
  assert.deepEqual([code, stdout, stderr], [3, "x\n", ""]);
});

test("a reader that goes away ends the task: run -f | head -1", async (t) => {
  const lab = newLab(t);
  const line = `{ ${quote(HOB)} run -f --id followed yes; echo $? >code; } | head -1`;
  assert.equal(execFileSync("sh", ["-c", line], { env: lab.env, cwd: lab.work, encoding: "utf8" }), "y\n");
  assert.deepEqual(await ends(lab), ["cancelled", "abort", "SIGTERM"]);
  assert.equal(fs.readFileSync(path.join(lab.work, "code"), "utf8"), "141\n");
});

test("… also when the task is silent at that time", async (t) => {
  const lab = newLab(t);
  const line = `${quote(HOB)} run -f --id followed sh -c 'echo ready; exec sleep 1000' | head -1`;
  assert.equal(execFileSync("sh", ["-c", line], { env: lab.env, encoding: "utf8" }), "ready\n");
  assert.deepEqual(await ends(lab), ["cancelled", "abort", "SIGTERM"]);
});

test("… but not with --on-abort detach", async (t) => {
  const lab = newLab(t);
  const line = `${quote(HOB)} run -f --on-abort detach --id followed yes | head -1`;
  assert.equal(execFileSync("sh", ["-c", line], { env: lab.env, encoding: "utf8" }), "y\n");
  const { status, pid, outputBytes } = await lab.show("followed");
  assert.equal(status, "running");
  await lab.until("followed", (task) => task.outputBytes > outputBytes, "it writes on");
  assert.ok(alive(pid));
});

test("a reader that stops for a while loses nothing", async (t) => {
  const lab = newLab(t);
  const size = 2 * MIB;
  const child = lab.start(["run", "-f", "--id", "followed", ...prop("write", size, 4096)], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  child.stdout.pause();
  await waitUntil(() => fs.existsSync(lab.file("followed", "log")), "it is known");
  await lab.ended("followed");
  assert.ok(alive(child.pid), "it waits for its reader");
  child.stdout.resume();
  assert.equal((await child.done).code, 0);
  assert.equal(child.out.length, size);
  assert.equal(child.out, await lab.raw("followed"));
});

test("a keeper's death is not noticed by who follows", async (t) => {
  const lab = newLab(t);
  const go = path.join(lab.dir, "go");
  const child = await follower(lab, [], `echo ready; until test -e ${go}; do sleep 0.05; done; echo after; exit 4`);
  const before = await lab.bothKeepers("followed");
  signal(before.keeper);
  await waitUntil(() => lab.keepers("followed").keeper && !alive(before.keeper), "a new keeper");
  fs.writeFileSync(go, "");
  const { code, stdout } = await child.done;
  assert.deepEqual([code, stdout], [4, "ready\nafter\n"]);
});
