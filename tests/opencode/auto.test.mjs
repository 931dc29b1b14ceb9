// Nothing blocks the agent: the bash tool with hob as its shell, and without.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SCRIPTS } from "../cmd/lib/scripts.mjs";
import { Lab } from "./lib/lab.mjs";
import { call, say } from "./lib/model.mjs";
import { hob } from "./lib/programs.mjs";
import { hasTools } from "./lib/tools.mjs";
import { until } from "./lib/wait.mjs";

const ALLOW = { permission: { bash: { "*": "allow", "rm *": "deny" }, external_directory: "allow" } };
const bash = (command, more) => call("bash", { command, description: "A command", ...more });
// Of long output OpenCode keeps more than this.
const KEPT = 10_000;
const LET_GO = /\(Still running after (\w+): it goes on as background process (\w{5})\.\)\n$/;
const LEFT = /\(What it left running is background process (\w{5}): sleep 1000\.\)\n$/;
const CUT = "...output truncated...\n";

/** What the bash tool made of each line: { status, output, exit, ms }. */
async function play(lab, server, key, lines) {
  lab.model.play(key, function* (first) {
    hasTools(first);
    for (const line of lines) yield bash(line);
    yield say("done");
  });
  const session = await server.session();
  await server.prompt(session, `[[${key}]]`);
  await server.idle(session);
  const parts = (await server.messages(session)).flatMap(({ parts }) => parts).filter(({ type }) => type === "tool");
  return parts.map(({ state: { status, output, metadata, time } }) => ({ status, output, exit: metadata.exit, ms: time.end - time.start }));
}

/** The same, but of output that OpenCode cuts it may lose the end when that comes with the end of the command, also
 * where there is no hob: then the line is played again, MOST times. */
async function playWhole(lab, server, key, most) {
  const all = await play(lab, server, key, SCRIPTS);
  const ends = new Map();
  SCRIPTS.forEach((line, i) => all[i].output.startsWith(CUT) && ends.set(i, spawnSync("/bin/bash", ["-c", line]).stdout.toString().slice(-KEPT)));
  const short = () => [...ends.keys()].filter((i) => !all[i].output.endsWith(ends.get(i)));
  for (let again = 1; again <= most && short().length > 0; again++) {
    const lost = short();
    const more = await play(lab, server, `${key}-${again}`, lost.map((i) => SCRIPTS[i]));
    lost.forEach((i, n) => (all[i] = more[n]));
  }
  assert.deepEqual(short().map((i) => SCRIPTS[i]), [], `${key}: the end of long output arrives`);
  assert.ok(ends.size > 0, "some output is long");
  return all;
}

/** Without hob OpenCode reads two sockets, and which comes first is chance; so is how much more than the end it keeps
 * of long output. */
function comparable({ status, output, exit }) {
  if (output.startsWith(CUT)) return { status, exit, output: output.slice(-KEPT) };
  return { status, exit, output: output.replace(/OPENCODE_PID=\d+/, "OPENCODE_PID=").split("\n").sort() };
}

test("fifty lines with hob and without: the same, as quick, and nothing is left", async () => {
  await Lab.with({ config: ALLOW, plugin: { autoBackground: 0 } }, async (lab) => {
    const plain = await lab.serve();
    assert.equal((await plain.api("GET", "/config")).shell, undefined);
    lab.configure({});
    const server = await lab.serve();
    const { shell } = await server.api("GET", "/config");
    assert.match(shell, /\/hob\/shell\/[0-9a-f]{12}\/bash$/);
    assert.equal(readlinkSync(shell), hob);
    const [without, with_] = await Promise.all([playWhole(lab, plain, "without", 8), playWhole(lab, server, "with", 2)]);
    SCRIPTS.forEach((line, i) => {
      const [one, other] = [with_, without].map((all) => JSON.stringify(comparable(all[i])));
      assert.ok(one === other, `${line}: ${one.slice(0, 1000)} for ${other.slice(0, 1000)}`);
    });
    const [quick, plainly] = [with_, without].map((all) => Math.min(...all.map(({ ms }) => ms)));
    // A few milliseconds; how busy the machine is, and what it makes of them, shows in what the plain one takes.
    assert.ok(quick - plainly < 50 + 2 * plainly, `${quick} ms for ${plainly}`);
    assert.deepEqual(readdirSync(join(lab.hobHome, "tasks")), []);
    assert.deepEqual([await lab.tasks(), await lab.events()], [[], []]);
  });
});

