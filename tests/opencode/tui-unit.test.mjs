// What the terminal part shows and how it keeps up to date, without a terminal.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { rowsOf, svgOf } from "../../tools/svg.mjs";
import { load } from "./lib/built.mjs";
import { until } from "./lib/wait.mjs";

const START = "2026-11-22T08:00:00.000Z";
const at = (seconds) => Date.parse(START) + seconds * 1000;

const task = (more) => ({
  id: "abcde",
  name: "web",
  status: "running",
  reason: null,
  command: "npm run dev",
  tags: [],
  sessionId: "ses_1",
  lifetime: "session",
  startedAt: START,
  completedAt: null,
  exitCode: null,
  signal: null,
  error: null,
  cursor: 0,
  pty: null,
  stdin: false,
  ports: [],
  cpuPercent: 0,
  cpuMs: 0,
  memoryBytes: 0,
  waitingFor: null,
  prompt: null,
  leftover: false,
  ...more,
});

test("texts are cut by the cells that they take", async () => {
  const { cut, fit, plain, steady, widthOf, wrap } = await load("tui/width");
  const widths = { abc: 3, "日本": 4, "e\u0301": 1, "👍🏽": 2, "👨‍👩‍👧": 2, "❤️": 2, "한글": 4, "ｆ": 2, "…": 1, "│": 1, "\u200b": 0, "": 0, "\u2329\u232a": 4, "🈲": 2 };
  for (const [text, cells] of Object.entries(widths)) assert.equal(widthOf(text), cells, JSON.stringify(text));
  assert.equal(cut("abcdef", 6), "abcdef");
  assert.equal(cut("abcdef", 5), "abcd…");
  assert.equal(cut("日本語", 5), "日本…");
  assert.equal(cut("日本語", 4), "日…", "half a character is none");
  assert.equal(cut("abc", 0), "");
  assert.equal(fit("日本語", 4), "日… ");
  assert.equal(plain("a\tb\u001b[31mc\r"), "a    b[31mc");
  assert.equal(plain("\u202egpj.\u2066exe\u2069\u200f\u00ad"), "gpj.exe", "nothing turns the text");
  assert.deepEqual(wrap("abcdef", 4), ["abcd", "ef"]);
  assert.deepEqual(wrap("日本語", 3), ["日", "本", "語"]);
  assert.deepEqual(wrap("日本", 1), ["日", "本"], "what is wider than the row stands alone");
  assert.deepEqual(wrap("", 4), [""]);
  assert.deepEqual(wrap("e\u0301日x", 3), ["e\u0301日", "x"]);
  assert.equal(steady("a 👨‍👩‍👧 b 👍🏽 c ❤️ d 🚀 é 日"), "a 👨 b 👍 c ♥ d 🚀 é 日", "what terminals disagree about");
  assert.equal(steady("🖥 🗑️ ☢ 1️⃣ ⚠️ 🟠 🀄 🇩🇪 ▪"), "▪ ▪ ▪ 1 ⚠ 🟠 🀄 🇩🇪 ▪", "and what OpenTUI draws wider than they do");
});

test("a long line is looked through once, into however many rows it goes", async (t) => {
  const { wrap } = await load("tui/width");
  const { mock } = t.mock.method(Intl.Segmenter.prototype, "segment");
  for (const line of ["日".repeat(2000), "x".repeat(2000)]) {
    assert.equal(wrap(line, 50).join(""), line);
    const read = mock.calls.reduce((sum, { arguments: [text] }) => sum + text.length, 0);
    mock.resetCalls();
    assert.ok(read <= line.length, `${read} characters were read`);
  }
});

test("a row holds the name as far as the words at its right let it", async () => {
  const { rowOf } = await load("tui/look");
  const text = ({ left, gap, right }) => left + gap + right;
  assert.equal(text(rowOf("web", "5s", 10)), "web     5s");
  assert.equal(text(rowOf("a very long name", "2m 5s", 14)), "a very … 2m 5s");
  assert.equal(text(rowOf("日本語のサーバー", "5s", 11)), "日本語…  5s");
  assert.equal(text(rowOf("web", "", 6)), "web   ");
});

