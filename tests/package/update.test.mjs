// An update of the package under running tasks.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
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
