// Processes end with the session or with OpenCode, in whichever way those end.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Lab } from "./lib/lab.mjs";
import { call, say } from "./lib/model.mjs";
import { alive } from "./lib/processes.mjs";
import { idIn, pidIn } from "./lib/results.mjs";
import { hasTools } from "./lib/tools.mjs";
import { until } from "./lib/wait.mjs";

// The shell and two that stay behind when only it is killed.
const FAMILY = "sleep 1001 & setsid sleep 1002 & echo $! ready; wait";

/** A script that starts a family of the session and a global one, and notes their ids and pids. */
function starts(seen) {
  return function* (first) {
    hasTools(first);
    for (const global of [false, true]) {
      let sight = yield call("createBackgroundProcess", { command: FAMILY, global });
      const one = { id: idIn(sight.result), pid: pidIn(sight.result) };
      do sight = yield call("getBackgroundProcess", { processId: one.id });
      while (!/ready/.test(sight.result));
      one.child = Number(/(\d+) ready/.exec(sight.result)[1]);
      seen.push(one);
    }
    yield say("started");
  };
}

async function play(lab, server, key) {
  const seen = [];
  lab.model.play(key, starts(seen));
  const session = await server.session();
  await server.prompt(session, `[[${key}]]`);
  await server.idle(session);
  lab.model.check();
  return { session, own: seen[0], global: seen[1] };
}

const gone = ({ pid, child }) => !alive(pid) && !alive(child);

test("a deleted session ends its processes, and nobody else's", async () => {
  await Lab.with({}, async (lab) => {
    const server = await lab.serve();
    const deleted = await play(lab, server, "deleted");
    const other = await play(lab, server, "other");
    await server.api("DELETE", `/session/${deleted.session}`);
    await until(() => gone(deleted.own), "the session's processes are gone");
    for (const { pid, child } of [deleted.global, other.own, other.global]) assert.ok(alive(pid) && alive(child));
    // Its record follows.
    const record = async () => (await lab.tasks()).find(({ id }) => id === deleted.own.id);
    await until(async () => (await record()).status !== "running", "its end is on record");
    assert.equal((await record()).status, "cancelled");
  });
});

test("a detached process is found again by the next OpenCode, with its output", async () => {
  await Lab.with({}, async (lab) => {
    let started;
    lab.model.play("before", function* (first) {
      hasTools(first);
      let sight = yield call("createBackgroundProcess", { command: "true", lifetime: "session", global: true });
      assert.match(sight.result, /global means lifetime app, not session: say one of them\./);
      sight = yield call("createBackgroundProcess", { command: "echo up; exec sleep 1004", name: "dev", lifetime: "detached" });
      started = { id: idIn(sight.result), pid: pidIn(sight.result) };
      sight = yield call("waitForBackgroundProcess", { processId: "dev", match: "up" });
      yield say("started");
    });
    lab.model.play("after", function* (first) {
      hasTools(first);
      let sight = yield call("listBackgroundProcesses", {});
      assert.match(sight.result, new RegExp(`^${started.id}\\b.*dev`, "m"));
      sight = yield call("getBackgroundProcess", { processId: "dev" });
      assert.match(sight.result, /^detached$/m);
      assert.match(sight.result, /^up$/m);
      sight = yield call("killProcesses", { processId: "dev" });
      assert.equal(idIn(sight.result), started.id);
      yield say("done");
    });
    for (const key of ["before", "after"]) {
      const server = await lab.serve();
      const session = await server.session();
      await server.prompt(session, `[[${key}]]`);
      await server.idle(session);
      lab.model.check();
      if (key === "before") assert.ok(alive(started.pid));
      await server.stop();
    }
    assert.ok(!alive(started.pid));
  });
});

test("a child session that ends leaves its processes to the session at the top", async () => {
  await Lab.with({}, async (lab) => {
    const seen = {};
    lab.model.play("child", function* (first) {
      hasTools(first);
      const { result } = yield call("createBackgroundProcess", { command: FAMILY, name: "served", notifyOnExit: true });
      seen.served = { id: idIn(result), pid: pidIn(result) };
      yield say("served is up");
    });
    lab.model.play("top", function* (first) {
      hasTools(first);
      const { result } = yield call("task", { description: "Start the server", prompt: "[[child]]", subagent_type: "general" });
      assert.match(result, /served is up/);
      seen.listed = (yield call("listBackgroundProcesses", { sessionId: "current" })).result;
      yield say("started");
      // The end of the process is told to this session, which did not start it.
      yield say("told");
    });
    const server = await lab.serve();
    const session = await server.session();
    await server.prompt(session, "[[top]]");
    await server.idle(session);
    lab.model.check();
    const { id, pid } = seen.served;
    assert.match(seen.listed, new RegExp(`^${id} "served" running, pid ${pid}\\b`, "m"));

    // Its session is over; deleted, it takes nothing with it.
    const [child] = await server.api("GET", `/session/${session}/children`);
    const from = server.events.length;
    await server.api("DELETE", `/session/${child.id}`);
    await server.event(({ type, properties }) => type === "session.deleted" && properties.info.id === child.id, "it is deleted", from);
    const [task] = await lab.tasks();
    assert.deepEqual([task.id, task.status, task.sessionId, task.createdBy], [id, "running", session, child.id]);
    assert.ok(alive(pid));

    process.kill(pid, "SIGKILL");
    const { sight } = await lab.model.until(({ key, sight }) => key === "top" && /"served"/.test(sight.said.at(-1)), "how it ended");
    assert.match(sight.said.at(-1), new RegExp(id));
    await server.idle(session, from);
    await server.api("DELETE", `/session/${session}`);
    await until(() => lab.processes().every(({ command }) => !/sleep 100[12]/.test(command)), "what it left ends with the session at the top");
  });
});

for (const signal of ["SIGTERM", "SIGKILL"]) {
  test(`serve ends by ${signal}: all but detached processes end`, async () => {
    await Lab.with({}, async (lab) => {
      const server = await lab.serve();
      const { session, own, global } = await play(lab, server, "serve");
      const detached = (await lab.hob("run", "-S", session, "-l", "detached", "--", "sleep", "1003")).trim();
      await server.stop(signal);
      await until(() => gone(own) && gone(global), "the processes are gone");
      const running = async () => (await lab.tasks("--status", "running")).map(({ id }) => id);
      await until(async () => (await running()).length === 1, "their ends are on record");
      assert.deepEqual(await running(), [detached]);
      await lab.hob("kill", detached);
    });
  });
}

test("a run that ends takes its processes with it", async () => {
  await Lab.with({}, async (lab) => {
    const seen = [];
    lab.model.play("run", starts(seen));
    await lab.run("[[run]]");
    assert.equal(seen.length, 2);
    await until(() => seen.every(gone), "the processes are gone");
  });
});
