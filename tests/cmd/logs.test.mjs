// hob logs: which part of the output, and in which form. The cleaner's own rules are in tests/unit/test_clean.c.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { usage } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { HOB, prop, quote } from "./lib/programs.mjs";

const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => `${from + i}\n`).join("");

/** A lab with one ended task "a", which ran WORDS; and a function that reads its log. */
async function written(t, ...words) {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "a", ...words]));
  return { lab, logs: (...args) => lab.must(["logs", "a", ...args]) };
}

test("the last 100 lines unless asked otherwise; what is left out is named", async (t) => {
  const { logs } = await written(t, "seq", "1000");
  const left = (lines, bytes, from, to) =>
    `[… ${lines} lines (${bytes} bytes) left out: --since ${from} --until ${to} …]\n`;
  assert.equal(await logs(), left(900, "3,492", 0, 3492) + numbers(901, 1000));
  assert.equal(await logs("-n", "2"), left(998, "3,884", 0, 3884) + numbers(999, 1000));
  assert.equal(await logs("--lines=1000"), numbers(1, 1000));
  assert.equal(await logs("--head", "2"), numbers(1, 2) + left(998, "3,889", 4, 3893));
  assert.equal(await logs("--since", "3884"), numbers(999, 1000));
  assert.equal(await logs("--since", "0", "--until", "4"), numbers(1, 2));
  assert.equal(await logs("--since", "0", "--until", "999999"), numbers(1, 1000));
  assert.equal(await logs("-n", "0"), left("1,000", "3,893", 0, 3893));
});

test("every omission can be read by the cursors that it names", async (t) => {
  const { logs } = await written(t, "seq", "100000");
  let text = await logs("--head", "5");
  for (let rounds = 0; text.includes("left out"); rounds++) {
    assert.ok(rounds < 1000);
    const [whole, since, until] = /\[… [^\n]*--since (\d+) --until (\d+) …\]\n/.exec(text);
    const part = await logs("--since", since, "--until", until, "--max-bytes", "200K");
    text = text.replace(whole, () => part);
  }
  assert.equal(text, numbers(1, 100000));
});

test("a cursor never changes its meaning, and a page of nothing is empty", async (t) => {
  const { lab, logs } = await written(t, "printf", "ä€\nsecond\nthird");
  const all = Buffer.from("ä€\nsecond\nthird");
  for (let at = 0; at <= all.length; at++) {
    const [head, tail] = [
      ["--since", 0, "--until", at],
      ["--since", at],
    ].map((args) => logs(...args, "--raw"));
    if (at > 0) assert.equal(await head, all.subarray(0, at).toString());
    assert.equal(await tail, all.subarray(at).toString());
    assert.equal(await logs("--since", at, "--until", at), "", `--since ${at} --until ${at}`);
  }
  await usage(lab, ["logs", "a", "--since", 19], /cursor 19 is beyond the end of the log, which is 18/);
  await usage(lab, ["logs", "a", "--since", 9, "--until", 8], /--until 8 lies before --since 9/);
});

test("--max-bytes keeps head and tail within the budget, and names the middle", async (t) => {
  const { logs } = await written(t, "seq", "100000");
  assert.ok(Buffer.byteLength(await logs("-n", "100000")) <= 16384);
  for (const size of ["2000", "4K", "64K"]) {
    const text = await logs("-n", "100000", "--max-bytes", size);
    assert.ok(Buffer.byteLength(text) <= (size.endsWith("K") ? 1024 * parseInt(size) : size), size);
    assert.match(text, /^1\n2\n(.*\n)*\[… [\d,]+ lines \([\d,]+ bytes\) left out: .*\]\n(.*\n)*99999\n100000\n$/, size);
  }
  assert.equal(await logs("-n", "100000", "--max-bytes", "0"), numbers(1, 100000));
});

