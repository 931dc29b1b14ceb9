// The packages in OpenCode 2, which is played by hosts of our own: nothing but the packages is there.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Lab } from "../opencode/lib/lab.mjs";
import { bun } from "../opencode/lib/programs.mjs";
import { idIn, pidIn } from "../opencode/lib/results.mjs";
import { Screen, Two } from "../opencode/lib/two.mjs";
import { copyName, PACKAGES, PROGRAMS, programOf } from "./lib/installed.mjs";

/** As npm installs them: one beside the other. */
function install(lab) {
  const modules = join(lab.root, "cache/node_modules");
  for (const name of ["opencode-hob", PROGRAMS[0]]) cpSync(join(PACKAGES, name), join(modules, name), { recursive: true });
  const { HOB_BIN, ...env } = lab.env;
  lab.env = env;
  return { folder: join(modules, "opencode-hob"), kind: "npm" };
}

for (const runtime of [process.execPath, bun]) {
  test(`the tools and a message, from the package, under ${runtime === bun ? "bun" : "node"}`, async () => {
    await Lab.with({}, async (lab) => {
      const two = await Two.open(lab, { runtime, ...install(lab) });
      assert.equal((await two.load()).tools.length, 6);
      const session = await two.session();
      const started = await two.ok(session, "createBackgroundProcess", { command: "echo OPENCODE_NOTIFY: hello; exec sleep 1000" });
      await two.message(session, /: hello$/);
      const guard = lab.processes().find(({ command }) => command.startsWith(`hob guard ${idIn(started)}`));
      assert.equal(programOf(guard.pid), join(lab.hobHome, "bin", copyName(), "hob"), "it runs from the copy");
      assert.equal(two.asserted().length, 1);
      assert.match(await two.ok(session, "killProcesses", { processId: idIn(started) }), /all its processes have ended/);
      assert.ok(pidIn(started));
    });
  });
}

test("the sidebar and the page, from the package", async () => {
  await Lab.with({}, async (lab) => {
    const how = install(lab);
    const screen = await Screen.open(lab, how);
    await screen.do("sessions", { sessions: { ses_1: { location: { directory: lab.project } } } });
    await screen.do("route", { to: { type: "session", sessionID: "ses_1" } });
    await screen.load();
    const words = ["run", "-S", "ses_1", "-o", String(process.pid), "--project", lab.project, "-n", "web"];
    execFileSync(join(PACKAGES, PROGRAMS[0], "bin/hob"), [...words, "sleep", "1000"], { env: lab.env });
    await screen.shows("● web", "● 1");
    await screen.click("● web");
    await screen.shows("Background processes", "▌● web");
    await screen.press("x");
    await screen.shows("▌■ web");
  });
});
