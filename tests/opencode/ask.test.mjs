// Permission: a background process is asked for as the same line is by OpenCode's own bash tool.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Lab } from "./lib/lab.mjs";
import { call, say } from "./lib/model.mjs";
import { hasTools } from "./lib/tools.mjs";

test("a rule that denies rm stops every line that holds one", async () => {
  const lines = ["rm victim", "echo a && rm victim", "a; rm victim", "echo $(rm victim)", "if true; then rm victim; fi", "touch ran | rm victim"];
  const config = { permission: { bash: { "*": "allow", "rm *": "deny" } } };
  await Lab.with({ config, files: { victim: "" } }, async (lab) => {
    lab.model.play("denied", function* (first) {
      hasTools(first);
      for (const command of lines) {
        const { result } = yield call("createBackgroundProcess", { command });
        assert.match(result, /prevents you from using this specific tool call/, command);
      }
      const { result } = yield call("createBackgroundProcess", { command: "echo allowed" });
      assert.match(result, /command: echo allowed/);
      yield say("done");
    });
    await lab.run("[[denied]]");
    assert.deepEqual((await lab.tasks()).map(({ command }) => command), ["echo allowed"]);
    assert.deepEqual(lab.listing(), ["victim"]);
  });
});

test("a folder outside of the project is asked for", async () => {
  const config = { permission: { bash: "allow", external_directory: "deny" } };
  await Lab.with({ config, files: { "inside/file": "" } }, async (lab) => {
    lab.model.play("outside", function* (first) {
      hasTools(first);
      const outside = yield call("createBackgroundProcess", { command: "echo >ran", cwd: lab.root });
      assert.match(outside.result, /prevents you from using this specific tool call/);
      const above = yield call("createBackgroundProcess", { command: "echo >ran", cwd: ".." });
      assert.match(above.result, /prevents you from using this specific tool call/);
      const named = yield call("createBackgroundProcess", { command: `cp inside/file ${lab.root}/ran` });
      assert.match(named.result, /prevents you from using this specific tool call/);
      const inside = yield call("createBackgroundProcess", { command: "pwd", cwd: "inside", name: "here" });
      assert.match(inside.result, /"here"/);
      yield say("done");
    });
    await lab.run("[[outside]]");
    assert.ok(!existsSync(join(lab.root, "ran")));
    assert.equal((await lab.tasks())[0].cwd, join(lab.project, "inside"));
  });
});

// Lines that do nothing, and name what the parser must find.
const LINES = [
  "echo one && echo two | grep -c one; true",
  "false && (rm x; git config --list; docker compose up -d; npm run build --silent > out.txt)",
  "false && cat /etc/hosts ~/notes \"$HOME/other\" ../up*.txt '/var/log/x'",
  "cd / && false && cp a \"/opt/b c\"",
  "for f in *; do false && chmod +x \"$f\" /usr/bin/$f > /dev/null; done",
  "A=1 false; echo $(echo in) `echo there` <<< \"$(echo deep)\"",
  "false && mkdir -p /srv/one /srv/one/two && yarn dlx thing",
  "# only a remark",
  "f() { false && mv a /mnt/b; }; f",
];

test("it asks for exactly what the bash tool asks for", async () => {
  await Lab.with({ config: { permission: { bash: "ask", external_directory: "ask" } } }, async (lab) => {
    const server = await lab.serve();
    const asked = [];
    lab.model.play("asks", function* (first) {
      hasTools(first);
      for (const command of LINES) {
        yield call("bash", { command, description: "compare" });
        yield call("createBackgroundProcess", { command });
      }
      yield say("done");
    });
    const session = await server.session();
    server.on("permission.asked", async ({ id, permission, patterns, always, metadata, tool }) => {
      asked.push({ call: tool.callID, asked: { permission, patterns, always, metadata } });
      await server.api("POST", `/permission/${id}/reply`, { reply: "once" });
    });
    await server.prompt(session, "[[asks]]");
    await server.idle(session);

    const parts = (await server.messages(session)).flatMap((message) => message.parts).filter(({ type }) => type === "tool");
    assert.equal(parts.length, 2 * LINES.length);
    const of = (tool) =>
      parts.filter((part) => part.tool === tool).map((part) => asked.filter((one) => one.call === part.callID).map((one) => one.asked));
    assert.deepEqual(of("createBackgroundProcess"), of("bash"));
    assert.ok(of("bash").flat().length > LINES.length);
  });
});
