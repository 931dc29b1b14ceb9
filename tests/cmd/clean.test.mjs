// hob clean: what is forgotten, with its files, and what never is.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { sql, usage } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { alive } from "./lib/processes.mjs";

const DAY = 86_400_000;
const left = async (lab) => (await lab.list()).map(({ id }) => id).join(" ");
const folders = (lab) => fs.readdirSync(path.join(lab.home, "tasks")).sort().join(" ");

/** Makes task ID one that ended so many days ago. */
const age = (lab, id, days) =>
  sql(lab, `UPDATE tasks SET completed_ms = ${Date.now() - days * DAY} WHERE id = '${id}'`);

test("14 days, or --older", async (t) => {
  const lab = newLab(t);
  for (const id of ["new", "week", "fortnight", "month"]) await lab.ended(await lab.run(["--id", id, "true"]));
  await age(lab, "week", 7);
  await age(lab, "fortnight", 13.9);
  await age(lab, "month", 30);
  assert.match(await lab.must(["clean"]), /^1 task forgotten, [\d.]+ (B|KiB) freed\n$/);
  assert.equal(await left(lab), "new week fortnight");
  assert.match(await lab.must(["clean", "--older", "7d"]), /^2 tasks forgotten/);
  assert.equal(await left(lab), "new");
  assert.match(await lab.must(["clean", "--older", "1h"]), /^0 tasks forgotten, 0 B freed\n$/);
  assert.match(await lab.must(["clean", "--older", "0"]), /^1 task forgotten/);
  assert.equal(await left(lab), "");
  assert.equal(folders(lab), "");
});

test("--all-finished: everything but what lives, leftovers too", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "done", "true"]));
  await lab.ended(await lab.run(["--id", "failed", "false"]));
  await lab.hob(["run", "--id", "none", "no-such-program"]);
  await lab.run(["--id", "killed", "sleep", "1000"]);
  await lab.kill("killed");
  await lab.run(["--id", "runs", "sleep", "1000"]);
  await lab.ended(await lab.run(["--id", "left", "sh", "-c", "sleep 1000 & echo x"]));
  const { processes } = await lab.show("left");
  await age(lab, "left", 100);
  assert.match(await lab.must(["clean", "--all-finished"]), /^4 tasks forgotten/);
  assert.equal(await left(lab), "runs left");
  assert.equal(folders(lab), "left runs");
  assert.ok(alive(processes[0].pid));
  assert.equal(await lab.raw("left"), "x\n");
  // Once nobody is left of it, it goes like others.
  await lab.kill("left");
  await lab.must(["clean"]);
  assert.equal(await left(lab), "runs");
});

test("events and tags go with their task, numbers are never given again", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "a", "-t", "x", "echo", "OPENCODE_NOTIFY:hello"]));
  const before = (await lab.events()).at(-1).seq;
  await lab.must(["clean", "--all-finished"]);
  assert.deepEqual(await lab.events(), []);
  assert.equal(await sql(lab, "SELECT count(*) FROM tags"), "0");
  await lab.ended(await lab.run(["--id", "a", "true"]));
  assert.deepEqual(
    (await lab.events()).map(({ seq }) => seq),
    [before + 1, before + 2],
  );
  assert.deepEqual((await lab.show("a")).tags, []);
});

test("past 2 GiB in all the oldest go first, counted by what they take on disk", async (t) => {
  const lab = newLab(t);
  for (const id of ["first", "second", "holes", "last"]) {
    await lab.ended(await lab.run(["--id", id, "true"]));
    // A log of that size without writing it: the blocks are there, the bytes are not.
    if (id === "holes") fs.truncateSync(lab.file(id, "log"), 8 * 2 ** 30);
    else await lab.spawn(["fallocate", "-l", "900M", lab.file(id, "log")]).done;
  }
  assert.match(await lab.must(["clean"]), /^1 task forgotten, 900\.\d MiB freed\n$/);
  assert.equal(await left(lab), "second holes last");
  assert.match(await lab.must(["clean"]), /^0 tasks/);
});

test("a folder that outlived its row does not hinder its id", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "a", "echo", "old"]));
  await sql(lab, "PRAGMA foreign_keys = ON; DELETE FROM tasks");
  await lab.ended(await lab.run(["--id", "a", "echo", "new"]));
  assert.equal(await lab.raw("a"), "new\n");
});

test("usage errors", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "a", "true"]));
  await usage(lab, ["clean", "a"], /clean takes no ID: --older and --all-finished say what goes/);
  await usage(lab, ["clean", "--older", "old"], /--older 'old' is no duration/);
  await usage(lab, ["clean", "--older", "1d", "--all-finished"], /--older and --all-finished exclude each other/);
  await usage(lab, ["clean", "--everything"], /'--everything'/);
  assert.equal(await left(lab), "a");
});
