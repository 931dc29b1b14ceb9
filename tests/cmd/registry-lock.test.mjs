// A registry that somebody else has locked: for a while it is waited for, for too long it is told; logs go on.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { lockRegistry, refused } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { Gate } from "./lib/bytes.mjs";
import { prop } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

describe("a locked registry", { concurrency: true }, () => {
  test("for 3 s: whoever writes waits, and then it is done", async (t) => {
    const lab = newLab(t);
    await lab.run(["--id", "a", "sleep", "1000"]);
    const lock = await lockRegistry(lab);
    let released = false;
    const early = [];
    const waiting = [
      ["run", "--id", "b", "true"],
      ["run", "-f", "sh", "-c", "exit 5"],
      ["notify", "hello"],
    ].map(async (args) => {
      const end = await lab.hob(args, { env: { HOB_ID: "a" } });
      if (!released) early.push(args);
      return end;
    });
    await delay(3000);
    assert.deepEqual(early, [], "the lock holds them");
    assert.equal((await lab.hob(["list", "-q"])).stdout, "a\n", "those that only read need not wait");
    released = true;
    await lock.release();
    const [run, follow, notify] = await Promise.all(waiting);
    assert.deepEqual([run.code, run.stdout, run.stderr], [0, "b\n", ""]);
    assert.deepEqual([follow.code, follow.stderr], [5, ""]);
    assert.deepEqual([notify.code, notify.stderr], [0, ""]);
    assert.equal((await lab.ended("b")).status, "completed");
    assert.equal((await lab.events("a", "notify"))[0].message, "hello");
  });

  test("for longer than 10 s: one sentence, and nothing has happened", async (t) => {
    const lab = newLab(t);
    await lab.run(["--id", "a", "sleep", "1000"]);
    await lab.ended(await lab.run(["--id", "done", "true"]));
    const lock = await lockRegistry(lab);
    const sentence = new RegExp(
      `registry ${lab.home}/hob.db has been locked by another process for 10 s: end it, or try again`,
    );
    lab.env.HOB_ID = "a";
    const before = performance.now();
    await Promise.all([
      refused(lab, 1, ["run", "--id", "b", "touch", "started"], sentence),
      refused(lab, 1, ["run", "--wait", "touch", "started"], sentence),
      refused(lab, 125, ["run", "-f", "touch", "started"], sentence),
      refused(lab, 1, ["notify", "hello"], sentence),
      refused(lab, 1, ["clean", "--all-finished"], sentence),
      refused(lab, 1, ["events", "--claim", "x", "-o", process.pid], sentence),
    ]);
    assert.ok(performance.now() - before >= 10_000, "they did wait");
    await lock.release();
    assert.deepEqual(
      (await lab.list()).map(({ id, status }) => [id, status]),
      [
        ["a", "running"],
        ["done", "completed"],
      ],
    );
    assert.ok(!fs.existsSync(path.join(lab.work, "started")));
    assert.deepEqual(await lab.events("a", "notify"), []);
  });

  test("it stalls no log and loses no event: all is told when it opens", async (t) => {
    const lab = newLab(t);
    const gate = new Gate(path.join(lab.dir, "gate"));
    await lab.run([
      "--id",
      "a",
      ...prop("write", 200_000, 1000, "notify=100", "exit=3", `gate=${gate.file}`, "step=100000"),
    ]);
    const lock = await lockRegistry(lab);
    gate.open(2);
    await waitUntil(() => fs.statSync(lab.file("a", "log")).size === 200_000, "the log is whole");
    await waitUntil(
      () => fs.readFileSync(lab.file("a", "exit"), "utf8").startsWith("status 768 "),
      "the end is on disk",
    );
    assert.equal((await lab.show("a")).status, "running");
    await lock.release();
    const task = await lab.ended("a");
    assert.deepEqual([task.status, task.exitCode, task.outputBytes, task.lines], ["failed", 3, 200_000, 2000]);
    assert.equal((await lab.events("a", "notify")).length, 20);
    assert.equal((await lab.events("a", "exit")).length, 1);
  });
});
