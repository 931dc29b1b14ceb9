// hob run: what each option makes of a task, and what is refused before anything was started.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { refused, sleeper, usage } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { stat } from "./lib/processes.mjs";

test("run prints an id of five letters that are not mistaken, and nothing else", async (t) => {
  const lab = newLab(t);
  const { code, stdout, stderr } = await lab.hob(["run", "true"]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^[2-9a-hjkmnp-z]{5}\n$/);
  const task = await lab.ended(stdout.trim());
  assert.equal(task.name, null);
  assert.deepEqual(task.tags, []);
  assert.equal(task.lifetime, "detached");
  assert.equal(task.cwd, fs.realpathSync(lab.work));
  assert.equal(task.project, task.cwd);
});

test("name, tags, session, who asked, project, directory, environment and id", async (t) => {
  const lab = newLab(t);
  const other = path.join(lab.dir, "other");
  fs.mkdirSync(other);
  const words = ["--name", "a name", "-t", "one", "--tag=two", "-t", "one", "-S", "ses_1", "--created-by", "ses_2"];
  const places = ["-C", "../other", "--project", ".", "-e", "A=1", "-e", "B=x=y", "--env", "A=2", "--id", "My-id_1"];
  const id = await lab.run([...words, ...places, "sh", "-c", "pwd; echo $A $B; echo $HOB_ID $HOB_HOME"]);
  assert.equal(id, "My-id_1");
  const task = await lab.ended(id);
  assert.equal(task.name, "a name");
  assert.deepEqual(task.tags, ["one", "two"]);
  assert.equal(task.sessionId, "ses_1");
  assert.equal(task.createdBy, "ses_2");
  assert.equal(task.lifetime, "session");
  assert.equal(task.cwd, fs.realpathSync(other));
  assert.equal(task.project, fs.realpathSync(lab.work));
  assert.equal(await lab.raw(id), `${task.cwd}\n2 x=y\n${id} ${lab.home}\n`);
});

test("options end at the first word that is none", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["-n", "x", "echo", "-n", "--id", "no", "--", "-f"]);
  const task = await lab.ended(id);
  assert.deepEqual(task.argv, ["echo", "-n", "--id", "no", "--", "-f"]);
  assert.equal(await lab.raw(id), "--id no -- -f");
  const dashes = await lab.ended(await lab.run(["--", "printf", "%s|", "--", "", "a b", "it's"]));
  assert.equal(await lab.raw(dashes.id), "--||a b|it's|");
  assert.equal(dashes.command, "printf '%s|' -- '' 'a b' 'it'\\''s'");
});

test("nothing of the environment is written to disk", async (t) => {
  const lab = newLab(t);
  const secret = `secret-${process.pid}-${Date.now()}`;
  const id = await lab.run(["-e", `TOKEN=${secret}`, "sh", "-c", 'test -n "$TOKEN" && test -n "$OTHER"'], {
    env: { OTHER: `${secret}-too` },
  });
  assert.equal((await lab.ended(id)).status, "completed");
  const files = fs.readdirSync(lab.home, { recursive: true }).map((name) => path.join(lab.home, name));
  for (const file of files.filter((name) => fs.statSync(name).isFile()))
    assert.ok(!fs.readFileSync(file).includes(secret), file);
});

test("-c runs a line under the shell that is named, else $SHELL if it is a POSIX one, else bash", async (t) => {
  const lab = newLab(t);
  const shell = async (args, SHELL) => {
    const id = await lab.run([...args, "-c", "  echo $0 && true\n"], { env: { SHELL } });
    const task = await lab.ended(id);
    assert.equal(task.status, "completed");
    assert.equal(task.command, "echo $0 && true");
    assert.deepEqual(task.argv.slice(1), ["-c", "  echo $0 && true\n"]);
    return task.argv[0];
  };
  assert.equal(await shell(["--shell", "/bin/sh"], "/bin/bash"), "/bin/sh");
  assert.equal(await shell([], "/bin/sh"), "/bin/sh");
  assert.match(await shell([], "/usr/bin/fish"), /^(\/usr(\/local)?)?\/bin\/bash$/);
  assert.match(await shell([], undefined), /^(\/usr(\/local)?)?\/bin\/bash$/);
  assert.match(await shell([], path.join(lab.dir, "sh")), /bash$/); // there is none
});

