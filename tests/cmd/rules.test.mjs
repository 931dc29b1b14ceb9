// Rules on output: --watch and --watch-once raise match, --idle-after raises idle; what they cost nobody.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { sleeper, sql, usage } from "./lib/asking.mjs";
import { digestOfFile, digestOfProp } from "./lib/bytes.mjs";
import { newLab } from "./lib/lab.mjs";
import { status } from "./lib/processes.mjs";
import { prop, quote } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

const MiB = 1 << 20;
const told = (events) => events.map((event) => `${event.cursor}: ${event.message}`);

/** What the task that runs the shell's LINE with WORDS told by match. */
async function matches(lab, words, line) {
  const id = await lab.run([...words, "-c", line]);
  await lab.ended(id);
  return told(await lab.events(id, "match"));
}

test("a bad rule is a usage error that shows the place; nothing is started", async (t) => {
  const lab = newLab(t);
  await usage(lab, ["run", "--watch", "fine", "--watch", "a(b", "--", "touch", "x"], /--watch: .*a\(b<-- HERE/);
  await usage(lab, ["run", "--watch-once", "[z-a]", "--", "touch", "x"], /--watch-once: .*\[z-<-- HEREa\]/);
  await usage(lab, ["run", "--watch", "", "--", "touch", "x"], /--watch wants a regular expression/);
  await usage(lab, ["run", "--idle-after", "0", "--", "touch", "x"], /--idle-after must be longer than nothing/);
  await usage(lab, ["run", "--idle-after", "soon", "--", "touch", "x"], /--idle-after 'soon' is no duration/);
  const many = Array.from({ length: 65 }, (_, i) => ["--watch", `${i}`]).flat();
  await usage(lab, ["run", ...many, "--", "touch", "x"], /at most 64 rules/);
  assert.ok(!fs.existsSync(path.join(lab.work, "x")));
  assert.ok(!fs.existsSync(path.join(lab.home, "hob.db")));
  await lab.ended(await lab.run([...many.slice(2), "true"]));
});

test("each line that matches, as a person reads it, with the cursor of its beginning", async (t) => {
  const lab = newLab(t);
  assert.deepEqual(await matches(lab, ["--watch", "^err"], "printf 'ok\\nerr one\\nno err\\r\\nerr two\\r\\n'"), [
    "3: err one",
    "19: err two",
  ]);
  assert.deepEqual(await matches(lab, ["--watch", "error:"], "printf '\\033[31merr\\033[1mor:\\033[0m no\\n'"), ["0: error: no"]);
  assert.deepEqual(await matches(lab, ["--watch", "50%|100%"], "printf '10%%\\r50%%\\r100%%\\n50%% \\b\\b\\b60%%\\n'"), ["0: 100%"]);
  assert.deepEqual(await matches(lab, ["--watch", "(?i)ÉTÉ"], "printf 'un été\\n\\377 été\\n'"), ["0: un été", "9: � été"]);
  assert.deepEqual(await matches(lab, ["--watch", "a", "--watch", "b"], "printf 'ab\\nb\\n'"), ["0: ab", "3: b"]);
  assert.deepEqual(await matches(lab, ["--watch-once", "a", "--watch-once", "b"], "printf 'a1\\na2\\nab\\nb2\\n'"), [
    "0: a1",
    "6: ab",
  ]);
});

test("a line counts when it is complete, or at the end; a marker may match, too", async (t) => {
  const lab = newLab(t);
  const go = path.join(lab.work, "go");
  const line = `printf 'half '; until [ -e ${go} ]; do sleep 0.05; done; printf 'a line\\nOPENCODE_NOTIFY: half\\nhalf'`;
  const id = await lab.run(["--watch", "half", "-c", line]);
  await lab.until(id, (task) => task.outputBytes === 5);
  assert.deepEqual(await lab.events(id, "match"), []);
  fs.writeFileSync(go, "");
  await lab.ended(id);
  assert.deepEqual(
    (await lab.events(id)).map((event) => `${event.type} ${event.cursor} ${event.message}`),
    [
      "started 0 null",
      "match 0 half a line",
      "notify 12 half",
      "match 12 OPENCODE_NOTIFY: half",
      "match 34 half",
      "exit 38 null",
    ],
  );
});

test("long lines are matched by their front, long messages cut", async (t) => {
  const lab = newLab(t);
  const line = "printf 'front'; head -c 1000000 /dev/zero | tr '\\0' x; echo behind; echo behind";
  const [front, behind, ...rest] = await matches(lab, ["--watch", "front|behind"], line);
  assert.equal(front, `0: front${"x".repeat(3995)}… [cut]`);
  assert.equal(behind, "1000012: behind");
  assert.deepEqual(rest, []);
});

test("a pattern that gives up says so once, and holds up nothing", async (t) => {
  const lab = newLab(t);
  const line = `i=0; while [ $i -lt 3000 ]; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab; i=$((i+1)); done; echo aaaa`;
  const id = await lab.run(["--watch", "^(a+)+$", "--watch", "aaaa$", "-c", line]);
  await lab.ended(id);
  const events = await lab.events(id);
  assert.deepEqual(
    events.map((event) => event.type),
    ["started", "gap", "match", "exit"],
  );
  assert.match(events[1].message, /^the line at cursor 0 is too much for the pattern '\^\(a\+\)\+\$'/);
  assert.equal(events[2].message, "aaaa");
});

test("silence is told once, with the last line; output ends it, the end and a kill are none", async (t) => {
  const lab = newLab(t);
  const [one, two, three] = ["one", "two", "three"].map((name) => path.join(lab.work, name));
  const until = (file) => `until [ -e ${file} ]; do sleep 0.02; done`;
  const line = `${until(one)}; printf 'done\\n10%%\\r\\033[32mProceed?\\033[0m [y/N] '; ${until(two)}; echo; ${until(three)}; exit 3`;
  const id = await lab.run(["--idle-after", "1s", "-c", line]);
  const idles = (n) => waitUntil(async () => (await lab.events(id, "idle")).length >= n && lab.events(id, "idle"), `${n} idle`);
  await idles(1);
  fs.writeFileSync(one, "");
  await idles(2);
  fs.writeFileSync(two, "");
  await idles(3);
  fs.writeFileSync(three, "");
  await lab.ended(id);
  assert.deepEqual(told(await lab.events(id, "idle")), [
    "0: silent for 1s",
    "33: silent for 1s: Proceed? [y/N]",
    "34: silent for 1s: Proceed? [y/N]",
  ]);
  assert.match(await lab.must(["events"]), / idle {5}\w+ {2}\w+ {2}silent for 1s: Proceed\? \[y\/N\]\n/);

  // A task that takes its time to end.
  const busy = "trap 'asked=1' TERM; until [ $asked ]; do echo x; sleep 0.01; done; while :; do sleep 0.01; done";
  const deaf = await lab.run(["--idle-after", "1500ms", "-c", busy]);
  await lab.until(deaf, (task) => task.outputBytes > 0);
  await lab.kill(deaf, "--grace", "2500ms");
  assert.deepEqual(await lab.events(deaf, "idle"), []);
});

test("a silence costs one wake-up of the keeper and a scribe, and what follows nothing", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--idle-after", "4s", "sleep", "1000"]);
  const { keeper } = await lab.bothKeepers(id);
  const switches = () => status(keeper.pid, "voluntary_ctxt_switches");
  let before = switches();
  const quiet = performance.now();
  await waitUntil(() => {
    const now = switches();
    const same = now === before;
    before = now;
    return same && performance.now() - quiet > 500;
  }, "the start is over");
  await waitUntil(async () => (await lab.events(id, "idle")).length, "it is told");
  // It woke for the silence and for the end of the scribe; /proc is asked again until that is over.
  await waitUntil(() => switches() - before >= 2, "both");
  const after = switches();
  assert.ok(after - before <= 4, `${after - before} times`);
  const end = performance.now() + 5000;
  await waitUntil(() => performance.now() > end, "five more seconds");
  assert.ok(switches() - after <= 2 && (await lab.events(id, "idle")).length === 1);
  await lab.kill(id);
});

