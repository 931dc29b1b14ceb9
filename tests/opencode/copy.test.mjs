// The copies of the packaged program that the plugin runs.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { load } from "./lib/built.mjs";
import { until } from "./lib/wait.mjs";

const folder = mkdtempSync(join(tmpdir(), "hob-copy-"));
after(() => rmSync(folder, { recursive: true }));

/** As if nobody had used it for two days. */
function age(path) {
  const then = new Date(Date.now() - 48 * 3600 * 1000);
  utimesSync(path, then, then);
}

/** The package of a small program, and a home. */
function place(name, hob = "1-abc") {
  const made = { folder: join(folder, name, "package"), home: join(folder, name, "home") };
  mkdirSync(join(made.folder, "bin"), { recursive: true });
  writeFileSync(join(made.folder, "package.json"), JSON.stringify({ hob }));
  writeFileSync(join(made.folder, "bin/hob"), `#!/bin/sh\necho ${hob}\n${"#".repeat(1 << 20)}\n`);
  chmodSync(join(made.folder, "bin/hob"), 0o755);
  return made;
}

test("many at once make one copy", async () => {
  const { folder: packaged, home } = place("race");
  const { pathname } = new URL("./lib/built.mjs", import.meta.url);
  const script = `const { load } = await import(${JSON.stringify(pathname)});
    const { copyOf } = await load("copy");
    process.send("ready");
    process.once("message", () => { process.send(copyOf(${JSON.stringify(packaged)}, { HOB_HOME: ${JSON.stringify(home)} })); process.disconnect(); });`;
  const children = Array.from({ length: 4 }, () => spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "ignore", "inherit", "ipc"] }));
  await Promise.all(children.map((child) => once(child, "message")));
  const answers = children.map((child) => once(child, "message"));
  const ends = children.map((child) => once(child, "exit"));
  for (const child of children) child.send("go");
  for (const [answer] of await Promise.all(answers)) assert.equal(answer, join(home, "bin/1-abc/hob"));
  await Promise.all(ends);
  assert.deepEqual(readdirSync(join(home, "bin/1-abc")), ["hob"]);
  assert.deepEqual(readFileSync(join(home, "bin/1-abc/hob")), readFileSync(join(packaged, "bin/hob")));
});

test("a copy is whole, private and only removed when nothing runs from it", async (t) => {
  const { copyOf } = await load("copy");
  const { folder: packaged, home } = place("one");
  const copy = join(home, "bin/1-abc/hob");
  assert.equal(copyOf(packaged, { HOB_HOME: home }), copy);
  truncateSync(copy, 10);
  assert.equal(copyOf(packaged, { HOB_HOME: home }), copy);
  assert.deepEqual(readFileSync(copy), readFileSync(join(packaged, "bin/hob")), "a torn copy is made anew");

  mkdirSync(join(home, "bin/0-old"));
  mkdirSync(join(home, "bin/0-used"));
  execFileSync("cp", ["/bin/sleep", join(home, "bin/0-used/hob")]);
  const user = spawn(join(home, "bin/0-used/hob"), ["1000"], { stdio: "ignore" });
  t.after(() => user.kill());
  await until(() => readlinkSync(`/proc/${user.pid}/exe`).endsWith("0-used/hob"), "it runs");
  mkdirSync(join(home, "bin/0-young"));
  for (const name of ["0-old", "0-used", "1-abc"]) age(join(home, "bin", name));
  copyOf(packaged, { HOB_HOME: home });
  assert.deepEqual(readdirSync(join(home, "bin")).sort(), ["0-used", "0-young", "1-abc"]);
  user.kill();
  await once(user, "exit");
  age(join(home, "bin/0-used"));
  copyOf(packaged, { HOB_HOME: home });
  assert.deepEqual(readdirSync(join(home, "bin")).sort(), ["0-young", "1-abc"]);

  // By a link to the home the same copy is meant; in a home that is open to others no copy is made or trusted.
  symlinkSync(home, join(folder, "link"));
  assert.equal(copyOf(packaged, { HOB_HOME: join(folder, "link") }), copy);
  chmodSync(home, 0o755);
  assert.equal(copyOf(packaged, { HOB_HOME: home }), join(packaged, "bin/hob"));
  const { XDG_STATE_HOME, HOME } = { XDG_STATE_HOME: join(folder, "state"), HOME: join(folder, "me") };
  assert.equal(copyOf(packaged, { HOME, XDG_STATE_HOME }), join(XDG_STATE_HOME, "hob/bin/1-abc/hob"));
  assert.equal(copyOf(packaged, { HOME }), join(HOME, ".local/state/hob/bin/1-abc/hob"));
});