test("-c - reads the line from stdin, and no login shell runs it", async (t) => {
  const lab = newLab(t);
  fs.writeFileSync(path.join(lab.dir, "home", ".profile"), "echo login\n");
  const input = `printf '%s\\n' one "two three"\ncat <<'END'\n$HOME 'quoted'\nEND\n`;
  const id = await lab.run(["-c", "-"], { input });
  assert.equal((await lab.ended(id)).status, "completed");
  assert.equal(await lab.raw(id), "one\ntwo three\n$HOME 'quoted'\n");
  await usage(lab, ["run", "-c", "-"], /-c wants a line/);
  const refuses = async (bytes) => (await lab.hob(["run", "-c", "-"], { input: bytes })).stderr;
  assert.equal(await refuses("echo a\0b"), "hob run: the line on stdin holds a NUL byte\n");
  assert.equal(await refuses(Buffer.alloc((64 << 20) + 1, " ")), "hob run: the line on stdin is longer than 64 MiB\n");
  assert.equal((await lab.list()).length, 1, "nothing of it is started");
});

test("--json answers with the record", async (t) => {
  const lab = newLab(t);
  const task = JSON.parse(await lab.must(["run", "--json", "-n", "web", "sleep", "1000"]));
  assert.equal(task.name, "web");
  assert.equal(task.status, "running");
  assert.equal(stat(task.pid).name, "sleep");
  assert.deepEqual(task.processes, [{ pid: task.pid, command: "sleep 1000" }]);
});

test("a session or an owner makes the lifetime session; others are said", async (t) => {
  const lab = newLab(t);
  const owner = await sleeper(lab);
  const start = stat(owner.pid).start;
  const lifetime = async (...args) => (await lab.show(await lab.run([...args, "true"]))).lifetime;
  assert.equal(await lifetime(), "detached");
  assert.equal(await lifetime("-S", "s"), "session");
  assert.equal(await lifetime("-o", owner.pid), "session");
  assert.equal(await lifetime("-o", `${owner.pid}:${start}`, "-l", "app"), "app");
  assert.equal(await lifetime("-S", "s", "--lifetime", "detached"), "detached");
  assert.equal(await lifetime("-S", "s", "-l", "app"), "app");
  assert.equal((await lab.list("-l", "app"))[0].global, true);
  assert.equal((await lab.list("-l", "session"))[0].global, false);
  await refused(lab, 1, ["run", "-o", `${owner.pid}:${start - 1}`, "true"], /owner.* is gone/);
  await owner.end();
  await refused(lab, 1, ["run", "-o", owner.pid, "true"], new RegExp(`owner, process ${owner.pid}, is gone`));
});

test("--notify-prefix: one's own instead of the default, and several", async (t) => {
  const lab = newLab(t);
  const script = "echo A:one; echo OPENCODE_NOTIFY:no; echo '# two'; echo B:no";
  const id = await lab.run(["--notify-prefix", "A:", "--notify-prefix", "# ", "sh", "-c", script]);
  await lab.ended(id);
  assert.deepEqual(
    (await lab.events(id, "notify")).map((e) => e.message),
    ["one", "two"],
  );
});

test("--log-max: what is kept of the end, besides the first MiB", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--log-max", "1M", "sh", "-c", "yes 0123456789abcde | head -c 8M"]);
  const task = await lab.ended(id);
  assert.equal(task.outputBytes, 8 << 20);
  assert.ok(fs.statSync(lab.file(id, "log")).blocks * 512 <= 4 << 20);
  assert.match(
    await lab.must(["logs", id, "--since", 3 << 20, "--until", (3 << 20) + 16]),
    /^\[… 16 bytes no longer kept/,
  );
});

test("--timeout and --grace end a task that goes on", async (t) => {
  const lab = newLab(t);
  const stubborn = "trap '' TERM; echo ready; while :; do sleep 1000; done";
  const task = await lab.ended(await lab.run(["--timeout", "2", "--grace", "100ms", "sh", "-c", stubborn]));
  assert.deepEqual([task.status, task.reason, task.signal], ["failed", "timeout", "SIGKILL"]);
  const polite = await lab.ended(await lab.run(["--timeout", "200ms", "sleep", "1000"]));
  assert.deepEqual([polite.status, polite.reason, polite.signal], ["failed", "timeout", "SIGTERM"]);
});

test("what cannot be started is told, and its row says so", async (t) => {
  const lab = newLab(t);
  const file = path.join(lab.dir, "no-program");
  fs.writeFileSync(file, "text", { mode: 0o600 });
  await refused(lab, 1, ["run", "--id", "a", "no-such-program"], /no program no-such-program in PATH/);
  await refused(lab, 1, ["run", "--id", "b", file], new RegExp(`cannot run ${file}: Permission denied`));
  await refused(
    lab,
    1,
    ["run", "--id", "c", "-C", "/no/such/dir", "true"],
    /working directory \/no\/such\/dir: No such file/,
  );
  await refused(lab, 1, ["run", "--id", "d", "--wait", "no-such-program"], /no program/);
  for (const id of ["a", "b", "c", "d"]) {
    const task = await lab.show(id);
    assert.deepEqual([task.status, task.reason, task.exitCode, task.pid], ["failed", "exec", null, null], id);
    assert.match(task.error, /^(no program|cannot (run|enter))/);
    assert.deepEqual(
      (await lab.events(id)).map((e) => [e.type, e.status]),
      [["exit", "failed"]],
    );
  }
});

