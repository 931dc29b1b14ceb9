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

/** When the model was first shown each of the session's notifications. */
function promptTimes(lab, key) {
  const times = [];
  for (const { said, at } of lab.model.of(key)) {
    const count = said.filter((text) => /^(Notification|Background process)/.test(text)).length;
    while (times.length < count) times.push(at);
  }
  return times;
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
    const texts = async () => (await notifications(server, session)).map(({ text }) => text);
    await lab.model.until(({ sight }) => sight.said.some((text) => SLOWED.test(text)), "that it is slowed down");
    const [, of, name, since] = SLOWED.exec((await texts()).find((text) => SLOWED.test(text)));
    assert.deepEqual([of, name], [id, "spinner"]);
    const before = (await texts()).length;
    // Three more groups: after 2, 4 and 8 seconds.
    await until(async () => (await texts()).length >= before + 3, "three more groups");
    const ticks = (await texts()).map((text) => [...text.matchAll(/tick \d+\./g)].length);
    assert.ok(ticks.at(-1) > ticks.at(-2) && ticks.at(-2) > ticks.at(-3) && ticks.at(-3) >= 3, `${ticks}`);
    assert.equal((await texts()).filter((text) => SLOWED.test(text)).length, 1, "once");
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
    const known = promptTimes(lab, "circle").length;
    assert.ok(known <= 21, `after ${known} rounds`);
    await lab.model.until(() => promptTimes(lab, "circle").length >= known + 3, "three more rounds");
    const times = promptTimes(lab, "circle").slice(known - 1);
    const pauses = times.slice(1).map((time, index) => time - times[index]);
    // Less the time that the first of the two took to reach the model.
    for (const [index, least] of [2000, 4000, 8000].entries()) assert.ok(pauses[index] > least * 0.75, `${pauses}`);
  });
});
