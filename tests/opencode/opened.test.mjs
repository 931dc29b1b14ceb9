// What a detached task said while no OpenCode listened comes when its session is on the screen again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Lab } from "./lib/lab.mjs";
import { Spy } from "./lib/spy.mjs";
import { HOW, raise, raisedFor, starts } from "./lib/teller.mjs";
import { Terminal } from "./lib/terminal.mjs";
import { toldSeqs } from "./lib/told.mjs";
import { until } from "./lib/wait.mjs";

test("a session that is shown in the terminal: what a detached task said and how it ended meanwhile, once", async () => {
  await Lab.with({}, async (lab) => {
    const spy = new Spy(lab.root, "spy");
    lab.model.play("night", starts(["one", "two"], { notifyOnExit: true }));
    const before = await lab.serve();
    const session = await before.session();
    await before.prompt(session, "[[night]]", HOW);
    await before.idle(session);
    await before.stop();
    await raise(lab, session, "one", 1);
    await raise(lab, session, "two", 3);

    const terminal = await Terminal.open(lab, { cols: 120, rows: 40, args: ["-s", session], env: spy.env });
    const text = (sight) => sight.said.slice(1).join("\n\n");
    const { sight } = await lab.model.until(({ sight }) => /exit code 3/.test(text(sight)), "what happened");
    assert.match(text(sight), /: one is there\n- \w+ "teller": two is there\n\nBackground process \w+ "teller" failed, exit code 3/);
    await until(() => spy.acknowledged().length === 3, "all are acknowledged");
    await terminal.stop();

    const after = await lab.serve(spy.env);
    await after.prompt(session, "go on");
    await after.idle(session);
    const users = (await after.messages(session)).filter(({ info }) => info.role === "user");
    assert.equal(users.length, 3, "once");
    assert.deepEqual({ agent: users[1].info.agent, model: users[1].info.model }, { agent: HOW.agent, model: { ...HOW.model, variant: HOW.variant } });
    assert.deepEqual(await toldSeqs(after, session), await raisedFor(lab, session));
  });
});
