// An update of the package under running tasks, and the copies of the program that make it harmless.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { load } from "../opencode/lib/built.mjs";
import { call, say } from "../opencode/lib/model.mjs";
import { alive } from "../opencode/lib/processes.mjs";
import { idIn, pidIn } from "../opencode/lib/results.mjs";
import { hasTools } from "../opencode/lib/tools.mjs";
import { until } from "../opencode/lib/wait.mjs";
import { cacheOf, copyName, packOlder, PROGRAMS, programOf, VERSION, withRegistry } from "./lib/installed.mjs";

const folder = mkdtempSync(join(tmpdir(), "hob-update-"));
after(() => rmSync(folder, { recursive: true }));
const older = packOlder(join(folder, "older"));
const OLDER = "0.0.1";

/** As if nobody had used it for two days. */
function age(path) {
  const then = new Date(Date.now() - 48 * 3600 * 1000);
  utimesSync(path, then, then);
}

test("tasks of an older hob run on, are read and ended after an update", async () => {
  await withRegistry({}, async (lab, registry) => {
    registry.publish(older, "opencode-hob", PROGRAMS[0]);
    const seen = {};
    const count = 'i=0; while :; do i=$((i+1)); echo "line $i"; sleep 0.1; done';
    lab.model.play("older", function* (first) {
      hasTools(first);
      const { result } = yield call("createBackgroundProcess", { command: count, name: "counter", global: true });
      Object.assign(seen, { id: idIn(result), pid: pidIn(result) });
      yield say("done");
    });
    lab.model.play("pulled", function* () {
      const { result } = yield call("getBackgroundProcess", { processId: seen.id });
      seen.pulled = result;
      yield say("done");
    });
    lab.model.play("newer", function* (first) {
      hasTools(first);
      seen.listed = (yield call("listBackgroundProcesses", {})).result;
      seen.shown = (yield call("getBackgroundProcess", { processId: "counter" })).result;
      seen.killed = (yield call("killProcesses", { processId: seen.id })).result;
      yield say("done");
    });
    const copies = join(lab.hobHome, "bin");
    const play = async (server, prompt) => {
      const session = await server.session();
      await server.prompt(session, prompt);
      await server.idle(session);
    };

    lab.config = { plugin: [`opencode-hob@${OLDER}`] };
    lab.configure();
    const first = await lab.serve();
    await play(first, "[[older]]");
    const copy = join(copies, copyName(older));
    assert.equal(execFileSync(join(copy, "hob"), ["version"], { encoding: "utf8" }).trim(), `hob ${OLDER}`);
    const keeper = () => lab.processes().find(({ command }) => command.startsWith(`hob keeper ${seen.id}`));
    assert.equal(programOf(keeper().pid), join(copy, "hob"));

    // The update takes the old package away, and a keeper dies on top of it.
    rmSync(cacheOf(lab, OLDER), { recursive: true });
    const { pid } = keeper();
    process.kill(pid, "SIGKILL");
    await until(() => keeper() && keeper().pid !== pid, "another keeper");
    await play(first, "[[pulled]]");
    assert.match(seen.pulled, new RegExp(`^${seen.id} "counter" running, pid ${seen.pid}`), "the old OpenCode goes on");

    age(copy);
    lab.config = { plugin: [`opencode-hob@${VERSION}`] };
    lab.configure();
    const second = await lab.serve();
    await play(second, "[[newer]]");
    assert.deepEqual(readdirSync(copies).sort(), [copyName(older), copyName()].sort(), "what a task runs from stays");
    assert.match(seen.listed, new RegExp(`^${seen.id} "counter" running, pid ${seen.pid}`, "m"));
    const lines = [...seen.shown.matchAll(/^line (\d+)$/gm)].map(([, number]) => Number(number));
    assert.ok(lines.length > 1 && lines.every((line, at) => line === lines[0] + at), `its log has no gap: ${lines}`);
    assert.match(seen.killed, new RegExp(`^${seen.id} "counter" cancelled: all its processes have ended`));
    assert.ok(!alive(seen.pid));

    await Promise.all([first.stop(), second.stop()]);
    await lab.ended();
    age(copy);
    const third = await lab.serve();
    await until(() => !existsSync(copy), "the old copy is removed");
    assert.deepEqual(readdirSync(copies), [copyName()]);
    await third.stop();
  });
});

