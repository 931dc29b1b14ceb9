// Waiting instead of sleeping and looking: each condition, the end of patience, and the user who has had enough.
import assert from "node:assert/strict";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { Lab } from "./lib/lab.mjs";
import { call, say } from "./lib/model.mjs";
import { freePort } from "./lib/ports.mjs";
import { idIn } from "./lib/results.mjs";
import { hasTools } from "./lib/tools.mjs";
import { until } from "./lib/wait.mjs";

const SERVER = `
import { createServer } from "node:http";
import { existsSync } from "node:fs";
const answer = (request, response) => response.end("hello from " + request.url);
const listen = () => createServer(answer).listen(Number(process.argv[2]), "127.0.0.1");
// It takes its time to start, as servers do.
const timer = setInterval(() => existsSync("go") && (clearInterval(timer), listen()), 20);
`;

test("a server: waited for by its port, then asked", async () => {
  const port = await freePort();
  await Lab.with({ files: { "server.mjs": SERVER } }, async (lab) => {
    let waiting = false;
    lab.model.play("server", function* (first) {
      hasTools(first);
      let sight = yield call("createBackgroundProcess", { command: `node server.mjs ${port}`, name: "web" });
      const id = idIn(sight.result);
      waiting = true;
      sight = yield call("waitForBackgroundProcess", { processId: "web", port: String(port) });
      assert.match(sight.result, new RegExp(`^${id} "web" running, port ${port}\nIt listens on port ${port}\\.\nno output\n`));
      sight = yield call("bash", { command: `curl -s http://127.0.0.1:${port}/there`, description: "Ask the server" });
      assert.match(sight.result, /hello from \/there/);
      sight = yield call("listBackgroundProcesses", {});
      assert.match(sight.result, new RegExp(`^${id} "web" running, .*, port ${port}; command`));
      sight = yield call("waitForBackgroundProcess", { processId: id, port: "any", timeout: "1s" });
      assert.match(sight.result, new RegExp(`It listens on port ${port}\\.`), "what holds already is told at once");
      sight = yield call("createBackgroundProcess", { command: `node server.mjs ${port}`, name: "again" });
      sight = yield call("waitForBackgroundProcess", { processId: "again" });
      assert.match(sight.result, new RegExp(`^\\w{5} "again" failed, exit code 1\nport ${port} is held by background process ${id} "web"\noutput:`));
      yield say("done");
    });
    const server = await lab.serve();
    const session = await server.session();
    await server.prompt(session, "[[server]]");
    await until(() => waiting && lab.processes().some(({ command }) => / wait /.test(command)), "the wait began");
    writeFileSync(join(lab.project, "go"), "");
    await server.idle(session);
  });
});

test("each condition, and several; time that is over; a task that ended first", async () => {
  await Lab.with({}, async (lab) => {
    lab.model.play("conditions", function* (first) {
      hasTools(first);
      const wait = (more) => call("waitForBackgroundProcess", { processId: "task", ...more });
      const command = "echo one; until [ -e two ]; do sleep 0.05; done; echo two; until [ -e end ]; do sleep 0.05; done; exit 3";
      yield call("createBackgroundProcess", { command, name: "task" });

      let sight = yield wait({ match: "^one$" });
      assert.match(sight.result, /^\w{5} "task" running\nMatched: one\noutput:\none\n\(what is new: since 4\)$/);
      sight = yield wait({ idle: "100ms" });
      assert.match(sight.result, /\nIt is silent\.\n/);
      sight = yield wait({ match: "o", since: 4, timeout: "100ms" });
      assert.match(sight.result, /\nNot yet after 100ms: to go on, wait again\.\noutput:\none\n\(what is new: since 4\)$/);
      yield call("bash", { command: "touch two", description: "Let it go on" });
      sight = yield wait({ match: "o", since: 4, exit: true });
      assert.match(sight.result, /\nMatched: two\n/);
      yield call("bash", { command: "touch end", description: "Let it end" });
      sight = yield wait({});
      assert.match(sight.result, /^\w{5} "task" failed, exit code 3\noutput:\none\ntwo$/);
      sight = yield wait({ match: "three" });
      assert.match(sight.result, /^\w{5} "task" failed, exit code 3\nIt ended before that\.\n/);

      sight = yield wait({ match: "(" });
      assert.match(sight.result, /^--match: /);
      sight = yield wait({ since: 4 });
      assert.equal(sight.result, "since goes with match: it says from where on output may match.");
      sight = yield wait({ until: "three" });
      assert.match(sight.result, /^waitForBackgroundProcess has no parameter until: it takes processId, exit, match/);
      yield say("done");
    });
    await lab.run("[[conditions]]");
  });
});

test("an abort ends a wait at once, and hob's process with it", async () => {
  await Lab.with({}, async (lab) => {
    lab.model.play("abort", function* (first) {
      hasTools(first);
      yield call("createBackgroundProcess", { command: "sleep 1010", name: "long" });
      yield call("waitForBackgroundProcess", { processId: "long", timeout: "10m" });
      yield say("nobody gets here");
    });
    const server = await lab.serve();
    const session = await server.session();
    await server.prompt(session, "[[abort]]");
    const waits = () => lab.processes().filter(({ command }) => /\bwait \w{5}\b.*--json/.test(command));
    await until(() => waits().length === 1, "the wait runs");
    await server.api("POST", `/session/${session}/abort`);
    await until(() => waits().length === 0, "hob's process ends");
    await server.idle(session);
    const [task] = await lab.tasks();
    assert.equal(task.status, "running", "what was waited for goes on");
  });
});