test("let go, left behind, aborted, denied, compacted; and hob that breaks meanwhile", async () => {
  await Lab.with({ config: ALLOW, plugin: { autoBackground: 2 }, files: { kept: "" } }, async (lab) => {
    const program = join(lab.root, "own", "hob");
    mkdirSync(join(program, ".."));
    copyFileSync(hob, program);
    const server = await lab.serve({ HOB_BIN: program });
    const begin = async (key, script) => {
      lab.model.play(key, script);
      const session = await server.session();
      await server.prompt(session, `[[${key}]]`);
      return session;
    };

    const ids = {};
    let session = await begin("long", function* (first) {
      hasTools(first);
      const slow = "echo started; until [ -e go ]; do sleep 0.05; done; echo over; exit 3";
      ids.quick = LET_GO.exec((yield bash(slow, { timeout: 2000 })).result);
      ids.killed = LET_GO.exec((yield bash("echo mine; exec sleep 1000")).result);
      let sight = yield call("killProcesses", { processId: ids.killed[2] });
      assert.match(sight.result, /cancelled/);
      sight = yield bash(slow);
      ids.slow = LET_GO.exec(sight.result);
      assert.match(sight.result, /^started\n\(Still/);
      yield bash("touch go");
      yield say("waiting");
      yield say("thank you");
      yield say("thank you, too");
    });
    const told = () => (lab.model.of("long").at(-1)?.said ?? []).slice(1).join("\n");
    await until(() => /failed[^]*failed/.test(told()), "both ends are told");
    assert.deepEqual([ids.quick[1], ids.killed[1], ids.slow[1]], ["1s", "2s", "2s"], told());
    assert.match(told(), new RegExp(`Background process ${ids.slow[2]} failed, exit code 3\nlast output:\nstarted\nover`));
    assert.ok(!told().includes(ids.killed[2]), "what the agent ended is no news");
    await server.idle(session);

    session = await begin("jobs", function* () {
      for (const line of ["sleep 1000 & echo on", "nohup sleep 1000 & echo on", "setsid sleep 1000 & echo on"]) {
        const before = Date.now();
        const { result } = yield bash(line);
        assert.match(result, LEFT, line);
        assert.ok(Date.now() - before < 30_000, "it is not waited for");
        const sight = yield call("listBackgroundProcesses", { sessionId: "current" });
        assert.match(sight.result, new RegExp(`${LEFT.exec(result)[1]} .*sleep 1000`), line);
      }
      const sight = yield call("killProcesses", { sessionId: "current" });
      assert.match(sight.result, /all its processes have ended/);
      yield say("done");
    });
    await server.idle(session);

    session = await begin("denied", function* () {
      assert.match((yield bash("echo a && rm kept")).result, /denied|prevents|rule/i);
      yield say("done");
    });
    await server.idle(session);
    assert.ok(existsSync(join(lab.project, "kept")));

    // From here on there are two seconds to abort it.
    const before = (await lab.tasks()).length;
    session = await begin("abort", function* () {
      yield bash("echo $$ > pid; exec sleep 1001");
      yield say("nobody gets here");
    });
    const sleeps = () => lab.processes().filter(({ command }) => command === "sleep 1001");
    await until(() => sleeps().length === 1, "it runs");
    await server.api("POST", `/session/${session}/abort`);
    await until(() => sleeps().length === 0, "it ends", 30);
    await server.idle(session);
    assert.equal((await lab.tasks()).length, before, "an abort leaves no task");

    session = await begin("compact", function* () {
      const { result } = yield call("createBackgroundProcess", { command: "echo hello; exec sleep 1002", name: "kept-one" });
      assert.match(result, /running/);
      yield say("done");
      yield say("going on");
    });
    await server.idle(session);
    await server.api("POST", `/session/${session}/summarize`, { providerID: "scripted", modelID: "first" });
    const context = () => lab.model.plain.map(({ messages }) => JSON.stringify(messages)).join("\n");
    await until(() => /Keep their ids, ports and cursors/.test(context()), "the compaction's request");
    assert.match(context(), /kept-one[^\n]*its output so far ends at cursor 6/);

    const { shell } = await server.api("GET", "/config");
    const broken = { missing: () => renameSync(program, `${program}.away`), broken: () => writeBroken(program) };
    for (const [what, breakIt] of Object.entries(broken)) {
      session = await begin(what, function* () {
        breakIt();
        let sight = yield bash("readlink -f /proc/$$/exe; echo id $HOB_ID; sleep 3; echo whole");
        assert.match(sight.result, /\/bash\nid *\nwhole\n$/, "as if nothing had been set");
        assert.equal(readlinkSync(shell), "/bin/bash");
        rmSync(program, { force: true });
        copyFileSync(hob, program);
        sight = yield bash("echo again; exec sleep 1003");
        assert.match(sight.result, LET_GO);
        assert.equal(readlinkSync(shell), program);
        yield say("done");
      });
      await server.idle(session);
    }

    for (const prepare of [() => {}, () => rmSync(program)]) {
      prepare();
      await server.api("POST", `/session/${session}/shell`, { agent: "build", command: "echo shell id $HOB_ID." });
      const outputs = (await server.messages(session)).flatMap(({ parts }) => parts).map(({ state }) => state?.output ?? "");
      assert.match(outputs.at(-1), /^shell id \.\n/, "the user's own commands run in the shell itself");
    }
  });
});

function writeBroken(program) {
  rmSync(program);
  writeFileSync(program, "#!/bin/sh\nexit 1\n");
  chmodSync(program, 0o755);
}

test("the user's own shell runs it; what is let go is the session's, and ends with OpenCode however that ends", async () => {
  await Lab.with({ config: { ...ALLOW, shell: "/bin/dash" }, plugin: { autoBackground: 1 } }, async (lab) => {
    let id;
    lab.model.play("dash", function* () {
      assert.equal((yield bash("echo $0 ${HOB_ID:+kept} ${HOB_SHELL_WAIT:-clean}")).result, "/bin/dash kept clean\n");
      id = LET_GO.exec((yield bash("exec sleep 1004")).result)[2];
      yield say("done");
    });
    const server = await lab.serve();
    assert.match((await server.api("GET", "/config")).shell, /\/hob\/shell\/[0-9a-f]{12}\/dash$/);
    const session = await server.session();
    await server.prompt(session, "[[dash]]");
    await server.idle(session);
    const [task] = await lab.tasks();
    assert.deepEqual([task.id, task.sessionId, task.createdBy, task.project, task.lifetime], [id, session, session, lab.project, "session"]);
    assert.match(task.owner, new RegExp(`^${server.pid}:`));
    await server.stop("SIGKILL");
    await until(() => lab.processes().length === 0, "all ends");
    assert.deepEqual((await lab.tasks()).map(({ status, reason }) => [status, reason]), [["cancelled", "owner"]]);
  });
});

test("with a shell that hob does not know nothing is set", async () => {
  await Lab.with({ config: ALLOW }, async (lab) => {
    const shell = join(lab.root, "mysh");
    copyFileSync("/bin/bash", shell);
    lab.config = { ...ALLOW, shell };
    lab.configure();
    lab.model.play("unknown", function* () {
      assert.equal((yield bash("echo $0 ${HOB_ID:-none}")).result, `${shell} none\n`);
      yield say("done");
    });
    const server = await lab.serve();
    assert.equal((await server.api("GET", "/config")).shell, shell);
    const session = await server.session();
    await server.prompt(session, "[[unknown]]");
    await server.idle(session);
    assert.equal(existsSync(join(lab.hobHome, "shell")), false);
  });
});

test("without hob nothing is set", async () => {
  await Lab.with({ config: ALLOW }, async (lab) => {
    lab.model.play("without", function* () {
      assert.equal((yield bash("echo $0 ${HOB_ID:-none}")).result, "/bin/bash none\n");
      yield say("done");
    });
    const server = await lab.serve({ HOB_BIN: "/not/there" });
    assert.equal((await server.api("GET", "/config")).shell, undefined);
    const session = await server.session();
    await server.prompt(session, "[[without]]");
    await server.idle(session);
    assert.equal(existsSync(join(lab.hobHome, "shell")), false);
  });
});
