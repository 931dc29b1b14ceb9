// A task whose notifications only follow each other is told so once, and slowed down until it has come to rest.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Lab } from "./lib/lab.mjs";
import { call, say } from "./lib/model.mjs";
import { idIn } from "./lib/results.mjs";
import { Spy } from "./lib/spy.mjs";
import { notifications, toldSeqs } from "./lib/told.mjs";
import { hasTools } from "./lib/tools.mjs";
import { until } from "./lib/wait.mjs";

const SLOWED = /^Background process (\w+) "(\w+)" is slowed down: its notifications only follow each other\..* getBackgroundProcess since (\d+)\.$/m;

/** The notifications of a session from the one that says so on, as soon as there are so many more. */
async function afterSlowed(server, session, more) {
  let all;
  const first = () => all.findIndex(({ text }) => SLOWED.test(text));
  await until(async () => ((all = await notifications(server, session)), first() >= 0 && all.length > first() + more), `${more} more prompts`);
  return { number: first() + 1, prompts: all.slice(first(), first() + more + 1) };
}

test("a line twice a second: told so once, then in ever longer groups; nothing is lost, and rest ends it", async () => {
  await Lab.with({}, async (lab) => {
    const spy = new Spy(lab.root, "spy");
    let id;
    lab.model.play("spin", function* (first) {
      hasTools(first);
      const command = "n=0; until [ -e rest ]; do n=$((n + 1)); echo OPENCODE_NOTIFY: tick $n.; sleep 0.4; done; until [ -e go ]; do sleep 0.05; done; echo OPENCODE_NOTIFY: at last; sleep 1000";
      id = idIn((yield call("createBackgroundProcess", { command, name: "spinner" })).result);
      for (;;) yield say("noted");
    });
    const server = await lab.serve(spy.env);
    const session = await server.session();
    await server.prompt(session, "[[spin]]");
    await lab.model.until(({ sight }) => sight.said.some((text) => SLOWED.test(text)), "that it is slowed down");
    // Three more groups: after 2, 4 and 8 seconds.
    const { prompts } = await afterSlowed(server, session, 3);
    const [[, of, name, since], ...others] = prompts.map(({ text }) => SLOWED.exec(text));
    assert.deepEqual([of, name], [id, "spinner"]);
    assert.deepEqual(others, [null, null, null], "once");
    const [, ...ticks] = prompts.map(({ seqs }) => seqs.length);
    assert.ok(ticks[2] > ticks[1] && ticks[1] > ticks[0] && ticks[0] >= 2, `${ticks}`);
    assert.match((await lab.hob("logs", id, "--since", since)).split("\n")[0], /^OPENCODE_NOTIFY: tick \d+\.$/);

    writeFileSync(join(lab.project, "rest"), "");
    const notified = async () => (await lab.events()).filter(({ type }) => type === "notify").map(({ seq }) => seq);
    await until(async () => (await notified()).every((seq) => spy.acknowledged().includes(seq)), "the last group is told");
    writeFileSync(join(lab.project, "go"), "");
    await lab.model.until(({ sight }) => /: at last$/.test(sight.said.at(-1)), "what it says at last");
    const raised = await notified();
    assert.deepEqual(await toldSeqs(server, session), raised, "each once, and in order");
  });
});

test("a server that speaks up whenever the agent asks it something: no endless circle", async () => {
  const SERVER = `
    import http.server
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200); self.end_headers(); self.wfile.write(b"hello")
            print("OPENCODE_NOTIFY: somebody asked for", self.path, flush=True)
        def log_message(self, *args): pass
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    open("port", "w").write(str(server.server_port))
    print("ready", flush=True)
    server.serve_forever()
  `.replaceAll("\n    ", "\n");
  await Lab.with({ files: { "server.py": SERVER } }, async (lab) => {
    lab.model.play("circle", function* (first) {
      hasTools(first);
      const { result } = yield call("createBackgroundProcess", { command: "exec python3 server.py", name: "server" });
      yield call("waitForBackgroundProcess", { processId: idIn(result), match: "ready" });
      // It asks again whenever it is told that somebody asked, be it beside the answer to what it asked.
      let told = first.said.length;
      for (let number = 1; ; number++) {
        let sight = yield call("bash", { command: `curl -s http://127.0.0.1:$(cat port)/${number}`, description: "Ask" });
        if (sight.said.length === told) sight = yield say("asked");
        told = sight.said.length;
      }
    });
    const server = await lab.serve();
    const session = await server.session();
    await server.prompt(session, "[[circle]]");
    await lab.model.until(({ sight }) => sight.said.some((text) => SLOWED.test(text)), "that it is slowed down");
    const { number, prompts } = await afterSlowed(server, session, 3);
    assert.ok(number <= 21, `after ${number} rounds`);
    const pauses = prompts.slice(1).map(({ at }, index) => at - prompts[index].at);
    // Less the time that the first of the two took to reach OpenCode: hob is asked about the task first.
    for (const [index, least] of [2000, 4000, 8000].entries()) assert.ok(pauses[index] > least / 2, `${pauses}`);
  });
});
