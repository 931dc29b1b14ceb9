// hob attach: a task's terminal in one's own. "One's own" is another task's here: what it shows is asked by hob screen,
// keys come by hob send, sizes by its keeper. A shell in it looks at the terminal before and after.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { refused, usage } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { signal, stat } from "./lib/processes.mjs";
import { HOB, quote } from "./lib/programs.mjs";
import { order } from "./lib/terminal.mjs";
import { waitUntil } from "./lib/wait.mjs";

const DETACH = "\x1c";

/** A shell's line that runs until somebody makes the file NAME in the working directory. */
const until = (name) => `until [ -e ${name} ]; do sleep 0.02; done`;
const make = (lab, name) => fs.writeFileSync(path.join(lab.work, name), "");
const keys = (lab, id, text) => lab.must(["send", id, "-"], { input: text });
const screen = (lab, id) => lab.json(["screen", id]);

/** The screen of task ID once CONDITION holds for it. */
async function shows(lab, id, condition, seconds = 60) {
  let last;
  const holds = async () => {
    last = await screen(lab, id);
    return (typeof condition === "string" ? last.text.includes(condition) : condition(last)) && last;
  };
  return waitUntil(holds, `${id} shows ${condition}`, seconds).catch((error) => {
    throw new Error(`${error.message}\n${JSON.stringify(last, null, 1)}`);
  });
}

/** A task "inner" with a terminal that runs LINE. */
const begin = (lab, line, size = "60x8") => lab.run([`--pty=${size}`, "--id", "inner", "-c", line]);

/** A terminal OUTER in which "inner" is attached; it shows what it shows. Ends with "code N, same" where the terminal
 * was given back as it was. */
async function attach(lab, outer = "outer", size = "60x8") {
  const before = `${outer}.before`;
  const line = `stty -g >${before}; ${quote(HOB)} attach inner; code=$?
    [ "$(stty -g)" = "$(cat ${before})" ] && echo "code $code, same" || echo "code $code, another"; ${until("never")}`;
  await lab.run([`--pty=${size}`, "--id", outer, "-c", line]);
  await waitUntil(() => attaching(lab, outer).length, `${outer} is attached`);
  const same = async () => {
    const [ours, theirs] = [await screen(lab, outer), await screen(lab, "inner")];
    return ours.text !== "" && ours.text === theirs.text && ours.cols === theirs.cols && ours.rows === theirs.rows;
  };
  // An empty terminal looks like one that nobody has drawn yet.
  await waitUntil(same, `${outer} shows inner`);
}

/** The processes of `hob attach` below a task. */
function attaching(lab, outer) {
  const shell = lab.processes().find(({ command }) => command.includes(`${outer}.before;`) && command.includes("sh"));
  return lab.processes().filter(({ pid, command }) => / attach inner$/.test(command.replaceAll("\0", " ").trim()) && under(pid, shell?.pid));
}

const under = (pid, parent) => stat(pid)?.ppid === parent;

/** What `show` shows of both terminals in the same way. */
const looks = ({ text, cols, rows, position, alternate, attributes }) => ({ text, cols, rows, position, alternate, attributes });

test("shows what is there and what comes, hands on keys, and leaves with ctrl-\\", async (t) => {
  const lab = newLab(t);
  await begin(lab, 'echo hello; while read -r x; do echo "got $x"; done');
  await shows(lab, "inner", "hello\n");
  await attach(lab);
  assert.equal((await screen(lab, "outer")).text, "hello\n");
  await keys(lab, "outer", "one\r");
  await shows(lab, "outer", "hello\none\ngot one\n");
  await keys(lab, "outer", "two\r");
  await shows(lab, "outer", "hello\none\ngot one\ntwo\ngot two\n");
  await keys(lab, "outer", `three${DETACH}`);
  const left = await shows(lab, "outer", "code 0, same\n");
  assert.match(left.text, /\n\[detached; inner goes on: hob attach inner\]\ncode 0, same\n$/);
  // what was typed before is the task's
  await shows(lab, "inner", "three");
  assert.equal((await lab.show("inner")).status, "running");
  await attach(lab, "again");
  await keys(lab, "again", " and four\r");
  await shows(lab, "again", "got three and four\n");
});

test("other forms of ctrl-\\ detach, too", async (t) => {
  const lab = newLab(t);
  await begin(lab, "echo ready; cat");
  for (const [i, form] of ["\x1b[92;5u", "\x1b[27;5;92~"].entries()) {
    await attach(lab, `outer${i}`);
    await keys(lab, `outer${i}`, form);
    await shows(lab, `outer${i}`, "code 0, same\n");
  }
});

