// Processes on a terminal: a password that is asked for, a REPL, keys, and who may type.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Lab } from "./lib/lab.mjs";
import { call, say } from "./lib/model.mjs";
import { idIn } from "./lib/results.mjs";
import { Spy } from "./lib/spy.mjs";
import { hasTools } from "./lib/tools.mjs";

const ASK = `
read -rp 'User: ' user
read -rsp 'Password: ' password
echo
[ "$user:$password" = 'me:open sesame' ] && echo granted || echo refused
`;

/** What was sent to a process has had its effect: an answer shows it, or a later look, where the machine is busy and the
 * program silent for longer than the answer waits. */
function* shows(processId, sight, pattern) {
  while (!pattern.test(sight.result)) sight = yield call("getBackgroundProcess", { processId });
  return sight;
}

test("a question and a password: the session is told, and answers", async () => {
  await Lab.with({ files: { "ask.sh": ASK }, config: { permission: { bash: "ask" } } }, async (lab) => {
    const spy = new Spy(lab.root, "spy");
    const asked = [];
    lab.model.play("password", function* (first) {
      hasTools(first);
      let sight = yield call("createBackgroundProcess", { command: "bash ask.sh", name: "login", pty: true, notifyOnInput: true, notifyOnExit: true });
      const id = idIn(sight.result);
      // The question is told beside the result, or in a turn of its own.
      if (sight.said.length === 1) sight = yield say("started");
      assert.match(sight.said.at(-1), new RegExp(`^Background process ${id} "login" running, waits for a line at "User:"\n`));
      sight = yield call("sendToBackgroundProcess", { processId: id, text: "me", keys: ["Enter"] });
      assert.match(sight.result, new RegExp(`^${id} "login" running[^]*\noutput:\nme\n`));
      yield* shows(id, sight, /^\w+ "login" running, .*waits for a password at "Password:"[^]*^Password:/m);
      sight = yield call("sendToBackgroundProcess", { processId: id, text: "open sesame", keys: ["Enter"] });
      yield* shows(id, sight, /^\w+ "login" completed, exit code 0\b[^]*^granted$/m);
      // What else was raised meanwhile is told, now or in turns of its own.
      for (;;) yield say("noted");
    });
    const server = await lab.serve(spy.env);
    const session = await server.session();
    server.on("permission.asked", async ({ id, patterns, metadata }) => {
      asked.push({ patterns, metadata });
      await server.api("POST", `/permission/${id}/reply`, { reply: "once" });
    });
    await server.prompt(session, "[[password]]");
    const ended = ({ sight }) => sight.said.some((text) => /"login" completed, exit code 0/.test(text));
    await lab.model.until(ended, "that the login is over");
    assert.deepEqual(asked.map(({ patterns }) => patterns), [["bash ask.sh"], ["bash ask.sh", "me"], ["bash ask.sh"]]);
    assert.ok(!JSON.stringify(asked).includes("sesame"), "the password is shown to nobody");
    assert.ok(spy.calls().some((line) => /^send \w+ - --key Enter/.test(line)));
    assert.ok(!spy.calls().some((line) => line.includes("sesame")), "nor is it in a command line");
  });
});

