// What real programs wrote on a terminal, as a reader gets it: tests/golden/NAME.raw becomes NAME.txt.
// That feeds may be cut anywhere: tests/unit/test_golden.c. How they were recorded: tests/golden/record.mjs.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { golden } from "./lib/golden.mjs";
import { newLab } from "./lib/lab.mjs";

const folder = path.resolve(import.meta.dirname, "../golden");
const names = fs
  .readdirSync(folder)
  .filter((name) => name.endsWith(".raw"))
  .map((name) => name.slice(0, -4));

/** The id of a task that wrote the recording NAME and has ended. */
async function written(lab, name) {
  await lab.must(["run", "--id", name, "--wait", "cat", path.join(folder, `${name}.raw`)]);
  return name;
}

test("every program of the list is there, each with program, version and command line, none too long", () => {
  const wanted = ["apt", "cargo", "docker", "git", "jest", "listr", "npm", "pip", "tqdm", "vite"];
  assert.deepEqual(names, wanted);
  for (const name of names) {
    const about = JSON.parse(fs.readFileSync(path.join(folder, `${name}.json`), "utf8"));
    for (const key of ["program", "version", "command"]) assert.ok(about[key]?.length, `${name}: ${key}`);
    assert.ok(fs.statSync(path.join(folder, `${name}.raw`)).size <= 65536, name);
  }
});

test("what real programs wrote is read in its final state", async (t) => {
  const lab = newLab(t);
  for (const name of names) golden(`../../golden/${name}.txt`, await lab.must(["logs", await written(lab, name)]));
});

test("what is left out of a recording is named with cursors that show it", async (t) => {
  const lab = newLab(t);
  await written(lab, "docker");
  const { text, omitted } = await lab.json(["logs", "docker"]);
  assert.doesNotMatch(text, /Downloading|Extracting|\x1b|\r/);
  assert.equal(omitted.length, 1);
  const { reason, since, until } = omitted[0];
  assert.equal(reason, "redrawn");
  const raw = await lab.must(["logs", "docker", "--raw", "--since", since, "--until", until]);
  assert.match(raw, /^a3ed95caeb02: Pulling fs layer[^]*Downloading[^]*f7ec5a41d630: Pull complete \r\x1b\[1B$/);
});

test("a reader of a recording that follows gets every final line too", async (t) => {
  const lab = newLab(t);
  for (const name of names) {
    await written(lab, name);
    const follows = await lab.must(["logs", name, "-f", "--since", "0"]);
    const without = (text) => text.replace(/ \[… .* …\]/g, "").replace(/ … ×\d+/g, "");
    for (const line of without(await lab.must(["logs", name])).split("\n"))
      assert.ok(without(follows).split("\n").includes(line), `${name}: ${line}`);
  }
});
