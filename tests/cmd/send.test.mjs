// hob send: text, keys, bytes and the end of input, to a terminal and to a pipe.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { refused, usage } from "./lib/asking.mjs";
import { digestOfFile, digestOfProp } from "./lib/bytes.mjs";
import { newLab } from "./lib/lab.mjs";
import { alive, children, signal, stat } from "./lib/processes.mjs";
import { prop, quote } from "./lib/programs.mjs";
import { send } from "./lib/terminal.mjs";
import { waitUntil } from "./lib/wait.mjs";

const MiB = 1 << 20;

/** A task on a terminal that says what it gets, byte by byte, in hexadecimal; `first` is what it writes before. */
async function hexOnTerminal(lab, count, first = "") {
  const line = `stty raw -echo; printf '%bready.' ${quote(first)}; head -c ${count} | od -An -v -tx1`;
  const id = await lab.run(["--pty", "-c", line]);
  await waitUntil(async () => (await lab.raw(id)).endsWith("ready."), "it reads");
  return id;
}

const hex = async (lab, id) => {
  await lab.ended(id);
  return (await lab.raw(id)).split("ready.")[1].match(/[0-9a-f]{2}/g).join("");
};

test("a pipe: text, keys, stdin and the end, in the order of the words", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--stdin", "-n", "cat", "--", "cat"]);
  assert.match(await lab.must(["show", id]), /^stdin +a pipe$/m);
  const first = await lab.must(["send", "cat", "--text", "a", "--key", "enter", "-", "--key", "TAB", "--text=-b"], { input: "from\0stdin" });
  assert.equal(first, `${id} cat took 15 bytes; hob logs ${id} --since 0 shows what it wrote since\n`);
  await lab.until(id, (task) => task.outputBytes === 15);
  assert.deepEqual(await send(lab, id, "--text", "more\n"), { id, bytes: 5, cursor: 15 });
  assert.equal(await lab.must(["send", id, "--eof"]), `${id} cat took 0 bytes and the end; hob logs ${id} --since 20 shows what it wrote since\n`);
  const task = await lab.ended(id);
  assert.deepEqual([task.status, await lab.raw(id)], ["completed", "a\nfrom\0stdin\t-bmore\n"]);
});

test("a terminal: every key, as xterm sends it", async (t) => {
  const lab = newLab(t);
  const named = {
    Enter: "0d", Tab: "09", Escape: "1b", Up: "1b5b41", Down: "1b5b42", Right: "1b5b43", Left: "1b5b44",
    Home: "1b5b48", End: "1b5b46", PageUp: "1b5b357e", PageDown: "1b5b367e", Backspace: "7f", Delete: "1b5b337e",
    F1: "1b4f50", F4: "1b4f53", F5: "1b5b31357e", F12: "1b5b32347e", "ctrl-a": "01", "Ctrl-Z": "1a",
    "alt-x": "1b78", "ALT-X": "1b58", "alt-enter": "1b0d", q: "71", "alt-ä": "1bc3a4",
  };
  const bytes = Object.values(named).join("");
  const id = await hexOnTerminal(lab, bytes.length / 2);
  const { bytes: taken } = await send(lab, id, ...Object.keys(named).flatMap((name) => ["--key", name]));
  assert.equal(taken, bytes.length / 2);
  assert.equal(await hex(lab, id), bytes);
});

test("the cursor keys are those that the program on the terminal asked for last", async (t) => {
  const lab = newLab(t);
  const keys = ["Up", "Down", "Right", "Left", "Home", "End", "alt-Up", "F1"].flatMap((name) => ["--key", name]);
  const plain = "1b5b411b5b421b5b431b5b441b5b481b5b461b1b5b411b4f50";
  const other = "1b4f411b4f421b4f431b4f441b4f481b4f461b1b4f411b4f50";
  for (const [first, expected] of [
    ["\\033[?1l", plain],
    ["\\033[?1h\\033=", other],
    ["\\033[?1h\\033[?1l\\033[?1049h", plain],
    ["\\033[?25;1h\\033[?11l\\033[1l", other],
    ["\\033[?1h\\033c", plain],
    ["\\033[?1h\\033[!p", plain],
  ]) {
    const id = await hexOnTerminal(lab, expected.length / 2, first);
    await send(lab, id, ...keys);
    assert.equal(await hex(lab, id), expected, first);
  }
});

test("what the program asked for long ago still holds", async (t) => {
  const lab = newLab(t);
  const line = `stty raw -echo; printf '\\033[?1h'; ${prop("write", 3 * MiB, 65536).map(quote).join(" ")}; printf ready.; head -c 3 | od -An -tx1`;
  const id = await lab.run(["--pty", "-c", line]);
  await lab.until(id, (task) => task.outputBytes === 3 * MiB + 5 + 6);
  await send(lab, id, "--key", "up");
  assert.equal(await hex(lab, id), "1b4f41");
});

