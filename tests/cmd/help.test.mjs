// hob help, and what is said to words that no command knows. How the golden files are made anew: lib/golden.mjs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { usage } from "./lib/asking.mjs";
import { golden } from "./lib/golden.mjs";
import { newLab } from "./lib/lab.mjs";

const COMMANDS = [
  "run",
  "list",
  "show",
  "logs",
  "screen",
  "wait",
  "send",
  "attach",
  "kill",
  "restart",
  "notify",
  "events",
  "clean",
  "help",
  "version",
];
const ALIASES = { ls: "list", ps: "list", stop: "kill" };

test("help lists every command; so do hob alone, --help and -h", async (t) => {
  const lab = newLab(t);
  const text = await lab.must(["help"]);
  golden("help.txt", text);
  for (const args of [[], ["--help"], ["-h"]]) assert.equal(await lab.must(args), text);
  for (const name of COMMANDS) assert.match(text, new RegExp(`^  ${name} +\\S`, "m"));
});

for (const name of COMMANDS)
  test(`help ${name}: usage, options, examples`, async (t) => {
    const lab = newLab(t);
    const text = await lab.must(["help", name]);
    golden(`help-${name}.txt`, text);
    assert.match(text, new RegExp(`^hob ${name}: \\S.*\\n\\nusage: hob ${name}\\b`));
    if (name !== "version") assert.match(text, new RegExp(`\\nexamples:\\n  hob ${name} `));
    for (const line of text.split("\n").filter((l) => /^  (-.|  ), --|^      --/.test(l)))
      assert.match(line, /^  (-\w, |    )--[a-z-]+(\[?[= ]\S+)? +\S/, line);
  });

test("help by another name", async (t) => {
  const lab = newLab(t);
  for (const [alias, name] of Object.entries(ALIASES))
    assert.equal(await lab.must(["help", alias]), await lab.must(["help", name]));
});

test("help --complete: what a shell needs", async (t) => {
  const lab = newLab(t);
  assert.deepEqual((await lab.must(["help", "--complete"])).trimEnd().split("\n"), COMMANDS);
  for (const name of COMMANDS) {
    const options = (await lab.must(["help", "--complete", name])).split("\n").filter(Boolean);
    const told = [...(await lab.must(["help", name])).matchAll(/^  (?:-\w, |    )(--[a-z-]+)/gm)].map(
      (match) => match[1],
    );
    assert.deepEqual(options, told, name);
  }
});

test("every option that help names is taken", async (t) => {
  const lab = newLab(t);
  for (const name of COMMANDS) {
    for (const option of (await lab.must(["help", "--complete", name])).split("\n").filter(Boolean)) {
      // The second word is its value, or an option that nobody knows: nothing is carried out.
      const { stderr } = await lab.hob([name, option, "--nobody-knows"]);
      assert.doesNotMatch(stderr, new RegExp(`no option '${option}'`), name);
    }
  }
});

test("help says nothing that the design does not have: all exit codes and all its commands are there", async (t) => {
  const lab = newLab(t);
  const run = await lab.must(["help", "run"]);
  for (const option of [
    "-n, --name",
    "-t, --tag",
    "-S, --session",
    "-C, --cd",
    "-e, --env",
    "-l, --lifetime",
    "-o, --owner",
    "-c, --command",
    "-f, --follow",
  ])
    assert.ok(run.includes(option), option);
  for (const option of [
    "id",
    "project",
    "timeout",
    "grace",
    "log-max",
    "pty",
    "stdin",
    "notify-prefix",
    "watch",
    "watch-once",
    "idle-after",
    "port-event",
    "input-event",
    "wait",
    "on-abort",
    "shell",
    "json",
  ])
    assert.ok(run.includes(` --${option}`), option);
});

test("version", async (t) => {
  const lab = newLab(t);
  assert.match(await lab.must(["version"]), /^hob \d+\.\d+\.\d+\n$/);
  assert.equal(await lab.must(["--version"]), await lab.must(["version"]));
  await usage(lab, ["version", "x"], /version takes no arguments/);
});

test("unknown words: code 2, a sentence that names them and the way out", async (t) => {
  const lab = newLab(t);
  for (const word of ["lst", "", "-x", "guard", "--complete"]) {
    const { code, stdout, stderr } = await lab.hob([word]);
    assert.deepEqual([code, stdout, stderr], [2, "", `hob: no command '${word}': hob help lists them\n`]);
  }
  await usage(lab, ["help", "lst"], /no command 'lst': hob help lists them/);
  await usage(lab, ["help", "--bogus"], /'--bogus'/);
  await usage(lab, ["help", "list", "more"], /'more'/);
  await usage(lab, ["list", "-z"], /no option '-z'.*hob help list/);
  await usage(lab, ["list", "-zq"], /no option '-z(q)?'.*hob help list/);
  await usage(lab, ["list", "-qz"], /no option '-(q)?z'.*hob help list/);
  await usage(lab, ["list", "--json=yes"], /--json takes no value: hob help list/);
  await usage(lab, ["run", "-e"], /-e wants a value: hob help run/);
  await usage(lab, ["run", "--env"], /--env wants a value: hob help run/);
});

test("long options are written out", async (t) => {
  const lab = newLab(t);
  const sentence = (name) => new RegExp(`long options are written out: --${name}; hob help`);
  await usage(lab, ["clean", "--all"], sentence("all-finished"));
  await usage(lab, ["kill", "--al"], sentence("all"));
  await usage(lab, ["list", "--js"], sentence("json"));
  await usage(lab, ["run", "--na=x", "true"], sentence("name"));
  await usage(lab, ["run", "--na", "x", "true"], sentence("name"));
});
