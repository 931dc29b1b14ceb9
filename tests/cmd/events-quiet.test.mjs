// While nothing happens nobody wakes up: ten seconds of silence without one context switch.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { sleeper, watching } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { status } from "./lib/processes.mjs";
import { waitUntil } from "./lib/wait.mjs";

const SILENCE = 10_000;

const switches = (pid) => status(pid, "voluntary_ctxt_switches") + status(pid, "nonvoluntary_ctxt_switches");

test("followers, guards and keepers sleep through ten seconds of silence", async (t) => {
  const lab = newLab(t);
  const owner = await sleeper(lab);
  const start = (id, ...words) => lab.run(["--id", id, ...words, "sh", "-c", "echo x; exec sleep 1000"]);
  await start("plain");
  await start("owned", "-o", owner.pid, "-S", "s");
  await start("limited", "--timeout", "1h");
  await start("ruled", "--watch", "y", "--watch-once", "z", "--idle-after", "1h");
  await lab.run(["--id", "left", "sh", "-c", "sleep 1000 & exit 3"]);
  await lab.ended("left");
  const followers = [
    ["events", "-f"],
    ["events", "-f", "--since", "0"],
    ["events", "-f", "--claim", "x", "-o", owner.pid, "-S", "s"],
    ["logs", "plain", "-f"],
    ["wait", "plain", "owned"],
    ["run", "-f", "--id", "followed", "sh", "-c", "echo x; exec sleep 1000"],
    ["run", "--wait", "--id", "waited", "sleep", "1000"],
  ].map((args) => ({ what: args.join(" "), child: lab.start(args) }));
  for (const { child } of followers) await watching(child);

  const watched = followers.map(({ what, child }) => [what, child.pid]);
  for (const id of ["plain", "owned", "limited", "ruled", "left", "followed", "waited"]) {
    const { guard, keeper } = await lab.bothKeepers(id);
    watched.push([`guard of ${id}`, guard.pid], [`keeper of ${id}`, keeper.pid]);
  }
  const count = () => Object.fromEntries(watched.map(([what, pid]) => [what, switches(pid)]));
  // First whatever still had to be done: a second in which nobody did anything.
  let before = count();
  await waitUntil(async () => {
    const last = before;
    await delay(1000);
    before = count();
    return JSON.stringify(before) === JSON.stringify(last);
  }, "quiet");

  // Who merely looks wakes nobody.
  for (const words of [["list"], ["show", "plain"], ["logs", "plain"], ["events"]]) await lab.must(words);
  await delay(SILENCE);
  for (const [what, n] of Object.entries(before)) assert.ok(n > 0, what);
  assert.deepEqual(count(), before);

  // And they were not merely dead: one word wakes those that it concerns.
  await lab.must(["notify", "hello"], { env: { HOB_ID: "plain" } });
  await waitUntil(() => followers[0].child.out.includes("hello"), "the follower is awake");
  for (const { child } of followers) child.kill("SIGKILL");
  await Promise.all(followers.map(({ child }) => child.done));
  await owner.end();
});