test("wrong words send nothing", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--stdin", "--", "cat"]);
  await usage(lab, ["send"], /send wants an ID/);
  await usage(lab, ["send", id], /send wants something to send/);
  await usage(lab, ["send", id, "x"], /takes one ID, 'x' is too much/);
  await usage(lab, ["send", id, "-", "-"], /stdin can be sent once only/);
  await usage(lab, ["send", id, "--key", "Foo"], /no key 'Foo': Enter Tab Escape .* F1 to F12, ctrl-a to ctrl-z, alt-x/);
  for (const key of ["", "ctrl-1", "ctrl-", "alt-", "F0", "F13", "alt-alt-x", "ctrl-ab", "xy", "\x01"])
    await usage(lab, ["send", id, "--text", "a", "--key", key], /no key '/);
  await usage(lab, ["send", id, "--eof", "--text", "x"], /nothing can follow the end of a pipe/);
  await refused(lab, 3, ["send", "nobody", "--text", "x"], /nobody/);
  assert.equal((await lab.show(id)).outputBytes, 0);
});

test("a task that reads nothing, or has ended, or whose input has ended, is told in a sentence", async (t) => {
  const lab = newLab(t);
  const deaf = await lab.run(["-n", "deaf", "--", ...prop("wait")]);
  await refused(lab, 1, ["send", "deaf", "--text", "x"], /task deaf reads nothing: it was started without --pty or --stdin/);
  const gone = await lab.run(["--pty", "--", "true"]);
  await lab.ended(gone);
  await refused(lab, 5, ["send", gone, "--text", "x"], new RegExp(`task ${gone} has ended \\(completed, exit 0\\)`));
  const over = await lab.run(["--stdin", "-c", `cat; exec ${prop("wait").join(" ")}`]);
  await send(lab, over, "--text", "x", "--eof");
  await lab.until(over, (task) => task.outputBytes === 1);
  await refused(lab, 1, ["send", over, "--text", "y"], /the input of task .* has ended \(--eof\)/);
  await refused(lab, 1, ["send", over, "--eof"], /the input of task .* has ended \(--eof\)/);
  const closed = await lab.run(["--stdin", "-c", `exec <&-; echo closed; exec ${prop("wait").join(" ")}`]);
  await lab.until(closed, (task) => task.outputBytes === 7);
  await refused(lab, 1, ["send", closed, "--text", "y"], /took 0 of 1 bytes: it has closed its input/);
  assert.ok(alive((await lab.show(deaf)).pid));
});

test("a leftover can still be sent to", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--stdin", "-c", "exec 3<&0; cat <&3 & exit 4"]);
  await lab.ended(id);
  await send(lab, id, "--text", "still here", "--eof");
  const task = await lab.until(id, (now) => !now.leftover && now.outputBytes > 0);
  assert.deepEqual([task.exitCode, task.output], [4, "still here\n"]);
});

test("more than 64 MiB on stdin are refused before anything is sent", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--stdin", "cat"]);
  const { code, stderr } = await lab.hob(["send", id, "-"], { input: Buffer.alloc((64 << 20) + 1, "x") });
  assert.deepEqual([code, stderr], [1, "hob send: stdin has more than 64 MiB: give the task a file\n"]);
  await send(lab, id, "--text", "y", "--eof");
  await lab.ended(id);
  assert.equal(await lab.raw(id), "y");
});

test("a task that does not read blocks neither send nor its keeper; how much it took is told", async (t) => {
  const lab = newLab(t);
  const input = "x".repeat(100_000);
  const pipe = await lab.run(["--stdin", "-n", "pipe", "--", ...prop("wait")]);
  await refused(lab, 1, ["send", "pipe", "--text", input], /task pipe took 65536 of 100000 bytes: it does not read its input/);
  const { code, stdout } = await lab.hob(["send", "pipe", "--key", "Enter", "--json"]);
  assert.deepEqual([code, stdout], [1, ""]);
  const raw = await lab.run(["--pty", "-n", "raw", "-c", `stty raw -echo; echo ready; exec ${prop("wait").join(" ")}`]);
  await lab.until(raw, (task) => task.lines === 1);
  const end = await lab.hob(["send", "raw", "-", "--json"], { input });
  assert.equal(end.code, 1);
  const { bytes } = JSON.parse(end.stdout);
  assert.ok(bytes >= 4095 && bytes < 100_000, String(bytes));
  assert.match(end.stderr, new RegExp(`task raw took ${bytes} of 100000 bytes: it does not read its input`));
  for (const id of [pipe, raw]) await lab.kill(id, "--grace", "0");
});