test("200,000 updates of a bar cost little, hold the final state and name what was left out", async (t) => {
  const lab = newLab(t);
  const bar = '"[%-20s] %d", substr("####################", 1, i / 10000), i';
  const scripts = {
    row: `BEGIN { print "start"; for (i = 1; i <= 200000; i++) printf "\\r" ${bar}; print ""; print "end" }`,
    rows: `BEGIN { print "start"; for (i = 1; i <= 200000; i++) {
      if (i % 4 == 1 && i > 1) printf "\\033[4A"; printf "\\033[2K" ${bar}; print "" } print "end" }`,
  };
  for (const [id, script] of Object.entries(scripts)) {
    await lab.must(["run", "--id", id, "--wait", "awk", script]);
    const { text, omitted } = await lab.json(["logs", id]);
    assert.ok(text.length < 500, text);
    assert.ok(text.startsWith("start\n[####"), text);
    assert.match(text, /\n\[#{20}\] 200000 \[… [\d,]+ redraws: --raw --since 6 --until \d+ …\]\nend\n$/);
    assert.deepEqual(
      omitted.map((one) => [one.reason, one.since, one.count]),
      [["redrawn", 6, id === "row" ? 199999 : 199996]],
    );
  }
});

test("100 long lines are 16 KiB at most, in logs and in show", async (t) => {
  const { lab, logs } = await written(t, "sh", "-c", "for i in $(seq 200); do printf '%s %0500d\\n' $i 0; done");
  for (const text of [await logs(), (await lab.show("a", "-n", "100")).output]) {
    assert.ok(Buffer.byteLength(text) <= 16384);
    assert.match(text, /^\[… 100 lines \([\d,]+ bytes\) left out: --since 0 /);
    assert.match(text, /\n101 0+\n[^]*\n\[… \d+ lines \([\d,]+ bytes\) left out: [^]*\n200 0+\n$/);
  }
});

test("what programs write to terminals comes out readable", async (t) => {
  const script = String.raw`printf '\033[1;31mred\033[0m\n'; printf '10%%\r55%%\r100%%\n'; printf 'a\bb\n';
    printf '\377\303\n'; printf 'same\nsame\nsame\n'; printf '\033]0;title\007last'`;
  const { logs } = await written(t, "sh", "-c", script);
  assert.equal(await logs(), "red\n100%\nb\n\ufffd\ufffd\nsame … ×3\nlast\n");
});

test("long lines are cut and name what shows the rest", async (t) => {
  const { logs } = await written(t, "sh", "-c", "head -c 5000 /dev/zero | tr '\\0' x; echo; echo end");
  const text = await logs();
  assert.equal(text, `${"x".repeat(2000)} [… 3,000 characters cut: --since 2000 --until 5001 …]\nend\n`);
  assert.match(
    await logs("--since", "2000", "--until", "5001", "--max-bytes", "0"),
    /^x{2000} \[… 1,000 characters cut/,
  );
});

test("--raw: the bytes", async (t) => {
  const lab = newLab(t);
  const bytes = Buffer.from(Array.from({ length: 256 * 300 }, (_, i) => i % 256));
  const octal = Array.from({ length: 256 }, (_, i) => `\\${i.toString(8).padStart(3, "0")}`).join("");
  await lab.ended(await lab.run(["--id", "b", "sh", "-c", `for i in $(seq 300); do printf '${octal}'; done`]));
  const raw = (...args) => execFileSync(HOB, ["logs", "b", "--raw", ...args], { env: lab.env, maxBuffer: 1 << 20 });
  assert.ok(raw().equals(bytes), "all of it, without a budget");
  assert.ok(raw("--since", "1000", "--until", "2000").equals(bytes.subarray(1000, 2000)));
  assert.ok(raw("--since", "1000", "--max-bytes", "10").equals(bytes.subarray(1000, 1010)));
  // A line is 256 bytes that end behind a 10.
  const lineEnd = 256 * 299 + 11;
  assert.ok(raw("-n", "2").equals(bytes.subarray(lineEnd - 256)));
  assert.ok(raw("--head", "1").equals(bytes.subarray(0, 11)));
});

test("--time: when each line came, in local time", async (t) => {
  const { lab, logs } = await written(t, "sh", "-c", "echo one; echo two");
  const { startedAt } = await lab.show("a");
  const text = await lab.must(["logs", "a", "--time"], { env: { TZ: "UTC" } });
  assert.match(text, /^\d\d:\d\d:\d\d\.\d{3} one\n\d\d:\d\d:\d\d\.\d{3} two\n$/);
  const seconds = (time) => time.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  const apart = seconds(text.slice(0, 12)) - seconds(startedAt.slice(11, 23));
  assert.ok((apart + 86400) % 86400 < 600, `${startedAt}: ${text}`);
  const there = await lab.must(["logs", "a", "--time"], { env: { TZ: "XXX-5:30" } });
  assert.equal((seconds(there.slice(0, 12)) - seconds(text.slice(0, 12)) + 86400) % 86400, 5.5 * 3600);
  assert.equal(await logs("--since", "0"), "one\ntwo\n");
});

test("--json: text, cursors, what was left out", async (t) => {
  const { lab, logs } = await written(t, "seq", "1000");
  const json = async (...args) => JSON.parse(await logs("--json", ...args));
  const keys = ["id", "status", "text", "since", "cursor", "end", "lines", "omitted"];
  const page = await json("-n", "2");
  assert.deepEqual(Object.keys(page).sort(), [...keys].sort());
  const omission = { reason: "leftOut", since: 0, until: 3884, lines: 998, count: 3884 };
  const note = "[… 998 lines (3,884 bytes) left out: --since 0 --until 3884 …]\n";
  const wanted = {
    id: "a",
    status: "completed",
    text: `${note}999\n1000\n`,
    since: 3884,
    cursor: 3893,
    end: 3893,
    lines: 2,
  };
  assert.deepEqual(page, { ...wanted, omitted: [omission] });
  const range = await json("--since", "0", "--until", "4");
  assert.deepEqual([range.text, range.since, range.cursor, range.end, range.omitted], ["1\n2\n", 0, 4, 3893, []]);
  await usage(lab, ["logs", "a", "--json", "--raw"], /--json goes with neither --raw nor -f and -g together/);
});

test("--json: a cursor to go on from", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "sh", "-c", "i=0; while :; do i=$((i+1)); echo line $i; done"]);
  let text = "";
  let cursor = 0;
  while (cursor < 5000) {
    const page = await lab.json(["logs", "a", "--since", cursor, "--max-bytes", "0"]);
    assert.equal(page.since, cursor);
    ({ cursor } = page);
    text += page.text;
  }
  await lab.kill("a");
  // Each line was one write: no page ended within one.
  assert.equal(text, (await lab.raw("a")).slice(0, cursor));
});

test("a task that never ran has an empty log", async (t) => {
  const lab = newLab(t);
  await lab.hob(["run", "--id", "a", "no-such-program"]);
  assert.equal(await lab.must(["logs", "a"]), "");
  assert.equal(await lab.must(["logs", "a", "--raw"]), "");
  assert.equal(await lab.must(["logs", "a", "-f"]), "");
  assert.equal((await lab.json(["logs", "a"])).text, "");
});

test("usage errors", async (t) => {
  const { lab } = await written(t, "true");
  await usage(lab, ["logs"], /logs takes one ID: hob list shows them/);
  await usage(lab, ["logs", "a", "a"], /logs takes one ID/);
  await usage(lab, ["logs", "a", "-n", "1", "--head", "1"], /-n, --head and --since exclude one another/);
  await usage(lab, ["logs", "a", "-n", "1", "--since", "0"], /exclude one another/);
  await usage(lab, ["logs", "a", "--until", "5"], /--until goes with --since/);
  await usage(lab, ["logs", "a", "-f", "--head", "1"], /-f goes with -n or --since only/);
  await usage(lab, ["logs", "a", "-f", "--since", "0", "--until", "1"], /-f goes with -n or --since only/);
  await usage(lab, ["logs", "a", "--raw", "--time"], /--time goes with lines, not with the bytes of --raw/);
  await usage(lab, ["logs", "a", "-f", "-g", "x", "--json"], /--json goes with neither/);
  await usage(lab, ["logs", "a", "-n", "x"], /number of lines 'x'/);
  await usage(lab, ["logs", "a", "--since", "-1"], /the cursor '-1' is no whole number from 0 up/);
  await usage(lab, ["logs", "a", "--max-bytes", "much"], /--max-bytes 'much' is no size: write 64K/);
});

test("a closed pipe hurts nobody: logs | head -1", async (t) => {
  const { lab } = await written(t, ...prop("write", 4 << 20, 65536));
  const line = `${quote(HOB)} logs a --raw 2>err | head -c 5; cat err`;
  assert.equal(execFileSync("sh", ["-c", line], { env: lab.env, cwd: lab.work, encoding: "utf8" }), "00000");
});
