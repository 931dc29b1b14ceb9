// Two projects that one OpenCode has open, each with options of its own.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Lab } from "./lib/lab.mjs";
import { call, say } from "./lib/model.mjs";
import { PLUGIN } from "./lib/programs.mjs";
import { Spy } from "./lib/spy.mjs";
import { hasTools } from "./lib/tools.mjs";
import { until } from "./lib/wait.mjs";

test("each is told what its own options say", async () => {
  await Lab.with({ config: { plugin: [] } }, async (lab) => {
    const spy = new Spy(lab.root, "spy");
    const projects = { always: { folder: lab.project, code: 0 }, never: { folder: join(lab.root, "other"), code: 1 } };
    for (const [exit, { folder }] of Object.entries(projects)) {
      lab.write(folder, { "opencode.json": JSON.stringify({ plugin: [[`file://${PLUGIN}`, { notify: { exit } }]] }) });
    }
    const server = await lab.serve(spy.env);
    for (const [exit, one] of Object.entries(projects)) {
      lab.model.play(exit, function* (first) {
        hasTools(first);
        yield call("createBackgroundProcess", { command: `until [ -e go ]; do sleep 0.05; done; exit ${one.code}` });
        for (;;) yield say("noted");
      });
      one.session = await server.session(one.folder);
      await server.prompt(one.session, `[[${exit}]]`, {}, one.folder);
      await lab.model.until(({ key, sight }) => key === exit && sight.result, "that it is started");
    }
    for (const { folder } of Object.values(projects)) writeFileSync(join(folder, "go"), "");
    const fits = ({ key, sight }) => key === "always" && sight.said.some((text) => /^Background process \w+ completed, exit code 0/.test(text));
    await lab.model.until(fits, "the end in the one");
    const { session, folder } = projects.never;
    const end = await until(async () => (await lab.events()).find(({ type, sessionId }) => type === "exit" && sessionId === session), "the end in the other");
    await until(() => spy.acknowledged().includes(end.seq), "it is acknowledged");
    const users = (await server.api("GET", `/session/${session}/message`, undefined, folder)).filter(({ info }) => info.role === "user");
    assert.equal(users.length, 1, "and no more");
    await until(() => lab.processes().filter(({ command }) => /\bevents -f/.test(command)).length === 1, "one follower is enough");
  });
});
