// The watcher script of the first package's README, as it stands there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Lab } from "./lib/lab.mjs";
import { call, say } from "./lib/model.mjs";
import { pipeline } from "./lib/projects.mjs";
import { idIn } from "./lib/results.mjs";
import { hasTools } from "./lib/tools.mjs";

const WATCHER = `#!/usr/bin/env bash
set -euo pipefail
while true; do
if bun test; then
printf '%s\\n' 'OPENCODE_NOTIFY: tests passed; continue with the next planned step'
else
printf '%s\\n' 'OPENCODE_NOTIFY: tests failed; inspect the background process output and fix the failure' >&2
fi
sleep 30
done
`;

test("the watcher script: the agent is told of a failure, repairs it, and is told of the success", async () => {
  const files = { ...pipeline, "watch.sh": WATCHER, "src/add.ts": pipeline["src/add.ts"].replace("a + b", "a - b") };
  await Lab.with({ files }, async (lab) => {
    let id;
    lab.model.play("watcher", function* (first) {
      hasTools(first);
      let sight = yield call("createBackgroundProcess", { command: "bash watch.sh", name: "watcher" });
      id = idIn(sight.result);
      // On a busy machine it comes beside an answer, else alone.
      const failed = `Notification from background process ${id} "watcher": tests failed; inspect the background process output and fix the failure`;
      while (!sight.said.some((text) => text.includes(failed))) sight = yield say("started");
      sight = yield call("getBackgroundProcess", { processId: id });
      assert.match(sight.result, /1 fail\b/);
      assert.match(sight.result, /Expected: 5\s+Received: -1/);
      sight = yield call("bash", { command: "sed -i 's/a - b/a + b/' src/add.ts", description: "Repair it" });
      const passed = `Notification from background process ${id} "watcher": tests passed; continue with the next planned step`;
      while (!sight.said.some((text) => text.includes(passed))) sight = yield say("repaired");
      sight = yield call("getBackgroundProcess", { processId: id });
      assert.match(sight.result, /1 pass\b/);
      assert.match(sight.result, /OPENCODE_NOTIFY: tests passed/, "the marker line stays in the output");
      yield say("done");
    });
    const server = await lab.serve();
    const session = await server.session();
    await server.prompt(session, "[[watcher]]");
    await lab.model.until(({ sight }) => sight.said.some((text) => text.includes("tests passed")), "that the tests passed");
    await server.event(({ type }, index) => type === "session.idle", "the turn ends", server.events.length);
  });
});
