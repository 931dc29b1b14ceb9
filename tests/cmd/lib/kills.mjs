// Killing a keeper again and again while its task writes.
import assert from "node:assert/strict";
import fs from "node:fs";
import { alive, signal } from "./processes.mjs";

/** Kills WHO (keeper or guard) of task ID, KILLS times, while its command WRITER writes SIZE bytes through GATE in
 * STEPS steps. A kill counts only if the log had grown since the one before and the writer still lives. */
export async function killWhileWriting(lab, { id, writer, gate, size, steps, kills, who = "keeper" }) {
  const log = lab.file(id, "log");
  let before = { victim: undefined, size: 0 };
  for (let kill = 0; kill < kills; kill++) {
    gate.open();
    // Somewhere in the first half of what may be written now; looked for without a pause, or it would be over.
    const at = before.size + 1 + Math.floor((Math.random() * size) / steps / 2);
    const end = performance.now() + 60_000;
    let victim;
    for (let look = 0; !victim || victim.pid === before.victim?.pid || fs.statSync(log).size < at; look++) {
      const { guard, keeper } = lab.keepers(id);
      // A guard that has no keeper yet would take the task with it.
      victim = who === "keeper" ? keeper : keeper && guard;
      if (look % 100 === 99) await new Promise(setImmediate);
      assert.ok(performance.now() < end, `no ${who} goes on after kill ${kill}`);
    }
    const now = fs.statSync(log).size;
    assert.ok(signal(victim) && now > before.size && alive(writer), `kill ${kill} counts`);
    before = { victim, size: now };
  }
  gate.open(steps - kills);
}
