// What people see: aligned columns, colour on a terminal only, and nothing in a name that could harm one.
// How the golden files are made anew: lib/golden.mjs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { onTerminal, sql } from "./lib/asking.mjs";
import { golden } from "./lib/golden.mjs";
import { newLab } from "./lib/lab.mjs";

const HOUR = 3_600_000;
const EVIL = "e\x1b[31mvil\n\tna\x07me\x7f\u202e\u0085\r";
const ESCAPED = "e\\x1b[31mvil\\n\\tna\\x07me\\x7f\\u202e\\x85\\r";

/** One task of every kind, with times that do not change while the test runs. */
async function filled(t) {
  const lab = newLab(t);
  const run = (id, ...words) => lab.run(["--id", id, ...words]);
  await run("runs", "-n", "web", "-t", "server", "-t", "dev", "sleep", "1000");
  await lab.ended(await run("done", "-n", "build", "sh", "-c", "seq 25; exit 0"));
  await lab.ended(await run("failed", "-S", "ses_1", "--created-by", "ses_2", "sh", "-c", "echo broken >&2; exit 3"));
  await run("killed", "-n", "äöü€ 😀", "-t", "été", "sleep", "1000");
  await lab.kill("killed");
  await lab.ended(await run("segv", "sh", "-c", "ulimit -c 0; kill -SEGV $$"));
  await lab.ended(await run("late", "--timeout", "0.1", "sleep", "1000"));
  await lab.ended(await run("left", "sh", "-c", "sleep 1001 & exit 1"));
  await lab.hob(["run", "--id", "none", "no-such-program"]);
  await lab.ended(await run("evil", "-n", EVIL, "-t", "tag\x1b]0;x\x07", "echo", "two\nlines", "\x1b[2J"));
  const start = Date.now() - 76.5 * HOUR;
  await sql(lab, `UPDATE tasks SET created_ms = ${start}, started_ms = (started_ms <> 0) * ${start}`);
  return lab;
}

/** The memory of a task is never twice the same. */
const withoutMemory = (text) => text.replace(/ \d+[KM] +/g, (memory) => " MEM".padEnd(memory.length));

test("list is aligned by characters, and its last column is not cut", async (t) => {
  const lab = await filled(t);
  const text = await lab.must(["list"]);
  golden("list.txt", withoutMemory(text));
  const [heading, ...rows] = text.trimEnd().split("\n");
  const at = [...heading.matchAll(/\S+/g)].map((match) => match.index);
  for (const row of rows) {
    const characters = [...row];
    for (const column of at.slice(1)) assert.match(characters.slice(column - 2, column + 1).join(""), /^  \S$/, row);
  }
});

test("show is aligned; times, pids and folders aside", async (t) => {
  const lab = await filled(t);
  await sql(
    lab,
    "UPDATE tasks SET started_ms = 1795336200123, completed_ms = 1795336201456, pid = 4711 WHERE completed_ms <> 0 AND started_ms <> 0 AND NOT leftover",
  );
  const seen = [];
  for (const id of ["runs", "done", "failed", "killed", "segv", "late", "left", "none", "evil"]) {
    const text = (await lab.must(["show", id])).replaceAll(lab.dir, "/lab");
    const moving = /^((?:pid|processes|leftover) +|started +|ended +)(?!4711$|2026-11-22T08:30:0[01])(\d\S*)(.*)$/gm;
    seen.push(
      text.replace(/^uses .*$/m, "uses      USE").replaceAll(moving, (_, label, value, rest) => `${label}${value.includes("T") ? "TIME" : "PID"}${rest}`),
    );
  }
  golden("show.txt", seen.join("----\n"));
});

test("what is written to a pipe has no escape at all", async (t) => {
  const lab = await filled(t);
  const env = { TERM: "xterm", NO_COLOR: undefined };
  for (const args of [
    ["list"],
    ["list", "-q"],
    ["show", "evil"],
    ["events"],
    ["kill", "evil"],
    ["wait", "evil"],
    ["logs", "evil"],
  ]) {
    const { stdout, stderr } = await lab.hob(args, { env });
    assert.doesNotMatch(stdout + stderr, /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/, args.join(" "));
  }
});

