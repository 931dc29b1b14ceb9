// The plugin's own parts, without OpenCode.
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { load } from "./lib/built.mjs";
import { alive } from "./lib/processes.mjs";
import { hob as built } from "./lib/programs.mjs";
import { until } from "./lib/wait.mjs";

const folder = mkdtempSync(join(tmpdir(), "hob-unit-"));
after(() => rmSync(folder, { recursive: true }));

/** A program that is one shell script. */
function program(path, script = "exit 0") {
  const file = join(folder, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

const task = (more) => ({
  id: "abcde",
  name: null,
  status: "running",
  reason: null,
  command: "sleep 9",
  tags: [],
  lifetime: "session",
  pid: 7,
  startedAt: "2026-11-22T08:00:00.123Z",
  completedAt: null,
  exitCode: null,
  signal: null,
  error: null,
  cursor: 8,
  pty: null,
  stdin: false,
  processes: [],
  ports: [],
  waitingFor: null,
  prompt: null,
  ending: null,
  leftover: false,
  portHeldBy: null,
  ...more,
});

const event = (seq, more) => ({
  seq,
  type: "notify",
  at: new Date().toISOString(),
  id: "abcde",
  name: null,
  sessionId: "ses_1",
  project: "/p",
  owner: "1:1",
  message: `message ${seq}`,
  cursor: seq * 10,
  status: null,
  ...more,
});

/** A hob that answers what the test says, and remembers what it was asked. */
function fakeHob(answers = {}) {
  const asked = [];
  return { asked, ask: async (args) => (asked.push(args), answers[args[0]](args)), call: async (args) => (asked.push(args), "") };
}

test("the program is looked for in the option, HOB_BIN, the packages, the source folder, PATH", async () => {
  const { findHob } = await load("find");
  const option = program("option/hob");
  const variable = program("variable/hob");
  const beside = program("opencode-hob-linux-x64/bin/hob", "echo 1");
  const inside = program("package/node_modules/opencode-hob-linux-x64/bin/hob", "echo 2");
  for (const file of [beside, inside]) writeFileSync(join(file, "../../package.json"), '{ "hob": "1-2" }');
  const built = program("build/hob");
  const onPath = program("path/hob");
  const PATH = `${join(folder, "empty")}:${join(folder, "path")}`;
  const home = join(folder, "package");
  const find = (folder = home, kind = "linux-x64") => findHob(undefined, { PATH, HOB_HOME: join(home, "state") }, folder, kind);

  assert.equal(findHob(option, { HOB_BIN: variable, PATH }, home), option);
  assert.equal(findHob(undefined, { HOB_BIN: variable, PATH }, home), variable);
  // Of what a package holds a copy is run.
  const copy = join(home, "state/bin/1-2/hob");
  assert.equal(find(), copy);
  assert.match(readFileSync(copy, "utf8"), /echo 1/);
  rmSync(beside);
  rmSync(copy);
  assert.equal(find(), copy);
  assert.match(readFileSync(copy, "utf8"), /echo 2/);
  rmSync(inside);
  assert.equal(find(), built);
  chmodSync(built, 0o644);
  assert.equal(find(), onPath);
  rmSync(onPath);
  assert.throws(find, { message: /^The hob program, which keeps the background processes, was not found: build it [^.]+\.$/ });
  const modules = join(folder, "cache/node_modules/opencode-hob");
  assert.throws(() => find(modules), { message: new RegExp(`package opencode-hob-linux-x64 was not installed: remove ${join(folder, "cache")} and start OpenCode again[^.]+\\.$`) });
  assert.throws(() => find(modules, "darwin-arm64"), { message: /runs on linux-x64 and linux-arm64 only, and this is darwin-arm64\.$/ });
  assert.throws(() => findHob("/none", { HOB_BIN: variable }), { message: /^There is no program at \/none, where the plugin's option "bin"/ });
  assert.throws(() => findHob(undefined, { HOB_BIN: folder }), { message: /where HOB_BIN says hob is/ });
});

test("options take what is usable", async () => {
  const { readOptions } = await load("options");
  const notify = { exit: "failure", input: false, port: false };
  assert.deepEqual(readOptions(), { bin: undefined, notifyPrefix: "OPENCODE_NOTIFY:", home: undefined, autoBackground: 60, notify, allowWithoutPermission: false });
  assert.deepEqual(readOptions({ bin: 7, notifyPrefix: "", home: "/x", autoBackground: 0 }), {
    bin: undefined,
    notifyPrefix: "OPENCODE_NOTIFY:",
    home: "/x",
    autoBackground: 0,
    notify,
    allowWithoutPermission: false,
  });
  for (const [value, allowed] of [[true, true], [false, false], ["true", false], [1, false]])
    assert.equal(readOptions({ allowWithoutPermission: value }).allowWithoutPermission, allowed);
  for (const autoBackground of [-1, "10", NaN, null]) assert.equal(readOptions({ autoBackground }).autoBackground, 60);
  assert.deepEqual(readOptions({ notify: { exit: "always", input: true, port: true } }).notify, { exit: "always", input: true, port: true });
  for (const wrong of [null, "all", ["exit"], { exit: "sometimes", input: "yes", port: 1 }]) assert.deepEqual(readOptions({ notify: wrong }).notify, notify);
});

test("what is wrong with the options is told, one sentence each", async () => {
  const { wrongIn } = await load("options");
  assert.deepEqual(wrongIn(), []);
  assert.deepEqual(wrongIn({ bin: "/x", home: "~/y", notifyPrefix: "N:", notify: { exit: "never", input: false, port: true } }), []);
  assert.deepEqual(wrongIn({ bin: 7, allowWithoutPermission: "yes", autoBackground: "10", notify: "all" }), [
    "The option bin must be a text, not 7: it counts as not given.",
    'The option allowWithoutPermission must be true or false, not "yes": it counts as not given.',
    'The option autoBackground must be a number of seconds, not "10": it counts as not given.',
    'The option notify must be an object, not "all": it counts as not given.',
  ]);
  assert.deepEqual(wrongIn({ notify: { exit: "sometimes", input: 1, exits: true } }), [
    'The option notify.exit must be "failure", "always" or "never", not "sometimes": it counts as not given.',
    "The option notify.input must be true or false, not 1: it counts as not given.",
    "There is no option notify.exits: notify takes exit, input and port.",
  ]);
});

test("the shell is the one of OpenCode's bash tool", async () => {
  const { shellFor } = await load("shell");
  const PATH = process.env.PATH;
  assert.equal(shellFor("/bin/dash", { PATH }), "/bin/dash");
  assert.match(shellFor("dash", { PATH }), /\/dash$/);
  assert.equal(shellFor(undefined, { PATH, SHELL: "/bin/sh" }), "/bin/sh");
  for (const refused of ["/usr/bin/fish", "nu", "/no/such/zsh"]) assert.match(shellFor(undefined, { PATH, SHELL: refused }), /\/bash$/);
  assert.match(shellFor("/usr/bin/fish", { PATH, SHELL: "/bin/sh" }), /\/bash$/, "a refused shell is not replaced by $SHELL");
  assert.equal(shellFor(undefined, { PATH: "" }), "/bin/sh");
});

test("a command is let go before its time-out", async () => {
  const { patience } = await load("auto");
  assert.equal(patience(60_000, 120_000), 60_000);
  assert.equal(patience(60_000, 61_000), 59_000);
  assert.equal(patience(600_000, 120_000), 118_000);
  assert.equal(patience(60_000, 4_000), 2_000);
  assert.equal(patience(60_000, 1_000), 500);
  assert.equal(patience(60_000, 0), 1);
});

test("only what hears the name that it is called by can stand in for a shell", async () => {
  const { becomes } = await load("link");
  assert.equal(await becomes(built, "/bin/sh"), true);
  assert.equal(await becomes(program("wrapper/hob", `exec '${built}' "$@"`), "/bin/sh"), false, "a script in between");
  assert.equal(await becomes("/bin/true", "/bin/sh"), false);
  assert.equal(await becomes(join(folder, "nowhere"), "/bin/sh"), false);
  writeFileSync(join(folder, "startup"), `printf 'welcome %5000s\\n' x`);
  process.env.BASH_ENV = join(folder, "startup");
  assert.equal(await becomes(built, "/bin/bash"), true, "its startup files may say what they like");
  assert.equal(await becomes("/bin/bash", "/bin/sh"), false, "another shell");
  delete process.env.BASH_ENV;
});

test("a link stands for one shell, never for another link, and leads where it is told", async () => {
  const { Link, standsFor } = await load("link");
  const home = join(folder, "linked");
  const env = { HOB_HOME: home };
  const hob = program("linked-bin/hob");
  const link = new Link("/bin/bash", hob, env);
  assert.match(link.path, /\/shell\/[0-9a-f]{12}\/bash$/);
  assert.equal(readlinkSync(link.path), hob);
  assert.equal(standsFor(link.path, env), "/bin/bash");
  assert.equal(standsFor("/bin/zsh", env), "/bin/zsh");
  assert.equal(standsFor(undefined, env), undefined);
  assert.equal(new Link("/bin/bash", hob, env).path, link.path, "the same for all");
  assert.notEqual(new Link("/bin/sh", hob, env).path, link.path);
  link.lead(link.shell);
  assert.equal(readlinkSync(link.path), "/bin/bash");
  rmSync(join(home, "shell"), { recursive: true });
  link.lead(hob);
  assert.deepEqual([readlinkSync(link.path), standsFor(link.path, env)], [hob, "/bin/bash"]);
  assert.throws(() => new Link("/usr/bin/fish", hob, env), /does not know/);
  chmodSync(home, 0o755);
  assert.throws(() => new Link("/bin/bash", hob, env), /is not private/);
});

test("the shell that was set before is remembered, and nothing is set where hob does not work", async () => {
  const { Auto } = await load("auto");
  const options = { autoBackground: 60, home: join(folder, "auto") };
  const deskWith = (path) => ({ hob: { find: () => path } });
  const auto = new Auto({ desk: deskWith(built), options, project: "/" });
  const config = { shell: "/bin/sh" };
  await auto.standIn(config);
  const first = config.shell;
  assert.equal(readlinkSync(first), built);
  assert.equal(auto.shellOf(first), "/bin/sh");
  await auto.standIn(config);
  assert.equal(config.shell, first, "the hook may run twice");
  const other = new Auto({ desk: deskWith(built), options, project: "/" });
  await other.standIn(config);
  assert.deepEqual([config.shell, other.shellOf(config.shell)], [first, "/bin/sh"], "the link may be there already");

  for (const [desk, more] of [[deskWith(program("auto-bin/hob")), {}], [deskWith(built), { autoBackground: 0 }]]) {
    const untouched = { shell: "/bin/sh" };
    await new Auto({ desk, options: { ...options, ...more }, project: "/" }).standIn(untouched);
    assert.deepEqual(untouched, { shell: "/bin/sh" });
  }
});

test("links to programs that are gone for a day are removed", async () => {
  const { Link } = await load("link");
  const home = join(folder, "old-links");
  const env = { HOB_HOME: home };
  const old = new Link("/bin/bash", join(folder, "gone"), env);
  const young = new Link("/bin/sh", join(folder, "gone"), env);
  utimesSync(join(old.path, ".."), 1, 1);
  // Not ours, or gone as we look: no reason to do without a link.
  writeFileSync(join(home, "shell", "file"), "");
  symlinkSync("nowhere", join(home, "shell", "0"));
  new Link("/bin/sh", program("linked-bin/hob"), env);
  assert.deepEqual([existsSync(join(old.path, "..")), existsSync(join(young.path, ".."))], [false, true]);
});

test("the owner is this process with its start time", async () => {
  const { owner } = await load("owner");
  const start = readFileSync("/proc/self/stat", "utf8").replace(/.*\) /s, "").split(" ")[19];
  assert.equal(owner(), `${process.pid}:${start}`);
});

test("the words that name a command", async () => {
  const { nameOf } = await load("arity");
  const cases = {
    "rm -rf x": "rm",
    "git checkout main": "git checkout",
    "git remote add x": "git remote add",
    "npm run build": "npm run build",
    "npm install": "npm install",
    "bun x thing more": "bun x thing",
    "aws s3 ls x": "aws s3 ls",
    "./script.sh a b": "./script.sh",
    git: "git",
    "constructor x": "constructor",
  };
  for (const [line, name] of Object.entries(cases)) assert.equal(nameOf(line.split(" ")).join(" "), name);
});

test("simple commands are found wherever they stand", async () => {
  const { simpleCommands } = await load("bash");
  const texts = async (line) => (await simpleCommands(line)).map(({ text }) => text);
  assert.deepEqual(await texts("echo a && rm x"), ["echo a", "rm x"]);
  assert.deepEqual(await texts("a; rm x > log"), ["a", "rm x > log"]);
  assert.deepEqual(await texts("echo $(rm x)"), ["echo $(rm x)", "rm x"]);
  assert.deepEqual(await texts("while a; do (b | c) & done"), ["a", "b", "c"]);
  assert.deepEqual(await texts("# nothing"), []);
});

test("results are short and tell every fact", async () => {
  const { startedText, shownText, listedText, killedText } = await load("text");
  assert.equal(startedText(task()), "abcde running, pid 7, started 2026-11-22 08:00:00Z\ncommand: sleep 9");
  const failed = task({
    name: "web",
    status: "failed",
    reason: "timeout",
    signal: "SIGTERM",
    completedAt: "2026-11-22T08:00:01.000Z",
    error: "it took too long",
    tags: ["a", "b"],
    lifetime: "app",
    leftover: true,
    processes: [{ pid: 8, command: "sleep 1" }],
    ports: [3000, 3001],
  });
  const head = 'abcde "web" failed (timeout), signal SIGTERM, pid 7, started 2026-11-22 08:00:00Z, ended 08:00:01Z, port 3000, 3001';
  const rest = ["command: sleep 9", "tags: a, b", "global", "error: it took too long", "still running: pid 8 (sleep 1)"];
  const page = { text: "one\ntwo\n", cursor: 8 };
  assert.equal(shownText(failed, page), [head, ...rest, "output:", "one", "two", "(what is new: since 8)"].join("\n"));
  const over = task({ status: "completed" });
  assert.equal(shownText(over, { text: "", cursor: 0 }).split("\n").at(-1), "no output", "nothing will come any more");
  assert.equal(listedText([failed, task()]).split("\n")[0], [head, ...rest].join("; "));
  const cut = { text: "[… 9 lines left out: --since 0 --until 9 …]\nlast\n", cursor: 9 };
  assert.match(shownText(over, cut), /last\n\(what is left out: give its since\)$/);
  const asking = task({ waitingFor: "password", prompt: "Password: " });
  assert.match(listedText([asking]), /^abcde running, pid 7, started [^,]*, waits for a password at "Password:"; command/);
  assert.match(listedText([task({ waitingFor: "keys", prompt: "" })]), /, waits for keys; command/);
  const held = { port: 80, id: null, name: null, pid: 9, command: "nginx" };
  for (const [more, who] of [
    [{}, "pid 9 (nginx)"],
    [{ id: "fghij", name: "api" }, 'background process fghij "api"'],
    [{ pid: null, command: null }, "another user"],
  ]) {
    assert.match(shownText({ ...over, portHeldBy: { ...held, ...more } }, page), new RegExp(`^port 80 is held by ${who.replace(/[()]/g, "\\$&")}$`, "m"));
  }
  assert.equal(listedText([]), "No background processes.");
  const many = [...Array.from({ length: 99 }, (_, number) => task({ id: `n${number}`, status: "completed" })), task()];
  many[0].status = "running";
  const lines = listedText(many).split("\n");
  assert.equal(lines[0], "(60 older ones that are over are left out: filter by status or tags)");
  assert.deepEqual([lines.length, lines[1].slice(0, 10), lines[2].slice(0, 4)], [41, "n0 running", "n61 "]);
  assert.equal(killedText([{ id: "abcde", name: "web", status: "cancelled", ended: true, left: [] }]), 'abcde "web" cancelled: all its processes have ended');
  assert.match(killedText([{ id: "abcde", name: null, status: "completed", ended: false, left: [] }]), /completed: it had ended before$/);
  const left = [{ pid: 9, user: "root", command: "passwd" }];
  assert.match(killedText([{ id: "abcde", name: null, status: "running", ended: false, left }]), /could not be ended: pid 9 of root \(passwd\)$/);
});

test("a compaction keeps what runs: ids, ports, cursors, and not too many", async () => {
  const { runningIn } = await load("compact");
  const asked = [];
  const deskWith = (tasks) => ({
    sessions: { root: async () => "root" },
    hob: { ask: async (words) => (asked.push(words.join(" ")), tasks) },
  });
  const server = task({ name: "web", ports: [3000], cursor: 512 });
  const [text] = await runningIn(deskWith([server]), "sub", "/project");
  assert.match(text, /\n- abcde "web" running, .*, port 3000; command: sleep 9; its output so far ends at cursor 512$/);
  assert.equal(asked[0], "list --visible-to root --project /project --status running --json");
  assert.deepEqual(await runningIn(deskWith([]), "sub", "/project"), []);
  assert.deepEqual(await runningIn(deskWith(undefined), "sub", "/project"), [], "hob does not tell");
  const [many] = await runningIn(deskWith(Array(50).fill(server)), "sub", "/project");
  assert.deepEqual([many.split("\n").length, many.split("\n").at(-1)], [42, "- and 10 older ones, which listBackgroundProcesses shows"]);
});

test("how a wait ended, and what came back from typing", async () => {
  const { waitedText, sentText } = await load("text");
  const waited = (condition, more) => ({ id: "abcde", condition, cursor: 20, lines: ["one", "two"], ...more });
  const end = ["output:", "one", "two", "(what is new: since 20)"];
  const text = (...args) => waitedText(task(), waited(...args), "50s").split("\n");
  assert.deepEqual(text("timeout"), ["abcde running", "Not yet after 50s: to go on, wait again.", ...end]);
  assert.deepEqual(text("match", { match: "two" }), ["abcde running", "Matched: two", ...end]);
  assert.deepEqual(text("port", { port: 80 }), ["abcde running", "It listens on port 80.", ...end]);
  assert.deepEqual(text("idle")[1], "It is silent.");
  assert.deepEqual(text("input")[1], "It waits for input.");
  const failed = task({ status: "failed", exitCode: 2 });
  assert.equal(waitedText(failed, waited("exit"), "50s"), "abcde failed, exit code 2\noutput:\none\ntwo");
  assert.equal(waitedText(failed, waited("ended", { lines: [] }), "50s"), "abcde failed, exit code 2\nIt ended before that.\nno output");
  assert.equal(sentText(task(), { text: "", cursor: 3 }), "abcde running\nNothing came back yet.\n(what is new: since 3)");
});

test("arguments are what tools.json says, or one sentence tells what is wrong", async () => {
  const { checked } = await load("check");
  const { describeTools } = await load("schema");
  const { definition } = describeTools("X").get("getBackgroundProcess");
  const list = describeTools("X").get("listBackgroundProcesses").definition;
  const empty = { lines: null, pattern: "", screen: undefined };
  assert.deepEqual(checked(definition, { processId: "web", ...empty }), { processId: "web" });
  assert.deepEqual(checked(definition, { processId: 7, lines: "12", screen: "true" }), { processId: "7", lines: 12, screen: true });
  assert.deepEqual(checked(list, { tags: ["a", "", null, 5], status: "" }), { tags: ["a", "5"] });
  assert.deepEqual(checked(list, { tags: "a", sessionId: null }), { tags: ["a"] });
  assert.deepEqual(checked(list, { tags: [""] }), {});
  assert.deepEqual(checked(list, undefined), {});
  for (const [args, message] of [
    [{ processId: "a", line: 3 }, "getBackgroundProcess has no parameter line: it takes processId, lines, head, since, pattern, maxChars, screen."],
    [{ processId: "a", constructor: 3 }, /^getBackgroundProcess has no parameter constructor: it takes/],
    [{ lines: 3 }, "getBackgroundProcess wants processId (Id or name)."],
    [{ processId: "" }, "getBackgroundProcess wants processId (Id or name)."],
    [{ processId: ["a"] }, 'processId must be a string, not ["a"].'],
    [{ processId: "a", lines: -1 }, "lines must be a whole number, not -1."],
    [{ processId: "a", lines: "many" }, 'lines must be a whole number, not "many".'],
    [{ processId: "a", screen: "maybe" }, 'screen must be true or false, not "maybe".'],
  ]) {
    assert.throws(() => checked(definition, args), { message });
  }
  assert.throws(() => checked(list, { status: "dead" }), { message: 'status must be one of pending, running, completed, failed, cancelled, not "dead".' });
  assert.throws(() => checked(list, { tags: [{}] }), { message: "tags must be strings, not {}." });
});

test("a reading is one call of hob; what contradicts itself is told", async () => {
  const { readingOf, readOutput } = await load("read");
  const args = async (reading) => {
    const hob = fakeHob({ logs: () => ({ text: "", cursor: 0 }) });
    await readOutput(hob, task(), readingOf(reading));
    return hob.asked[0].join(" ");
  };
  assert.equal(await args({}), "logs abcde --json");
  assert.equal(await args({ lines: 5, maxChars: 300 }), "logs abcde -n 5 --max-bytes 300 --json");
  assert.equal(await args({ head: 5 }), "logs abcde --head 5 --json");
  assert.equal(await args({ since: 0 }), "logs abcde --since 0 --json");
  assert.equal(await args({ lines: 5, since: 0, head: 0, maxChars: 0, screen: false }), "logs abcde -n 5 --json", "what models fill in");
  assert.equal(await args({ pattern: "a b", since: 9, lines: 3 }), "logs abcde -n 3 --since 9 -g a b");
  assert.equal(await args({ screen: true, lines: 0, since: 0 }), "screen abcde");
  assert.throws(() => readingOf({ lines: 1, head: 2 }), { message: "lines and head exclude each other: give one of them." });
  assert.throws(() => readingOf({ head: 1, since: 2 }), { message: "head and since exclude each other: give one of them." });
  assert.throws(() => readingOf({ screen: true, pattern: "x", since: 4 }), { message: "screen shows the whole terminal and goes without since and pattern." });
});

test("conditions become options; a wait ends within 50 s unless told otherwise", async () => {
  const { waitOptions } = await load("wait");
  const options = (conditions) => waitOptions(conditions).join(" ");
  assert.equal(options({}), "--timeout 50s");
  assert.equal(options({ exit: true, input: true, idle: "5s", timeout: "2m" }), "--exit --idle 5s --input --timeout 2m");
  assert.equal(options({ match: "-x", since: 7, port: "any" }), "--match=-x --port --since 7 --timeout 50s");
  assert.equal(options({ port: "3000", since: 0, exit: false, input: false }), "--port=3000 --timeout 50s");
  assert.throws(() => waitOptions({ since: 7 }), { message: "since goes with match: it says from where on output may match." });
  assert.throws(() => waitOptions({ port: "web" }), { message: 'port must be a number or any, not "web".' });
});

test("what is created tells hob what to raise", async () => {
  const { runArguments } = await load("create");
  const notify = { exit: "failure", input: false, port: false };
  const from = { session: "ses_1", project: "/p", caller: "ses_2", owner: "1:2", notifyPrefix: "N:", notify, shell: "/bin/sh" };
  const before = (args, more) => runArguments({ command: "x", ...args }, "/c", { ...from, ...more }).join(" ").split(" -S ")[0];
  assert.equal(before({}), "run");
  assert.equal(
    before({ name: "web", tags: ["a"], pty: true, watch: ["x y", "z"], notifyOnExit: true, notifyOnInput: true, idleAfter: "30s", timeout: "1m" }),
    "run -n web -t a -t notify:exit --timeout 1m --pty --watch x y --watch z --input-event --idle-after 30s",
  );
  const all = { notify: { exit: "always", input: true, port: true } };
  assert.equal(before({}, all), "run --input-event --port-event");
  assert.equal(before({ notifyOnExit: false, notifyOnInput: false }, all), "run -t notify:never --port-event", "a task's own choice wins");
});

test("the words of a call become selectors", async () => {
  const { selectors, namesAny } = await load("select");
  const place = { session: "ses_1", project: "/p" };
  const visible = ["--visible-to", "ses_1", "--project", "/p"];
  assert.deepEqual(selectors({}, place), visible);
  assert.deepEqual(selectors({ tags: ["a", "", "b"], status: "running" }, place), [...visible, "--status", "running", "-t", "a", "-t", "b"]);
  for (const word of ["current", "current_session_id"]) assert.deepEqual(selectors({ sessionId: word }, place), ["-S", "ses_1"]);
  assert.deepEqual(selectors({ sessionId: "ses_2" }, place), ["-S", "ses_2"]);
  assert.deepEqual(selectors({ sessionId: "all", tags: ["a"] }, place), ["-t", "a"]);
  assert.ok(!namesAny({ sessionId: "", tags: [""], status: undefined }));
  assert.ok(namesAny({ sessionId: "all" }));
});

test("a name means the newest visible task, a running one first", async () => {
  const { show } = await load("select");
  const place = { session: "ses_1", project: "/p" };
  const visible = [
    task({ id: "old11", name: "web", startedAt: "2026-01-01T00:00:00.000Z" }),
    task({ id: "new11", name: "web", startedAt: "2026-01-02T00:00:00.000Z" }),
    task({ id: "end11", name: "web", startedAt: "2026-01-03T00:00:00.000Z", status: "completed" }),
  ];
  const tasks = [...visible, task({ id: "other", name: "web" })];
  const hob = fakeHob({ list: () => visible, show: ([, id]) => tasks.find((one) => one.id === id || id === "web" && one.id === "other") });
  assert.equal((await show(hob, "web", place)).id, "new11");
  assert.equal((await show(hob, "old11", place)).id, "old11");
  assert.equal((await show(hob, "other", place)).id, "other", "an id reaches everywhere");
});

test("a call of hob: its answer, its error, an interruption", async () => {
  const { Hob } = await load("hob");
  const { homeIn } = await load("copy");
  const bin = program("fake/hob", 'case $1 in ok) cat; echo "$VALUE $HOB_HOME" ;; part) echo "[1]"; exit 1 ;; bad) echo "hob: no such task: x" >&2; exit 3 ;; mute) exit 9 ;; slow) echo $$ > "$2"; exec sleep 1000 ;; esac');
  const hob = new Hob({ bin, home: "/some/home" });
  assert.equal(await hob.call(["ok"], { input: "in ", env: { VALUE: "v" } }), "in v /some/home\n");
  // What another plugin sets for a command does not move hob's state.
  const moved = { VALUE: "v", HOB_HOME: "/moved", XDG_STATE_HOME: "/moved", HOME: "/moved" };
  assert.equal(await new Hob({ bin }).call(["ok"], { env: moved }), `v ${homeIn(process.env)}\n`);
  assert.equal(homeIn({ HOB_HOME: "/a", XDG_STATE_HOME: "/b", HOME: "/c" }), "/a");
  assert.equal(homeIn({ XDG_STATE_HOME: "/b", HOME: "/c" }), "/b/hob");
  assert.equal(homeIn({ HOME: "/c" }), "/c/.local/state/hob");
  assert.deepEqual(await hob.ask(["part"], { also: [1] }), [1]);
  await assert.rejects(hob.call(["bad"], { also: [3] }), { message: "no such task: x", code: 3 });
  await assert.rejects(hob.ask(["part"]), { message: "hob part ended with code 1." });
  await assert.rejects(hob.call(["bad"]), { message: "no such task: x" });
  await assert.rejects(hob.call(["mute"]), { message: "hob mute ended with code 9." });
  const abort = new AbortController();
  const file = join(folder, "slow.pid");
  const slow = hob.call(["slow", file], { signal: abort.signal });
  await until(() => existsSync(file) && readFileSync(file, "utf8").endsWith("\n"), "the call runs");
  abort.abort();
  await assert.rejects(slow, { message: "The call was interrupted." });
  assert.ok(!alive(Number(readFileSync(file, "utf8"))));
  await assert.rejects(hob.call(["ok"], { signal: abort.signal }));
});

test("the follower is started again when it ends, and ends with the outbox", async () => {
  const { Hob } = await load("hob");
  const { Outbox } = await load("outbox");
  const pids = join(folder, "followers");
  const bin = program(
    "follow/hob",
    `echo $$ >> ${pids}; n=$(wc -l < ${pids})\n[ $n = 2 ] && { echo "no event"; exec sleep 1000; }\nprintf '{"seq":%d,' $n; sleep 0.05; printf '"type":"notify"}\\n'\n[ $n = 1 ] || exec sleep 1000`,
  );
  const outbox = new Outbox(new Hob({ bin }), "1:1");
  const taken = [];
  outbox.follow(async ({ seq }) => taken.push(seq));
  outbox.follow(async () => assert.fail("there is one follower at most"));
  // The first one ends, the second one talks nonsense, the third one stays.
  await until(() => taken.length === 2, "two events come");
  assert.deepEqual(taken, [1, 3]);
  const followers = readFileSync(pids, "utf8").trim().split("\n").map(Number);
  assert.ok(alive(followers[2]) && !alive(followers[1]));
  outbox.close();
  await until(() => !alive(followers[2]), "the follower ends");
});

test("where hob comes later, what waits for a session is asked for when that is used", async () => {
  const { Desk } = await load("desk");
  const { readOptions } = await load("options");
  const bin = join(folder, "later/hob");
  const desk = new Desk({ sessions: { root: async (id) => id }, host: {}, notice: () => {} }, readOptions({ bin }));
  desk.join("/p", readOptions().notify).listen();
  // It finds nothing to follow with.
  await new Promise(setImmediate);
  const calls = join(folder, "later.calls");
  program("later/hob", `echo $$ "$@" >> ${calls}; exec sleep 1000`);
  await desk.see("ses_1");
  const called = () => (existsSync(calls) ? readFileSync(calls, "utf8").split("\n").filter(Boolean) : []);
  await until(() => called().length > 0, "it follows");
  assert.match(called()[0], /^\d+ events -f --claim opencode -o \S+ -S ses_1 --json$/);
  assert.ok(desk.leave());
  await until(() => !alive(Number.parseInt(called()[0])), "the follower ends");
});

/** OpenCode's client as far as notifications need it. */
function fakeClient({ drops = 0, loses = 0 } = {}) {
  const client = { prompts: [], stored: [], status: "idle" };
  let turns;
  client.watchedBy = (watcher) => (turns = watcher);
  client.session = {
    get: async ({ path: { id } }) => {
      if (id === "ses_gone") return { error: {}, response: { status: 404 } };
      return { data: { id, directory: "/p", agent: "plan", model: { id: "m", providerID: "p", variant: "deep" } } };
    },
    messages: async ({ query: { limit = 0 } }) => ({ data: client.stored.slice(-limit) }),
    status: async () => ({ data: { ses_1: { type: client.status } } }),
    promptAsync: async ({ path, query, body }) => {
      client.prompts.push({ session: path.id, ...query, ...body, parts: undefined, text: body.parts[0].text });
      if (loses-- > 0) return {};
      const id = `msg_${client.prompts.length}`;
      const parts = [{ metadata: body.parts[0].metadata, sessionID: path.id, messageID: id }];
      client.stored.push({ info: { id, role: "user" }, parts });
      turns.notice({ type: "message.part.updated", properties: { part: parts[0] } });
      if (drops-- > 0) return {};
      turns.notice({ type: "message.updated", properties: { info: { id: `${id}a`, role: "assistant", parentID: id, sessionID: path.id } } });
      return {};
    },
  };
  return client;
}

async function notifier({ answers = knows(), ends = "failure", seen = [], ...options } = {}) {
  const { Notifier } = await load("notify");
  const { Prompter } = await load("prompt");
  const { Turns } = await load("turns");
  const { Sessions } = await load("sessions");
  const client = fakeClient(options);
  const turns = new Turns(client, 50, 100);
  client.watchedBy(turns);
  const acknowledged = [];
  const outbox = { acknowledge: async (seqs) => void acknowledged.push(...seqs) };
  const hob = fakeHob(answers);
  const knowledge = { hob, ends: () => ends, sawEnd: (id) => seen.includes(id) };
  const host = new Prompter(client, new Sessions(client), turns);
  return { client, hob, acknowledged, notifier: new Notifier(knowledge, host, outbox, "1:1") };
}

test("the first notification goes at once, the next ones together, with agent, model and variant", async () => {
  const { client, acknowledged, notifier: { take } } = await notifier();
  await take(event(1));
  await until(() => client.prompts.length === 1, "the first one is sent");
  for (const seq of [2, 3, 2]) await take(event(seq));
  await until(() => acknowledged.length === 3, "all are acknowledged");
  assert.deepEqual(client.prompts.map(({ text }) => text), [
    "Notification from background process abcde: message 1",
    "Notifications from background processes:\n- abcde: message 2\n- abcde: message 3",
  ]);
  const { text, ...how } = client.prompts[0];
  assert.deepEqual(how, { session: "ses_1", directory: "/p", agent: "plan", model: { providerID: "p", modelID: "m" }, variant: "deep", parts: undefined });
  assert.ok(text);
});

test("an agent that was switched while hob was asked stays switched", async () => {
  const { client, hob, notifier: { take } } = await notifier();
  const { get } = client.session;
  let agent = "plan";
  client.session.get = async (...words) => {
    const answer = await get(...words);
    return { data: { ...answer.data, agent } };
  };
  const { ask } = hob;
  hob.ask = async (args) => {
    await new Promise((resolve) => setTimeout(resolve, 200));
    agent = "build";
    return ask(args);
  };
  await take(event(1));
  await until(() => client.prompts.length === 1, "it is sent");
  assert.equal(client.prompts[0].agent, "build");
});

/** What hob says of one task and its last lines. */
const knows = (more) => ({ show: () => task(more), logs: () => ({ text: "one\ntwo\n", cursor: 99 }) });

/** What a session is told of these events. */
async function told(events, answers, options) {
  const { client, acknowledged, notifier: { take } } = await notifier({ answers, ...options });
  for (const one of events) await take(one);
  await until(() => acknowledged.length === events.length, "all are acknowledged");
  return client.prompts.map(({ text }) => text);
}

test("what a task asked for is told with its last lines and the places to read", async () => {
  const match = (seq, message) => event(seq, { type: "match", message });
  const failed = { name: "build", status: "failed", exitCode: 2, tags: ["notify:exit"] };
  const exit = event(9, { type: "exit", status: "failed", message: null });
  assert.deepEqual(await told([match(1, "error: a"), match(2, `error: ${"b".repeat(400)}`), exit], knows(failed)), [
    `Background process abcde "build" failed, exit code 2\n- matched: error: a\n- matched: error: ${"b".repeat(293)}…\nlast output:\none\ntwo\n(first match: since 10)`,
  ]);
  const asking = { waitingFor: "line", prompt: "Continue? [y/N]", ports: [80] };
  const input = event(1, { type: "input", message: "waits for a line: Continue? [y/N]" });
  assert.deepEqual(await told([input, event(2, { type: "port", message: "listens on port 80" }), event(3, { type: "idle", message: "silent for 5s" })], knows(asking)), [
    'Background process abcde running, port 80, waits for a line at "Continue? [y/N]"\n- silent for 5s\nlast output:\none\ntwo\n(what is new: since 99)',
  ]);
  assert.deepEqual(await told([input, event(2, { type: "port", message: "listens on port 80" })], knows()), [
    "Background process abcde running\n- waits for a line: Continue? [y/N]\n- listens on port 80\nlast output:\none\ntwo\n(what is new: since 99)",
  ]);
});

test("only what is told is marked as told", async () => {
  const { client, acknowledged, notifier: { take } } = await notifier({ answers: knows() });
  await take(event(1, { type: "exit", status: "completed" }));
  await take(event(2));
  await until(() => acknowledged.length === 2, "both are acknowledged");
  assert.deepEqual(client.stored[0].parts[0].metadata, { hob: { seqs: [2] } });
});

test("a message goes at once, and what else happened behind it", async () => {
  const { client, notifier: { take } } = await notifier();
  await take(event(1));
  await until(() => client.prompts.length === 1, "the message is sent");
  await take(event(2, { type: "idle", message: "silent for 5s" }));
  await until(() => client.prompts.length === 2, "the other is sent");
  assert.equal(client.prompts[0].text, "Notification from background process abcde: message 1");
  assert.match(client.prompts[1].text, /^Background process abcde running\n- silent for 5s\n/);
  const [both] = await told([event(1), event(2, { type: "idle", message: "silent for 5s" })], knows());
  assert.match(both, /^Notification from background process abcde: message 1\n\nBackground process abcde running\n- silent for 5s\n/, "what comes with it goes with it");
});

test("which ends are told: as the task says, else as the option says", async () => {
  const exit = (status) => event(1, { type: "exit", status, message: null });
  const tells = async (status, ends, tags = [], seen = []) => (await told([exit(status)], knows({ status, tags }), { ends, seen })).length === 1;
  assert.ok(await tells("failed", "failure"));
  assert.ok(!(await tells("completed", "failure")));
  assert.ok(await tells("completed", "always"));
  assert.ok(!(await tells("failed", "never")));
  for (const status of ["failed", "completed"]) {
    assert.ok(await tells(status, "never", ["notify:exit"]));
    assert.ok(!(await tells(status, "always", ["notify:never"])));
  }
  assert.ok(!(await tells("failed", "always", [], ["abcde"])), "an answer has shown it");
  assert.ok(await tells("failed", "never", ["notify:exit"], ["abcde"]), "who asked for it gets it");
});

test("one on request, and what came before that, are told to nobody", async () => {
  const exit = (seq, status) => event(seq, { type: "exit", status, message: null });
  const unborn = event(1, { type: "exit", status: "failed", reason: "exec", message: "cannot enter the working directory" });
  assert.deepEqual(await told([unborn], knows({ status: "failed", tags: ["notify:exit"] })), []);
  const cancelled = { status: "cancelled", tags: ["notify:exit"] };
  const said = [event(2, { type: "match" }), event(3, { type: "input" }), event(4)];
  assert.deepEqual(await told([exit(1, "cancelled"), ...said], knows(cancelled)), []);
  assert.deepEqual(await told(said, knows({ ending: "request" })), [], "it is about to end");
  const gone = () => { throw Object.assign(new Error("no such task"), { code: 3 }); };
  assert.deepEqual(await told([event(1, { type: "match" })], { show: gone }), []);
});

test("there is one prompt in 200 ms at the most", async () => {
  const { client, notifier: { take } } = await notifier();
  const began = performance.now();
  let seq = 0;
  const speaking = setInterval(() => take(event(++seq)), 10);
  await until(() => client.prompts.length >= 4, "four prompts");
  clearInterval(speaking);
  assert.ok(performance.now() - began >= 590, "three windows lie between them");
});

/** Tasks by their ids, each as MORE says. */
const knowsAll = (more = {}) => ({ show: ([, id]) => task({ id, ...more[id] }), logs: () => ({ text: "one\n", cursor: 99 }) });

test("of more than twenty messages the first and the last ten; the others are counted, with the place to read", async () => {
  const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const { client, acknowledged, notifier: { take } } = await notifier();
  for (const seq of range(1, 20)) await take(event(seq));
  await until(() => acknowledged.length === 20, "all are acknowledged");
  assert.equal(client.prompts[0].text, ["Notifications from background processes:", ...range(1, 20).map((seq) => `- abcde: message ${seq}`)].join("\n"), "twenty are told");
  for (const seq of range(101, 6000)) await take(event(seq));
  await until(() => acknowledged.length === 5920, "all are acknowledged");
  assert.equal(client.prompts.length, 2);
  assert.deepEqual(client.prompts[1].text.split("\n").slice(1), [
    ...range(101, 110).map((seq) => `- abcde: message ${seq}`),
    "- (5880 more of abcde: since 1110)",
    ...range(5991, 6000).map((seq) => `- abcde: message ${seq}`),
  ]);
  assert.deepEqual(client.stored.at(-1).parts[0].metadata, { hob: { seqs: [[101, 6000]] } }, "all of them count as told");
});

test("matches are no exception; many tasks share one prompt", async () => {
  const matches = Array.from({ length: 5000 }, (_, index) => event(index + 1, { type: "match" }));
  const [text] = await told(matches, knows());
  assert.match(text, /^Background process abcde running\n- matched: message 1\n[^]*- matched: message 10\n- \(4980 more: since 110\)\n- matched: message 4991\n/);
  assert.match(text, /- matched: message 5000\nlast output:\none\ntwo\n\(first match: since 10; what is new: since 99\)$/);
  const exits = Array.from({ length: 50 }, (_, index) => event(index + 1, { type: "exit", id: `id${index + 1}`, status: "failed" }));
  const failed = Object.fromEntries(exits.map(({ id }) => [id, { status: "failed", exitCode: 1 }]));
  const [many] = await told(exits, knowsAll(failed));
  assert.equal(many.match(/^Background process id\d+ failed, exit code 1$/gm).length, 20);
  assert.match(many, /^- \(1 more of id11: since 110\)$/m);
  assert.match(many, /^- \(10 more of 10 other processes\)$/m);
  const mixed = [event(1, { id: "other" }), ...Array.from({ length: 40 }, (_, index) => event(index + 2, { type: "match" })), event(42, { type: "exit", status: "failed" })];
  const [all] = await told(mixed, knowsAll({ abcde: { status: "failed", exitCode: 2 } }));
  assert.match(all, /^Notification from background process other: message 1\n\nBackground process abcde failed, exit code 2\n- matched: message 2\n[^]*- \(22 more: since 110\)\n/);
});

test("numbers are kept as runs", async () => {
  const { pack, holds } = await load("seqs");
  assert.deepEqual(pack([3, 1, 2, 7, 9, 10, 9]), [[1, 3], 7, [9, 10]]);
  assert.deepEqual([0, 1, 3, 4, 7, 8, 10].map((seq) => holds([[1, 3], 7, [9, 10]], seq)), [false, true, true, false, true, false, true]);
});

test("the pace of a task that never comes to rest, and of one that does", async () => {
  const { Pace } = await load("pace");
  /** Events so many milliseconds apart, each told as soon as it may be: the pauses between the prompts, and when it is warned. */
  const play = (pace, gap, working, until, from = 0) => {
    const prompts = [];
    const warned = [];
    let waiting = false;
    for (let now = from; now < until; now += gap) {
      pace.raised({ at: new Date(now).toISOString() }, working);
      waiting = true;
      if (pace.due > now) continue;
      if (pace.told(now)) warned.push(now);
      prompts.push(now);
    }
    return { prompts, warned, waiting };
  };
  const spinner = new Pace();
  const { prompts, warned } = play(spinner, 500, false, 100_000);
  assert.deepEqual(prompts, [0, 500, 1000, 1500, 2000, 2500, 4500, 8500, 16500, 32500, 62500, 92500]);
  assert.deepEqual(warned, [2500], "once");
  const calm = play(spinner, 40_000, false, 250_000, 140_000);
  assert.deepEqual(calm.prompts, [140_000, 180_000, 220_000]);
  assert.equal(spinner.due, -Infinity, "it has come to rest");
  assert.deepEqual(play(spinner, 500, false, 310_000, 300_000).warned, [], "it knows");

  const rounds = play(new Pace(), 5000, true, 200_000);
  assert.deepEqual(rounds.warned, [95_000], "twenty rounds while the agent works");
  assert.deepEqual(play(new Pace(), 5000, false, 1_000_000).warned, [], "every five seconds, while nobody works");
  const burst = new Pace();
  for (let now = 0; now < 300; now++) burst.raised({ at: new Date(now).toISOString() }, false);
  for (const now of [0, 200, 400]) burst.told(now);
  assert.equal(burst.due, -Infinity, "a burst is no loop");
});

test("a task that is slowed down is told so once, and holds up nothing else", async () => {
  const { client, acknowledged, notifier: { take } } = await notifier({ answers: knowsAll() });
  let seq = 0;
  const speaking = setInterval(() => take(event(++seq, { at: new Date().toISOString() })), 20);
  await until(() => client.prompts.some(({ text }) => /slowed down/.test(text)), "it is slowed down");
  const slowed = client.prompts.length;
  assert.match(client.prompts.at(-1).text, /^Background process abcde is slowed down: .* since \d+\.$/m);
  await take(event(9001, { id: "other" }));
  await until(() => acknowledged.includes(9001), "the other one is told");
  assert.equal(client.prompts.at(-1).text, "Notification from background process other: message 9001");
  await until(() => client.prompts.length === slowed + 2, "the next group");
  clearInterval(speaking);
  const group = client.prompts.at(-1).text;
  assert.match(group, /^Notifications from background processes:\n(- abcde: message \d+\n){10}- \(\d+ more of abcde: since \d+\)\n/, "what came in two seconds");
  assert.ok(!/slowed down/.test(group));
  await take(event(9002, { type: "exit", status: "failed" }));
  await until(() => acknowledged.includes(9002), "the end is told");
  assert.deepEqual(acknowledged.toSorted((a, b) => a - b), [...Array.from({ length: seq }, (_, index) => index + 1), 9001, 9002]);
});

test("what is slowed down waits for the end of its pause, unless the task ends or very much waits", async () => {
  const { Queue } = await load("queue");
  const { Paces } = await load("pace");
  const slowed = () => {
    const queue = new Queue(new Paces());
    // The longest pause there is.
    for (let prompt = 0; prompt < 12; prompt++) {
      queue.add(event(prompt), false);
      queue.take();
      // As if the pause had passed: a flood does not wait for its end.
      for (let seq = 1; seq <= 10_000; seq++) queue.add(event(seq), false);
      queue.take();
    }
    return queue;
  };
  const [ended, patient] = [slowed(), slowed()];
  const ready = [];
  ended.add(event(20_001), false);
  patient.add(event(20_001), false);
  patient.ready().then(() => ready.push("patient"));
  ended.ready().then(() => ready.push("ended"));
  assert.deepEqual([patient.take().batches.length, patient.isEmpty], [0, false], "it waits");
  ended.add(event(20_002, { type: "exit", status: "failed" }), false);
  await until(() => ready.length > 0, "one of them is ready");
  assert.deepEqual([ready, ended.take().batches[0].seqs], [["ended"], [20_001, 20_002]]);
  patient.add(event(20_003, { id: "other" }), false);
  await until(() => ready.length > 1, "another task's do not wait");
  assert.deepEqual(patient.take().batches.map(({ id }) => id), ["other"]);
});

test("a notifier that is closed sends nothing any more: the next one is handed it", async () => {
  const { client, hob, acknowledged, notifier: closed } = await notifier();
  await closed.take(event(1));
  await until(() => acknowledged.length === 1, "the first one is told");
  // One waits for its window, another one is being looked at.
  await closed.take(event(2));
  let answer;
  const { ask } = hob;
  hob.ask = async (args) => (await new Promise((resolve) => (answer = resolve)), ask(args));
  await closed.take(event(3, { sessionId: "ses_2" }));
  await until(() => answer, "it is looked at");
  closed.close();
  hob.ask = ask;
  answer();
  const next = await notifier();
  for (const one of [event(2), event(3, { sessionId: "ses_2" })]) await next.notifier.take(one);
  await until(() => next.acknowledged.length === 2, "the next one tells both");
  // That takes another window, which ends after the one that was waited for.
  await next.notifier.take(event(4));
  await until(() => next.acknowledged.length === 3, "it goes on");
  assert.deepEqual([client.prompts.length, acknowledged], [1, [1]]);
});

test("young events of our own tasks are sent unasked, others are looked for first", async () => {
  const { client, acknowledged, notifier: { take } } = await notifier();
  let looks = 0;
  const { messages } = client.session;
  client.session.messages = (...args) => (looks++, messages(...args));
  await take(event(1));
  await until(() => acknowledged.length === 1, "ours is acknowledged");
  assert.equal(looks, 0);
  client.stored.push({ info: { id: "msg_0", role: "user" }, parts: [{ metadata: { hob: { seqs: [[2, 3], 5] } } }] });
  for (const seq of [2, 3, 4]) await take(event(seq, { owner: "2:2" }));
  await until(() => acknowledged.length === 4, "the others are acknowledged");
  assert.deepEqual(client.prompts.map(({ text }) => text.replace(/^.*: /, "")), ["message 1", "message 4"]);
});

test("other events, and those of a session that is gone, are acknowledged and no more", async () => {
  const { client, acknowledged, notifier: { take } } = await notifier();
  await take(event(1, { type: "gap" }));
  await take(event(2, { sessionId: "ses_gone" }));
  await take(event(3, { sessionId: null }));
  await until(() => acknowledged.length === 3, "all are acknowledged");
  assert.deepEqual(client.prompts, []);
});

test("what lies in the session already is not sent again", async () => {
  const { client, acknowledged, notifier: { take } } = await notifier();
  const old = { at: "2026-01-01T00:00:00.000Z" };
  client.stored.push({ info: { id: "msg_0", role: "user" }, parts: [{ metadata: { hob: { seqs: [1] } } }] });
  await take(event(1, old));
  await until(() => acknowledged.length === 1, "it is acknowledged");
  await take(event(2, old));
  await until(() => acknowledged.length === 2, "the other one is acknowledged");
  assert.deepEqual(client.prompts.map(({ text }) => text), ["Notification from background process abcde: message 2"]);
});

test("while OpenCode does not show a session's messages nothing is sent that may lie there, and nothing acknowledged", async () => {
  const { client, acknowledged, notifier: { take } } = await notifier();
  let looks = 0;
  client.session.messages = async () => (looks++, { error: {}, response: { status: 500 } });
  await take(event(1, { owner: "2:2" }));
  await until(() => looks === 1, "they are asked for");
  client.session.messages = async () => ({ data: client.stored });
  await take(event(2));
  await until(() => acknowledged.length > 0, "what is young is told");
  assert.deepEqual(acknowledged, [2]);
  // hob hands it over again.
  await take(event(1, { owner: "2:2" }));
  await until(() => acknowledged.length === 2, "it is told, too");
  assert.deepEqual(client.prompts.map(({ text }) => text.replace(/^.*: /, "")), ["message 2", "message 1"]);
});

test("a prompt that began no turn is followed by one more", async () => {
  const idle = await notifier({ drops: 1 });
  await idle.notifier.take(event(1));
  await until(() => idle.acknowledged.length === 1, "it is acknowledged");
  assert.deepEqual(idle.client.prompts.map(({ text }) => text), [
    "Notification from background process abcde: message 1",
    "The notification of a background process above waits for you.",
  ]);
  const busy = await notifier({ drops: 1 });
  busy.client.status = "busy";
  await busy.notifier.take(event(1));
  await until(() => busy.acknowledged.length === 1, "it is acknowledged");
  assert.equal(busy.client.prompts.length, 1, "a turn that runs will see it");
  const lossy = await notifier({ loses: 1 });
  lossy.client.status = "busy";
  await lossy.notifier.take(event(1));
  await until(() => lossy.acknowledged.length === 1, "it is acknowledged");
  assert.deepEqual(lossy.client.prompts.map(({ text }) => text), Array(2).fill("Notification from background process abcde: message 1"), "no turn sees what is not there");
  const long = await notifier({ drops: 1 });
  long.client.status = "busy";
  await long.notifier.take(event(1));
  await until(() => long.client.stored.length === 1, "it is stored");
  for (let step = 0; step < 1000; step++) long.client.stored.push({ info: { id: `msg_1a${step}`, role: "assistant", parentID: "msg_0" }, parts: [] });
  await until(() => long.acknowledged.length === 1, "it is acknowledged");
  assert.equal(long.client.prompts.length, 1, "also behind many messages");
});

test("a root session is found once, whoever asks", async () => {
  const { Sessions } = await load("sessions");
  const parents = { ses_c: "ses_b", ses_b: "ses_a" };
  let calls = 0;
  const sessions = new Sessions({ session: { get: async ({ path: { id } }) => (calls++, { data: { id, parentID: parents[id] } }) } });
  assert.equal(await sessions.root("ses_c"), "ses_a");
  assert.equal(await sessions.root("ses_b"), "ses_a");
  assert.equal(calls, 3);
});
