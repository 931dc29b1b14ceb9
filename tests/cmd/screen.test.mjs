// hob screen: the terminal as it looks now, for people and for programs. How bytes become a screen is tested in
// tests/unit/test_screen.c.
import assert from "node:assert/strict";
import { test } from "node:test";
import { onTerminal, refused, usage } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";

/** A lab whose task "a" wrote BYTES to a terminal of this size, and ended. */
async function written(t, bytes, { cols = 40, rows = 6 } = {}) {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "a", `--pty=${cols}x${rows}`, "--", "printf", "%b", bytes]));
  return { lab, screen: (...args) => lab.must(["screen", "a", ...args]) };
}

test("rows, then size, cursor and title", async (t) => {
  const { screen } = await written(t, "\\033]0;a title\\007first\\n  second  \\n\\nlast");
  assert.equal(
    await screen(),
    'first\n  second\n\nlast\n[terminal 40x6, cursor at row 4, column 5; title "a title"; completed; log cursor 37]\n',
  );
});

test("the second screen, and a cursor that is hidden", async (t) => {
  const { lab, screen } = await written(t, "$ top\\n\\033[?1049h\\033[H\\033[?25lCPU  5%");
  assert.match(await screen(), /^CPU  5%\n\[terminal 40x6, cursor at row 1, column 8, hidden; alternate screen; /);
  const json = await lab.json(["screen", "a"]);
  assert.deepEqual(json.position, { row: 1, col: 8, visible: false });
  assert.equal(json.alternate, true);
});

test("--json: text, sizes, and attributes in runs", async (t) => {
  const bytes = "plain \\033[1;31mred\\033[m \\033[3;4;7;48;2;1;2;3mall\\033[m\\n\\033[38;5;200mviolet";
  const { lab } = await written(t, bytes);
  const json = await lab.json(["screen", "a"]);
  assert.deepEqual(json, {
    id: "a",
    status: "completed",
    text: "plain red all\nviolet\n",
    firstRow: 1,
    cols: 40,
    rows: 6,
    position: { row: 2, col: 7, visible: true },
    alternate: false,
    title: null,
    since: 0,
    cursor: json.cursor,
    attributes: [
      { row: 1, col: 7, cols: 3, bold: true, fg: 1 },
      { row: 1, col: 11, cols: 3, italic: true, underline: true, reverse: true, bg: "#010203" },
      { row: 2, col: 1, cols: 6, fg: 200 },
    ],
    attributesLeftOut: 0,
    omitted: [],
  });
  assert.equal(json.cursor, (await lab.show("a")).outputBytes);
});

test("colours on a terminal that wants them, and nowhere else", async (t) => {
  const { lab, screen } = await written(t, "\\033[1;31mred\\033[m\\n");
  assert.match(await screen(), /^red\n/);
  assert.match(await onTerminal(lab, ["screen", "a"]), /^\x1b\[0;1;31mred\x1b\[0m\n/);
  assert.match(await onTerminal(lab, ["screen", "a"], { env: { NO_COLOR: "1" } }), /^red\n/);
});

test("nothing that a task wrote can harm a terminal", async (t) => {
  const harmful = "\\033]0;t\\033[2Jx\\007\\033]0;a\\302\\233b\\007\\0337\\007\\005\\302\\2332J\\342\\200\\256x\\377\\177\\033]52;c;eA==\\007";
  const { lab, screen } = await written(t, harmful);
  for (const text of [await screen(), await screen("--json"), await onTerminal(lab, ["screen", "a"])])
    assert.doesNotMatch(text, /[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
});

test("64 KiB of text at most: the last rows", async (t) => {
  const { lab, screen } = await written(t, "first\\n", { cols: 1000, rows: 300 });
  await lab.ended(await lab.run(["--id", "b", "--pty=1000x300", "-c", "for i in $(seq 200); do printf '%0999d\\n' $i; done"]));
  assert.match(await screen(), /^first\n\[/);
  const text = await lab.must(["screen", "b"]);
  assert.match(text, /^\[… 135 rows left out: over 64 KiB …\]\n0+136\n/);
  assert.ok(text.length < 66 * 1024);
  const json = await lab.json(["screen", "b"]);
  assert.equal(json.firstRow, 136);
  assert.equal(json.text.split("\n").length, 66);
});

test("what is missing is named, and the rest is shown", async (t) => {
  const lab = newLab(t);
  const line = "yes 'some line that is long enough to be one of very many' | head -c 6000000; printf '\\nthe end\\n'";
  await lab.ended(await lab.run(["--id", "a", "--pty=80x10", "--log-max", "1M", "-c", line]));
  const text = await lab.must(["screen", "a"]);
  assert.match(text, /^\[… [\d,]+ bytes no longer kept: cursors 1048576 to \d+ …\]\n/);
  assert.match(text, /\nthe end\n/);
  const json = await lab.json(["screen", "a"]);
  assert.equal(json.omitted.length, 1);
  assert.equal(json.omitted[0].reason, "freed");
  assert.equal(json.omitted[0].since, 1048576);
  assert.equal(json.since, json.omitted[0].until);
});

test("a task without a terminal has no screen", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "a", "true"]));
  await refused(lab, 1, ["screen", "a"], /task a has no terminal.*hob logs a shows its output/);
  await refused(lab, 3, ["screen", "nobody"], /nobody/);
  await usage(lab, ["screen"], /takes one ID/);
  await usage(lab, ["screen", "a", "b"], /takes one ID/);
  await usage(lab, ["screen", "a", "--raw"], /--raw/);
});
