// A plugin that OpenCode loads anew, in the same process.
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Lab } from "./lib/lab.mjs";
import { call, say } from "./lib/model.mjs";
import { Spy } from "./lib/spy.mjs";
import { settled, toldSeqs } from "./lib/told.mjs";
import { hasTools } from "./lib/tools.mjs";
import { until } from "./lib/wait.mjs";

test("a notification that is on its way meanwhile comes once", async () => {
  await Lab.with({}, async (lab) => {
    const held = join(lab.root, "held");
    const spy = new Spy(lab.root, "spy", `[ "$1" != show ] || until [ ! -e '${held}' ]; do sleep 0.05; done`);
    lab.model.play("anew", function* (first) {
      hasTools(first);
      const command = "until [ -e go ]; do sleep 0.05; done; echo OPENCODE_NOTIFY: just once; sleep 1000";
      yield call("createBackgroundProcess", { command });
      for (;;) yield say("noted");
    });
    const server = await lab.serve(spy.env);
    const session = await server.session();
    await server.prompt(session, "[[anew]]");
    await server.idle(session);
    const looks = () => spy.calls().filter((line) => line.startsWith("show ")).length;
    const before = looks();
    writeFileSync(held, "");
    writeFileSync(join(lab.project, "go"), "");
    await until(() => looks() > before, "it is looked at");
    await server.api("POST", "/instance/dispose");
    // It answers before it has done so.
    await until(() => !lab.processes().some(({ command }) => /events -f/.test(command)), "the plugin is let go");
    await server.session();
    await until(() => looks() > before + 1, "it is looked at again");
    rmSync(held);
    await settled(spy, server, session);
    await lab.model.until(({ sight }) => /just once$/.test(sight.said.at(-1)), "the notification");
    assert.equal((await toldSeqs(server, session)).length, 1);
  });
});
