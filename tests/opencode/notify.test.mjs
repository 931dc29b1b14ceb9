// What processes say reaches the session that started them, once, as a prompt that changes nothing else.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Lab } from "./lib/lab.mjs";
import { call, say } from "./lib/model.mjs";
import { identity, withEnvironment } from "./lib/processes.mjs";
import { idIn } from "./lib/results.mjs";
import { Spy } from "./lib/spy.mjs";
import { notifications, settled, toldSeqs } from "./lib/told.mjs";
import { hasTools } from "./lib/tools.mjs";
import { until } from "./lib/wait.mjs";

test("an idle session: from stdout and stderr, with agent, model and variant as they were", async () => {
  await Lab.with({}, async (lab) => {
    const spy = new Spy(lab.root, "spy");
    const ids = [];
    lab.model.play("idle", function* (first) {
      hasTools(first);
      // Each says something once the turn is over.
      for (const [name, to] of [["out", 1], ["err", 2]]) {
        const command = `until [ -e ${name} ]; do sleep 0.05; done; echo 'OPENCODE_NOTIFY:  ${name} is ready ' >&${to}; echo ' OPENCODE_NOTIFY: indented'; echo OPENCODE_NOTIFY:`;
        const { result } = yield call("createBackgroundProcess", { command, name });
        ids.push(idIn(result));
      }
      let sight = yield say("started");
      assert.match(sight.said.at(-1), new RegExp(`^Notification from background process ${ids[0]} "out": out is ready\n<system-reminder>`));
      sight = yield say("noted");
      assert.match(sight.said.at(-1), new RegExp(`^Notification from background process ${ids[1]} "err": err is ready\n<system-reminder>`));
      yield say("noted");
    });
    const server = await lab.serve(spy.env);
    const session = await server.session();
    const how = { agent: "plan", model: { providerID: "scripted", modelID: "second" }, variant: "deep" };
    await server.prompt(session, "[[idle]]", how);
    await server.idle(session);
    for (const name of ["out", "err"]) {
      const before = server.events.length;
      writeFileSync(join(lab.project, name), "");
      await server.idle(session, before);
    }
    const users = (await server.messages(session)).filter(({ info }) => info.role === "user");
    assert.equal(users.length, 3, "no other line is a notification");
    for (const { info } of users) {
      assert.deepEqual({ agent: info.agent, model: info.model }, { agent: "plan", model: { ...how.model, variant: "deep" } });
    }
    assert.deepEqual(lab.model.of("idle").map(({ body }) => body.model), Array(5).fill("second"));
    await settled(spy, server, session);
  });
});

test("a busy session: the message comes before the next request of the turn", async () => {
  await Lab.with({}, async (lab) => {
    const spy = new Spy(lab.root, "spy");
    lab.model.play("busy", function* (first) {
      hasTools(first);
      const command = "echo OPENCODE_NOTIFY: from out; echo OPENCODE_NOTIFY: from err >&2";
      let sight = yield call("createBackgroundProcess", { command, name: "quick" });
      const id = idIn(sight.result);
      sight = yield call("bash", { command: "until [ -e go ]; do sleep 0.05; done; echo went", description: "Wait" });
      assert.match(sight.result, /went/);
      for (const one of ["out", "err"]) assert.match(sight.said.join("\n"), new RegExp(`${id} "quick": from ${one}$`, "m"));
      yield say("done");
    });
    const server = await lab.serve(spy.env);
    const session = await server.session();
    await server.prompt(session, "[[busy]]");
    await until(async () => (await toldSeqs(server, session)).length === 2, "both are stored");
    writeFileSync(join(lab.project, "go"), "");
    await server.idle(session);
    await settled(spy, server, session);
    assert.equal((await toldSeqs(server, session)).length, 2);
  });
});