test("a line that the kernel would cut is refused as a whole; the longest one is not", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--pty", "-c", "stty -echo; echo ready; read -r line; echo ${#line}; read -r line; echo ${#line}"]);
  await lab.until(id, (task) => task.lines === 1);
  await refused(lab, 1, ["send", id, "--text", "x".repeat(4095), "--key", "Enter"], /by lines, and those have 4095 bytes at most: nothing was sent/);
  await send(lab, id, "--text", `${"y".repeat(4094)}\n${"z".repeat(4094)}`, "--key", "Enter");
  await lab.ended(id);
  assert.equal(await lab.raw(id), "ready\r\n4094\r\n4094\r\n");
});

test("1 MiB to tasks that read slowly arrives whole", async (t) => {
  const lab = newLab(t);
  const input = path.join(lab.work, "input");
  await lab.spawn(["sh", "-c", `exec "$@" >${quote(input)}`, "sh", ...prop("write", MiB, 65536)]).done;
  // Blocks of 4 KiB with a program started in between.
  const slowly = (file) => `i=0; while [ $i -lt 256 ]; do dd bs=4096 count=1 iflag=fullblock 2>/dev/null; i=$((i+1)); done >${file}`;
  const pipe = await lab.run(["--stdin", "-c", slowly("pipe")]);
  const terminal = await lab.run(["--pty", "-c", `stty raw -echo; echo ready; ${slowly("terminal")}`]);
  await lab.until(terminal, (task) => task.lines === 1);
  const data = fs.readFileSync(input);
  await Promise.all([pipe, terminal].map((id) => lab.must(["send", id, "-"], { input: data })));
  for (const id of [pipe, terminal]) assert.equal((await lab.ended(id)).exitCode, 0);
  for (const file of ["pipe", "terminal"])
    assert.equal(await digestOfFile(path.join(lab.work, file)), await digestOfProp("write", MiB, 65536), file);
});

test("a password is asked for without echo, and answered", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--pty", "--", "bash", "-c", 'read -rsp "Password: " p; echo; echo "${#p} characters"; exec cat']);
  await lab.until(id, (task) => task.outputBytes === 10);
  const { cursor } = await send(lab, id, "--text", "geheim", "--key", "Enter");
  assert.equal(cursor, 10);
  await lab.until(id, (task) => task.output === "Password:\n6 characters\n" || task.output === "Password: \n6 characters\n");
  // Where there is echo, it is part of the output.
  await send(lab, id, "--text", "seen", "--key", "Enter");
  await waitUntil(async () => (await lab.raw(id)).endsWith("seen\r\nseen\r\n"), "echo and answer");
  await send(lab, id, "--eof");
  assert.equal((await lab.ended(id)).exitCode, 0);
});

test("--eof ends the input of a terminal also behind a line that the same send began", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--pty", "-c", "stty -echo; echo ready; cat; echo over; cat; echo out"]);
  await lab.until(id, (task) => task.lines === 1);
  await send(lab, id, "--text", "half a line", "--eof");
  await lab.until(id, (task) => task.output === "ready\nhalf a lineover\n");
  await send(lab, id, "--text", "whole", "--key", "Enter", "--eof");
  assert.equal((await lab.ended(id)).output, "ready\nhalf a lineover\nwhole\nout\n");
});

test("an interactive shell: ctrl-c interrupts the foreground job, ctrl-z stops it, fg goes on", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--pty", "-e", "PS1=$ ", "--", "bash", "--norc", "--noprofile", "-i"]);
  await waitUntil(async () => (await lab.raw(id)).endsWith("$ "), "the prompt");
  const { pid } = await lab.show(id);
  const job = () => children(pid).map(stat).find((one) => one?.name === "sleep");
  await send(lab, id, "--text", "sleep 1000", "--key", "Enter");
  const first = await waitUntil(job, "the job runs");
  await send(lab, id, "--key", "ctrl-c");
  await waitUntil(() => !alive(first), "it is interrupted");
  await send(lab, id, "--text", "sleep 1001; echo code $?", "--key", "Enter");
  const second = await waitUntil(job, "the next one runs");
  assert.ok(second.pgid !== pid && second.sid === pid);
  await send(lab, id, "--key", "ctrl-z");
  await waitUntil(() => stat(second.pid)?.state === "T", "it is stopped");
  await send(lab, id, "--text", "fg", "--key", "Enter");
  await waitUntil(() => stat(second.pid)?.state === "S", "it goes on");
  await send(lab, id, "--key", "ctrl-c");
  await waitUntil(() => !alive(second), "it is interrupted");
  await send(lab, id, "--text", "exit 6", "--key", "Enter");
  assert.equal((await lab.ended(id)).exitCode, 6);
});

