// How a task starts: the errors that are `hob run`'s own, and all that the command gets as its caller has it.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { newLab } from "./lib/lab.mjs";
import { HOB, prop, quote } from "./lib/programs.mjs";
import { commandLine, stat } from "./lib/processes.mjs";
import { waitUntil } from "./lib/wait.mjs";

/** What a task that runs WORDS has written at its end. */
async function output(lab, words, options) {
  const id = await lab.run(words, options);
  await lab.ended(id);
  return lab.raw(id);
}

/** A `hob run` that must fail with this sentence; the row it leaves, if any. */
async function refused(lab, args, sentence, options) {
  const { code, stdout, stderr } = await lab.hob(["run", ...args], options);
  assert.deepEqual([code, stdout], [1, ""], stderr);
  assert.match(stderr, /^hob run: /);
  assert.match(stderr, sentence);
  assert.equal(stderr.trim().split("\n").length, 1, "one sentence");
  const tasks = await lab.list();
  return tasks[tasks.length - 1];
}

test("what cannot be executed is run's own error, and a failed row", async (t) => {
  const lab = newLab(t);
  const file = (name, text, mode) => {
    fs.writeFileSync(path.join(lab.work, name), text, { mode });
    return `./${name}`;
  };
  const plain = file("plain", "echo hello", 0o644);
  const loop = path.join(lab.work, "loop");
  fs.symlinkSync(loop, loop);
  const cases = [
    [["no-such-program"], /no program no-such-program in PATH/],
    [["./no/such/file"], /No such file/],
    [[plain], /Permission denied/],
    [["."], /Permission denied|Is a directory/],
    [[loop], /symbolic link/],
    [[file("interpreter", "#!/no/such/interpreter\n", 0o755)], /No such file/],
  ];
  for (const [words, sentence] of cases) {
    const task = await refused(lab, ["--", ...words], sentence);
    assert.deepEqual([task.status, task.reason, task.exitCode, task.pid], ["failed", "exec", null, null]);
    assert.match(task.error, sentence);
    assert.deepEqual(
      (await lab.events(task.id)).map((event) => event.type),
      ["exit"],
    );
  }
  assert.deepEqual(lab.processes(), []);
});

test("-f says 126 for what cannot be executed, 127 for what is not there, 125 for its own failures", async (t) => {
  const lab = newLab(t);
  fs.writeFileSync(path.join(lab.work, "plain"), "echo hello");
  assert.equal((await lab.hob(["run", "-f", "--", "./plain"])).code, 126);
  assert.equal((await lab.hob(["run", "-f", "--", "no-such-program"])).code, 127);
  assert.equal((await lab.hob(["run", "-f", "-C", "/no/such/folder", "--", "true"])).code, 125);
});

test("a bad working directory", async (t) => {
  const lab = newLab(t);
  fs.writeFileSync(path.join(lab.work, "file"), "");
  for (const [dir, why] of [
    ["/no/such/folder", /\/no\/such\/folder.*No such file/],
    ["file", /file.*Not a directory/],
  ]) {
    const task = await refused(lab, ["-C", dir, "--", "true"], why);
    assert.deepEqual([task.status, task.reason], ["failed", "exec"]);
  }
  // One that is gone by the time we are asked.
  const gone = await lab.spawn(["sh", "-c", `mkdir gone; cd gone; rmdir ../gone; exec ${quote(HOB)} run -- true`]).done;
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /working directory is gone/);
  assert.equal(await output(lab, ["-C", "..", "--", "pwd"]), `${lab.dir}\n`);
});

test("-c - takes a line of 1 MiB from stdin", async (t) => {
  const lab = newLab(t);
  const tail = "echo $# args, $(ls /proc/self/fd | wc -l) descriptors; exit 5";
  const line = `: ${"x".repeat(1 << 20)}; echo first; ${tail}`;
  const id = await lab.run(["-c", "-"], { input: line });
  const task = await lab.ended(id);
  // ls has stdin, stdout, stderr and the folder it reads: the line's own file is not left open.
  assert.deepEqual([task.exitCode, task.output], [5, "first\n0 args, 4 descriptors\n"]);
  assert.equal(task.command.length, line.length);
  assert.equal((await lab.ended(await lab.run(["-c", "-"], { input: tail }))).output, "0 args, 4 descriptors\n");
});