test("a flood: one prompt a window, the first and the last told, the others counted, none lost, and the follower may die", async () => {
  const COUNT = 2000;
  await Lab.with({}, async (lab) => {
    const spy = new Spy(lab.root, "spy");
    let id;
    lab.model.play("many", function* (first) {
      hasTools(first);
      const command = `until [ -e go ]; do sleep 0.05; done; for i in $(seq ${COUNT}); do echo OPENCODE_NOTIFY: number $i.; done`;
      id = idIn((yield call("createBackgroundProcess", { command })).result);
      for (;;) yield say("noted");
    });
    const server = await lab.serve(spy.env);
    const session = await server.session();
    await server.prompt(session, "[[many]]");
    await server.idle(session);
    const follower = () =>
      withEnvironment(`HOME=${lab.home}`).find(({ command }) => /\bevents -f\b/.test(command) && command.includes(identity(server.pid)));
    const { pid } = await until(follower, "a follower runs");
    process.kill(pid, "SIGKILL");
    writeFileSync(join(lab.project, "go"), "");

    await until(async () => (await toldSeqs(server, session)).length >= COUNT, "all notifications are stored");
    const seqs = await toldSeqs(server, session);
    const raised = (await lab.events()).filter(({ type }) => type === "notify").map(({ seq }) => seq);
    assert.deepEqual(seqs.toSorted((a, b) => a - b), raised, "each counts as told, once");
    const texts = (await notifications(server, session)).map(({ text }) => text);
    assert.ok(texts.length < 20, `${texts.length} prompts`);
    const numbers = texts.flatMap((text) => [...text.matchAll(/number (\d+)\./g)].map(([, number]) => Number(number)));
    assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b), "in order");
    assert.deepEqual([numbers[0], numbers.at(-1)], [1, COUNT]);
    assert.ok(texts.every((text) => text.match(/number \d+\./g).length <= 20));
    // What was left out can be read from the place that is named.
    const gaps = texts.flatMap((text) => [...text.matchAll(/number (\d+)\.\n- \((\d+) more of (\w+): since (\d+)\)\n/g)]);
    assert.ok(gaps.length > 0, "some were left out");
    assert.equal(numbers.length + gaps.reduce((sum, [, , count]) => sum + Number(count), 0), COUNT);
    for (const [, before, , of, since] of gaps) {
      assert.equal(of, id);
      assert.equal((await lab.hob("logs", id, "--since", since)).split("\n")[0], `OPENCODE_NOTIFY: number ${Number(before) + 1}.`);
    }
    await settled(spy, server, session);
    assert.notEqual((await until(follower, "another follower runs")).pid, pid);
  });
});

test("a session that is gone breaks nothing", async () => {
  await Lab.with({}, async (lab) => {
    const spy = new Spy(lab.root, "spy");
    const command = "until [ -e go ]; do sleep 0.05; done; echo OPENCODE_NOTIFY: anybody there; sleep 1000";
    lab.model.play("gone", function* (first) {
      hasTools(first);
      yield call("createBackgroundProcess", { command, global: true });
      yield say("done");
    });
    lab.model.play("after", function* () {
      const { result } = yield call("listBackgroundProcesses", {});
      assert.match(result, /running.*anybody there/);
      yield call("createBackgroundProcess", { command: "echo OPENCODE_NOTIFY: still here" });
      for (;;) yield say("done");
    });
    const server = await lab.serve(spy.env);
    const session = await server.session();
    await server.prompt(session, "[[gone]]");
    await server.idle(session);
    await server.api("DELETE", `/session/${session}`);
    writeFileSync(join(lab.project, "go"), "");
    const raised = await until(async () => (await lab.events()).find(({ type }) => type === "notify"), "the event is raised");
    await until(() => spy.acknowledged().includes(raised.seq), "the event is acknowledged");
    const other = await server.session();
    await server.prompt(other, "[[after]]");
    await lab.model.until(({ sight }) => /still here$/.test(sight.said.at(-1)), "another session's notification");
  });
});

test("what was raised while no OpenCode listened is handed over, once", async () => {
  await Lab.with({}, async (lab) => {
    lab.model.play("away", function* (first) {
      hasTools(first);
      for (;;) yield say("noted");
    });
    const before = await lab.serve();
    const session = await before.session();
    await before.prompt(session, "[[away]]");
    await before.idle(session);
    await before.stop();

    const owner = spawn("sleep", ["1000"], { env: lab.env });
    const away = ["run", "-S", session, "-l", "detached", "-o", identity(owner.pid), "--notify-prefix", "OPENCODE_NOTIFY:"];
    await lab.hob(...away, "-n", "night", "-c", "echo OPENCODE_NOTIFY: while you were away");
    await until(async () => (await lab.events()).some(({ type }) => type === "notify"), "the event is raised");
    owner.kill("SIGKILL");
    await once(owner, "exit");

    const after = await lab.serve();
    await after.prompt(session, "good morning");
    await lab.model.until(({ sight }) => /process \S+ "night": while you were away$/.test(sight.said.at(-1)), "the notification");
    await after.idle(session);
    assert.equal((await notifications(after, session)).length, 1);
  });
});

test("an OpenCode that was killed before it acknowledged: the next one does not send again", async () => {
  await Lab.with({}, async (lab) => {
    lab.model.play("killed", function* (first) {
      hasTools(first);
      yield call("createBackgroundProcess", { command: "echo OPENCODE_NOTIFY: only once; sleep 1000" });
      for (;;) yield say("noted");
    });
    const mute = new Spy(lab.root, "mute", 'case "$*" in *--ack*) exit 1;; esac');
    const spy = new Spy(lab.root, "spy");

    const before = await lab.serve(mute.env);
    const session = await before.session();
    await before.prompt(session, "[[killed]]");
    await lab.model.until(({ sight }) => /only once$/.test(sight.said.at(-1)), "the notification");
    await before.stop("SIGKILL");

    const after = await lab.serve(spy.env);
    await after.prompt(session, "go on");
    await settled(spy, after, session);
    await after.idle(session);
    assert.equal((await notifications(after, session)).length, 1);
  });
});
