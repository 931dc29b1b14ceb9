// The manual, the README, the plugin's page and the completions say what the program's own tables say.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { newLab } from "./lib/lab.mjs";
import { HOB } from "./lib/programs.mjs";

const top = new URL("../..", import.meta.url).pathname;
const read = (file) => fs.readFileSync(path.join(top, file), "utf8");
const say = (...args) => execFileSync(HOB, args, { encoding: "utf8" });
const lines = (text) => text.split("\n").filter(Boolean);
const sorted = (values) => [...values].sort();

// ---- the program ----

/** One line of "options:", as in "  -n, --name NAME   a name": {name, letter, value}. */
function option(line) {
  const [, letter, name, value] = /^ {2}(?:-(\w), | {4})--([a-z-]+)(\[\S+| \S+)? +\S/.exec(line);
  return { name, letter, value: !value ? "none" : value.startsWith("[") ? "optional" : "needed" };
}

/** What the tables say of a command: its options and other names. */
function describe(name) {
  const help = say("help", name);
  return {
    name,
    aliases: /^also: +(.*)$/m.exec(help)?.[1].split(" ") ?? [],
    options: lines(help).filter((line) => /^ {2}(-\w, | {4})--/.test(line)).map(option),
    examples: lines(help.split("examples:\n")[1] ?? ""),
  };
}

const names = lines(say("help", "--complete"));
const commands = new Map(names.map((name) => [name, describe(name)]));
// It has no line in help's table: only completions call it.
commands.get("help").options.push({ name: "complete", value: "none" });

/** A command by its name or another of its names. */
const commandCalled = (word) => [...commands.values()].find(({ name, aliases }) => [name, ...aliases].includes(word));

// ---- the manual ----

const manual = read("man/hob.1");

/** The part below a heading, up to the next one of its rank or above. */
function section(title, macro = "Sh") {
  const next = macro === "Sh" ? "\\.Sh " : "\\.S[hs] ";
  const found = new RegExp(`^\\.${macro} ${title}\\n([^]*?)(?=^${next}|(?![^]))`, "m").exec(manual);
  assert.ok(found, `the manual has no ".${macro} ${title}"`);
  return found[1];
}

/** The options of a macro line: ".It Fl n , Fl -name Ar name" is one with a letter. */
function itemOption(line) {
  const flags = [...line.matchAll(/\bFl (-?[\w-]+)/g)].map((match) => match[1]);
  const long = flags.find((flag) => flag.startsWith("-"));
  const value = /Ns Op = /.test(line) ? "optional" : /\b(Ar|Cm) /.test(line) ? "needed" : "none";
  return { name: long?.slice(1), letter: flags.find((flag) => !flag.startsWith("-")), value };
}

const items = (text) => lines(text).filter((line) => line.startsWith(".It Fl ")).map(itemOption);

/** The .It Cm words of a list that follows a sentence. */
function keys(sentence) {
  const list = section("JSON").split(`${sentence}\n`)[1].split(".El\n")[0];
  return [...list.matchAll(/^\.It Cm (.*)$/gm)].flatMap((match) => match[1].split(" , "));
}

const bySpelling = (options) => sorted(options.map(({ name, letter, value }) => `${letter ?? ""} ${name} ${value}`));

test("hob help COMMAND and hob help --complete name the same options", () => {
  for (const { name, options } of commands.values()) {
    const told = lines(say("help", "--complete", name)).map((word) => word.replace(/^--/, ""));
    assert.deepEqual(told, options.map((one) => one.name).filter((one) => one !== "complete"), name);
  }
});

test("the manual has a section for each command, and for no other", () => {
  const titles = [...section("COMMANDS").matchAll(/^\.Ss (.*)$/gm)].map((match) => match[1]);
  assert.deepEqual(sorted(titles), sorted([...names, "Selectors"]));
  for (const { name, aliases } of commands.values()) {
    for (const alias of aliases) assert.match(section(name, "Ss"), new RegExp(`^\\.Cm ${alias}\\b`, "m"), name);
  }
});

test("each command's section explains exactly its options, with letters and values", () => {
  for (const { name, options } of commands.values()) {
    const text = section(name, "Ss");
    const shared = text.includes(".Sx Selectors") ? items(section("Selectors", "Ss")) : [];
    assert.deepEqual(bySpelling([...items(text), ...shared]), bySpelling(options), name);
  }
});

test("the synopsis has each command with exactly its options", () => {
  const found = new Map();
  for (const block of section("SYNOPSIS").split(/^\.Nm\n/m).slice(1)) {
    const [, name] = /^\.Cm (\w+)/.exec(block);
    const flags = [...block.matchAll(/\bFl (-?[\w-]+)/g)].map((match) => match[1]);
    found.set(name, new Set([...(found.get(name) ?? []), ...flags]));
  }
  assert.deepEqual(sorted(found.keys()), sorted(names));
  for (const { name, options } of commands.values()) {
    const wanted = options.map(({ letter, name: long }) => letter ?? `-${long}`);
    assert.deepEqual(sorted(found.get(name)), sorted(wanted), name);
  }
});

test("no option is named anywhere in the manual that no command has", () => {
  const all = [...commands.values()].flatMap(({ options }) => options.flatMap(({ name, letter }) => [`-${name}`, letter]));
  const known = new Set([...all, "h", "-help", "-version"]);
  for (const [, flag] of manual.matchAll(/\bFl (-?[A-Za-z][\w-]*)/g)) assert.ok(known.has(flag), flag);
  for (const [, word] of manual.matchAll(/^\.Nm Cm (\w+)/gm)) assert.ok(commandCalled(word), word);
});

test("the manual names every word of the tables, every exit code and every variable", () => {
  const words = (file, table) => {
    const body = new RegExp(`#define ${table}\\(X\\)((?:.*\\\\\\n)*.*)`).exec(read(file))[1];
    return [...body.matchAll(/"([a-z]+)"/g)].map((match) => match[1]);
  };
  const tables = { STATUS: words("src/task/task.h", "TASK_STATUSES"), EVENTS: words("src/task/event.h", "EVENT_TYPES") };
  tables.STATUS.push(...words("src/task/task.h", "TASK_REASONS"));
  tables.LIFETIMES = words("src/task/task.h", "TASK_LIFETIMES");
  for (const [title, list] of Object.entries(tables)) {
    assert.ok(list.length >= 3, title);
    for (const word of list) assert.match(section(title), new RegExp(`\\b${word}\\b`), `${title}: ${word}`);
  }
  const codes = [...read("src/cmd/cmd.h").matchAll(/^\tEXIT_\w+ = (\d+),/gm)].map((match) => match[1]);
  assert.ok(codes.length >= 6);
  for (const code of codes) assert.match(section("EXIT STATUS"), new RegExp(`\\b${code}\\b`), `exit code ${code}`);
  const folders = ["base", "cmd", "keep", "log", "os", "task"].map((room) => `src/${room}`);
  const sources = folders.flatMap((room) => fs.readdirSync(path.join(top, room)).map((file) => read(`${room}/${file}`)));
  const variables = [...sources.join("").matchAll(/\b(?:getenv|setenv|env_dir)\("(\w+)"/g)].map((match) => match[1]);
  for (const name of variables.filter((one) => !one.startsWith("HOB_TEST_"))) {
    assert.ok(section("ENVIRONMENT").includes(`.It Ev ${name}\n`), name);
  }
});

test("the manual lists exactly the keys of the JSON", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["-c", "echo one; exit 3"]);
  await lab.must(["wait", id]);
  assert.deepEqual(sorted(keys("A task:")), sorted(Object.keys(await lab.show(id))));
  const [event] = await lab.events(id, "exit");
  assert.deepEqual(sorted(keys("An event:")), sorted(Object.keys(event)));
  const terminal = await lab.run(["--pty", "-c", "exit 0"]);
  const answers = { screen: await lab.json(["screen", terminal]), logs: await lab.json(["logs", id]), wait: await lab.json(["wait", id]), kill: (await lab.json(["kill", id]))[0] };
  for (const [name, answer] of Object.entries(answers)) {
    const item = section(name, "Ss").split(".It Fl -json\n")[1].split(".El\n")[0];
    for (const key of Object.keys(answer)) assert.match(item, new RegExp(`\\bCm ${key}\\b`), `${name}: ${key}`);
  }
});