/** The package of a small program, and a home. */
function place(name, hob = "1-abc") {
  const made = { folder: join(folder, name, "package"), home: join(folder, name, "home") };
  mkdirSync(join(made.folder, "bin"), { recursive: true });
  writeFileSync(join(made.folder, "package.json"), JSON.stringify({ hob }));
  writeFileSync(join(made.folder, "bin/hob"), `#!/bin/sh\necho ${hob}\n${"#".repeat(1 << 20)}\n`);
  chmodSync(join(made.folder, "bin/hob"), 0o755);
  return made;
}

test("many at once make one copy", async () => {
  const { folder: packaged, home } = place("race");
  const { pathname } = new URL("../opencode/lib/built.mjs", import.meta.url);
  const script = `const { load } = await import(${JSON.stringify(pathname)});
    const { copyOf } = await load("copy");
    process.send("ready");
    process.once("message", () => { process.send(copyOf(${JSON.stringify(packaged)}, { HOB_HOME: ${JSON.stringify(home)} })); process.disconnect(); });`;
  const children = Array.from({ length: 4 }, () => spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "ignore", "inherit", "ipc"] }));
  await Promise.all(children.map((child) => once(child, "message")));
  const answers = children.map((child) => once(child, "message"));
  const ends = children.map((child) => once(child, "exit"));
  for (const child of children) child.send("go");
  for (const [answer] of await Promise.all(answers)) assert.equal(answer, join(home, "bin/1-abc/hob"));
  await Promise.all(ends);
  assert.deepEqual(readdirSync(join(home, "bin/1-abc")), ["hob"]);
  assert.deepEqual(readFileSync(join(home, "bin/1-abc/hob")), readFileSync(join(packaged, "bin/hob")));
});

test("a copy is whole, private and only removed when nothing runs from it", async () => {
  const { copyOf } = await load("copy");
  const { folder: packaged, home } = place("one");
  const copy = join(home, "bin/1-abc/hob");
  assert.equal(copyOf(packaged, { HOB_HOME: home }), copy);
  truncateSync(copy, 10);
  assert.equal(copyOf(packaged, { HOB_HOME: home }), copy);
  assert.deepEqual(readFileSync(copy), readFileSync(join(packaged, "bin/hob")), "a torn copy is made anew");

  mkdirSync(join(home, "bin/0-old"));
  mkdirSync(join(home, "bin/0-used"));
  execFileSync("cp", ["/bin/sleep", join(home, "bin/0-used/hob")]);
  const user = spawn(join(home, "bin/0-used/hob"), ["1000"], { stdio: "ignore" });
  await until(() => programOf(user.pid).endsWith("0-used/hob"), "it runs");
  mkdirSync(join(home, "bin/0-young"));
  for (const name of ["0-old", "0-used", "1-abc"]) age(join(home, "bin", name));
  copyOf(packaged, { HOB_HOME: home });
  assert.deepEqual(readdirSync(join(home, "bin")).sort(), ["0-used", "0-young", "1-abc"]);
  user.kill();
  await once(user, "exit");
  age(join(home, "bin/0-used"));
  copyOf(packaged, { HOB_HOME: home });
  assert.deepEqual(readdirSync(join(home, "bin")).sort(), ["0-young", "1-abc"]);

  // By a link to the home the same copy is meant; in a home that is open to others no copy is made or trusted.
  symlinkSync(home, join(folder, "link"));
  assert.equal(copyOf(packaged, { HOB_HOME: join(folder, "link") }), copy);
  chmodSync(home, 0o755);
  assert.equal(copyOf(packaged, { HOB_HOME: home }), join(packaged, "bin/hob"));
  const { XDG_STATE_HOME, HOME } = { XDG_STATE_HOME: join(folder, "state"), HOME: join(folder, "me") };
  assert.equal(copyOf(packaged, { HOME, XDG_STATE_HOME }), join(XDG_STATE_HOME, "hob/bin/1-abc/hob"));
  assert.equal(copyOf(packaged, { HOME }), join(HOME, ".local/state/hob/bin/1-abc/hob"));
});