test("how a task looks", async () => {
  const { conditionOf, detailOf, lookOf, nameOf, runtimeOf, spanOf } = await load("tui/look");
  const looks = [
    [{}, "●", "good"],
    [{ status: "pending" }, "○", "quiet"],
    [{ waitingFor: "password" }, "?", "ask"],
    [{ status: "completed" }, "✓", "quiet"],
    [{ status: "cancelled" }, "■", "quiet"],
    [{ status: "failed" }, "✗", "bad"],
    [{ status: "completed", leftover: true }, "◌", "busy"],
  ];
  for (const [more, mark, tone] of looks) assert.deepEqual(lookOf(task(more)), { mark, tone }, JSON.stringify(more));
  assert.equal(nameOf(task({ name: null, command: "a\n  b" })), "a b");
  assert.deepEqual([0, 999, 61_000, 3_600_000, 3_725_000, 90_000_000].map(spanOf), ["0s", "0s", "1m 1s", "1h", "1h 2m", "1d 1h"]);
  assert.equal(runtimeOf(task(), at(65)), "1m 5s");
  assert.equal(runtimeOf(task({ completedAt: "2026-11-22T08:00:09.000Z" }), at(65)), "9s", "what is over stands still");
  assert.equal(conditionOf(task({ waitingFor: "line", prompt: "Name: " })), "asks: Name:");
  assert.equal(conditionOf(task({ waitingFor: "keys", prompt: "" })), "waits for keys");
  assert.equal(conditionOf(task({ waitingFor: "password" })), "waits for a password");
  assert.equal(conditionOf(task({ waitingFor: "keys", prompt: "Go on? [y/N] " })), "asks: Go on? [y/N]");
  assert.equal(conditionOf(task({ waitingFor: "keys", prompt: "root:x:0:0:root" })), "waits for keys", "a line of vim's is no question");
  const busy = task({ ports: [3000, 3001], tags: ["notify:exit", "server", "web"], cpuPercent: 41.6 });
  assert.equal(detailOf(busy), ":3000 :3001  #server  42 % CPU");
  assert.equal(detailOf(task({ tags: ["\u202ea\nb 👨‍👩‍👧"] })), "#ab 👨");
  assert.equal(detailOf(task({ cpuPercent: 4.9 })), "", "only when it is busy");
  const ends = [[{ reason: "exit", exitCode: 3 }, "failed, exit 3"], [{ reason: "signal", signal: 9 }, "failed, signal 9"], [{ reason: "timeout" }, "failed, timeout"]];
  for (const [more, words] of ends) assert.equal(conditionOf(task({ status: "failed", ...more })), words);
});

test("busy is who uses the processor now", async () => {
  const { Busy } = await load("tui/busy");
  const busy = new Busy();
  const share = (seconds, cpuMs, more) => busy.take([task({ cpuPercent: 60, cpuMs, ...more })], at(seconds))[0].cpuPercent;
  assert.equal(share(10, 6000), 60, "of one seen for the first time, since its start");
  assert.equal(share(10.5, 6400), 60, "that is too soon");
  assert.equal(share(13, 6300), 10);
  assert.equal(share(16, 6300), 0, "idle since");
  assert.equal(share(18, 9300), 150, "two processors");
  assert.equal(share(20, 1000), 0, "a process of it ended");
  assert.equal(share(22, null, { status: "completed", cpuPercent: null }), null);
  assert.equal(share(24, 1000), 60, "begun anew");
});