test("a line just below, at and above what the kernel takes as one word", async (t) => {
  const lab = newLab(t);
  for (const length of [131070, 131071, 131072, 131073]) {
    const start = `echo ${length}; :`;
    const input = start + " ".repeat(length - start.length - 1) + "x";
    assert.equal(input.length, length);
    assert.equal(await output(lab, ["-c", "-"], { input }), `${length}\n`);
  }
});

test("a word over 128 KiB, or too many of them, is a clear error", async (t) => {
  const lab = newLab(t);
  // The kernel hands no such word to hob either: whoever starts hob is told.
  await assert.rejects(lab.hob(["run", "--", "true", "x".repeat(131_073)]), /E2BIG/);
  // Just so many words that hob can still be started, but not a command with hob's own additions (its HOB_HOME is
  // such a one, and long). All together may take a quarter of the stack limit.
  const home = path.join(lab.dir, "h".repeat(200));
  fs.mkdirSync(home);
  const options = { env: { HOB_HOME: undefined, HOME: home } };
  lab.wrapper = ["prlimit", "--stack=8388608", "--"];
  const many = Array.from({ length: 16 }, (_, i) => `-eBIG${i}=${"y".repeat(125_000)}`);
  let failure;
  for (let size = 97_000; !failure && size > 50_000; size -= 100) {
    const words = ["run", ...many, `-eLAST=${"z".repeat(size)}`, "--", "true"];
    const result = await lab.hob(words, options).catch((error) => error);
    if (/^hob run/.test(result.stderr)) failure = result;
    else assert.ok(result.code !== 0, "there is a size at which only the command is too large");
  }
  assert.equal(failure.code, 1);
  assert.match(failure.stderr, /cannot run true: the kernel takes words of at most 131071 bytes/);
  assert.match(failure.stderr, /-c -/);
});

test("200 arguments; newlines, quotes, nothing, bytes that are no UTF-8", async (t) => {
  const lab = newLab(t);
  const words = Array.from({ length: 200 }, (_, i) => `${i}`);
  words.splice(50, 4, "new\nline", `'single' "double" \`back\` $HOME \\`, "", "-c");
  const id = await lab.run(["--", "printf", "<%s>", ...words]);
  const task = await lab.ended(id);
  assert.equal(await lab.raw(id), words.map((word) => `<${word}>`).join(""));
  assert.deepEqual(task.argv, ["printf", "<%s>", ...words]);
  // What is listed as its command is a shell's line that means the same.
  const again = await lab.ended(await lab.run(["-c", task.command]));
  assert.equal(again.outputBytes, task.outputBytes);
  assert.equal(await lab.raw(again.id), await lab.raw(id));

  const bytes = await lab.spawn(["sh", "-c", `exec ${quote(HOB)} run -- printf %s "$(printf 'a\\377b')"`]).done;
  const raw = await lab.ended(bytes.stdout.trim());
  assert.deepEqual([...fs.readFileSync(lab.file(raw.id, "log"))], [0x61, 0xff, 0x62]);
  assert.equal(raw.argv[2], "a\ufffdb");
});

test("an empty environment", async (t) => {
  const lab = newLab(t);
  const run = (...words) => lab.spawn(["env", "-i", `HOB_HOME=${lab.home}`, HOB, "run", ...words]).done;
  const { code, stdout, stderr } = await run("--", "/usr/bin/env");
  assert.equal(code, 0, stderr);
  const { output: text } = await lab.ended(stdout.trim());
  assert.deepEqual(
    text
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0])
      .sort(),
    ["HOB_HOME", "HOB_ID", "HOB_RUN"],
  );
  assert.equal((await lab.ended((await run("-c", "echo a line")).stdout.trim())).output, "a line\n");
  const homeless = await lab.spawn(["env", "-i", HOB, "run", "--", "true"]).done;
  assert.equal(homeless.code, 1);
  assert.match(homeless.stderr, /HOME/);
});

test("the command has its caller's environment, additions, HOB_ID, HOB_HOME and HOB_RUN", async (t) => {
  const lab = newLab(t, { env: { KEPT: "yes", CHANGED: "no" } });
  const words = ["-e", "CHANGED=a=b", "-e", "EMPTY=", "-c", `echo "$KEPT,$CHANGED,\${EMPTY-unset},$HOB_ID,$HOB_HOME,\${#HOB_RUN}"`];
  const id = await lab.run(words);
  assert.equal((await lab.ended(id)).output, `yes,a=b,,${id},${lab.home},32\n`);
  assert.doesNotMatch(fs.readFileSync(path.join(lab.home, "hob.db"), "latin1"), /a=b/, "it is written nowhere");
});

