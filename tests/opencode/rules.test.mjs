// What a process asked for reaches its session by itself: lines that match, its end, silence, a question.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Lab } from "./lib/lab.mjs";
import { call, say } from "./lib/model.mjs";
import { idIn } from "./lib/results.mjs";
import { Spy } from "./lib/spy.mjs";
import { hasTools } from "./lib/tools.mjs";
import { until } from "./lib/wait.mjs";

const BUILD = `
for i in $(seq 300); do echo "compiling src/part-$i.ts"; done
echo "src/part-7.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'."
for i in $(seq 300); do echo "compiling test/part-$i.ts"; done
printf '\\033[31msrc/part-9.ts(1,1): error TS2304: Cannot find name "x".\\033[0m\\n'
echo "Found 2 errors."
exit 2
`;

test("a failing build tells its error lines and its end", async () => {
  await Lab.with({ files: { "build.sh": BUILD } }, async (lab) => {
    let told = "";
    lab.model.play("build", function* (first) {
      hasTools(first);
      const command = "until [ -e go ]; do sleep 0.05; done; bash build.sh";
      let sight = yield call("createBackgroundProcess", { command, name: "build", watch: ["error TS\\d+", "warning"], notifyOnExit: true });
      const id = idIn(sight.result);
      sight = yield say("started");
      // All that comes together is one message; on a busy machine it may come apart.
      for (; !/exit code 2/.test(sight.said.slice(1).join("\n\n")); sight = yield say("and?"));
      const text = sight.said.slice(1).join("\n\n");
      told = text;
      assert.match(text, new RegExp(`^Background process ${id} "build" failed, exit code 2\n`, "m"));
      assert.match(text, /\n- matched: src\/part-7\.ts\(3,7\): error TS2322: Type 'string' is not assignable to type 'number'\.\n/);
      assert.match(text, /\n- matched: src\/part-9\.ts\(1,1\): error TS2304: Cannot find name "x"\.\nlast output:\n/);
      assert.match(text, /\nFound 2 errors\.(\n|$)/);
      const since = Number(/first match: since (\d+)/.exec(text)[1]);
      sight = yield call("getBackgroundProcess", { processId: id, since, maxChars: 1000 });
      assert.match(sight.result, /\noutput:\nsrc\/part-7\.ts/, "the place leads to the first error");
      sight = yield call("getBackgroundProcess", { processId: id, pattern: "error TS", lines: 1 });
      assert.match(sight.result, /\n602:\d+:src\/part-9\.ts/);
      sight = yield call("getBackgroundProcess", { processId: id, pattern: "no such line" });
      assert.match(sight.result, /^\w{5} "build" failed[^]*\noutput:\nno line matches/);
      sight = yield call("getBackgroundProcess", { processId: id, head: 2 });
      assert.match(sight.result, /\noutput:\ncompiling src\/part-1\.ts\ncompiling src\/part-2\.ts\n/);
      sight = yield call("getBackgroundProcess", { processId: id, pattern: "(" });
      assert.match(sight.result, /^[^\n]*\(/, "a bad pattern is told");
      yield say("done");
    });
    const server = await lab.serve();
    const session = await server.session();
    await server.prompt(session, "[[build]]");
    await server.idle(session);
    writeFileSync(join(lab.project, "go"), "");
    await lab.model.until(({ sight }) => /no line matches/.test(sight.result), "that the output was read");
    await lab.model.until(({ sight }) => /^[^\n]*\(/.test(sight.result), "that a bad pattern is told");
    const users = (await server.messages(session)).filter(({ info }) => info.role === "user");
    assert.ok(users.length <= 1 + 3, told);
    assert.equal(told.match(/matched: src\/part-7/g).length, 1, "once");
  });
});

test("silence is told; an end on request and one that was not to be told are not", async () => {
  await Lab.with({}, async (lab) => {
    const spy = new Spy(lab.root, "spy");
    const ids = { silent: "quiet" };
    lab.model.play("quiet", function* (first) {
      hasTools(first);
      const create = function* (name, command, more) {
        ids[name] = idIn((yield call("createBackgroundProcess", { command, name, ...more })).result);
      };
      yield* create("killed", "trap 'echo error: interrupted; exit 1' TERM; echo on; sleep 1011 & wait", { watch: ["error"], notifyOnExit: true });
      yield* create("stopped", "sleep 1012", { notifyOnExit: true });
      yield* create("again", "sleep 1014", { notifyOnExit: true });
      yield* create("plain", "exit 4", { notifyOnExit: false });
      yield call("waitForBackgroundProcess", { processId: "killed", match: "on" });
      yield call("killProcesses", { processId: "killed" });
      yield call("waitForBackgroundProcess", { processId: "plain" });
      let sight = yield say("waiting");
      assert.deepEqual(sight.said.length, 1 + 1, "the first thing that is told is the silence below");
      assert.match(sight.said.at(-1), new RegExp(`^Background process ${ids.silent} "silent" running\n- silent for 300ms: Continue\\?\nlast output:\nContinue\\?\n`));
      yield say("noted");
    });
    const server = await lab.serve(spy.env);
    const session = await server.session();
    await server.prompt(session, "[[quiet]]");
    await server.idle(session);
    await lab.hob("kill", ids.stopped);
    await lab.hob("restart", ids.again);
    // All that was raised so far has been taken, and nobody was prompted.
    await until(async () => {
      const raised = (await lab.events()).filter(({ type }) => type === "exit" || type === "match").map(({ seq }) => seq);
      return raised.length === 5 && raised.every((seq) => spy.acknowledged().includes(seq));
    }, "every event is acknowledged");
    const users = async () => (await server.messages(session)).filter(({ info }) => info.role === "user");
    assert.equal((await users()).length, 1);
    const before = server.events.length;
    await lab.hob("run", "--id", ids.silent, "-S", session, "-l", "session", "-o", String(server.pid), "-n", "silent", "--idle-after", "300ms", "-c", "printf Continue?; sleep 1013");
    await server.idle(session, before);
    assert.equal((await users()).length, 2, "the silence is told");
  });
});

test("of an end that nobody spoke of a failure is told, unless an answer has shown it", async () => {
  await Lab.with({}, async (lab) => {
    const spy = new Spy(lab.root, "spy");
    lab.model.play("ends", function* (first) {
      hasTools(first);
      const create = function* (name, code) {
        const command = `until [ -e ${name} ]; do sleep 0.05; done; exit ${code}`;
        return idIn((yield call("createBackgroundProcess", { command, name })).result);
      };
      yield* create("good", 0);
      const bad = yield* create("bad", 3);
      // What fails while it is waited for is seen in the answer.
      yield* create("watched", 5);
      let sight = yield call("waitForBackgroundProcess", { processId: "watched" });
      assert.match(sight.result, /"watched" failed, exit code 5/);
      sight = yield say("waiting");
      assert.equal(sight.said.length, 2, "nothing was told before");
      assert.match(sight.said.at(-1), new RegExp(`^Background process ${bad} "bad" failed, exit code 3(\\n|$)`));
      yield say("noted");
    });
    const server = await lab.serve(spy.env);
    const session = await server.session();
    await server.prompt(session, "[[ends]]");
    await until(() => spy.calls().some((call) => call.startsWith("wait ")), "the agent waits");
    writeFileSync(join(lab.project, "watched"), "");
    await server.idle(session);
    const settled = (name) => until(async () => {
      const exit = (await lab.events()).find((event) => event.type === "exit" && event.name === name);
      return exit && spy.acknowledged().includes(exit.seq);
    }, `the end of ${name} is acknowledged`);
    await settled("watched");
    writeFileSync(join(lab.project, "good"), "");
    await settled("good");
    writeFileSync(join(lab.project, "bad"), "");
    await settled("bad");
    const users = (await server.messages(session)).filter(({ info }) => info.role === "user");
    assert.equal(users.length, 2);
  });
});

test("the user may ask for every end, for questions and ports; what is wrong is said in OpenCode's log", async () => {
  await Lab.with({ plugin: { notify: { exit: "always", port: true, input: "yes" } } }, async (lab) => {
    lab.model.play("always", function* (first) {
      hasTools(first);
      const script = "import http.server, threading; s = http.server.HTTPServer(('127.0.0.1', 0), http.server.BaseHTTPRequestHandler); s.serve_forever()";
      yield call("createBackgroundProcess", { command: `exec python3 -c "${script}"`, name: "web" });
      yield call("createBackgroundProcess", { command: "until [ -e go ]; do sleep 0.05; done", name: "good" });
      for (;;) yield say("noted");
    });
    const server = await lab.serve();
    const session = await server.session();
    await server.prompt(session, "[[always]]");
    await lab.model.until(({ sight }) => sight.said.some((text) => /^Background process \w+ "web" running, port \d+/m.test(text)), "the port");
    writeFileSync(join(lab.project, "go"), "");
    await lab.model.until(({ sight }) => sight.said.some((text) => /^Background process \w+ "good" completed, exit code 0/m.test(text)), "the end");
    const logs = join(lab.home, ".local/share/opencode/log");
    const text = () => readdirSync(logs).map((name) => readFileSync(join(logs, name), "utf8")).join("");
    await until(() => /notify\.input must be true or false, not .*yes/.test(text()), "what is wrong is in the log");
  });
});
