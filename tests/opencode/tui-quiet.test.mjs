// What the terminal part costs while nothing runs, and while something does; and what the next OpenCode finds again.
import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Lab } from "./lib/lab.mjs";
import { say } from "./lib/model.mjs";
import { hob } from "./lib/programs.mjs";
import { Terminal } from "./lib/terminal.mjs";
import { until } from "./lib/wait.mjs";

// Three of the looks that there are while something runs.
const SILENCE = 10_000;

/** A program that notes each of its calls and is hob. Returns what it noted, one line a call. */
function noting(lab) {
  const program = join(lab.root, "noting-hob");
  const notes = join(lab.root, "calls");
  writeFileSync(program, `#!/bin/sh\necho "$*" >>${notes}\nexec ${hob} "$@"\n`);
  chmodSync(program, 0o755);
  return { program, calls: () => (existsSync(notes) ? readFileSync(notes, "utf8").trim().split("\n") : []) };
}

/** How often a process got the processor. */
function switches(pid) {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return [...text.matchAll(/voluntary_ctxt_switches:\s+(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Waits for a second in which nothing was called. */
async function quiet(calls) {
  let before = -1;
  await until(async () => {
    const now = calls().length;
    const isQuiet = now === before;
    before = now;
    if (!isQuiet) await delay(1000);
    return isQuiet;
  }, "a quiet second");
}

test("a detached server is found again, and what is over costs nothing", async () => {
  await Lab.with({}, async (lab) => {
    const { program, calls } = noting(lab);
    lab.model.play("talk", function* () {
      for (;;) yield say("Nothing to do.");
    });
    const words = ["run", "-n", "dev", "-l", "detached", "--project", lab.project, "-c", "echo served at last; exec sleep 1000"];
    const id = (await lab.hob(...words)).trim();
    const terminal = await Terminal.open(lab, { cols: 120, rows: 30, options: { bin: program } });
    await terminal.shows("Ask anything", "● 1");
    await terminal.slash("background");
    await terminal.shows("Background processes", "▌● dev", "served at last", "detached");
    await terminal.press("q");
    await terminal.hides("Background processes");

    // While it runs, the list is all that is read, once in a while.
    await quiet(() => calls().filter((line) => !line.startsWith("list ")));
    const before = calls().length;
    await delay(SILENCE);
    const looks = calls().slice(before);
    assert.ok(looks.length >= 2 && looks.length <= 5, looks.join("; "));
    assert.deepEqual([...new Set(looks)], [`list --project ${lab.project} --json`]);

    await lab.hob("kill", "--all");
    await terminal.hides(/● \d/);
    await quiet(calls);
    const followers = lab.processes().filter(({ command }) => / events -f -n 1 --json$/.test(command));
    assert.equal(followers.length, 1, "one process of its own");
    const silent = () => [calls().length, switches(followers[0].pid)];
    const last = silent();
    await delay(SILENCE);
    assert.deepEqual(silent(), last, "nobody calls hob, and its follower sleeps");

    // A turn alone is no reason to look either.
    await terminal.type("[[talk]]");
    await terminal.shows("[[talk]]");
    await terminal.press("Enter");
    await terminal.shows("Nothing to do.");
    await quiet(calls);
    assert.equal(calls().length, last[0], calls().slice(last[0]).join("; "));

    // It was not merely dead: the next process is seen, and the follower is the same one.
    await lab.hob("run", "-n", "again", "-l", "detached", "--project", lab.project, "--", "sleep", "1000");
    await terminal.shows("● 1");
    assert.equal(calls().filter((line) => line === "events -f -n 1 --json").length, 1);
    assert.ok(calls().includes(`logs ${id} -f --json -n 2000`));
    await lab.hob("kill", "--all", "--grace", "0");
  });
});