test("a HOME that is given to the command does not move hob's state", async (t) => {
  const lab = newLab(t);
  const other = path.join(lab.dir, "other");
  const env = { HOB_HOME: undefined, XDG_STATE_HOME: lab.home };
  const given = ["HOME", "XDG_STATE_HOME", "HOB_HOME"].flatMap((name) => ["-e", `${name}=${other}`]);
  const id = (await lab.must(["run", ...given, "-c", "echo $HOME $XDG_STATE_HOME $HOB_HOME"], { env })).trim();
  assert.match(await lab.must(["wait", id], { env }), new RegExp(`\\n${other} ${other} ${lab.home}/hob\\n`));
  assert.equal(fs.existsSync(other), false);
});

test("closed stdin, stdout and stderr", async (t) => {
  const lab = newLab(t);
  const line = "ls -l /proc/self/fd; cat; echo end >&2";
  for (const [i, closed] of ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"].entries()) {
    const { code } = await lab.spawn(["sh", "-c", `exec ${quote(HOB)} run --id t${i} -c '${line}' ${closed}`]).done;
    assert.equal(code, 0, closed);
    const task = await lab.ended(`t${i}`);
    assert.equal(task.status, "completed", closed);
    const links = Object.fromEntries([...task.output.matchAll(/(\d+) -> (.*)/g)].map(([, fd, to]) => [fd, to]));
    assert.equal(links[0], "/dev/null");
    assert.match(links[1], /^pipe:/);
    assert.equal(links[2], links[1]);
    assert.deepEqual(Object.keys(links), ["0", "1", "2", "3"], "3 is the folder that ls reads");
    assert.match(task.output, /\nend\n$/);
  }
});

test("no descriptor of the caller's or of hob's is inherited", async (t) => {
  const lab = newLab(t);
  const { stdout } = await lab.spawn(["sh", "-c", `exec 7</dev/zero 8>other; exec ${quote(HOB)} run -- ls /proc/self/fd`]).done;
  assert.equal((await lab.ended(stdout.trim())).output, "0\n1\n2\n3\n");
});

test("umask 077 and 000: the command has it, hob's files are 0600 whatever it is", async (t) => {
  const lab = newLab(t);
  for (const mask of ["0077", "0000"]) {
    const { stdout } = await lab.spawn(["sh", "-c", `umask ${mask}; exec ${quote(HOB)} run -c umask`]).done;
    const id = stdout.trim();
    assert.equal((await lab.ended(id)).output, `${mask}\n`);
    const mode = (file) => (fs.statSync(file).mode & 0o777).toString(8);
    for (const name of ["log", "index", "exit", "lock"]) assert.equal(mode(lab.file(id, name)), "600", name);
    assert.equal(mode(path.join(lab.home, "hob.db")), "600");
    for (const dir of [lab.home, path.dirname(lab.file(id, "log"))]) assert.equal(mode(dir), "700");
  }
});

test("RLIMIT_NOFILE 64: runs, follows, lists and kills; the command has the limit back", async (t) => {
  const lab = newLab(t);
  lab.wrapper = ["prlimit", "--nofile=64:64", "--"];
  assert.equal(await output(lab, ["-c", "ulimit -n; ulimit -Hn"]), "64\n64\n");
  const ids = [];
  for (let i = 0; i < 70; i++) ids.push(await lab.run(["--", ...prop("wait")]));
  assert.equal((await lab.list("--status", "running")).length, 70);
  await lab.kill("--all", "--grace", "0");
  assert.equal((await lab.list("--status", "running")).length, 0);
  lab.wrapper = ["prlimit", "--nofile=64:128", "--"];
  assert.equal(await output(lab, ["-c", "ulimit -n; ulimit -Hn"]), "64\n128\n", "the soft limit, too");
});