test("which tasks are shown, and in which order", async () => {
  const { chosen, countOf, current, ordered, tagsOf, visibleTo } = await load("tui/choose");
  const ids = (tasks) => tasks.map(({ id }) => id).join(" ");
  const all = [
    task({ id: "mine", tags: ["a", "notify:exit"] }),
    task({ id: "theirs", sessionId: "ses_2" }),
    task({ id: "global", sessionId: "ses_2", lifetime: "app", startedAt: "2026-11-22T08:00:02.000Z" }),
    task({ id: "shell", sessionId: null, lifetime: "detached", status: "completed", tags: ["b"], completedAt: "2026-11-22T08:00:09.000Z" }),
    task({ id: "asks", waitingFor: "line" }),
    task({ id: "old", status: "failed", completedAt: "2026-11-22T07:00:00.000Z" }),
    task({ id: "new", status: "failed", completedAt: "2026-11-22T08:00:05.000Z" }),
    task({ id: "left", status: "completed", leftover: true }),
  ];
  assert.equal(ids(visibleTo(all, "ses_1")), "mine global shell asks old new left");
  assert.equal(ids(visibleTo(all, undefined)), "global shell");
  assert.equal(ids(chosen(all, { status: "running" })), "mine theirs global asks left");
  assert.equal(ids(chosen(all, { status: "completed" })), "shell");
  assert.equal(ids(chosen(all, { tag: "a" })), "mine");
  assert.equal(ids(chosen(all, { status: "failed", tag: "a" })), "");
  assert.equal(ids(chosen(all, {})), ids(all));
  assert.equal(ids(ordered(all)).split(" ").slice(0, 2).join(" "), "asks global", "what asks, then the newest");
  assert.equal(ids(current(all)), "asks new global mine theirs left", "what failed beside it stands above, what failed before is not shown");
  assert.equal(ids(current([task({ status: "failed" })])), "", "nothing while nothing runs");
  assert.deepEqual(countOf(all), { living: 5, asking: 1 });
  assert.deepEqual(tagsOf(all), ["a", "b"]);
});

test("the window follows the end, stays where the reader is, and finds", async () => {
  const { Pager } = await load("tui/pager");
  const pager = new Pager();
  const texts = () => pager.rows().map(({ text }) => text);
  pager.resize(10, 3);
  pager.add(Array.from({ length: 10 }, (_, at) => `line ${at}`));
  assert.deepEqual(texts(), ["line 7", "line 8", "line 9"]);
  pager.scroll(-2);
  assert.deepEqual([texts()[0], pager.follows, pager.beyond()], ["line 5", false, { above: 5, below: 2 }]);
  pager.add(["line 10"]);
  assert.equal(texts()[0], "line 5", "more output does not move it");
  pager.end();
  assert.deepEqual([texts().at(-1), pager.follows], ["line 10", true]);
  pager.toggle();
  pager.add(["line 11"]);
  assert.equal(texts().at(-1), "line 10");
  pager.toggle();
  assert.equal(texts().at(-1), "line 11");
  pager.home();
  assert.equal(texts()[0], "line 0");
  pager.page(1);
  assert.equal(texts()[0], "line 2");

  assert.equal(pager.find("LINE 1"), true);
  assert.equal(pager.hits(), 3);
  assert.equal(pager.rows().find(({ here }) => here).text, "line 11", "the last comes first");
  pager.next(-1);
  pager.next(-1);
  assert.deepEqual(pager.rows().filter(({ hit }) => hit).map(({ text, here }) => [text, here]), [["line 1", true]]);
  pager.next(-1);
  assert.equal(pager.rows().find(({ here }) => here).text, "line 11", "and around");
  pager.next(1);
  assert.equal(pager.rows().find(({ here }) => here).text, "line 1");
  assert.equal(pager.find("nothing"), false);
  assert.equal(pager.find(""), true);
  assert.deepEqual(pager.rows().filter(({ hit }) => hit), []);
});

test("long lines are several rows, and lines are whole where they are copied", async () => {
  const { Pager } = await load("tui/pager");
  const pager = new Pager();
  pager.resize(4, 3);
  pager.add(["a", "bcdefghij"]);
  assert.deepEqual(pager.rows().map(({ text }) => text), ["bcde", "fghi", "j"]);
  assert.deepEqual(pager.shown(), ["bcdefghij"]);
  pager.home();
  assert.deepEqual(pager.shown(), ["a", "bcdefghij"]);
  pager.scroll(1);
  pager.resize(9, 1);
  assert.deepEqual(pager.rows().map(({ text }) => text), ["bcdefghij"], "another width keeps the place");
  assert.deepEqual(pager.tail(1), ["bcdefghij"]);
  pager.resize(4, 3);
  pager.set(["abcdefgh", "│", "└──┘"], true);
  assert.deepEqual(pager.rows().map(({ text }) => text), ["abc…", "│", "└──┘"], "a picture keeps its shape");
});