// ---- examples ----

/** The words of a line of shell, roughly: quotes keep a word together, a comment ends the line. */
function words(line) {
  const found = line.match(/'[^']*'|"[^"]*"|[^\s'"]+/g) ?? [];
  const comment = found.indexOf("#");
  return comment < 0 ? found : found.slice(0, comment);
}

// What ps shows, what is planned, and what stands for a command.
const NO_COMMANDS = ["guard", "keeper", "mcp", "doctor", "COMMAND"];

/** Whether LINE calls hob. Fails when it does with a command or an option that is not there. */
function callsHob(line, where) {
  const [program, name, ...rest] = words(line.trim().replace(/^\$ /, "").replaceAll("\\&", ""));
  if (program !== "hob" || name === undefined || NO_COMMANDS.includes(name)) return false;
  const command = commandCalled(name);
  assert.ok(command, `${where}: ${line}`);
  for (let i = 0; i < rest.length && rest[i] !== "--"; i++) {
    if (!rest[i].startsWith("-") || rest[i] === "-") {
      if (name === "run" || name === "notify") break;
      continue;
    }
    const [, long, letter] = /^(?:--([a-z-]+)|-(\w))/.exec(rest[i]);
    const option = command.options.find((one) => (long ? one.name === long : one.letter === letter));
    assert.ok(option, `${where}: ${rest[i]} in ${line}`);
    if (option.value === "needed" && !rest[i].includes("=")) i++;
  }
  return true;
}

