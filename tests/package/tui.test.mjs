// The terminal part as OpenCode installs it from the packed tarball.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { call, say } from "../opencode/lib/model.mjs";
import { Terminal } from "../opencode/lib/terminal.mjs";
import { hasTools } from "../opencode/lib/tools.mjs";
import { cacheOf, VERSION, withRegistry } from "./lib/installed.mjs";

test("the sidebar, the count and the page, from the package", async () => {
  await withRegistry({}, async (lab) => {
    lab.model.play("begin", function* (first) {
      hasTools(first);
      yield call("createBackgroundProcess", { command: "echo ready; exec sleep 1000", name: "web", tags: ["server"] });
      yield say("It is up.");
    });
    const terminal = await Terminal.open(lab, { cols: 160, rows: 40, folder: `opencode-hob@${VERSION}` });
    await terminal.shows("Ask anything");
    await terminal.type("[[begin]]");
    await terminal.shows("[[begin]]");
    await terminal.press("Enter");
    await terminal.shows("It is up.", "● 1", /Background\n.*● web +\d+s\n.*#server/);
    assert.ok(existsSync(join(cacheOf(lab), "node_modules/opencode-hob/tui.js")), "as it was installed");
    assert.ok(!existsSync(join(cacheOf(lab), "node_modules/solid-js")), "what OpenCode brings along is not installed again");
    await terminal.resize(80, 24);
    await terminal.slash("background");
    await terminal.shows("Background processes", "▌● web", "ready");
    await terminal.press("x");
    await terminal.shows(/"web" was ended/, "▌■ web");
    await terminal.press("q");
    await terminal.hides("Background processes");
  });
});
