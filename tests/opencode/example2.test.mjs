// Example 2 of the first package's README, with its literal command: a web server, used while it runs.
import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Lab } from "./lib/lab.mjs";
import { call, say } from "./lib/model.mjs";
import { answers, freePort } from "./lib/ports.mjs";
import { MODULES } from "./lib/programs.mjs";
import { database, WEB_PROMPT } from "./lib/projects.mjs";
import { idIn, pidIn } from "./lib/results.mjs";
import { hasTools } from "./lib/tools.mjs";

test("example 2: a web server and concurrent testing", async () => {
  const port = await freePort();
  const posts = `http://localhost:${port}/posts`;
  const curl = (line) => call("bash", { command: `curl -s ${line}`, description: "Ask the server" });
  const send = (method, path, body) => curl(`-X ${method} -H 'content-type: application/json' -d '${JSON.stringify(body)}' ${posts}${path}`);

  await Lab.with({ files: database(port) }, async (lab) => {
    symlinkSync(MODULES, join(lab.project, "node_modules"));
    const seen = {};
    lab.model.play("web", function* (first) {
      hasTools(first);
      let sight = yield call("createBackgroundProcess", {
        command: "bunx json-server --watch db.json",
        name: "api",
        tags: ["server", "json-api"],
      });
      const id = idIn(sight.result);
      const pid = pidIn(sight.result);
      do sight = yield call("getBackgroundProcess", { processId: id });
      while (!/Watching/.test(sight.result));
      assert.match(sight.result, new RegExp(`^${id} "api" running, pid ${pid}\\b`));
      assert.match(sight.result, new RegExp(`http://localhost:${port}/posts`));

      sight = yield curl(posts);
      assert.deepEqual(JSON.parse(sight.result), [{ id: 1, title: "first" }]);
      sight = yield send("POST", "", { title: "second" });
      assert.equal(JSON.parse(sight.result).id, 2);
      sight = yield send("PATCH", "/2", { title: "changed" });
      assert.equal(JSON.parse(sight.result).title, "changed");
      sight = yield curl(`-X DELETE ${posts}/1`);
      sight = yield curl(posts);
      assert.deepEqual(JSON.parse(sight.result), [{ id: 2, title: "changed" }]);

      sight = yield call("getBackgroundProcess", { processId: "api" });
      assert.match(sight.result, new RegExp(`^${id} "api" running, pid ${pid}\\b`));
      assert.match(sight.result, /DELETE \/posts\/1 200/, "what the server logged meanwhile");
      assert.doesNotMatch(sight.result, /\u001b/, "its colours are left out");

      sight = yield call("task", { description: "Test the server", prompt: "[[tester]] Test the server.", subagent_type: "general" });
      assert.match(sight.result, new RegExp(`the parent's ${id} answers`));
      sight = yield call("listBackgroundProcesses", { sessionId: "current_session_id" });
      assert.ok(sight.result.includes('"probe" completed'), "the sub-agent's process belongs to this session");

      sight = yield call("killProcesses", { sessionId: "current" });
      assert.match(sight.result, new RegExp(`^${id} "api" cancelled`, "m"));
      sight = yield curl(`--connect-timeout 5 ${posts} || echo refused`);
      assert.match(sight.result, /refused/);
      yield say("done");
    });
    lab.model.play("tester", function* (first) {
      hasTools(first);
      let sight = yield call("listBackgroundProcesses", { tags: ["server"] });
      const id = idIn(sight.result);
      sight = yield curl(`${posts}/2`);
      assert.equal(JSON.parse(sight.result).title, "changed");
      sight = yield call("createBackgroundProcess", { command: `curl -s ${posts}`, name: "probe" });
      const probe = idIn(sight.result);
      do sight = yield call("getBackgroundProcess", { processId: probe });
      while (!/completed/.test(sight.result));
      assert.match(sight.result, /"title": "changed"/);
      seen.probe = probe;
      yield say(`the parent's ${id} answers`);
    });

    const server = await lab.serve();
    const session = await server.session();
    await server.prompt(session, `[[web]] ${WEB_PROMPT}`);
    await server.idle(session);
    lab.model.check();

    const probe = (await lab.tasks()).find(({ id }) => id === seen.probe);
    assert.equal(probe.sessionId, session);
    const children = await server.api("GET", `/session/${session}/children`);
    assert.deepEqual([probe.createdBy], children.map(({ id }) => id));
    assert.ok(!(await answers(port)));
  });
});