test("what is unfinished stands behind the lines until more comes", async () => {
  const { Pager } = await load("tui/pager");
  const pager = new Pager();
  const texts = () => pager.rows().map(({ text }) => text);
  pager.resize(10, 4);
  pager.add(["one"], ["10 %"]);
  assert.deepEqual(texts(), ["one", "10 %"]);
  pager.add([], ["a 20 %", "b 50 % of something"]);
  assert.deepEqual(texts(), ["one", "a 20 %", "b 50 % of ", "something"]);
  pager.add(["done"], []);
  assert.deepEqual(texts(), ["one", "done"]);
  assert.deepEqual([pager.tail(1), pager.earlier], [["done"], false]);
  pager.add(["two"], [], true);
  assert.equal(pager.earlier, true);
  pager.add(Array.from({ length: 12_000 }, (_, at) => `line ${at}`), ["last"]);
  assert.deepEqual([pager.tail(9000).length, texts().at(-1), pager.tail(5000)[0]], [5000, "last", "line 7001"]);
  pager.add([], ["first again"]);
  assert.equal(texts().at(-1), "n");
  pager.clear();
  pager.add(["new"], []);
  assert.deepEqual([texts(), pager.earlier], [["new"], false]);
});

test("of very much output the last lines are kept, and the reader's place", async () => {
  const { Pager } = await load("tui/pager");
  const pager = new Pager();
  pager.resize(20, 2);
  const lines = (from, count) => Array.from({ length: count }, (_, at) => `line ${from + at}`);
  pager.add(lines(0, 5000));
  pager.find("line 4000");
  const [first] = pager.rows();
  pager.add(lines(5000, 1000));
  assert.equal(pager.rows()[0].text, first.text);
  assert.equal(pager.tail(5000)[0], "line 1000");
  pager.add(lines(6000, 4000));
  assert.equal(pager.rows()[0].text, "line 5000", "what is gone cannot be looked at");
  pager.end();
  assert.equal(pager.rows()[1].text, "line 9999");
});

test("keys", async () => {
  const { actionOf, hintsIn, HINTS, MORE, typed } = await load("tui/keys");
  assert.equal(actionOf({ name: "g" }), "home");
  assert.equal(actionOf({ name: "g", shift: true }), "end");
  assert.equal(actionOf({ name: "G" }), "end");
  assert.equal(actionOf({ name: "up", shift: true }), "lineUp");
  assert.equal(actionOf({ name: "x", ctrl: true }), undefined, "that is OpenCode's");
  assert.equal(actionOf({ name: "z" }), undefined);
  assert.equal(actionOf({ name: "?", shift: true }), "help");
  for (const { key, action } of [...HINTS, ...MORE]) assert.equal(actionOf({ name: key }), action, key);
  assert.equal(hintsIn(16).map(({ key, words }) => `${key} ${words}`).join("  "), "q back  ? keys");
  assert.deepEqual(hintsIn(500), HINTS);
  const keys = [{ name: "a", sequence: "a" }, { name: "a", shift: true, sequence: "A" }, { name: "space", sequence: " " }, { name: "é", sequence: "é" }];
  assert.deepEqual(keys.map(typed), ["a", "A", " ", "é"]);
  const others = [{ name: "return", sequence: "\r" }, { name: "up", sequence: "\u001b[A" }, { name: "a", ctrl: true, sequence: "\u0001" }];
  assert.deepEqual(others.map(typed), ["", "", ""]);
});

test("sentences", async () => {
  const { alertLine, alertText, countText, draftText, foundText, headText, emptyText, placeText } = await load("tui/words");
  const failed = task({ status: "failed", reason: "exit", exitCode: 2 });
  assert.deepEqual(alertText([{ kind: "failed", task: failed }]), { title: "web failed", message: "It ended, exit 2." });
  assert.equal(alertText([{ kind: "failed", task: task({ ...failed, error: "no program a\nb" }) }]).message, "no program ab");
  const asks = task({ waitingFor: "line", prompt: "Go on? " });
  assert.deepEqual(alertText([{ kind: "asks", task: asks }]), { title: "web waits for input", message: "asks: Go on?" });
  assert.equal(alertLine([{ kind: "failed", task: failed }]), "web failed, exit 2");
  const several = [{ kind: "failed", task: failed }, { kind: "failed", task: task({ name: "build" }) }, { kind: "asks", task: asks }];
  assert.deepEqual(alertText(several), { title: "2 failed, 1 waits for input", message: "web, build, web" });
  assert.equal(alertLine(several.slice(0, 2)), "2 failed: web, build");
  assert.equal(countText({ living: 0, asking: 0 }), "");
  assert.equal(countText({ living: 3, asking: 1 }), "● 3  ? 1");
  assert.equal(draftText(task(), ["a", "b"]), 'The last output of background process abcde "web":\na\nb\n');
  assert.equal(headText(1, 3, { status: "failed", tag: "a" }), "failed #a: 1 of 3");
  assert.equal(headText(3, 3, {}), "3");
  assert.deepEqual([foundText("x", 3, true), foundText("x", 0, false), foundText("x", 0, true)], ["3 × x", "no x", "not in the last lines: x"]);
  const place = (follows, above, earlier) => placeText(follows, { above, below: 5 }, earlier);
  assert.deepEqual([place(true, 9, true), place(false, 0, false), place(false, 0, true), place(false, 1, true)], ["following", "0 above, 5 below", "hob logs has the rest", "1 above, 5 below"]);
  assert.deepEqual([emptyText(0, ""), emptyText(2, ""), emptyText(0, "no hob")], ["Nothing runs here yet.", "Nothing fits the filters.", "no hob"]);
});