test("a program of the whole screen, its colours and modes; and all of it is taken back", async (t) => {
  const lab = newLab(t);
  const paint = String.raw`printf '\033[?1049h\033[?25l\033[?2004h\033[?1000h\033=\033[2;6r\033[3;5H\033[1;37;44mtitle\033[m\033[7;1Hfoot \344\275\240\033[4;4H\033[31m'`;
  await begin(lab, `echo shell; ${paint}; read x; printf 'more\\033[m'; ${until("go")}`);
  await shows(lab, "inner", "foot");
  await attach(lab);
  const [ours, theirs] = [await screen(lab, "outer"), await screen(lab, "inner")];
  assert.deepEqual(looks(ours), looks(theirs));
  assert.ok(ours.alternate && !ours.position.visible);
  const raw = await lab.raw("outer");
  for (const sequence of ["\x1b[?2004h", "\x1b[?1000h", "\x1b=", "\x1b[2;6r"]) assert.ok(raw.includes(sequence), sequence);
  // the pen is the task's
  await keys(lab, "outer", "\r");
  await shows(lab, "outer", "more");
  await waitUntil(async () => {
    const [mine, its] = [await screen(lab, "outer"), await screen(lab, "inner")];
    return JSON.stringify(looks(mine)) === JSON.stringify(looks(its)) && its.text.includes("more");
  }, "both look the same");
  await keys(lab, "outer", DETACH);
  const left = await shows(lab, "outer", "code 0, same\n");
  assert.ok(!left.alternate && left.position.visible);
  const undone = (await lab.raw("outer")).slice(raw.length);
  for (const sequence of ["\x1b[?2004l", "\x1b[?1000l", "\x1b>", "\x1b[?25h", "\x1b[r"]) assert.ok(undone.includes(sequence), sequence);
});

test("begins between sequences and characters, wherever the task is in one", async (t) => {
  for (const [first, rest] of [
    ["\\033[1;3", "1mred\\033[m"],
    ["\\342\\202", "\\254red"],
    ["\\033]0;ti", "tle\\007red"],
  ]) {
    const lab = newLab(t);
    await begin(lab, `printf 'ready ${first}'; ${until("go")}; printf '${rest} end'; ${until("never")}`);
    await shows(lab, "inner", "ready");
    await attach(lab);
    make(lab, "go");
    await shows(lab, "outer", "red end");
    assert.deepEqual(looks(await screen(lab, "outer")), looks(await screen(lab, "inner")));
  }
});

test("ends with the task: one line says how, and the code is 0 only for a completed one", async (t) => {
  for (const [line, code, words] of [
    ["exit 0", 0, "[inner ended: completed, exit 0"],
    ["echo last words; exit 3", 1, "[inner ended: failed, exit 3"],
    ["kill -KILL $$", 1, "[inner ended: failed, SIGKILL"],
  ]) {
    const lab = newLab(t);
    await begin(lab, `echo ready; ${until("go")}; ${line}`);
    await shows(lab, "inner", "ready");
    await attach(lab);
    make(lab, "go");
    const { text } = await shows(lab, "outer", `code ${code}, same\n`);
    assert.ok(text.includes(`\n${words}`), text);
    if (line.includes("last")) assert.ok(text.includes("ready\nlast words\n"), text);
  }
});

test("the task's terminal gets the size of ours, whenever that changes; the last one counts", async (t) => {
  const lab = newLab(t);
  await begin(lab, `trap 'stty size' WINCH; echo ready; while :; do sleep 0.02; done`, "40x5");
  await shows(lab, "inner", "ready");
  await attach(lab, "outer", "60x8");
  await shows(lab, "outer", "ready\n8 60\n");
  assert.deepEqual((await lab.show("inner")).pty, { cols: 60, rows: 8 });
  assert.equal(await order(lab, "outer", "1 size 70 9"), "ok");
  await shows(lab, "outer", "8 60\n9 70\n");
  await attach(lab, "second", "50x7");
  await shows(lab, "second", "7 50\n");
  assert.deepEqual((await lab.show("inner")).pty, { cols: 50, rows: 7 });
});

test("several at once see the same and type the same; one leaves, the others stay", async (t) => {
  const lab = newLab(t);
  await begin(lab, 'echo ready; while read -r x; do echo "got $x"; done');
  for (const outer of ["first", "second", "third"]) await attach(lab, outer);
  for (const outer of ["first", "second", "third"]) await keys(lab, outer, `${outer}\r`);
  for (const outer of ["first", "second", "third"])
    for (const word of ["first", "second", "third"]) await shows(lab, outer, `got ${word}\n`);
  await keys(lab, "second", DETACH);
  await shows(lab, "second", "code 0, same\n");
  await keys(lab, "first", "still\r");
  await shows(lab, "third", "got still\n");
});

test("ctrl-s stops what we show and not the task, ctrl-q shows it; a program without flow control gets them", async (t) => {
  const lab = newLab(t);
  const line = `echo ready; read -r key; echo $key-; ${until("go")}; echo past; ${until("raw")}; stty -ixon -icanon -echo min 1; echo open; od -An -tx1 -w1 -N2; echo done; ${until("never")}`;
  await begin(lab, line);
  await shows(lab, "inner", "ready");
  await attach(lab);
  await keys(lab, "outer", "\x13x\r");
  // the keys behind it have come through, so it has been taken
  await shows(lab, "inner", "x-");
  make(lab, "go");
  await shows(lab, "inner", "past");
  assert.doesNotMatch((await screen(lab, "outer")).text, /past/);
  await keys(lab, "outer", "\x11");
  await shows(lab, "outer", "past");
  make(lab, "raw");
  await shows(lab, "outer", "open");
  await keys(lab, "outer", "\x13\x11");
  await shows(lab, "outer", "13\n 11\ndone\n");
});

