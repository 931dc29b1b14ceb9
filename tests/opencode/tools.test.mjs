// The tools as the model meets them: what it is offered, what it reads, what it may reach.
import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Lab } from "./lib/lab.mjs";
import { call, say } from "./lib/model.mjs";
import { hob, TOOLS } from "./lib/programs.mjs";
import { idIn, pidIn } from "./lib/results.mjs";
import { tokens } from "./lib/tokens.mjs";
import { hasTools } from "./lib/tools.mjs";

/** The schema without what OpenCode adds to every one. */
function essence({ type, properties, required = [] }) {
  return { type, properties, required };
}

test("the model is offered what tools.json says", async () => {
  await Lab.with({ plugin: { notifyPrefix: "TELL:" } }, async (lab) => {
    let id;
    lab.model.play("offer", function* (first) {
      for (const { name, description, parameters } of TOOLS) {
        const offered = first.body.tools.find((tool) => tool.function.name === name)?.function;
        assert.equal(offered?.description, description.replace("{notifyPrefix}", "TELL:"));
        assert.deepEqual(essence(offered.parameters), essence(parameters));
      }
      let sight = yield call("createBackgroundProcess", { command: "echo OPENCODE_NOTIFY: no; echo TELL: yes" });
      id = idIn(sight.result);
      // It is told beside the result, or in a turn of its own.
      if (sight.said.length === 1) sight = yield say("started");
      assert.equal(sight.said.at(-1), `Notification from background process ${id}: yes`);
      yield say("done");
    });
    const server = await lab.serve();
    const session = await server.session();
    await server.prompt(session, "[[offer]]");
    await lab.model.until(({ sight }) => sight.said.at(-1) === `Notification from background process ${id}: yes`, "the notification");
    await server.idle(session, server.events.length);
    assert.deepEqual(lab.listing(), [], "nothing is written into the project");
  });
});

test("all tools together cost less than 1,200 tokens a request", async () => {
  await Lab.with({}, async (lab) => {
    let offered;
    lab.model.play("cost", function* (first) {
      hasTools(first);
      const ours = new Set(TOOLS.map(({ name }) => name));
      offered = first.body.tools.filter((tool) => ours.has(tool.function.name));
      yield say("done");
    });
    await lab.run("[[cost]]");
    assert.equal(offered.length, TOOLS.length);
    const cost = tokens(JSON.stringify(offered));
    assert.ok(cost < 1200, `${cost} tokens`);
  });
});

