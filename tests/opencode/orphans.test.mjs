// What a task raises whose own OpenCode is gone comes to its session, once, in whichever OpenCode has it open.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Lab } from "./lib/lab.mjs";
import { Spy } from "./lib/spy.mjs";
import { HOW, raise, raisedFor, starts } from "./lib/teller.mjs";
import { settled, toldSeqs } from "./lib/told.mjs";
import { until } from "./lib/wait.mjs";

test("a session in which something is said: what waits comes, and what a detached task says from then on", async () => {
  await Lab.with({}, async (lab) => {
    const spy = new Spy(lab.root, "spy");
    lab.model.play("day", starts(["one", "two", "three"]));
    const before = await lab.serve();
    const session = await before.session();
    await before.prompt(session, "[[day]]");
    await before.idle(session);
    await before.stop("SIGKILL");
    await raise(lab, session, "one", 1);

    const after = await lab.serve(spy.env);
    await after.prompt(session, "good morning", HOW);
    await lab.model.until(({ sight }) => sight.said.some((text) => /: one is there$/m.test(text)), "the first");
    await raise(lab, session, "two", 2);
    await lab.model.until(({ sight }) => sight.said.some((text) => /: two is there$/m.test(text)), "the second");
    await raise(lab, session, "three", 4);
    await until(async () => (await toldSeqs(after, session)).length === 4, "the third, and the end");
    await settled(spy, after, session);
    assert.deepEqual((await toldSeqs(after, session)).sort((a, b) => a - b), await raisedFor(lab, session));
    const { info } = (await after.messages(session)).filter(({ info }) => info.role === "user").at(-1);
    assert.deepEqual({ agent: info.agent, model: info.model }, { agent: HOW.agent, model: { ...HOW.model, variant: HOW.variant } }, "as they are then");
  });
});

test("three OpenCodes in one session, of which the task's own is killed: each event once", async () => {
  await Lab.with({}, async (lab) => {
    // It tells, and is killed before it can acknowledge.
    const mute = new Spy(lab.root, "mute", 'case "$*" in *--ack*) exit 1;; esac');
    const spies = ["second", "third"].map((name) => new Spy(lab.root, name));
    lab.model.play("shared", starts(["one", "two", "three"]));
    const own = await lab.serve(mute.env);
    const session = await own.session();
    const others = [await lab.serve(spies[0].env), await lab.serve(spies[1].env)];
    await own.prompt(session, "[[shared]]");
    await own.idle(session);
    for (const [number, server] of others.entries()) {
      await server.prompt(session, `here is number ${number}`);
      await server.idle(session);
    }
    await raise(lab, session, "one", 1);
    await until(async () => (await toldSeqs(own, session)).length === 1, "it is told");
    await until(() => mute.calls().some((call) => call.includes("--ack")), "it would be acknowledged");
    await own.stop("SIGKILL");
    await raise(lab, session, "two", 2);
    const done = () => new Set(spies.flatMap((spy) => spy.acknowledged())).size;
    await until(() => done() === 2, "the others care for both");
    await raise(lab, session, "three", 4);
    await until(() => done() === 4, "and for the rest");
    assert.deepEqual((await toldSeqs(others[0], session)).sort((a, b) => a - b), await raisedFor(lab, session));
  });
});