/** The lines of a page's code blocks, and what stands between backquotes. */
function code(file) {
  const text = read(file);
  const blocks = [...text.matchAll(/^```\w*\n([^]*?)^```/gm)].flatMap((match) => match[1].split("\n"));
  return [...blocks, ...[...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1])];
}

test("every example calls what is there", () => {
  const displays = [...manual.matchAll(/^\.Bd -literal.*\n([^]*?)^\.Ed|^\.Dl (.*)$/gm)];
  const display = displays.flatMap(([, block, line]) => (block ?? line).split("\n"));
  const examples = new Map([["man/hob.1", display]]);
  for (const page of ["README.md", "opencode/README.md", "docs/design.md", "docs/opencode.md"]) examples.set(page, code(page));
  for (const { name, examples: own } of commands.values()) if (own.length) examples.set(`hob help ${name}`, own);
  for (const [where, list] of examples) {
    assert.ok(list.filter((line) => callsHob(line, where)).length > 0, `${where} has no example`);
  }
});

// ---- the pages ----

test("README's table lists exactly the commands", () => {
  const table = read("README.md").split("## Commands\n")[1].split("\n## ")[0];
  const rows = [...table.matchAll(/^\| `hob (\w+)` \|/gm)].map((match) => match[1]);
  assert.deepEqual(rows, names);
});

test("the pages' links lead somewhere", () => {
  for (const file of ["README.md", "opencode/README.md", "docs/design.md", "docs/opencode.md", "docs/roadmap.md", "CHANGELOG.md"]) {
    for (const [, link] of read(file).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      assert.ok(fs.existsSync(path.join(top, path.dirname(file), link)), `${file}: ${link}`);
    }
  }
});

