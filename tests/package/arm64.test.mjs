// The program for arm64, run: the same promises as on this machine's own processor.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { newLab } from "../cmd/lib/lab.mjs";
import { alive, environment } from "../cmd/lib/processes.mjs";
import { waitUntil } from "../cmd/lib/wait.mjs";
import { newPlace } from "./lib/arm64.mjs";
import { PACKAGES, VERSION } from "./lib/installed.mjs";

const bin = join(PACKAGES, "opencode-hob-linux-arm64/bin/hob");

async function open(t) {
  const lab = newLab(t);
  lab.wrapper = await newPlace(t, lab.work);
  return lab;
}

test("arm64: runs, ends with the command's code, and knows its version", async (t) => {
  const lab = await open(t);
  assert.equal(await lab.must(["version"], { bin }), `hob ${VERSION}\n`);
  const { code, stdout } = await lab.hob(["run", "-f", "-c", "uname -m; echo out; echo err >&2; exit 3"], { bin });
  assert.equal(code, 3);
  assert.match(stdout, /^x86_64\nout\nerr\n$/, "only hob itself is emulated");
  assert.equal((await lab.hob(["run", "no-such-program"], { bin })).code, 1);
});

test("arm64: after a kill -9 of the keeper, and of the guard, nothing is missing in the log", async (t) => {
  const lab = await open(t);
  const count = "i=0; until [ -e go ]; do i=$((i+1)); echo line $i; sleep 0.01; done; exit 7";
  const id = await lab.run(["-c", count], { bin });
  let before = await lab.bothKeepers(id);
  assert.match(environmentOf(before.keeper), new RegExp(`HOB_TEST_LAB=${lab.dir}`));
  for (const which of ["keeper", "guard"]) {
    process.kill(before[which].pid, "SIGKILL");
    before = await waitUntil(() => {
      const now = lab.keepers(id);
      return now.guard && now.keeper && now[which].pid !== before[which].pid && now;
    }, `another ${which}`);
  }
  // It had time for a few lines.
  await waitUntil(async () => (await lab.must(["logs", id, "--head", "3"], { bin })).startsWith("line 1\nline 2\nline 3\n"), "three lines");
  writeFileSync(join(lab.work, "go"), "");
  assert.equal((await lab.hob(["wait", id, "--timeout", "60s"], { bin })).code, 0);
  const raw = await lab.must(["logs", id, "--raw"], { bin });
  const lines = Array.from({ length: raw.split("\n").length - 1 }, (_, at) => `line ${at + 1}\n`).join("");
  assert.equal(raw, lines);
  const [task] = JSON.parse(await lab.must(["list", "--json"], { bin }));
  assert.deepEqual([task.status, task.exitCode], ["failed", 7]);
  // The state is the same for every processor.
  assert.equal(await lab.must(["logs", id, "--raw"]), lines);
});

test("arm64: kill ends the whole tree", async (t) => {
  const lab = await open(t);
  const id = await lab.run(["-c", "setsid sleep 1000 & (trap '' TERM; sleep 1001) & sleep 1002"], { bin });
  const sleeps = () => lab.processes().filter(({ command }) => /sleep 100\d/.test(command) && !command.includes("setsid sleep"));
  await waitUntil(() => sleeps().length >= 3, "three sleep");
  const tree = sleeps();
  const answer = await lab.must(["kill", id, "--grace", "300ms"], { bin });
  assert.match(answer, new RegExp(`^${id} .*ended \\(cancelled`));
  assert.deepEqual(tree.filter(alive), []);
  assert.match(await lab.must(["show", id], { bin }), /cancelled/);
});

function environmentOf({ pid }) {
  return environment(pid).join("\n");
}