/** A hob whose list is what the test says, and whose followers the test speaks for. */
function fakeHob(list) {
  const hob = { list, looks: 0, followers: [] };
  hob.ask = async (args, { signal }) => {
    signal?.throwIfAborted();
    assert.deepEqual(args, ["list", "--project", "/project", "--json"]);
    hob.looks++;
    if (hob.list instanceof Error) throw hob.list;
    return hob.list;
  };
  hob.start = (args) => {
    assert.deepEqual(args, ["events", "-f", "-n", "1", "--json"]);
    const child = Object.assign(new EventEmitter(), { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() });
    child.kill = () => ((child.killed = true), child.stdout.end());
    hob.followers.push(child);
    return child;
  };
  return hob;
}

async function watching(list) {
  const { Watch } = await load("tui/watch");
  const hob = fakeHob(list);
  const seen = { tasks: undefined, alerts: [], trouble: undefined };
  const watch = new Watch(hob, () => "/project", {
    tasks: (tasks) => (seen.tasks = tasks),
    alerts: (alerts) => seen.alerts.push(alerts.map(({ kind, task }) => `${kind} ${task.id}`).join(", ")),
    trouble: (sentence) => (seen.trouble = sentence),
  });
  watch.open();
  await until(() => seen.trouble !== undefined, "the first look");
  return { hob, seen, watch };
}

test("an event is a look; without events nothing is done while nothing lives", async () => {
  const { hob, seen, watch } = await watching([task({ status: "completed" })]);
  assert.deepEqual([hob.looks, hob.followers.length], [1, 1]);
  assert.deepEqual(process.getActiveResourcesInfo().filter((name) => name === "Timeout"), [], "no timer runs");
  watch.open();
  assert.deepEqual([hob.looks, hob.followers.length], [1, 1], "what goes on is not begun again");
  hob.list = [task({ status: "completed" }), task({ id: "fresh", status: "completed" })];
  hob.followers[0].stdout.write("{}\n");
  await until(() => seen.tasks.length === 2, "what the event told");
  watch.close();
  assert.ok(hob.followers[0].killed);
  await watch.look();
  assert.equal(seen.tasks.length, 2);
});

test("many events are few looks, and what comes during a look is not missed", async () => {
  const { hob, seen, watch } = await watching([]);
  for (let at = 0; at < 500; at++) hob.followers[0].stdout.write("{}\n");
  hob.list = [task({ status: "completed" })];
  await until(() => seen.tasks.length === 1, "the last state");
  assert.ok(hob.looks <= 4, `${hob.looks} looks`);
  watch.close();
});

test("while something lives it is looked at again", async () => {
  const { hob, seen, watch } = await watching([task()]);
  hob.list = [task({ ports: [3000] })];
  await until(() => seen.tasks[0].ports.length === 1, "a port, which nothing told");
  watch.close();
  assert.deepEqual(process.getActiveResourcesInfo().filter((name) => name === "Timeout"), [], "no timer is left");
});

