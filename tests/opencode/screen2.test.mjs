// The terminal part in OpenCode 2, whose terminal interface is played by a host of our own (lib/screen2.mjs).
import assert from "node:assert/strict";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { prebuild } from "../../tools/prebuild.mjs";
import { Lab } from "./lib/lab.mjs";
import { PLUGIN } from "./lib/programs.mjs";
import { Screen } from "./lib/two.mjs";
import { until } from "./lib/wait.mjs";

const BUILT = mkdtempSync(join(tmpdir(), "hob-screen-"));
after(() => rmSync(BUILT, { recursive: true }));
before(() => prebuild(PLUGIN, "./tui/tui.tsx", join(BUILT, "tui.js")));
writeFileSync(join(BUILT, "package.json"), '{ "type": "module", "exports": { "./tui": "./tui.js" } }');

const PACKAGE = { folder: BUILT, kind: "npm" };
const FOLDER = { folder: PLUGIN, kind: "directory" };
const SESSION = { type: "session", sessionID: "ses_child" };

/** TEST in a lab with a screen that shows a sub-agent's session. */
function onScreen(name, how, test_) {
  test(name, () =>
    Lab.with({}, async (lab) => {
      const screen = await Screen.open(lab, how);
      const location = { directory: lab.project };
      await screen.do("sessions", { sessions: { ses_1: { location }, ses_child: { parentID: "ses_1", location } } });
      await screen.do("route", { to: SESSION });
      try {
        await test_(lab, screen);
      } finally {
        await lab.hob("kill", "--all");
      }
    }),
  );
}

/** Starts a task as the server's part does. */
const run = (lab, name, command, more = []) =>
  lab.hob("run", "-S", "ses_1", "-o", String(process.pid), "--project", lab.project, "-n", name, ...more, "-c", command);

