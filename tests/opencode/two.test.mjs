// More than one: two OpenCode programs in one directory, one program in two directories, and modules for two OpenCodes.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { load } from "./lib/built.mjs";
import { Lab } from "./lib/lab.mjs";
import { call, say } from "./lib/model.mjs";
import { Spy } from "./lib/spy.mjs";
import { notifications, toldSeqs } from "./lib/told.mjs";
import { hasTools } from "./lib/tools.mjs";
import { until } from "./lib/wait.mjs";

const COUNT = 30;

test("two OpenCodes in one directory deliver each notification once", async () => {
  await Lab.with({}, async (lab) => {
    const spies = ["first", "second"].map((name) => new Spy(lab.root, name));
    // One after the other: together they would both make OpenCode's database.
    const servers = [await lab.serve(spies[0].env), await lab.serve(spies[1].env)];
    const sessions = [];
    for (const [number, server] of servers.entries()) {
      lab.model.play(`two-${number}`, function* (first) {
        hasTools(first);
        const command = `for i in $(seq ${COUNT}); do echo OPENCODE_NOTIFY: from ${number} number $i.; sleep 0.02; done`;
        yield call("createBackgroundProcess", { command, name: `teller-${number}`, global: true });
        for (;;) yield say("noted");
      });
      sessions.push(await server.session());
    }
    // The second has the first one's session in use too.
    lab.model.play("both", function* () {
      yield call("createBackgroundProcess", { command: "echo OPENCODE_NOTIFY: from the second." });
      for (;;) yield say("noted");
    });
    await Promise.all(servers.map((server, number) => server.prompt(sessions[number], `[[two-${number}]]`)));
    const shared = await servers[0].session();
    await servers[1].prompt(shared, "[[both]]");

    const raised = async (session) => (await lab.events()).filter((event) => event.type === "notify" && event.sessionId === session).map(({ seq }) => seq);
    for (const [number, server] of servers.entries()) {
      await until(async () => (await toldSeqs(server, sessions[number])).length >= COUNT, `all of ${number} are stored`);
      await until(() => spies[number].acknowledged().length >= COUNT, `all of ${number} are acknowledged`);
      assert.deepEqual((await toldSeqs(server, sessions[number])).sort((a, b) => a - b), await raised(sessions[number]));
      const texts = (await notifications(server, sessions[number])).map(({ text }) => text);
      assert.ok(texts.every((text) => text.includes(`from ${number} number`) && !text.includes(`from ${1 - number} number`)));
    }
    const [one] = await until(async () => {
      const all = await notifications(servers[0], shared);
      return all.length > 0 && all;
    }, "the second one's own is stored");
    assert.match(one.text, /: from the second\.$/);
    assert.deepEqual(await toldSeqs(servers[0], shared), await raised(shared));
  });
});

test("one OpenCode in two directories: each session gets its own", async () => {
  await Lab.with({}, async (lab) => {
    const spy = new Spy(lab.root, "spy");
    const server = await lab.serve(spy.env);
    const folders = [lab.project, join(lab.root, "elsewhere")];
    mkdirSync(folders[1]);
    for (const [number, folder] of folders.entries()) {
      lab.model.play(`place-${number}`, function* (first) {
        hasTools(first);
        const command = `echo OPENCODE_NOTIFY: from $PWD.; sleep 1009`;
        yield call("createBackgroundProcess", { command, global: true });
        const { result } = yield call("listBackgroundProcesses", {});
        assert.equal(result.split("\n").length, 1, "the other directory's processes are not seen");
        for (;;) yield say("noted");
      });
      const session = await server.session(folder);
      await server.prompt(session, `[[place-${number}]]`, {}, folder);
      const text = `from ${folder}.`;
      await lab.model.until(({ key, sight }) => key === `place-${number}` && sight.said.some((line) => line.endsWith(text)), text);
    }
    await until(() => spy.acknowledged().length === 2, "both are acknowledged");
    assert.equal(lab.processes().filter(({ command }) => / events -f /.test(command)).length, 1, "one follower is enough");
  });
});

test("OpenCode 1.18 takes the module that has a part for OpenCode 2, and works with its own", async () => {
  const { default: plugin } = await load("server");
  assert.deepEqual(Object.keys(plugin), ["id", "server", "setup"]);
  await Lab.with({}, async (lab) => {
    lab.model.play("dual", function* (first) {
      hasTools(first);
      const { result } = yield call("createBackgroundProcess", { command: "echo OPENCODE_NOTIFY: it works; sleep 1000" });
      assert.match(result, / running, pid \d+/);
      for (;;) yield say("noted");
    });
    const server = await lab.serve();
    const session = await server.session();
    await server.prompt(session, "[[dual]]");
    await lab.model.until(({ sight }) => sight.said.at(-1).endsWith(": it works"), "the notification");
    assert.equal((await lab.tasks()).length, 1, "both parts of it did not start one each");
  });
});