test("names, tags and commands are escaped wherever they stand", async (t) => {
  const lab = newLab(t);
  const words = [
    "--id",
    "evil",
    "-n",
    EVIL,
    "-t",
    EVIL,
    "-S",
    EVIL,
    "-C",
    lab.dir,
    "sh",
    "-c",
    `: ${EVIL}\nsleep 1000`,
  ];
  await lab.run(words);
  const list = await lab.must(["list"]);
  assert.equal(list.split("\n").length, 3);
  assert.equal(list.split(ESCAPED).length, 4, "name, tag, command");
  const show = await lab.must(["show", "evil"]);
  for (const label of ["name", "tags", "session"]) assert.ok(show.includes(`\n${label.padEnd(9)} ${ESCAPED}\n`), label);
  assert.match(show, /^command   sh -c ': .*\\nsleep 1000'$/m);
  assert.ok((await lab.must(["events"])).includes(`started  evil   ${ESCAPED}\n`));
  const kill = await lab.must(["kill", "evil"]);
  assert.ok(kill.startsWith(`evil ${ESCAPED} ended (`), kill);
});

test("a command of any length takes 2,000 characters; JSON has it whole", async (t) => {
  const lab = newLab(t);
  const line = `: ${"ü".repeat(100_000)}`;
  await lab.ended(await lab.run(["--id", "a", "-c", "-"], { input: line }));
  assert.match(await lab.must(["list"]), /^a .* : ü{1997}…$/m);
  assert.match(await lab.must(["show", "a"]), /^command   : ü{1997}…$/m);
  assert.equal((await lab.show("a")).command, line);
});

test("error sentences, too", async (t) => {
  const lab = newLab(t);
  for (const args of [
    ["show", EVIL],
    ["list", "--status", EVIL],
    ["run", EVIL],
    ["run", "--id", EVIL, "true"],
    ["list", `--${EVIL}`],
    [EVIL],
  ]) {
    const { code, stderr } = await lab.hob(args);
    assert.notEqual(code, 0);
    assert.ok(stderr.includes("e\\x1b[31mvil\\n\\tna"), stderr);
    assert.equal(stderr.indexOf("\n"), stderr.length - 1);
  }
});

test("events: a line each", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "abcde", "-n", "web", "sh", "-c", "echo OPENCODE_NOTIFY:hello; exit 3"]));
  const lines = (await lab.must(["events"])).split("\n");
  const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
  assert.match(lines[0], new RegExp(`^     1  ${time}  started  abcde  web$`));
  assert.match(lines[1], new RegExp(`^     2  ${time}  notify   abcde  web  hello$`));
  assert.match(lines[2], new RegExp(`^     3  ${time}  exit     abcde  web  failed, exit 3$`));
  assert.deepEqual(lines.slice(3), [""]);
});

// ---- terminals ----

test("a terminal gets colours, in columns that are aligned without them", async (t) => {
  const lab = await filled(t);
  const text = await onTerminal(lab, ["list"], { columns: 200 });
  for (const [status, code] of [
    ["running", 32],
    ["failed", 31],
    ["cancelled", 33],
  ])
    assert.ok(text.includes(`\x1b[${code}m${status}\x1b[0m`), status);
  assert.ok(!/\x1b\[\d+mcompleted/.test(text), "what is well needs no colour");
  assert.equal(withoutMemory(text.replaceAll(/\x1b\[\d+m/g, "")), withoutMemory(await lab.must(["list"])));
  assert.match(await onTerminal(lab, ["show", "failed"]), /^status    \x1b\[31mfailed\x1b\[0m, exit 3$/m);
});

test("NO_COLOR and TERM=dumb are obeyed; an empty NO_COLOR is none", async (t) => {
  const lab = await filled(t);
  const plain = withoutMemory(await lab.must(["list"]));
  const text = async (env) => withoutMemory(await onTerminal(lab, ["list"], { columns: 200, env }));
  assert.equal(await text({ NO_COLOR: "1" }), plain);
  assert.equal(await text({ TERM: "dumb" }), plain);
  assert.notEqual(await text({ NO_COLOR: "" }), plain);
});

test("on a terminal the last column is cut at its width, and says so", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "a", "true", "x".repeat(300)]));
  for (const columns of [60, 80, 132]) {
    const [, row] = (await onTerminal(lab, ["list"], { columns, env: { NO_COLOR: "1" } })).split("\n");
    assert.equal([...row].length, columns);
    assert.match(row, /true x+…$/);
  }
  // Too narrow for anything: whole lines are better than none.
  assert.match(await onTerminal(lab, ["list"], { columns: 20, env: { NO_COLOR: "1" } }), /true x{300}/);
});

test("help and JSON have no colour anywhere", async (t) => {
  const lab = await filled(t);
  for (const args of [
    ["help"],
    ["help", "run"],
    ["list", "--json"],
    ["show", "failed", "--json"],
    ["events", "--json"],
  ])
    assert.doesNotMatch(await onTerminal(lab, args), /\x1b/, args.join(" "));
});