/** Stops or lets go all that reads the terminal OUTER. */
function hold(lab, { guard, keeper }, name) {
  for (const one of [guard, keeper]) signal(one, name);
}

test("a terminal that nobody reads holds up neither the task nor its end, and later shows how things stand", async (t) => {
  const lab = newLab(t);
  await begin(lab, `echo ready; ${until("go")}; seq 1000000 1999999; echo written; ${until("never")}`);
  await shows(lab, "inner", "ready");
  await attach(lab);
  const reader = await lab.bothKeepers("outer");
  hold(lab, reader, "SIGSTOP");
  make(lab, "go");
  await shows(lab, "inner", "1999999\nwritten\n");
  hold(lab, reader, "SIGCONT");
  await shows(lab, "outer", "1999999\nwritten\n");
  // 9 MB were not sent through it
  assert.ok((await lab.show("outer")).outputBytes < 2e6);
  await keys(lab, "outer", DETACH);
  await shows(lab, "outer", "code 0, same\n");
});

test("stopped by a signal, it holds up nobody; when it goes on it shows how things stand", async (t) => {
  for (const name of ["SIGSTOP", "SIGTSTP"]) {
    const lab = newLab(t);
    await begin(lab, `echo ready; ${until("go")}; printf '\\033[2J\\033[Hafter'; ${until("never")}`);
    await shows(lab, "inner", "ready");
    await attach(lab);
    const [one] = attaching(lab, "outer");
    signal(one, name);
    await waitUntil(() => stat(one.pid)?.state === "T", "it is stopped");
    make(lab, "go");
    await shows(lab, "inner", "after");
    signal(one, "SIGCONT");
    await shows(lab, "outer", ({ text }) => text === "after\n");
    await keys(lab, "outer", DETACH);
    await shows(lab, "outer", "code 0, same\n");
  }
});

test("whatever signal ends it, the terminal is as it was", async (t) => {
  const lab = newLab(t);
  await begin(lab, String.raw`printf '\033[?1049h\033[?25l\033[?1002htext'; ${until("never")}`);
  await shows(lab, "inner", "text");
  for (const [name, number] of Object.entries({ SIGTERM: 15, SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGSEGV: 11, SIGABRT: 6, SIGUSR1: 10 })) {
    await attach(lab, name);
    signal(attaching(lab, name)[0], name);
    const left = await shows(lab, name, `code ${128 + number}, same\n`);
    assert.ok(!left.alternate && left.position.visible, name);
    assert.ok((await lab.raw(name)).includes("\x1b[?1002l"), name);
  }
  assert.equal((await lab.show("inner")).status, "running");
});

test("goes on when the task's keepers are killed", async (t) => {
  const lab = newLab(t);
  await begin(lab, 'echo ready; while read -r x; do echo "got $x"; done');
  await shows(lab, "inner", "ready");
  await attach(lab);
  let before = await lab.bothKeepers("inner");
  signal(before.keeper);
  before = await lab.bothKeepers("inner", { keeper: before.keeper });
  await keys(lab, "outer", "one\r");
  await shows(lab, "outer", "got one\n");
  signal(before.guard);
  await lab.bothKeepers("inner", { guard: before.guard });
  await keys(lab, "outer", "two\r");
  await shows(lab, "outer", "got two\n");
  assert.equal(await order(lab, "outer", "1 size 50 6"), "ok");
  await waitUntil(async () => (await lab.show("inner")).pty.cols === 50, "the size came through");
});

test("what cannot be attached", async (t) => {
  const lab = newLab(t);
  await begin(lab, "exit 3");
  await lab.ended("inner");
  await lab.run(["--id", "pipe", "--stdin", "--", "cat"]);
  await refused(lab, 1, ["attach", "inner"], /wants a terminal as stdin and stdout: .*hob logs -f .*hob send/);
  await usage(lab, ["attach"], /takes one ID/);
  await usage(lab, ["attach", "a", "b"], /takes one ID/);
  await usage(lab, ["attach", "a", "--force"], /--force/);
  const line = ["inner", "pipe", "nobody"].map((id) => `${quote(HOB)} attach ${id}; echo code $?`).join("; ");
  await lab.run(["--pty=200x20", "--id", "outer", "-c", line]);
  await lab.ended("outer");
  assert.match(
    (await screen(lab, "outer")).text,
    /^hob attach: task inner has ended \(exit 3.*\): hob screen inner shows its terminal\ncode 5\nhob attach: task pipe has no terminal, .*\ncode 1\nhob attach: .*nobody.*\ncode 3\n$/,
  );
});
