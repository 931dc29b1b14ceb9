// Where inotify is not to be had (its instances are counted per user), who waits says so and looks once a second.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newLab } from "./lib/lab.mjs";
import { HOB } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

/** `hob ARGS` in a process that gets no inotify. */
function blind(lab, ...args) {
  const inject = ["-D", "-o", "/dev/null", "-e", "trace=inotify_init1", "-e", "inject=inotify_init1:error=EMFILE"];
  const env = { ASAN_OPTIONS: `${lab.env.ASAN_OPTIONS ?? ""}:detect_leaks=0` };
  return lab.spawn(["strace", ...inject, HOB, ...args], { env });
}

const SENTENCE = "hob: no inotify here (Too many open files): looking once a second instead\n";

test("wait, logs -f and events -f go on without inotify, and say so", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["--stdin", "cat"]);
  const wait = blind(lab, "wait", id);
  const logs = blind(lab, "logs", id, "-f");
  const events = blind(lab, "events", "-f");
  await waitUntil(() => [wait, logs, events].every((child) => child.err === SENTENCE), "each says it");
  await lab.must(["send", id, "--text", "hello", "--key", "Enter"]);
  await waitUntil(() => logs.out === "hello\n", "the line is read");
  await lab.must(["send", id, "--eof"]);
  const answer = await wait.done;
  assert.deepEqual([answer.code, answer.stdout], [0, `${id} exit: completed, exit 0, cursor 6\nhello\n`]);
  assert.equal((await logs.done).code, 0);
  await waitUntil(() => / exit +\S+ +\S+ +completed, exit 0\n$/.test(events.out), "the event is told");
  events.kill("SIGTERM");
  await events.done;
});
