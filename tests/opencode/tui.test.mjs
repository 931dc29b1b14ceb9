// The terminal interface itself, from the folder: the sidebar, the count, toasts, and the page at two sizes.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Lab } from "./lib/lab.mjs";
import { call, say } from "./lib/model.mjs";
import { Terminal } from "./lib/terminal.mjs";
import { hasTools } from "./lib/tools.mjs";
import { until } from "./lib/wait.mjs";

const SERVER = `
import { createServer } from "node:http";
const server = createServer().listen(0, "127.0.0.1", () => {
  for (let at = 1; at <= 300; at++) console.log(\`request \${at}\${at % 100 ? "" : " slow"}\`);
  console.log("ready");
});
`;

/** Runs TEST with OpenCode on a terminal whose session starts one task, "web", when begin() is called. */
async function withSession(options, test) {
  await Lab.with({ files: { "server.mjs": SERVER } }, async (lab) => {
    lab.model.play("begin", function* (first) {
      hasTools(first);
      yield call("createBackgroundProcess", { command: "exec node server.mjs", name: "web", tags: ["server"] });
      for (;;) yield say("The server is up.");
    });
    const terminal = await Terminal.open(lab, options);
    await terminal.shows("Ask anything");
    const begin = async () => {
      await terminal.type("[[begin]]");
      await terminal.shows("[[begin]]");
      await terminal.press("Enter");
      await terminal.shows("The server is up.", "● 1");
      return (await lab.tasks())[0].sessionId;
    };
    try {
      await test(lab, terminal, begin);
    } finally {
      await lab.hob("kill", "--all", "--grace", "0");
    }
  });
}

/** Starts a task as the session's own. */
const start = (lab, session, name, command, ...options) =>
  lab.hob("run", "-n", name, "-S", session, "-l", "session", "--project", lab.project, "-C", lab.project, ...options, "-c", command);

const followers = (lab) => lab.processes().filter(({ command }) => / events -f -n 1 --json$/.test(command));

