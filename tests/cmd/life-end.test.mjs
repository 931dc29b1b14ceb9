// The end of a task, with its keeper or its guard killed before each of the system calls they make on the way there.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { newLab } from "./lib/lab.mjs";
import { status } from "./lib/processes.mjs";
import { sanitized } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

const text = "OPENCODE_NOTIFY: bye\n";

/** Task ID lives until it is told to go: then it says good-bye and leaves with code 7. Its guard or keeper (WHO) goes
 * there under strace with OPTIONS. Returns strace's story. */
async function end(lab, id, who, options) {
  const go = path.join(lab.work, `${id}.go`);
  const story = path.join(lab.work, `${id}.story`);
  // Leaks cannot be looked for in what strace looks at.
  const env = sanitized ? { ASAN_OPTIONS: `${process.env.ASAN_OPTIONS}:detect_leaks=0` } : {};
  await lab.must(["run", "--id", id, "-c", `until [ -e ${go} ]; do sleep 0.01; done; printf '${text.trim()}\\n'; exit 7`], { env });
  const { pid } = (await lab.bothKeepers(id))[who];
  const strace = lab.spawn(["strace", "-o", story, ...options, "-p", pid]);
  await waitUntil(() => status(pid, "TracerPid") > 0 || strace.exitCode !== null, "strace looks at it");
  fs.writeFileSync(go, "");
  await lab.must(["wait", id, "--timeout", "60s"]);
  await strace.done;
  return fs.readFileSync(story, "utf8").split("\n");
}

/** [[name, which one of that name]] of all that STORY tells. */
function systemCalls(story) {
  const seen = {};
  const names = story.map((line) => /^(\w+)\(/.exec(line)?.[1]).filter((name) => name && name !== "exit_group");
  return names.map((name) => [name, (seen[name] = (seen[name] ?? 0) + 1)]);
}

for (const who of ["keeper", "guard"])
  test(`the ${who} killed on the way: one exit with its code, one notification, all output, nobody left`, async (t) => {
    const lab = newLab(t);
    const calls = systemCalls(await end(lab, "first", who, []));
    assert.ok(calls.length > (who === "keeper" ? 15 : 3), `${calls.length} calls`);
    let kills = 0;
    for (let i = 0; i < calls.length; i++) {
      const [name, which] = calls[i];
      const id = `t${i}`;
      const story = await end(lab, id, who, ["-e", `inject=${name}:signal=SIGKILL:when=${which}`]);
      if (story.some((line) => line.includes("killed by SIGKILL"))) kills++;
      const where = `${i}: ${name} ${which}`;
      const task = await lab.show(id);
      assert.deepEqual([task.status, task.reason, task.exitCode, task.output], ["failed", "exit", 7, text], where);
      await waitUntil(() => !lab.keepers(id).guard && !lab.keepers(id).keeper, `${where}: guard and keeper end`);
      assert.deepEqual(
        (await lab.events(id)).map((event) => event.message ?? event.type),
        ["started", "bye", "exit"],
        where,
      );
    }
    // What the calls are varies a little with the time at which things happen.
    assert.ok(kills > calls.length / 2, `${kills} kills of ${calls.length}`);
  });
