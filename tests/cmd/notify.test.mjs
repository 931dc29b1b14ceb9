// hob notify, and the marker lines that say the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { refused, usage } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { HOB, quote } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

const hob = quote(HOB);
const messages = async (lab, id) => (await lab.events(id, "notify")).map((e) => e.message);

test("inside a task: an event as from a marker line", async (t) => {
  const lab = newLab(t);
  const script = `${hob} notify 'tests failed, see the log'; ${hob} notify two words; ${hob} notify -- --dashes`;
  const id = await lab.run([
    "-n",
    "web",
    "-S",
    "s",
    "--created-by",
    "c",
    "sh",
    "-c",
    `${script}; echo OPENCODE_NOTIFY:line`,
  ]);
  const task = await lab.ended(id);
  assert.equal(task.status, "completed");
  const events = await lab.events(id, "notify");
  assert.deepEqual(
    events.map((e) => e.message),
    ["tests failed, see the log", "two words", "--dashes", "line"],
  );
  const [one, , , line] = events;
  assert.deepEqual([one.id, one.name, one.sessionId, one.createdBy, one.project], [id, "web", "s", "c", task.project]);
  assert.deepEqual({ ...one, seq: 0, at: 0, message: 0 }, { ...line, seq: 0, at: 0, message: 0 });
  // It is no part of the log.
  assert.equal(await lab.raw(id), "OPENCODE_NOTIFY:line\n");
});

test("it is told at once, while the task runs, and by whatever the task started", async (t) => {
  const lab = newLab(t);
  const id = await lab.run(["sh", "-c", `setsid sh -c "${hob} notify from afar"; exec sleep 1000`]);
  await waitUntil(async () => (await messages(lab, id)).length);
  assert.deepEqual(await messages(lab, id), ["from afar"]);
  assert.equal((await lab.show(id)).status, "running");
});

test("a leftover may tell something after the end", async (t) => {
  const lab = newLab(t);
  const id = await lab.run([
    "sh",
    "-c",
    `(until ${hob} show $HOB_ID | grep -q '^ended'; do :; done; ${hob} notify late) & kill -9 $$`,
  ]);
  await waitUntil(async () => (await messages(lab, id)).length);
  const [late] = await lab.events(id, "notify");
  assert.deepEqual(
    [late.message, late.status, late.reason, late.exitCode, late.signal],
    ["late", null, null, null, null],
  );
});

test("messages are one harmless line of at most 4,000 bytes", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "a", "sleep", "1000"]);
  const notify = (text) => lab.must(["notify", text], { env: { HOB_ID: "a" } });
  await notify("  \x1b[31mred\x1b[0m\ntwo\tlines \x07\n");
  await notify("x".repeat(4000));
  await notify("x".repeat(4001));
  await notify(`x${"ä".repeat(2000)}`);
  const [red, whole, cut, border] = await messages(lab, "a");
  assert.equal(red, "red two lines");
  assert.equal(whole, "x".repeat(4000));
  assert.equal(cut, `${"x".repeat(4000)}… [cut]`);
  assert.equal(border, `x${"ä".repeat(1999)}… [cut]`);
});

test("outside of a task, without a text, or when the task is gone", async (t) => {
  const lab = newLab(t);
  const as = (id, body) => inside(lab, id, body);
  await usage(lab, ["notify", "hello"], /works inside a task: HOB_ID is not set/);
  await as("a/../b", () => usage(lab, ["notify", "hello"], /HOB_ID is not set/));
  await as("a", async () => {
    await usage(lab, ["notify"], /notify wants a text/);
    await usage(lab, ["notify", "", " \n"], /notify wants a text/);
    await usage(lab, ["notify", "\x1b[0m"], /notify wants a text/);
    await usage(lab, ["notify", "--bogus"], /'--bogus'.*hob help notify/);
    await refused(lab, 3, ["notify", "hello"], /no task a, which HOB_ID names: it was forgotten, HOB_HOME is another, or a shell still waits for it/);
  });
  assert.deepEqual(await lab.events(), []);
});

async function inside(lab, id, body) {
  lab.env.HOB_ID = id;
  await body();
  delete lab.env.HOB_ID;
}

test("marker lines: first column, trimmed, not empty, at most 4,000 bytes, and they stay in the log", async (t) => {
  const lab = newLab(t);
  const long = "y".repeat(4001);
  const lines = [
    " OPENCODE_NOTIFY:no",
    "OPENCODE_NOTIFY:  yes \t\r",
    "OPENCODE_NOTIFY:",
    "OPENCODE_NOTIFY:   ",
    "xOPENCODE_NOTIFY:no",
  ];
  const all = [
    ...lines,
    `OPENCODE_NOTIFY:${long}`,
    "OPENCODE_NOTIFY:\x1b[1mbold\x1b[0m",
    "OPENCODE_NOTIFY:\x1b[0m",
    "OPENCODE_NOTIFY:end",
  ];
  const id = await lab.run(["printf", "%s", all.join("\n")]);
  await lab.ended(id);
  assert.deepEqual(await messages(lab, id), ["yes", `${"y".repeat(4000)}… [cut]`, "bold", "end"]);
  assert.equal(await lab.raw(id), all.join("\n"));
  const cursors = (await lab.events(id, "notify")).map((e) => e.cursor);
  assert.deepEqual(
    cursors,
    [1, 5, 6, 8].map((i) =>
      Buffer.byteLength(
        all
          .slice(0, i)
          .map((line) => `${line}\n`)
          .join(""),
      ),
    ),
  );
});