test("a REPL is driven line by line, and the cursor shows its answer only", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--pty", "--", "python3", "-q"]);
  await waitUntil(async () => (await lab.raw(id)).endsWith(">>> "), "the prompt");
  const ask = async (text) => {
    const { cursor } = await send(lab, id, "--text", text, "--key", "Enter");
    return waitUntil(async () => {
      const answer = await lab.must(["logs", id, "--since", cursor, "--raw"]);
      return answer.endsWith("\r\n>>> ") && answer.split("\r\n")[1];
    }, text);
  };
  assert.equal(await ask("6 * 7"), "42");
  assert.equal(await ask("'ä' * 3"), "'äää'");
  await send(lab, id, "--eof");
  assert.equal((await lab.ended(id)).exitCode, 0);
});

test("less and vim are started and quit by keys", async (t) => {
  const lab = newLab(t);
  const file = path.join(lab.work, "lines");
  fs.writeFileSync(file, Array.from({ length: 100 }, (_, i) => `line ${i + 1}\n`).join(""));
  const less = await lab.run(["--pty", "-e", "LESS=", "--", "less", file]);
  const shows = async (id, text) => (await lab.raw(id)).includes(text);
  await waitUntil(() => shows(less, "line 23"), "less shows the first page");
  await send(lab, less, "--key", "Down");
  await waitUntil(() => shows(less, "line 24"), "and goes down");
  await send(lab, less, "--key", "q");
  assert.equal((await lab.ended(less)).exitCode, 0);

  const vim = await lab.run(["--pty", "--", "vim", "-u", "NONE", "-N", file]);
  await waitUntil(() => shows(vim, "line 20"), "vim shows the file");
  await send(lab, vim, "--key", "Down", "--key", "Down", "--text", "Ahello", "--key", "Escape", "--text", ":wq", "--key", "Enter");
  assert.equal((await lab.ended(vim)).exitCode, 0);
  assert.equal(fs.readFileSync(file, "utf8").split("\n")[2], "line 3hello");
});

test("many at once: no send's bytes are mixed with another's, and none is lost", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--stdin", "-c", "cat >got; sync got"]);
  await Promise.all(Array.from({ length: 20 }, (_, i) => send(lab, id, "--text", `${String(i).repeat(3000)}\n`)));
  await send(lab, id, "--eof");
  await lab.ended(id);
  const got = fs.readFileSync(path.join(lab.work, "got"), "utf8").trimEnd().split("\n");
  assert.deepEqual(got.sort(), Array.from({ length: 20 }, (_, i) => String(i).repeat(3000)).sort());
});

test("keepers are killed at any moment: each send arrives once, and their deaths are no end of input", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--stdin", "-c", "cat >got"]);
  const { pid } = await lab.show(id);
  let stop = false;
  const killer = (async () => {
    let kills = 0;
    for (let last = {}; !stop; kills++) {
      const { keeper, guard } = await lab.bothKeepers(id, last);
      // Now and then the guard: then the keeper takes its place.
      last = kills % 8 === 7 ? { guard, keeper } : { keeper };
      signal(last.guard ?? keeper);
    }
    return kills;
  })();
  for (let i = 0; i < 100; i++) await send(lab, id, "--text", `${i}\n`);
  stop = true;
  assert.ok((await killer) >= 20);
  assert.ok(alive(pid), "no killed keeper was taken for the end");
  await lab.bothKeepers(id);
  await send(lab, id, "--eof");
  await lab.ended(id);
  assert.equal(fs.readFileSync(path.join(lab.work, "got"), "utf8"), Array.from({ length: 100 }, (_, i) => `${i}\n`).join(""));
});

test("the end that was sent stays sent when keepers die", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--stdin", "-c", "until [ -e go ]; do sleep 0.02; done; cat; echo over"]);
  await send(lab, id, "--text", "x", "--eof");
  const before = await lab.bothKeepers(id);
  signal(before.keeper);
  const after = await lab.bothKeepers(id, { keeper: before.keeper });
  await refused(lab, 1, ["send", id, "--text", "y"], /has ended \(--eof\)/);
  signal(after.guard);
  await lab.bothKeepers(id, after);
  fs.writeFileSync(path.join(lab.work, "go"), "");
  assert.equal((await lab.ended(id)).output, "xover\n");
});

test("a keeper that is stopped is waited for, but not for long", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--stdin", "--", "cat"]);
  const { keeper } = await lab.bothKeepers(id);
  signal(keeper, "SIGSTOP");
  await refused(lab, 1, ["send", id, "--text", "x"], /the keeper of task .* does not answer/);
  signal(keeper, "SIGCONT");
  await send(lab, id, "--text", "y", "--eof");
  assert.equal((await lab.ended(id)).output, "y\n");
});