test("failures and questions are told once, and none that were there before", async () => {
  const failed = { status: "failed", reason: "exit", exitCode: 1 };
  const { hob, seen, watch } = await watching([task({ id: "old", ...failed }), task({ id: "one" }), task({ id: "asked", waitingFor: "line", prompt: "Name:" })]);
  const look = async (...list) => {
    hob.list = list;
    await watch.look();
    return seen.alerts.splice(0);
  };
  assert.deepEqual(seen.alerts, []);
  assert.deepEqual(await look(task({ id: "old", ...failed }), task({ id: "one", ...failed }), task({ id: "quick", ...failed })), ["failed one, failed quick"]);
  assert.deepEqual(await look(task({ id: "one", ...failed })), []);
  assert.deepEqual(await look(task({ id: "two", status: "cancelled" })), []);
  assert.deepEqual(await look(task({ id: "repl", waitingFor: "line", prompt: ">" })), ["asks repl"]);
  assert.deepEqual(await look(task({ id: "repl" })), []);
  assert.deepEqual(await look(task({ id: "repl", waitingFor: "line", prompt: ">" })), [], "the same question again");
  assert.deepEqual(await look(task({ id: "repl", waitingFor: "password", prompt: ">" })), ["asks repl"]);
  watch.close();
});

test("a look that fails is not the last while something lives", async () => {
  const { hob, seen, watch } = await watching([task()]);
  hob.list = new Error("the disk is busy");
  await watch.look();
  assert.equal(seen.trouble, "the disk is busy");
  hob.list = [];
  await until(() => seen.tasks.length === 0, "another look, which nothing told");
  assert.equal(seen.trouble, "");
  watch.close();
  assert.deepEqual(process.getActiveResourcesInfo().filter((name) => name === "Timeout"), [], "no timer is left");
});

test("without hob the reason is known, and a later look finds it", async () => {
  const { hob, seen, watch } = await watching(new Error("hob is missing"));
  assert.equal(seen.trouble, "hob is missing");
  hob.followers[0].stdout.end();
  hob.list = [task()];
  await until(() => (watch.open(), hob.followers.length === 2), "another follower");
  await until(() => seen.tasks?.length === 1, "the task");
  assert.equal(seen.trouble, "");
  watch.close();
});

/** A program that the test speaks for. */
function fakeChild() {
  const child = Object.assign(new EventEmitter(), { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() });
  child.kill = () => (child.killed = true);
  return child;
}

test("a log is read line by line as it comes, until nobody looks any more", async () => {
  const { follow } = await load("tui/output");
  const child = fakeChild();
  const seen = [];
  const reader = { add: (...more) => seen.push(more), set: assert.fail, failed: (sentence) => seen.push(`! ${sentence}`) };
  const hob = { start: (args) => (assert.deepEqual(args, ["logs", "abcde", "-f", "--json", "-n", "2000"]), child), ask: assert.fail };
  const close = follow(hob, task(), false, reader);
  const first = JSON.stringify({ since: 0, text: "one\ntwo\n\n", unfinished: "50 %\n" });
  for (const text of [first.slice(0, 9), `${first.slice(9)}\n{"since":7,`, '"text":"","unfinished":""}\n']) child.stdout.write(text);
  await until(() => seen.length === 2, "two steps");
  assert.deepEqual(seen.splice(0), [[["one", "two", ""], ["50 %"], false], [[], [], true]]);
  child.stderr.write("it is gone\n");
  await until(() => child.stderr.readableLength === 0, "all is read");
  child.emit("close");
  assert.deepEqual(seen.splice(0), ["! it is gone"]);
  close();
  assert.ok(child.killed);
  child.stdout.write(`${first}\n`);
  await until(() => child.stdout.readableLength === 0, "all is read");
  assert.deepEqual(seen, []);
  follow({ start: () => assert.fail("hob is missing") }, task(), false, reader);
  assert.deepEqual(seen, ["! hob is missing"]);
});

test("what cannot be read is said", async () => {
  const { follow } = await load("tui/output");
  for (const fails of [(child) => child.emit("error", new Error("no more processes")), (child) => child.stdout.write("no more processes\n")]) {
    const child = fakeChild();
    const seen = [];
    follow({ start: () => child, ask: assert.fail }, task(), false, { add: assert.fail, set: assert.fail, failed: (sentence) => seen.push(sentence) });
    fails(child);
    await until(() => seen.length === 1, "the reason");
    assert.match(seen[0], /no more proc/);
  }
});

