// Numbers of processes are used again: whoever has a dead guard's or keeper's number now is none of the task's.
import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { newLab } from "./lib/lab.mjs";
import { alive, children, identity, signal } from "./lib/processes.mjs";
import { waitUntil } from "./lib/wait.mjs";

/** Makes line SLOT of the file `lock` name PID, with the start time that was there: as if its number had come again. */
function reuse(file, slot, pid) {
  const lines = fs.readFileSync(file, "utf8").split("\n");
  const [, start] = lines[slot].trim().split(" ");
  lines[slot] = `${pid} ${start}`.padEnd(lines[slot].length);
  fs.writeFileSync(file, lines.join("\n"));
}

for (const [what, slot] of [["guard", 0], ["keeper", 1]])
  test(`a dead ${what}'s number, and another process has it`, async (t) => {
    const lab = newLab(t);
    const other = lab.spawn(["setsid", "sh", "-c", "sleep 1001 & sleep 1002 & wait"]);
    await waitUntil(() => children(other.pid).length === 2, "a shell with two children");
    const others = [other.pid, ...children(other.pid)].map(identity);

    await lab.run(["--id", "a", "sleep", "1000"]);
    const keepers = await lab.bothKeepers("a");
    // The survivor is stopped, so that it puts nobody in the place of the dead.
    const [dead, survivor] = what === "guard" ? [keepers.guard, keepers.keeper] : [keepers.keeper, keepers.guard];
    signal(survivor, "SIGSTOP");
    signal(dead, "SIGKILL");
    await waitUntil(() => !alive(dead), "it is dead");
    reuse(lab.file("a", "lock"), slot, other.pid);

    const { processes } = await lab.show("a");
    assert.deepEqual(processes.map(({ command }) => command), ["sleep 1000"]);
    await lab.must(["kill", "a", "--grace", "0"]);
    assert.ok(others.every(alive), "the others live");
    for (const one of others) signal(one);
    await other.done;
  });
