// More than one: two OpenCode programs in one directory, and one program in two directories.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Lab } from "./lib/lab.mjs";
import { call, say } from "./lib/model.mjs";
import { Spy } from "./lib/spy.mjs";
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

    const told = async (server, session) => {
      const parts = (await server.messages(session)).flatMap((message) => message.parts).filter(({ metadata }) => metadata?.hob);
      return parts.flatMap(({ text }) => [...text.matchAll(/from (\S+ \S+ ?\S*)\./g)].map(([, what]) => what));
    };
    for (const [number, server] of servers.entries()) {
      await until(async () => (await told(server, sessions[number])).length >= COUNT, `all of ${number} are stored`);
      await until(() => spies[number].acknowledged().length >= COUNT, `all of ${number} are acknowledged`);
      const expected = Array.from({ length: COUNT }, (_, index) => `${number} number ${index + 1}`);
      assert.deepEqual(await told(server, sessions[number]), expected);
    }
    assert.deepEqual(await until(async () => {
      const lines = await told(servers[0], shared);
      return lines.length > 0 && lines;
    }, "the second one's own is stored"), ["the second"]);
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
    assert.equal(spy.calls().filter((call) => call.startsWith("events -f")).length, 1, "one follower is enough");
  });
});