test("show names the rules, JSON has them, restart keeps them", async (t) => {
  const lab = newLab(t);
  const words = ["--watch", "a|b", "--watch-once", "c\\d", "--idle-after", "300ms", "--port-event", "--input-event"];
  const id = await lab.run([...words, "-c", "echo a; echo c1; echo c2; sleep 1000"]);
  const rules = async (task) => {
    const { watch, idleAfterMs, portEvent, inputEvent } = await lab.show(task);
    return { watch, idleAfterMs, portEvent, inputEvent };
  };
  const before = await rules(id);
  assert.deepEqual(before, {
    watch: [
      { pattern: "a|b", once: false },
      { pattern: "c\\d", once: true },
    ],
    idleAfterMs: 300,
    portEvent: true,
    inputEvent: true,
  });
  const text = await lab.must(["show", id]);
  assert.match(text, /^watch {5}a\|b\n {10}once: c\\d\nidle {6}after 300ms\nraises {4}port, input\n/m);
  const again = (await lab.must(["restart", id])).trim();
  assert.deepEqual(await rules(again), before);
  await waitUntil(async () => (await lab.events(again, "idle")).length, "it is idle");
  assert.deepEqual(told(await lab.events(again, "match")), ["0: a", "2: c1"]);
  await lab.kill(again);
});