/** The colour that TEXT stands in. */
function colourOf(screen, text) {
  const at = screen.indexOf(text);
  assert.ok(at >= 0, `${text} is on the screen`);
  return [...screen.slice(0, at).matchAll(/\u001b\[[\d;]*38;2;(\d+;\d+;\d+)/g)].at(-1)[1];
}

test("200×60: the sidebar, the count, toasts, and the page with the mouse", async () => {
  const tui = { attention: { enabled: true, notifications: true, sound: false } };
  await withSession({ cols: 200, rows: 60, options: { key: "f9" }, tui }, async (lab, terminal, begin) => {
    const session = await begin();
    assert.equal(followers(lab).length, 1, "one follower of its own");
    const screen = await terminal.shows(/ LSP\n[^]* Background\n.*● web +\d+s\n.*:\d+  #server/);
    const before = Number(/● web +(\d+)s/.exec(screen)[1]);
    await until(async () => Number(/● web +(\d+)s/.exec(await terminal.text())?.[1]) > before, "its runtime goes on");

    await start(lab, session, "日本語のとても長い名前のプロセス、まだ続く", "sleep 1000", "-t", "long");
    await start(lab, session, "asker", "read -p 'Your name: ' name; sleep 1000", "--pty");
    await terminal.shows("asker waits for input", "● 3  ? 1", /\? asker +\d+s\n.*asks: Your name:/, /● 日本語のとても長い名前の\S*… +\d+s/);
    const colours = await terminal.text(true);
    assert.notEqual(colourOf(colours, "  asks: Your name:"), colourOf(colours, "  #long"), "what asks stands out");

    // A failure while the window is not in front: a toast, and a word from the terminal.
    await start(lab, session, "breaks", "until [ -e go ]; do sleep 0.1; done; exit 3");
    await terminal.shows(/● breaks +\d+s/);
    const record = join(lab.root, "record");
    await terminal.record(record);
    await terminal.send("\u001b[O");
    writeFileSync(join(lab.project, "go"), "");
    await terminal.shows("breaks failed", /✗ breaks +\d+s\n.*failed, exit 3/);
    await until(() => readFileSync(record, "utf8").includes("\u001b]777;notify;breaks failed;It ended, exit 3."), "a notification");
    await terminal.send("\u001b[I");

    // A click in the sidebar opens the task; on the page the wheel, the list and the foot are for the mouse.
    await terminal.click("● web", 150);
    await terminal.shows("Background processes", "▌● web", "$ exec node server.mjs", /ready.*\n.*following/, "request 300 slow");
    await terminal.wheel("up", "request 290", 40);
    await terminal.shows(/\d+ above, 3 below/);
    await terminal.click("f follow");
    await terminal.shows("following");
    await terminal.click("✗ breaks");
    await terminal.shows("▌✗ breaks", "failed, exit 3", "until [ -e go ]");
    await terminal.click("t tag");
    await terminal.shows("Tag", "server");
    await terminal.click("long", 50);
    await terminal.shows("#long: 1 of 4", "$ sleep 1000");
    await terminal.click("c clear filters");
    await terminal.shows("● web");
    await terminal.click("q back");
    await terminal.hides("Background processes");

    // By the key of the user's choosing.
    await terminal.press("F9");
    await terminal.shows("Background processes", "● web");
    await terminal.press("Escape");
    await terminal.hides("Background processes");

    // Nothing of it is on the screen when nothing runs, and the follower ends with OpenCode, however it ends.
    await lab.hob("kill", "-S", session);
    await terminal.hides(/ Background\n/, /[●?] (web|asker)/, /● \d/);
    await terminal.kill("SIGKILL");
    await until(() => followers(lab).length === 0, "the follower ends");
  });
});

test("80×24: the page with the keys", async () => {
  await withSession({}, async (lab, terminal, begin) => {
    const session = await begin();
    await start(lab, session, "asker", "read -p 'Your name: ' name; echo hello $name; sleep 1000", "--pty");
    await start(lab, session, "breaks", "exit 3");
    await lab.hob("run", "-n", "outside", "-l", "detached", "--project", lab.project, "--", "sleep", "1000");
    await terminal.shows("● 3  ? 1");
    await terminal.slash("background");
    // What asks comes first, and a terminal is shown as it looks.
    const screen = await terminal.shows("▌? asker", "● outside", "● web", "✗ breaks", "asks: Your name:", /Your name:$/m, "following");
    assert.ok(screen.split("\n").every((row) => row.length <= 80));
    await terminal.press("i");
    await terminal.shows("Send a line to asker");
    await terminal.type("Eve");
    await terminal.press("Enter");
    await terminal.shows("hello Eve", "▌● asker");

    // The log of the server: through it, and what is sought.
    await terminal.press("Down");
    await terminal.shows("▌● web", "ready", "request 300 slow");
    await terminal.press("g");
    await terminal.shows("0 above", / request 1$/m);
    await terminal.press("Space");
    await terminal.shows("18 above");
    await terminal.press("/");
    await terminal.shows("Search");
    await terminal.press("Escape");
    await terminal.hides("Search");
    await terminal.press("/");
    await terminal.shows("Search", "▌● web");
    await terminal.type("SLOW");
    await terminal.press("Enter");
    await terminal.shows("3 × SLOW", "request 300 slow");
    await terminal.press("N");
    await terminal.shows("request 200 slow");
    await terminal.press("N");
    await terminal.shows("request 100 slow");
    await terminal.press("Escape");
    await terminal.shows(/\d+ above, \d+ below/);

    // What is on the screen is copied.
    const copied = await terminal.copied(join(lab.root, "record"), () => terminal.press("G", "y"));
    await terminal.shows("Copied 19 lines");
    assert.match(copied, /^request 283\n[^]*\nrequest 300 slow\nready$/);

    // Filters, and what is not one's own is asked for before it ends; a restart is looked at.
    await terminal.press("s");
    await terminal.shows("Status", "cancelled");
    await terminal.type("failed");
    await terminal.press("Enter");
    await terminal.shows("failed: 1 of 4", "▌✗ breaks", "failed, exit 3");
    await terminal.press("r");
    await terminal.shows(/breaks (was started anew|failed, exit 3) .*failed: 2 of 5/);
    await terminal.press("c");
    await terminal.shows("● outside");
    await terminal.click("● outside");
    await terminal.shows("▌● outside");
    // After OpenCode's leader, x is to export the session: here it means nothing.
    await terminal.press("C-x", "x", "?");
    await terminal.shows("Keys", "restart");
    await terminal.press("Escape");
    await terminal.hides("Keys");
    await terminal.press("x");
    await terminal.shows("Stop outside?", "started in a shell");
    await terminal.press("Enter");
    await terminal.shows('"outside" was ended', "▌■ outside", "cancelled");
    // Without a name it is called by its command, however long that is.
    await lab.hob("run", "-l", "detached", "--project", lab.project, "--pty", "-c", `read it # ${"goes on and on ".repeat(50)}`);
    await terminal.click("? read it");
    await terminal.shows("▌? read it");
    await terminal.press("i");
    await terminal.shows(/Send a line to read it # goes on .*… +esc/);
    await terminal.press("Escape");
    await terminal.hides("Send a line");
    await terminal.press("x");
    await terminal.shows(/Stop read it # goes on .*…\? +esc/, "Confirm");
    await terminal.press("Enter");
    await terminal.shows("was ended", "▌■ read it");
    await terminal.click("● asker");
    await terminal.shows("▌● asker");
    await terminal.press("x");
    await terminal.shows('"asker" was ended', "▌■ asker");
    await terminal.press("?");
    await terminal.shows("Keys", "restart");
    await terminal.type("prompt");
    await terminal.press("Enter");
    await terminal.hides("Background processes");
    await terminal.shows(/┃ +hello Eve/, "● 1");
    await until(() => !lab.processes().some(({ command }) => / logs \w+ -f/.test(command)), "who left the page reads no log");

    // From the palette, and with more room.
    await terminal.press("C-p");
    await terminal.shows("Commands");
    await terminal.type("background proc");
    await terminal.press("Enter");
    await terminal.shows("Background processes", "▌● web");
    await terminal.resize(200, 60);
    await terminal.shows("c clear filters", "request 250");
  });
});