test("the plugin's page has every tool, parameter, status and option", () => {
  const page = read("docs/opencode.md");
  const tools = JSON.parse(read("tools.json"));
  const parameters = tools.flatMap((tool) => Object.keys(tool.parameters.properties));
  const statuses = tools.flatMap((tool) => tool.parameters.properties.status?.enum ?? []);
  const options = [...read("opencode/options.ts").split("interface Options {")[1].split("\n}")[0].matchAll(/^ {2}(\w+)\??:/gm)];
  assert.ok(options.length >= 3);
  for (const word of [...tools.map((tool) => tool.name), ...parameters, ...statuses, ...options.map((one) => one[1])]) {
    assert.ok(page.includes(`\`${word}\``), word);
  }
  // Single letters are keys of the screen.
  const rows = [...page.matchAll(/^\| `(\w\w+)` \|/gm)].map((match) => match[1]);
  assert.deepEqual(sorted(rows), sorted([...tools.map((tool) => tool.name), ...options.map((one) => one[1])]));
  assert.match(read("README.md"), /"plugin": \[/);
  const { version } = JSON.parse(read("opencode/package.json"));
  for (const text of [page, read("README.md"), read("opencode/README.md")]) {
    assert.match(text, /"plugin": \[/);
    for (const [, named] of text.matchAll(/opencode-hob@([\d.]+\d)/g)) assert.equal(named, version);
  }
});

test("the calls on the plugin's page are calls of its tools, and the first package's examples are among them", () => {
  const page = read("docs/opencode.md");
  const tools = new Map(JSON.parse(read("tools.json")).map(({ name, parameters }) => [name, parameters]));
  const calls = [...page.matchAll(/^(\w+) (\w+=.*)$/gm)].filter(([, name]) => /Process(es)?$/.test(name));
  for (const [line, name, words] of calls) {
    const given = [...words.matchAll(/(?:^|\s)(\w+)=("[^"]*"|\[[^\]]*\]|\w+)/g)];
    assert.ok(tools.has(name) && given.length > 0, line);
    for (const [, key, value] of given) {
      const wanted = tools.get(name).properties[key];
      assert.ok(wanted && typeOf(JSON.parse(value)) === wanted.type, `${line}: ${key}`);
    }
  }
  assert.deepEqual([...new Set(calls.map(([, name]) => name))].sort(), [...tools.keys()].sort());
  for (const text of [
    '`bun build ./src/index.ts --outdir dist --target bun`',
    "Walk me through each step",
    "Start a json-server instance with: `bunx json-server --watch db.json`",
    'createBackgroundProcess command="/tmp/long-process.sh" name="Long Running Process"',
    'listBackgroundProcesses sessionId="current_session_id"',
    'listBackgroundProcesses tags=["processing"]',
    "printf '%s\\n' 'OPENCODE_NOTIFY: build failed; read this process output and repair it' >&2",
  ]) {
    assert.ok(page.includes(text), text);
  }
});

function typeOf(value) {
  return Array.isArray(value) ? "array" : typeof value;
}

// ---- completions ----

const scripts = { bash: "hob.bash", zsh: "_hob", fish: "hob.fish" };

test("the completions parse", () => {
  for (const [shell, script] of Object.entries(scripts)) {
    const parsed = spawnSync(shell, ["-n", path.join(top, "completions", script)], { encoding: "utf8" });
    // bash is needed; the others are tried where they are installed.
    if (shell !== "bash" && parsed.error?.code === "ENOENT") continue;
    assert.equal(parsed.status, 0, `${shell}: ${parsed.stderr}`);
    assert.equal(parsed.stderr, "", shell);
  }
});

test("bash completes commands, options, words, ids, names, and a task's own command", async (t) => {
  const lab = newLab(t);
  fs.symlinkSync(HOB, path.join(lab.dir, "hob"));
  const id = await lab.run(["-n", "web", "sleep", "1000"]);
  const script = `
    . "$1"; shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _hob
    [ \${#COMPREPLY[@]} = 0 ] || printf '%s\\n' "\${COMPREPLY[@]}"`;
  const complete = async (...typed) => {
    const file = path.join(top, "completions", scripts.bash);
    const shell = lab.spawn(["bash", "--norc", "-c", script, "bash", file, "hob", ...typed], {
      env: { PATH: `${lab.dir}:${process.env.PATH}` },
    });
    const { stdout, stderr } = await shell.done;
    assert.equal(stderr, "", typed.join(" "));
    return lines(stdout);
  };
  assert.deepEqual(await complete(""), names);
  for (const { name, options } of commands.values()) {
    const spelled = options.map((one) => `--${one.name}`).filter((one) => one !== "--complete");
    assert.deepEqual(await complete(name, "-"), spelled, name);
  }
  for (const name of ["show", "logs", "wait", "kill", "restart"])
    assert.deepEqual(await complete(name, ""), [id, "web"], name);
  // What a shell would have to quote, or would carry out, is given by its id.
  const odd = await Promise.all(["two words", "$(touch$IFS/oops)", "a\tb", "-"].map((name) => lab.run(["-n", name, "true"])));
  assert.deepEqual((await complete("logs", "")).sort(), [id, "web", ...odd].sort());
  const began = [id, "web", ...odd].filter((word) => word.startsWith("w"));
  assert.deepEqual((await complete("logs", "w")).sort(), began.sort());
  assert.deepEqual(await complete("run", "-l", ""), ["session", "app", "detached"]);
  assert.deepEqual(await complete("list", "--status", "c"), ["completed", "cancelled"]);
  assert.deepEqual(await complete("kill", "-s", "TER"), ["TERM"]);
  for (const signal of await complete("kill", "-s", ""))
    assert.equal((await lab.hob(["kill", "-S", "nobody", "-s", signal])).code, 0, `hob kill knows ${signal}`);
  assert.deepEqual(await complete("run", "-n", ""), [], "a name is the user's own");
  for (const before of [[], ["--"], ["-n", "x", "--json"], ["--wait", "=", "5s"]]) {
    assert.ok((await complete("run", ...before, "slee")).includes("sleep"), before.join(" "));
  }
});
