// The page with the mouse alone where there is little room, and with the keys alone where there is much.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Lab } from "./lib/lab.mjs";
import { call, say } from "./lib/model.mjs";
import { Terminal } from "./lib/terminal.mjs";
import { hasTools } from "./lib/tools.mjs";
import { until } from "./lib/wait.mjs";

const LINES = "for at in $(seq 300); do echo request $at; done; exec sleep 1000";

/** Runs TEST where a session has "web"; "asker" asks for a password, and "outside" is from a shell. */
async function withPage(size, test) {
  await Lab.with({}, async (lab) => {
    lab.model.play("begin", function* (first) {
      hasTools(first);
      yield call("createBackgroundProcess", { command: LINES, name: "web", tags: ["server"] });
      for (;;) yield say("The server is up.");
    });
    const terminal = await Terminal.open(lab, size);
    await terminal.shows("Ask anything");
    await terminal.type("[[begin]]");
    await terminal.shows("[[begin]]");
    await terminal.press("Enter");
    await terminal.shows("The server is up.", "● 1");
    const session = (await lab.tasks())[0].sessionId;
    const here = ["--project", lab.project, "-C", lab.project];
    await lab.hob("run", "-n", "asker", "-S", session, "-l", "session", ...here, "--pty", "-c", "read -sp 'Password: ' it; echo; echo it has ${#it} letters; sleep 1000");
    await lab.hob("run", "-n", "outside", "-l", "detached", "-t", "shell", ...here, "-c", "printf '10 %%'; sleep 1000");
    await terminal.shows("● 3  ? 1");
    try {
      await test(lab, terminal);
    } finally {
      await lab.hob("kill", "--all", "--grace", "0");
    }
  });
}

/** What a dialog on a small screen offers, without what stands around it. */
function optionsIn(screen) {
  return screen.split("\n").slice(7, 20).map((row) => row.slice(12, 68)).join("\n");
}

test("80×24: the page with the mouse alone", async () => {
  await withPage({ cols: 80, rows: 24 }, async (lab, terminal) => {
    /** What the foot has no room for is chosen from the list of all keys. */
    const choose = async (words) => {
      await terminal.click("? keys");
      let options = optionsIn(await terminal.shows("Keys"));
      while (!options.includes(words)) {
        await terminal.wheel("down", "Keys", 0, 6);
        options = await until(async () => {
          const now = optionsIn(await terminal.text());
          return now !== options && now;
        }, `${words} among the keys`);
      }
      await terminal.click(words);
      await terminal.hides("Keys");
    };
    // The count opens it.
    await terminal.click("● 3  ? 1");
    const screen = await terminal.shows("Background processes", "▌? asker", "asks: Password:", "● outside", "● web");
    assert.ok(screen.split("\n").every((row) => row.length <= 80));
    await terminal.click("i send");
    await terminal.shows("Send a line to asker", /Password: *$/m);
    await terminal.click("esc");
    await terminal.hides("Send a line");
    await terminal.click("● outside");
    await terminal.shows("▌● outside", / 10 %$/m);
    await terminal.click("x stop");
    await terminal.shows("Stop outside?", "started in a shell");
    await terminal.click("esc");
    await terminal.hides("Stop outside?");
    assert.equal((await lab.tasks("--status", "running")).length, 3, "who takes it back ends nothing");

    await terminal.click("r restart");
    await terminal.shows("Restart outside?", "started in a shell");
    await terminal.click("esc");
    await terminal.hides("Restart outside?");
    assert.equal((await lab.tasks()).length, 3, "nor does it start anything");

    await terminal.click("● web");
    await terminal.shows("▌● web", "request 300", "following");
    await terminal.wheel("up", "request 290", 20);
    await terminal.shows(/\d+ above, 3 below/);
    await terminal.click("3 below");
    await terminal.shows("following");
    assert.match(await terminal.copied(join(lab.root, "record"), () => choose("copy")), /^request 282\n[^]*\nrequest 300$/);
    await choose("wide");
    await terminal.hides("● outside");
    await terminal.shows(/^ web {2}running/m, /^ request 300/m);
    await choose("wide");
    await choose("tag");
    await terminal.shows("Tag", "server");
    await terminal.click("shell");
    await terminal.shows("#shell: 1 of 3", "▌● outside");
    await terminal.click("x stop");
    await terminal.shows("Stop outside?");
    await terminal.click("Confirm");
    await terminal.shows('"outside" was ended', "▌■ outside");
    await terminal.click("r restart");
    await terminal.shows("outside was started anew", "▌● outside", "#shell: 2 of 4");
    await terminal.click("q back");
    await terminal.hides("Background processes");
  });
});

test("200×60: the page with the keys alone", async () => {
  await withPage({ cols: 200, rows: 60 }, async (lab, terminal) => {
    await terminal.slash("background");
    await terminal.shows("Background processes", "▌? asker", "c clear filters");
    await terminal.press("i");
    await terminal.shows("Send a line to asker");
    await terminal.type("se cret!");
    await terminal.press("BSpace");
    const screen = await terminal.shows("•••••••▏");
    assert.doesNotMatch(screen, /se cret/, "nobody reads it over the shoulder");
    await terminal.press("Enter");
    await terminal.shows("it has 7 letters", "▌● asker");

    await terminal.press("j", "j");
    await terminal.shows("▌● web", "request 300", "following");
    await terminal.press("K");
    await terminal.shows("1 below");
    await terminal.press("PPage");
    await terminal.shows(/\d+ above, 55 below/);
    await terminal.press("/");
    await terminal.shows("Search");
    await terminal.type("REQUEST 12");
    await terminal.press("Enter");
    await terminal.shows("11 × REQUEST 12", "request 129");
    await terminal.press("Escape");
    await terminal.hides("11 × REQUEST 12");
    await terminal.press("f");
    await terminal.shows("following");
    assert.match(await terminal.copied(join(lab.root, "record"), () => terminal.press("y")), /^request 246\n[^]*\nrequest 300$/);
    await terminal.press("s");
    await terminal.shows("Status", "cancelled");
    await terminal.type("cancelled");
    await terminal.press("Enter");
    await terminal.shows("cancelled: 0 of 3", "Nothing fits the filters.");
    await terminal.press("c");
    await terminal.shows("● outside");
    await terminal.press("t");
    await terminal.shows("Tag", "shell");
    await terminal.type("server");
    await terminal.press("Enter");
    await terminal.shows("#server: 1 of 3", "▌● web");
    await terminal.press("x");
    await terminal.shows('"web" was ended', "▌■ web");
    await terminal.press("r");
    await terminal.shows("web was started anew", "▌● web");
    await terminal.shows("request 300");
    await terminal.press("p");
    await terminal.hides("Background processes");
    await terminal.shows(/┃ +request 28[12]\n[^]*┃ +request 300\n/);
  });
});