test("match and idle go to the consumer that owns the task, once", async (t) => {
  const lab = newLab(t);
  const me = await sleeper(lab);
  const id = await lab.run(["-o", me.pid, "--watch", "x", "--idle-after", "200ms", "-c", "echo x; sleep 1000"]);
  await waitUntil(async () => (await lab.events(id, "idle")).length, "it is idle");
  const claim = async (name) =>
    (await lab.must(["events", "--claim", name, "-o", me.pid, "--json"])).split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const mine = await claim("me");
  assert.deepEqual(
    mine.map((event) => event.type),
    ["match", "idle"],
  );
  assert.deepEqual(await claim("other"), []);
  await lab.must(["events", "--claim", "me", "-o", me.pid, "--ack", ...mine.map((event) => event.seq)]);
  assert.equal(await sql(lab, "SELECT count(*) FROM events WHERE acked_ms > 0"), "2");
  await lab.kill(id);
  await me.end();
});

test("every line of a fast writer matches: it is not held up, all is told or a gap says what is not", async (t) => {
  const lab = newLab(t);
  const size = 128 * MiB;
  const words = ["write", size, 65536];
  const wall = `until [ -e go ]; do sleep 0.02; done; s=$(date +%s%N); ${prop(...words).map(quote).join(" ")}; e=$(date +%s%N); echo $(( (e - s) / 1000000 )) >took`;
  const id = await lab.run(["--log-max", "1M", "--watch", ".", "-c", wall]);
  const { keeper } = await lab.bothKeepers(id);
  fs.writeFileSync(path.join(lab.work, "go"), "");
  let disk = 0;
  let memory = 0;
  const ended = await waitUntil(async () => {
    disk = Math.max(disk, fs.statSync(lab.file(id, "log")).blocks * 512);
    memory = Math.max(memory, status(keeper.pid, "VmHWM") || 0);
    const task = await lab.show(id);
    return task.completedAt && task;
  }, "it ends");
  assert.equal(ended.outputBytes, size);
  // Head, window, how far a scan may be behind, and what comes until it has caught up: not all of it.
  assert.ok(disk < (size * 3) / 4, `${disk / MiB} MiB on disk`);
  assert.ok(memory > 0 && memory < 16 * 1024, `${memory} KiB`);
  const events = await lab.events(id);
  const gaps = events.filter((event) => event.type === "gap");
  assert.ok(gaps.length > 0 && gaps.length <= Math.ceil(size / (16 * MiB)) + 1, `${gaps.length} gaps`);
  // In order, each line is told or lies in a gap.
  let at = 0;
  for (const event of events.filter(({ type }) => type === "match" || type === "gap")) {
    assert.ok(event.cursor >= at && event.cursor <= at + 100, `${event.type} at ${event.cursor}, not ${at}`);
    at = event.type === "match" ? event.cursor + 100 : Number(/ to (\d+) raised no match/.exec(event.message)[1]);
  }
  assert.ok(at >= size, `told up to ${at}`);
  t.diagnostic(`${fs.readFileSync(path.join(lab.work, "took"), "utf8").trim()} ms, ${gaps.length} gaps, ${disk / MiB} MiB`);
});

test("the log of a fast writer is the same with rules as without", async (t) => {
  const lab = newLab(t);
  const words = ["write", 64 * MiB, 65536, "notify=1000"];
  const id = await lab.run(["--watch", "^00000\\d{2}999 ", "--watch-once", "z{4}", "--", ...prop(...words)]);
  await lab.ended(id);
  assert.equal(await digestOfFile(lab.file(id, "log")), await digestOfProp(...words));
  assert.equal((await lab.events(id, "notify")).length, Math.ceil((64 * MiB) / 100_000));
});
