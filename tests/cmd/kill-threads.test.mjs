// A process whose first thread has ended looks like a zombie, and lives: it is listed and ended like any other.
import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { newLab } from "./lib/lab.mjs";
import { prop, quote } from "./lib/programs.mjs";

const headless = prop("headless").map(quote).join(" ");

/** Whether a process has a thread left. */
function lives(pid) {
  try {
    const threads = fs.readdirSync(`/proc/${pid}/task`);
    return threads.some((tid) => !/\) [ZX] /.test(fs.readFileSync(`/proc/${pid}/task/${tid}/stat`, "latin1")));
  } catch {
    return false;
  }
}

for (const [what, line] of [
  ["the command itself", `exec ${headless}`],
  ["a child of the command", `${headless} & wait`],
  ["a leftover", `${headless} & exit 3`],
])
  test(`${what}, without its first thread`, async (t) => {
    let pid;
    // Before the lab is closed: hob, if it is wrong, waits for it in vain.
    t.after(() => lives(pid) && process.kill(pid, "SIGKILL"));
    const lab = newLab(t);
    const id = await lab.run(["sh", "-c", line]);
    await lab.until(id, (task) => task.lines === 1 && (task.completedAt || what !== "a leftover"));
    pid = Number(await lab.raw(id));
    assert.ok(lives(pid));
    assert.ok((await lab.show(id)).processes.some((one) => one.pid === pid), "it is listed");
    assert.match(await lab.must(["kill", id, "--grace", "100ms"]), / ended \((cancelled|failed), [^,]+(, request)?\)$/m);
    assert.ok(!lives(pid), "it is gone");
  });
