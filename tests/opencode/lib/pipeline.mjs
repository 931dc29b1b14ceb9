// Example 1 of the first package's README, played in a lab whose project holds `pipeline`.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { call, say } from "./model.mjs";
import { alive } from "./processes.mjs";
import { pipeline, PIPELINE_PROMPT } from "./projects.mjs";
import { idIn, pidIn } from "./results.mjs";
import { hasTools } from "./tools.mjs";
import { until } from "./wait.mjs";

/** Plays it from the prompt to the end of OpenCode. */
export async function playPipeline(lab) {
  const seen = {};
  lab.model.play("pipeline", function* (first) {
    hasTools(first);
    let sight = yield call("createBackgroundProcess", {
      command: "bun build ./src/index.ts --outdir dist --target bun",
      tags: ["build", "critical"],
    });
    const build = (seen.build = idIn(sight.result));
    sight = yield call("createBackgroundProcess", { command: "bun test --watch", name: "tests", tags: ["test", "validation"] });
    const tests = idIn(sight.result);
    seen.tests = pidIn(sight.result);
    sight = yield call("createBackgroundProcess", { command: "mise run lint", tags: ["lint"], global: true });
    const lint = (seen.lint = idIn(sight.result));
    seen.linter = pidIn(sight.result);
    assert.match(sight.result, /\bglobal\b/);

    do sight = yield call("getBackgroundProcess", { processId: build });
    while (!/completed/.test(sight.result));
    assert.match(sight.result, /completed, exit code 0, pid \d+, started \S+ \S+Z, ended \S+Z/);
    assert.match(sight.result, /Bundled 2 modules/);
    do sight = yield call("getBackgroundProcess", { processId: "tests" });
    while (!/1 pass/.test(sight.result));

    sight = yield call("listBackgroundProcesses", {});
    const all = sight.result.split("\n");
    assert.equal(all.length, 3);
    assert.ok(all.some((line) => line.startsWith(`${build} completed`)));
    assert.ok(all.some((line) => line.startsWith(`${tests} "tests" running, pid ${seen.tests}`)));
    assert.ok(all.some((line) => line.startsWith(`${lint} running, pid ${seen.linter}`) && line.includes("command: mise run lint")));

    sight = yield call("listBackgroundProcesses", { tags: ["critical", "validation"] });
    assert.deepEqual(sight.result.split("\n").map(idIn).sort(), [build, tests].sort());

    sight = yield call("killProcesses", { processId: tests });
    assert.match(sight.result, new RegExp(`^${tests} "tests" cancelled`));
    seen.testsEnded = !alive(seen.tests);
    sight = yield call("listBackgroundProcesses", {});
    assert.match(sight.result, new RegExp(`^${tests} "tests" cancelled`, "m"));
    sight = yield call("listBackgroundProcesses", { status: "running" });
    assert.deepEqual(sight.result.split("\n").map(idIn), [lint]);
    yield say("done");

    // The linter reports by itself, maybe even before the turn is over.
    yield say("noted");
  });
  lab.model.play("later", function* () {
    const { result } = yield call("listBackgroundProcesses", {});
    seen.later = result;
    yield say("done");
  });

  const server = await lab.serve();
  const session = await server.session();
  await server.prompt(session, `[[pipeline]] ${PIPELINE_PROMPT}`);
  await lab.model.until(({ sight }) => sight.said.some((text) => /Notification.*no problems in src/.test(text)), "the linter's report");
  await server.idle(session);
  assert.ok(seen.testsEnded, "the test runner's process was gone when killProcesses answered");
  assert.ok(existsSync(join(lab.project, "dist/index.js")));

  await server.api("DELETE", `/session/${session}`);
  const other = await server.session();
  await server.prompt(other, "[[later]]");
  await server.idle(other);
  assert.match(seen.later, new RegExp(`^${seen.lint} running, pid ${seen.linter}`, "m"), "another session sees the global process");

  await server.stop();
  await until(() => !alive(seen.linter), "the global process ends with OpenCode");
  // What example 1 itself made is all that is new in the project.
  assert.deepEqual(lab.listing(), ["dist", "dist/index.js", "src", ...Object.keys(pipeline)].sort());
}