test("a REPL, driven by send and screen", async () => {
  await Lab.with({}, async (lab) => {
    lab.model.play("repl", function* (first) {
      hasTools(first);
      let sight = yield call("createBackgroundProcess", { command: "NODE_REPL_HISTORY= node -i", name: "repl", pty: true });
      const id = idIn(sight.result);
      sight = yield call("waitForBackgroundProcess", { processId: id, input: true });
      assert.match(sight.result, new RegExp(`^${id} "repl" running, waits for .*\nIt waits for input\\.\noutput:\n`));
      sight = yield call("sendToBackgroundProcess", { processId: id, text: "const six = 6", keys: ["Enter"] });
      sight = yield call("sendToBackgroundProcess", { processId: id, text: "six * 7", keys: ["Enter"] });
      sight = yield* shows(id, sight, /^42$/m);
      const since = Number(/\(what is new: since (\d+)\)$/.exec(sight.result)[1]);
      sight = yield call("sendToBackgroundProcess", { processId: id, keys: ["Up"] });
      // The key brought the line back.
      do sight = yield call("getBackgroundProcess", { processId: id, screen: true });
      while (!/^> six \* 7 *\n42 *\n> six \* 7 *$/m.test(sight.result));
      assert.match(sight.result, /\[terminal 80x24, cursor at row \d+, column 10/);
      assert.doesNotMatch(sight.result, /\u001b/);
      sight = yield call("getBackgroundProcess", { processId: id, since });
      assert.match(sight.result, /\noutput:\n> six \* 7/);
      assert.doesNotMatch(sight.result, /const six/, "only what is new");
      sight = yield call("sendToBackgroundProcess", { processId: id, keys: ["ctrl-c"], eof: true });
      sight = yield call("waitForBackgroundProcess", { processId: id });
      assert.match(sight.result, new RegExp(`^${id} "repl" completed, exit code 0\n`));

      sight = yield call("sendToBackgroundProcess", { processId: id, text: "1" });
      assert.match(sight.result, /has ended/);
      sight = yield call("sendToBackgroundProcess", { processId: id });
      assert.equal(sight.result, "Say what to send: text, keys or eof.");
      sight = yield call("sendToBackgroundProcess", { processId: id, keys: ["Entrance"] });
      assert.match(sight.result, /no key 'Entrance'/);
      const deaf = idIn((yield call("createBackgroundProcess", { command: "sleep 1014" })).result);
      sight = yield call("sendToBackgroundProcess", { processId: deaf, text: "hello" });
      assert.equal(sight.result, `${deaf} has no terminal and reads no input: only what was created with pty does.`);
      sight = yield call("getBackgroundProcess", { processId: deaf, screen: true });
      assert.match(sight.result, /has no terminal/);
      yield say("done");
    });
    await lab.run("[[repl]]");
  });
});

test("what is typed to a shell is asked for as a command, also in pieces", async () => {
  const config = { permission: { bash: { "*": "allow", "rm *": "deny", "ssh *": "deny" } } };
  await Lab.with({ config, files: { victim: "" } }, async (lab) => {
    lab.model.play("typed", function* (first) {
      hasTools(first);
      let sight = yield call("createBackgroundProcess", { command: "bash --norc", name: "shell", pty: true });
      const denied = function* (args) {
        const { result } = yield call("sendToBackgroundProcess", { processId: "shell", ...args });
        assert.match(result, /prevents you from using this specific tool call/, JSON.stringify(args));
      };
      yield* denied({ text: "rm victim", keys: ["Enter"] });
      yield* denied({ text: "echo a && rm victim\n" });
      yield* denied({ text: "echo $(rm victim)\n" });
      sight = yield call("sendToBackgroundProcess", { processId: "shell", text: "r" });
      yield* denied({ text: "m victim\n" });
      yield* denied({ keys: ["m", " ", "v", "Enter"] });
      sight = yield call("sendToBackgroundProcess", { processId: "shell", keys: ["ctrl-u"] });
      sight = yield call("sendToBackgroundProcess", { processId: "shell", text: "m victim || echo $((40 + 2))", keys: ["Enter"] });
      // What was begun was given up.
      yield* shows("shell", sight, /^42$/m);

      // Somebody's own connection: who may not make it may not use it either.
      sight = yield call("sendToBackgroundProcess", { processId: "connection", keys: ["Enter"] });
      assert.match(sight.result, /prevents you from using this specific tool call/);
      yield say("done");
    });
    await lab.hob("run", "-n", "connection", "--pty", "-C", lab.project, "--project", lab.project, "-l", "detached", "-c", "ssh somewhere || sleep 1015");
    await lab.run("[[typed]]");
    assert.ok(existsSync(join(lab.project, "victim")));
    await lab.hob("kill", "connection");
  });
});
