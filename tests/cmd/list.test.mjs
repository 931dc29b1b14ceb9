// hob list: what each selector finds, in which order and form.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { usage } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { HOB, quote } from "./lib/programs.mjs";

/** A lab with one task for each mixture: two sessions, two projects, three lifetimes, some tags. */
async function filled(t) {
  const lab = newLab(t);
  for (const name of ["x", "y"]) fs.mkdirSync(path.join(lab.work, name));
  const add = (id, project, ...words) => lab.run(["--id", id, "--project", project, ...words, "sleep", "1000"]);
  await add("a-x", "x", "-S", "a", "-t", "web", "-t", "red");
  await add("a-y-app", "y", "-S", "a", "-l", "app", "-t", "web");
  await add("b-x", "x", "-S", "b", "-t", "db");
  await add("b-x-app", "x", "-S", "b", "-l", "app", "-t", "it's");
  await add("x-free", "x", "-l", "detached");
  await add("y-free", "y", "-t", "red");
  return lab;
}

const ids = async (lab, ...args) => (await lab.must(["list", "-q", ...args])).split("\n").filter(Boolean).join(" ");

test("selectors: session, project, tags, lifetimes, and all of them together", async (t) => {
  const lab = await filled(t);
  assert.equal(await ids(lab), "a-x a-y-app b-x b-x-app x-free y-free");
  assert.equal(await ids(lab, "-S", "a"), "a-x a-y-app");
  assert.equal(await ids(lab, "--session=b"), "b-x b-x-app");
  assert.equal(await ids(lab, "-S", "c"), "");
  assert.equal(await ids(lab, "--project", "y"), "a-y-app y-free");
  assert.equal(await ids(lab, "--project", path.join(lab.work, "x", "..", "y")), "a-y-app y-free");
  assert.equal(await ids(lab, "--project", "."), "");
  assert.equal(await ids(lab, "-t", "web"), "a-x a-y-app");
  assert.equal(await ids(lab, "-t", "red", "--tag", "db"), "a-x b-x y-free", "any of");
  assert.equal(await ids(lab, "-t", "it's"), "b-x-app");
  assert.equal(await ids(lab, "-t", "we"), "");
  assert.equal(await ids(lab, "-l", "app"), "a-y-app b-x-app");
  assert.equal(await ids(lab, "-l", "session", "--lifetime", "detached"), "a-x b-x x-free y-free");
  assert.equal(await ids(lab, "-S", "a", "-t", "web", "-l", "app", "--project", "y", "--status", "running"), "a-y-app");
});

test("--visible-to: a session's own, and with --project what others left there for everybody", async (t) => {
  const lab = await filled(t);
  assert.equal(await ids(lab, "--visible-to", "a"), "a-x a-y-app");
  assert.equal(await ids(lab, "--visible-to", "a", "--project", "x"), "a-x a-y-app b-x-app x-free");
  assert.equal(await ids(lab, "--visible-to", "c", "--project", "x"), "b-x-app x-free");
  assert.equal(await ids(lab, "--visible-to", "c", "--project", "y"), "a-y-app y-free");
  assert.equal(await ids(lab, "--visible-to", "c"), "");
  assert.equal(await ids(lab, "--visible-to", "b", "--project", "y", "-t", "red"), "y-free");
});

test("--status: each of five, several, and running includes leftovers", async (t) => {
  const lab = newLab(t);
  await lab.run(["--id", "runs", "sleep", "1000"]);
  await lab.ended(await lab.run(["--id", "done", "true"]));
  await lab.ended(await lab.run(["--id", "failed", "false"]));
  await lab.run(["--id", "killed", "sleep", "1000"]);
  await lab.kill("killed");
  await lab.ended(await lab.run(["--id", "left", "sh", "-c", "sleep 1000 & exit 3"]));
  assert.equal(await ids(lab, "--status", "running"), "runs left");
  assert.equal(await ids(lab, "--status", "completed"), "done");
  assert.equal(await ids(lab, "--status", "failed"), "failed left");
  assert.equal(await ids(lab, "--status", "cancelled"), "killed");
  assert.equal(await ids(lab, "--status", "pending"), "");
  assert.equal(await ids(lab, "--status", "cancelled", "--status=completed"), "done killed");
  assert.equal(await ids(lab, "--status", "running", "--status", "failed"), "runs failed left", "each once");
});

test("the same under each name, and as JSON", async (t) => {
  const lab = await filled(t);
  const text = (name) => lab.must([name, "-q"]);
  assert.equal(await text("ls"), await text("list"));
  assert.equal(await text("ps"), await text("list"));
  assert.deepEqual(
    (await lab.list("-t", "web")).map(({ id }) => id),
    ["a-x", "a-y-app"],
  );
});

test("no tasks: nothing on stdout, an empty array, code 0", async (t) => {
  const lab = newLab(t);
  assert.deepEqual(await lab.hob(["list"]), { code: 0, signal: null, stdout: "", stderr: "no tasks\n" });
  assert.deepEqual(await lab.hob(["list", "-q"]), { code: 0, signal: null, stdout: "", stderr: "" });
  assert.equal(await lab.must(["list", "--json"]), "[]\n");
});

test("usage errors name the thing", async (t) => {
  const lab = newLab(t);
  await usage(lab, ["list", "abc"], /list takes no ID \('abc'\): hob show abc/);
  await usage(lab, ["list", "--status", "done"], /no status 'done': pending, running, completed, failed or cancelled/);
  await usage(lab, ["list", "-l", "global"], /no lifetime 'global': session, app or detached/);
  await usage(lab, ["list", "-t"], /-t wants a value/);
  await usage(lab, ["list", "-t", ""], /-t is empty: leave it out, or say which/);
  await usage(lab, ["list", "--quite"], /'--quite'.*hob help list/);
});

test("a closed pipe hurts nobody: list | head -1", async (t) => {
  const lab = newLab(t);
  for (let i = 0; i < 5; i++) await lab.run(["--id", `${i}`, "true", "x".repeat(30000)]);
  const line = `{ ${quote(HOB)} list; echo $? >code; } 2>err | head -1`;
  assert.match(execFileSync("sh", ["-c", line], { env: lab.env, cwd: lab.work, encoding: "utf8" }), /^ID /);
  assert.equal(fs.readFileSync(path.join(lab.work, "err"), "utf8"), "");
});

test("a full disk under stdout is a failure, not silence", async (t) => {
  const lab = newLab(t);
  await lab.ended(await lab.run(["--id", "a", "-n", "x", "seq", "10"]));
  const full = fs.openSync("/dev/full", "w");
  for (const args of [["list"], ["list", "--json"], ["show", "a"], ["logs", "a"], ["events"], ["help"], ["version"]]) {
    const { code, stderr } = await lab.hob(args, { stdio: ["ignore", full, "pipe"] });
    assert.equal(code, 1, args.join(" "));
    assert.match(stderr, /No space left on device/, args.join(" "));
  }
});