test("a progress bar of 200,000 updates costs under 500 characters", async () => {
  const bar = "for (let i = 1; i <= 200_000; i++) process.stdout.write(`\\rdownloading ${i}/200000 ${'#'.repeat(i / 10_000)}`); console.log('\\nsaved');";
  await Lab.with({ files: { "bar.mjs": bar } }, async (lab) => {
    lab.model.play("bar", function* (first) {
      hasTools(first);
      for (const pty of [false, true]) {
        let sight = yield call("createBackgroundProcess", { command: "node bar.mjs", pty });
        const processId = idIn(sight.result);
        sight = yield call("waitForBackgroundProcess", { processId });
        assert.ok(sight.result.length < 500, sight.result);
        sight = yield call("getBackgroundProcess", { processId });
        assert.match(sight.result, /\noutput:\ndownloading 200000\/200000 #{20} \[… 199,999 redraws: --raw --since 0 --until \d+ …\]\nsaved$/);
        assert.ok(sight.result.length < 500, sight.result);
      }
      yield say("done");
    });
    await lab.run("[[bar]]");
  });
});

test("results tell status, exit code, error, times, output and what was left out", async () => {
  await Lab.with({}, async (lab) => {
    lab.model.play("results", function* (first) {
      hasTools(first);
      const ended = function* (args) {
        let sight = yield call("createBackgroundProcess", args);
        const id = idIn(sight.result);
        do sight = yield call("getBackgroundProcess", { processId: id });
        while (/ (running|pending),/.test(sight.result.split("\n")[0]));
        return sight.result;
      };
      let result = yield* ended({ command: "echo broken >&2; exit 3", name: "fails", tags: ["a", "b"] });
      assert.match(result, /^\w{5} "fails" failed, exit code 3, pid \d+, started \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ, ended .*Z$/m);
      assert.match(result, /^command: echo broken >&2; exit 3\ntags: a, b$/m);
      assert.match(result, /\nbroken$/);
      result = yield* ended({ command: "kill -SEGV $$" });
      assert.match(result, /failed, signal (SIGSEGV|11)/);
      result = yield* ended({ command: "sleep 1004", timeout: "100ms" });
      assert.match(result, /failed \(timeout\)/);
      result = yield* ended({ command: "seq 1000; printf '50%%\\r100%%\\n\\033[31mred\\033[0m\\n'" });
      assert.match(result, /\noutput:\n\[… 902 lines .* left out.*\]\n903\n/);
      assert.match(result, /\n1000\n100%\nred\n\(/);
      assert.match(result, /\n\(what is left out: give its since\)$/);
      const [, id, since] = /^(\w{5})[^]* --since (\d+)/.exec(result);
      let sight = yield call("getBackgroundProcess", { processId: id, since, maxChars: 500 });
      assert.match(sight.result, /\noutput:\n1\n2\n3\n/);
      result = yield* ended({ command: "sleep 1005 & exit 0" });
      assert.match(result, /completed, exit code 0/);
      assert.match(result, /still running: pid \d+.*sleep 1005/);
      const left = pidIn(/still running: .*/.exec(result)[0]);

      sight = yield call("createBackgroundProcess", { command: "true", cwd: "missing" });
      assert.match(sight.result, /missing/);
      assert.doesNotMatch(sight.result, /\n/, "an error is one sentence");
      sight = yield call("createBackgroundProcess", { command: "true", timeout: "soon" });
      assert.match(sight.result, /soon/);
      sight = yield call("getBackgroundProcess", { processId: "nothing-of-that-name" });
      assert.match(sight.result, /nothing-of-that-name/);
      sight = yield call("killProcesses", { tags: ["nobody"] });
      assert.match(sight.result, /nothing was ended/);

      sight = yield call("killProcesses", {});
      assert.match(sight.result, /Say which processes to end/);
      sight = yield call("killProcesses", { processId: "", sessionId: "", tags: [] });
      assert.match(sight.result, /Say which processes to end/);
      sight = yield call("bash", { command: `kill -0 ${left} && echo lives`, description: "Look" });
      assert.match(sight.result, /lives/);
      sight = yield call("killProcesses", { sessionId: "current" });
      sight = yield call("bash", { command: `kill -0 ${left} || echo ended`, description: "Look" });
      assert.match(sight.result, /ended/);
      yield say("done");
    });
    await lab.run("[[results]]");
  });
});

test("a session sees its own and the project's global processes, by name too", async () => {
  await Lab.with({}, async (lab) => {
    const ids = {};
    lab.model.play("first", function* (first) {
      hasTools(first);
      const command = "sleep 1006";
      ids.own = idIn((yield call("createBackgroundProcess", { command, name: "same", tags: ["mine"] })).result);
      ids.global = idIn((yield call("createBackgroundProcess", { command, name: "shared", tags: ["mine"], global: true })).result);
      yield say("started");
    });
    lab.model.play("second", function* (first) {
      const session = first.body.messages;
      const list = function* (args) {
        const { result } = yield call("listBackgroundProcesses", args);
        return result.split("\n").map((line) => /^[a-z0-9]{5}\b/.exec(line)?.[0]).sort();
      };
      assert.ok(session.length > 0);
      let sight = yield call("getBackgroundProcess", { processId: "same" });
      assert.match(sight.result, /No background process of this session or project is called same/);
      const own = idIn((yield call("createBackgroundProcess", { command: "sleep 1007", name: "same", tags: ["mine", "new"] })).result);
      sight = yield call("getBackgroundProcess", { processId: "same" });
      assert.equal(idIn(sight.result), own);
      assert.deepEqual(yield* list({}), [own, ids.global].sort());
      assert.deepEqual(yield* list({ sessionId: "current" }), [own]);
      assert.deepEqual(yield* list({ sessionId: "all" }), [own, ids.global, ids.own].sort());
      assert.deepEqual(yield* list({ sessionId: ids.session }), [ids.global, ids.own].sort());
      assert.deepEqual(yield* list({ tags: ["new", "none"] }), [own]);
      assert.deepEqual(yield* list({ status: "failed" }), [undefined]);
      sight = yield call("killProcesses", { processId: "same" });
      assert.equal(idIn(sight.result), own);
      sight = yield call("killProcesses", { tags: ["mine"] });
      assert.equal(idIn(sight.result), ids.global, "not the other session's");
      assert.deepEqual(yield* list({ sessionId: "all", status: "running" }), [ids.own]);
      sight = yield call("killProcesses", { processId: ids.own });
      assert.equal(idIn(sight.result), ids.own);
      yield say("done");
    });
    const server = await lab.serve();
    ids.session = await server.session();
    await server.prompt(ids.session, "[[first]]");
    await server.idle(ids.session);
    const second = await server.session();
    await server.prompt(second, "[[second]]");
    await server.idle(second);
  });
});

test("a command runs as in the bash tool: shell, environment, other plugins' variables", async () => {
  const env = { SHELL: "/usr/bin/fish", FROM_OUTSIDE: "kept" };
  // Another plugin's file, found by itself in OpenCode's settings.
  const other = `export const Other = async () => ({ "shell.env": async ({ cwd }, output) => { output.env.FROM_PLUGIN = cwd } });\n`;
  const settings = { "plugin/other.js": other };
  await Lab.with({ env, settings }, async (lab) => {
    const command = 'echo "shell $0 $-"; env | grep -E "^(AGENT|OPENCODE|OPENCODE_PID|FROM_OUTSIDE|FROM_PLUGIN|SHELL|PWD)=" | sort';
    lab.model.play("env", function* (first) {
      hasTools(first);
      let sight = yield call("bash", { command, description: "As the bash tool has it" });
      const expected = sight.result.trim();
      assert.match(expected, /FROM_PLUGIN=/);
      sight = yield call("createBackgroundProcess", { command });
      const id = idIn(sight.result);
      do sight = yield call("getBackgroundProcess", { processId: id });
      while (!/completed/.test(sight.result));
      assert.equal(sight.result.split("\noutput:\n")[1].trim(), expected);
      yield say("done");
    });
    await lab.run("[[env]]");
  });
});

test("options name the program and its home; the configured shell is used", async () => {
  await Lab.with({ env: { HOB_BIN: "/nonexistent/hob" }, config: { shell: "/bin/dash" } }, async (lab) => {
    symlinkSync(hob, join(lab.root, "bin/my-hob"));
    lab.configure({ bin: join(lab.root, "bin/my-hob"), home: join(lab.root, "elsewhere") });
    lab.model.play("options", function* (first) {
      hasTools(first);
      const { result } = yield call("createBackgroundProcess", { command: "readlink /proc/$$/exe", name: "shell" });
      const id = idIn(result);
      let sight;
      do sight = yield call("getBackgroundProcess", { processId: id });
      while (!/completed/.test(sight.result));
      assert.match(sight.result, /\/dash$/);
      yield say("done");
    });
    await lab.run("[[options]]");
    assert.deepEqual(await lab.tasks(), []);
    lab.env.HOB_HOME = join(lab.root, "elsewhere");
    assert.equal((await lab.tasks())[0].name, "shell");
  });
});

test("without the program the tools say how to get it", async () => {
  await Lab.with({ env: { HOB_BIN: "/nonexistent/hob" } }, async (lab) => {
    lab.model.play("missing", function* (first) {
      hasTools(first);
      for (const [tool, args] of [
        ["createBackgroundProcess", { command: "true" }],
        ["getBackgroundProcess", { processId: "x" }],
        ["waitForBackgroundProcess", { processId: "x" }],
        ["sendToBackgroundProcess", { processId: "x", text: "x" }],
        ["listBackgroundProcesses", {}],
        ["killProcesses", { tags: ["x"] }],
      ]) {
        const { result } = yield call(tool, args);
        assert.match(result, /^There is no program at \/nonexistent\/hob, where HOB_BIN says hob is: build it with "make" .*\.$/);
      }
      yield say("done");
    });
    await lab.run("[[missing]]");
  });
});