test("usage errors name the thing and the way out, and start nothing", async (t) => {
  const lab = newLab(t);
  const long = "x".repeat(257);
  await usage(lab, ["run"], /wants a command: hob run -- COMMAND/);
  await usage(lab, ["run", "-n", "x"], /wants a command/);
  await usage(lab, ["run", ""], /empty word/);
  await usage(lab, ["run", "-c", "  \n"], /-c wants a line/);
  await usage(lab, ["run", "-c", "true", "false"], /'false' is too much \(quote the line\)/);
  await usage(lab, ["run", "--bogus", "true"], /'--bogus'.*hob help run/);
  await usage(lab, ["run", "-n"], /-n wants a value/);
  await usage(lab, ["run", "-n", "", "true"], /the name must have 1 to 256 bytes/);
  await usage(lab, ["run", "-n", long, "true"], /the name must have 1 to 256 bytes/);
  await usage(lab, ["run", "-t", long, "true"], /a tag must have 1 to 256 bytes/);
  await usage(lab, ["run", "-S", "", "true"], /the session/);
  await usage(lab, ["run", "-e", "A", "true"], /-e 'A' is not NAME=VALUE/);
  await usage(lab, ["run", "-e", "=1", "true"], /-e '=1' is not/);
  await usage(lab, ["run", "-l", "global", "-S", "s", "true"], /no lifetime 'global': session, app or detached/);
  await usage(lab, ["run", "-l", "app", "true"], /-l app wants an owner \(-o\) or a session \(-S\)/);
  await usage(lab, ["run", "-l", "session", "true"], /-l session wants/);
  await usage(lab, ["run", "-o", "me", "true"], /'me' is not PID/);
  await usage(lab, ["run", "--timeout", "soon", "true"], /--timeout 'soon' is no duration: write 500ms/);
  await usage(lab, ["run", "--grace", "-1", "true"], /--grace '-1'/);
  await usage(lab, ["run", "--wait=x", "true"], /--wait 'x'/);
  await usage(lab, ["run", "--log-max", "x", "true"], /--log-max 'x' is no size/);
  await usage(lab, ["run", "--log-max", "1000", "true"], /at least 1M/);
  await usage(lab, ["run", "--notify-prefix", "", "true"], /--notify-prefix/);
  await usage(lab, ["run", "--notify-prefix", "a\nb", "true"], /--notify-prefix/);
  await usage(lab, ["run", "--shell", "/bin/sh", "true"], /--shell goes with -c/);
  await usage(lab, ["run", "--on-abort", "detach", "true"], /--on-abort goes with -f/);
  await usage(lab, ["run", "-f", "--on-abort", "stop", "true"], /--on-abort is kill or detach, not 'stop'/);
  await usage(lab, ["run", "-f", "--json", "true"], /-f copies the output: it does not go with --json/);
  await usage(lab, ["run", "-C", "", "true"], /-C is empty: leave it out, or say which/);
  await usage(lab, ["run", "--project", "", "true"], /--project is empty/);
  await usage(lab, ["run", "--shell", "", "-c", "true"], /--shell is empty/);
  assert.deepEqual(await lab.list(), []);
});

test("ids: what is none, and one that is taken", async (t) => {
  const lab = newLab(t);
  for (const id of ["", ".", "..", "../x", "a/b", "-a", "_a", "a b", "a\n", "ä", "x".repeat(65)])
    await usage(lab, ["run", `--id=${id}`, "true"], /is no id: 1 to 64 of A-Z a-z 0-9 _ -/);
  const longest = "x".repeat(64);
  assert.equal(await lab.run(["--id", longest, "true"]), longest);
  await lab.ended(longest);
  await refused(lab, 1, ["run", "--id", longest, "echo", "other"], /is taken: choose another, or hob clean/);
  assert.equal(await lab.raw(longest), "");
  assert.equal((await lab.list()).length, 1);
  assert.deepEqual(fs.readdirSync(path.join(lab.home, "tasks")), [longest]);
  // Cleaned away, it is free again.
  await lab.must(["clean", "--all-finished"]);
  await lab.ended(await lab.run(["--id", longest, "echo", "other"]));
  assert.equal(await lab.raw(longest), "other\n");
});