test("signals that the caller ignored or blocked are so for the command, and no others", async (t) => {
  const lab = newLab(t);
  const show = ["--", "grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"];
  const plain = await lab.spawn(["sh", "-c", `exec "$@"`, "sh", HOB, "run", ...show]).done;
  const masks = (text) => Object.fromEntries([...text.matchAll(/Sig(\w+):\s*(\w+)/g)].map(([, name, mask]) => [name, BigInt(`0x${mask}`)]));
  const base = masks((await lab.ended(plain.stdout.trim())).output);
  const ignoring = await lab.spawn(["sh", "-c", `trap "" HUP USR2; exec "$@"`, "sh", HOB, "run", ...show]).done;
  const changed = masks((await lab.ended(ignoring.stdout.trim())).output);
  const bit = (signal) => 1n << BigInt(signal - 1);
  assert.equal(changed.Ign, base.Ign | bit(1) | bit(12));
  assert.equal(changed.Blk, base.Blk);
  assert.equal(base.Ign & (bit(13) | bit(25) | bit(17)), 0n, "PIPE, XFSZ and CHLD are as anybody has them");
  assert.equal(base.Blk, 0n);
  const blocking = await lab.spawn(["env", "--block-signal=TERM", HOB, "run", ...show]).done;
  assert.equal(masks((await lab.ended(blocking.stdout.trim())).output).Blk, bit(15));
});

test("a caller that ignores SIGCHLD gets the exit code all the same", async (t) => {
  const lab = newLab(t);
  const { stdout } = await lab.spawn(["env", "--ignore-signal=CHLD", HOB, "run", "-c", "exit 7"]).done;
  assert.equal((await lab.ended(stdout.trim())).exitCode, 7);
});

test("a session and a group of its own, no terminal; ps shows who keeps it", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--", ...prop("wait")]);
  const { pid } = await lab.show(id);
  const { guard, keeper } = await lab.bothKeepers(id);
  assert.deepEqual([commandLine(guard.pid).trim(), commandLine(keeper.pid).trim()], [`hob guard ${id}`, `hob keeper ${id}`]);
  assert.deepEqual([stat(keeper.pid).ppid, stat(pid).ppid], [guard.pid, keeper.pid]);
  assert.deepEqual([stat(pid).sid, stat(pid).pgid], [pid, pid]);
});

test("a script without #! runs with /bin/sh", async (t) => {
  const lab = newLab(t);
  fs.writeFileSync(path.join(lab.work, "script"), 'echo "$0 says $1"; exit 6\n', { mode: 0o755 });
  const task = await lab.ended(await lab.run(["--", "./script", "a b"]));
  assert.deepEqual([task.exitCode, task.output], [6, "./script says a b\n"]);
});

test("ids such as .. are refused before anything is touched; a taken one is an error", async (t) => {
  const lab = newLab(t);
  await lab.must(["run", "--id", "first", "--", "true"]);
  await waitUntil(() => !lab.keepers("first").guard && !lab.keepers("first").keeper, "guard and keeper ended");
  const before = fs.readdirSync(lab.dir, { recursive: true }).filter((name) => !/hob\.db|bell/.test(name)).sort();
  for (const id of ["..", ".", "", "a/b", "../x", "/tmp/x", "-x", "_x", "a b", "a\nb", "ä", "x".repeat(65), ".hidden"]) {
    const { code, stderr } = await lab.hob(["run", "--id", id, "--", "true"]);
    assert.equal(code, 2, JSON.stringify(id));
    assert.match(stderr, /is no id/);
  }
  assert.deepEqual(fs.readdirSync(lab.dir, { recursive: true }).filter((name) => !/hob\.db|bell/.test(name)).sort(), before);
  const taken = await lab.hob(["run", "--id", "first", "--", "touch", "ran"]);
  assert.equal(taken.code, 1);
  assert.match(taken.stderr, /first/);
  assert.ok(!fs.existsSync(path.join(lab.work, "ran")));
  const longest = "A".repeat(64);
  assert.equal(await lab.run(["--id", longest, "--", "true"]), longest);
  assert.equal((await lab.ended(longest)).status, "completed");
});

test("what was written last before the end is in the log, and known, when the end is told", async (t) => {
  const lab = newLab(t);
  // A full pipe in one go, and small writes, which a keeper lets gather for a moment.
  for (const [size, block] of Array(20).fill([[65536, 65536], [20_000, 10]]).flat()) {
    const id = await lab.run(["--", ...prop("write", size, block, "exit=3")]);
    const { stdout } = await lab.hob(["wait", id, "--json"]);
    assert.equal(fs.statSync(lab.file(id, "log")).size, size);
    assert.equal(JSON.parse(stdout).cursor, size);
    const task = await lab.show(id);
    assert.deepEqual([task.exitCode, task.outputBytes, task.lines], [3, size, Math.floor(size / 100)]);
  }
});