test("a screen that is being read is not read beside that", async () => {
  const { follow } = await load("tui/output");
  const child = fakeChild();
  const seen = [];
  const asked = [];
  const hob = { start: () => child, ask: () => new Promise((resolve) => asked.push(resolve)) };
  const close = follow(hob, task(), true, { add: assert.fail, set: ([line]) => seen.push(line), failed: assert.fail });
  await until(() => asked.length === 1, "the first look");
  child.stdout.write("x");
  await until(() => child.stdout.readableLength === 0, "all is read");
  assert.deepEqual(process.getActiveResourcesInfo().filter((name) => name === "Timeout"), [], "no other look is due");
  asked[0]({ text: "one" });
  await until(() => asked.length === 2, "what came meanwhile is looked at");
  asked[1]({ text: "two" });
  await until(() => seen.length === 2, "both");
  assert.deepEqual(seen, ["one", "two"]);
  close();
});

test("a screen is read again when there is something new, and not for every byte", async () => {
  const { follow } = await load("tui/output");
  const child = fakeChild();
  const seen = [];
  let text = "one\n\n";
  const hob = {
    start: (args) => (assert.deepEqual(args, ["logs", "abcde", "-f", "--raw", "--since", "7"]), child),
    ask: async (args) => (assert.deepEqual(args, ["screen", "abcde", "--json"]), { text, alternate: text === "picture" }),
  };
  const close = follow(hob, task({ cursor: 7 }), true, { add: assert.fail, set: (lines, isPicture) => seen.push([...lines, isPicture]), failed: assert.fail });
  await until(() => seen.length === 1, "the first look");
  text = "picture";
  for (let at = 0; at < 100; at++) child.stdout.write("x");
  await until(() => seen.length === 2, "another look");
  assert.deepEqual(seen, [["one", false], ["picture", true]]);
  child.stdout.write("x");
  await until(() => child.stdout.readableLength === 0, "all is read");
  close();
  assert.deepEqual(process.getActiveResourcesInfo().filter((name) => name === "Timeout"), [], "no timer is left");
});

test("what is done to a task", async () => {
  const { deafness, restart, sendLine, stop } = await load("tui/act");
  const asked = [];
  const answers = { kill: [{ id: "abcde", ended: true, left: [] }], restart: { id: "fghij" } };
  const hob = { ask: async (args) => (asked.push(args), answers[args[0]]), call: async (args, { input }) => asked.push([...args, input]) };
  assert.equal(await stop(hob, task()), 'abcde "web" was ended');
  answers.kill = [{ id: "abcde", ended: false, left: [] }];
  assert.equal(await stop(hob, task()), 'abcde "web" had ended before');
  answers.kill = [{ id: "abcde", ended: false, left: [{ pid: 1 }] }];
  await assert.rejects(stop(hob, task()), /1 of its processes could not be ended/);
  assert.equal((await restart(hob, task())).id, "fghij");
  asked.length = 0;
  await sendLine(hob, task({ pty: { cols: 80, rows: 24 } }), "yes");
  await sendLine(hob, task({ stdin: true }), "yes");
  assert.deepEqual(asked, [["send", "abcde", "-", "--key", "Enter", "yes"], ["send", "abcde", "-", "yes\n"]]);
  assert.match(deafness(task()), /reads no input/);
  assert.match(deafness(task({ status: "failed", stdin: true })), /does not run/);
  assert.equal(deafness(task({ stdin: true })), undefined);
});

test("a captured screen as a picture", () => {
  const screen = "\u001b[1;38;2;255;0;16ma<b\u001b[0m c\u001b[48;5;232m  \nd\u001b[49;34m e\n";
  const [first, second] = rowsOf(screen);
  assert.deepEqual(first.map(({ x, text }) => [x, text]), [[0, "a<b"], [3, " c"], [5, "  "]]);
  assert.deepEqual([first[0].fg, first[0].bold, first[1].bold, first[2].bg], ["#ff0010", true, undefined, "#080808"]);
  assert.equal(second[0].bg, "#080808", "a look holds over the end of a row");
  assert.equal(second[1].bg, first[0].bg);
  const svg = svgOf(screen, 10);
  assert.match(svg, /^<svg [^]*<text x="12" y="25" textLength="25.2" fill="#ff0010" font-weight="bold" xml:space="preserve">a&lt;b<\/text>[^]*<\/svg>\n$/);
  assert.match(svg, /<rect x="54" y="12" width="16.8" height="18" fill="#080808"\/>/);
});