for (const [how, where] of [[PACKAGE, "a package"], [FOLDER, "a folder"]]) {
  onScreen(`sidebar, count and page, from ${where}`, how, async (lab, screen) => {
    assert.ok((await screen.load({ options: { key: "f9" } })).cleans);
    await screen.shows("A SESSION");
    assert.doesNotMatch(await screen.text(), /Background/, "nothing is shown while nothing runs");
    await run(lab, "web", "echo ready; exec sleep 1000", ["-t", "server"]);
    await run(lab, "shared", "exec sleep 1000", ["-l", "app"]);
    await screen.shows(/Background\n.*● shared +\d+s.*\n.*● web +\d+s *\n.*#server/, "● 2");

    const { commands } = await screen.do("commands");
    assert.deepEqual(commands.map(({ id, bind, palette, slash }) => ({ id, bind, palette, slash })), [
      { id: "background.open", bind: "f9", palette: true, slash: { name: "background" } },
    ]);
    await screen.click("● web");
    await screen.shows("Background processes", "▌● web", "ready", "$ echo ready; exec sleep 1000");
    assert.doesNotMatch(await screen.text(), /to prompt/, "what cannot be done is not offered");
    await screen.press("p");
    await screen.shows("lets no plugin write into the prompt");

    await screen.press("k");
    await screen.shows("▌● shared");
    await screen.press("x");
    const asked = await screen.tells("dialog");
    assert.deepEqual([asked.kind, asked.title], ["confirm", "Stop shared?"]);
    await screen.press("q");
    await screen.do("answer", { value: false });
    await screen.shows("Background processes", "▌● shared");
    await screen.press("j", "x");
    await screen.shows(/"web" was ended/, "■ web");
    await screen.press("/");
    assert.equal((await screen.tells("dialog", screen.told.indexOf(asked) + 1)).kind, "prompt");
    await screen.do("answer", { value: "read" });
    await screen.shows("1 × read");
    await screen.press("q", "q");
    await screen.shows("A SESSION");
    assert.deepEqual((({ told, ...route }) => route)(screen.told.findLast(({ told }) => told === "route")), SESSION);

    await screen.do("run", { command: "background.open" });
    await screen.shows("Background processes");
    await screen.do("route", { to: { type: "home" } });
    await screen.shows("HOME", "● 1");
    const followers = () => lab.processes().filter(({ command }) => /events -f/.test(command));
    assert.equal(followers().length, 1);
    assert.deepEqual(await screen.do("unload"), { claims: 0, pages: 0, listeners: 0 });
    await until(() => followers().length === 0, "the follower ends");
  });
}

onScreen("a failure is told once, with its session, to whoever may look elsewhere", PACKAGE, async (lab, screen) => {
  await screen.load();
  await run(lab, "watcher", "exec sleep 1000");
  await screen.shows("● 1");
  await run(lab, "build", "exit 3");
  const { told, ...toast } = await screen.tells("toast");
  assert.deepEqual(toast, { title: "build failed", message: "It ended, exit 3.", variant: "error", duration: 8000, sessionID: "ses_1" });
  const { sound, notification } = await screen.tells("notification");
  assert.deepEqual([sound, notification], [{ name: "error", when: "blurred" }, { when: "blurred" }]);
  await screen.shows(/✗ build/);
  const { reds } = await screen.do("frame");
  assert.deepEqual(reds, ["✗ build", "failed, exit 3"], "it stands out in the theme's colour");
  await lab.hob("run", "-S", "ses_other", "-o", String(process.pid), "--project", lab.project, "-n", "foreign", "false");
  await run(lab, "asker", "read -p 'Go on? ' x", ["--pty"]);
  await screen.shows("? asker", "Go on?");
  await until(() => screen.told.filter(({ told }) => told === "toast").length === 2, "the question is told");
  assert.deepEqual(screen.told.filter(({ told }) => told === "toast").map(({ title, variant }) => [title, variant]), [["build failed", "error"], ["asker waits for input", "warning"]]);
});

onScreen("an answer to a question for a password is not shown", PACKAGE, async (lab, screen) => {
  await screen.load();
  await run(lab, "login", "read -sp 'Password: ' word; [ $word = sesame ] && echo granted; exec sleep 1000", ["--pty"]);
  await screen.shows("? login");
  await screen.click("? login");
  await screen.shows("▌? login", "Password:");
  await screen.press("i");
  await screen.shows("Send a line to login");
  await screen.press(..."sesame");
  assert.doesNotMatch(await screen.shows("••••••"), /sesame/);
  await screen.press("RETURN");
  await screen.shows("▌● login", "granted");
});

onScreen("another project's global processes are not shown, a repository's are in its folders", PACKAGE, async (lab, screen) => {
  const inner = join(lab.project, "inner");
  mkdirSync(inner);
  await screen.do("sessions", { sessions: { ses_child: { location: { directory: inner } } } });
  await screen.load();
  await run(lab, "repository", "exec sleep 1000", ["-l", "app"]);
  for (const [name, project] of [["elsewhere", lab.root + "/elsewhere"], ["namesake", lab.project + "-2"]]) {
    await lab.hob("run", "-l", "detached", "--project", project, "-n", name, "sleep", "1000");
  }
  await screen.shows("● repository", "● 1");
  const text = await screen.text();
  assert.doesNotMatch(text, /elsewhere|namesake/);
});

for (const theme of ["nested", "flat", "strange"]) {
  onScreen(`a theme that is ${theme} is read`, PACKAGE, async (lab, screen) => {
    await screen.load({ theme });
    await run(lab, "web", "exec sleep 1000");
    await screen.shows("● web");
    await screen.click("● web");
    await screen.shows("▌● web");
  });
}

const METHODS = `renderer theme attention attention.notify data data.on data.session data.session.get data.location data.location.default
  keymap keymap.layer ui.router ui.router.current ui.router.navigate ui.router.register ui.toast ui.toast.show ui.dialog ui.dialog.confirm
  ui.dialog.prompt ui.dialog.select options location`.split(/\s+/);

test("whatever is missing, the others are used", async () => {
  await Lab.with({}, async (lab) => {
    await run(lab, "web", "exec sleep 1000");
    for (const method of METHODS) {
      const screen = await Screen.open(lab, PACKAGE);
      await screen.do("sessions", { sessions: { ses_1: { location: { directory: lab.project } } } });
      await screen.do("route", { to: { type: "session", sessionID: "ses_1" } });
      assert.ok((await screen.load({ without: [method] })).cleans, method);
      // Where neither session nor location tells the folder, it is the one that the terminal is in.
      await screen.shows("● web", "● 1");
      const isPage = !/router(\.navigate|\.register)?$/.test(method);
      await screen.click("● web");
      await screen.shows(isPage ? "▌● web" : "A SESSION");
      if (isPage) {
        await screen.press("y", "s");
        await screen.press("q");
        await screen.shows(/dialog(\.select)?$/.test(method) ? "A SESSION" : "Background processes");
      }
      await screen.do("unload");
      await screen.stop();
    }
    await lab.hob("kill", "--all");
  });
});

test("without slots, and in OpenCode 1, setup does nothing", async () => {
  await Lab.with({}, async (lab) => {
    const screen = await Screen.open(lab, PACKAGE);
    for (const without of [["ui"], ["ui.slot"]]) assert.equal((await screen.load({ without })).cleans, false);
  });
});
