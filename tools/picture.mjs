// README's picture: an agent at work beside its processes, and the page that shows one of them. OpenCode, the plugin,
// hob and the processes are real; only the model is scripted.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Lab } from "../tests/opencode/lib/lab.mjs";
import { call, say } from "../tests/opencode/lib/model.mjs";
import { Terminal } from "../tests/opencode/lib/terminal.mjs";
import { hasTools } from "../tests/opencode/lib/tools.mjs";
import { svgOf } from "./svg.mjs";

const [COLS, ROWS] = [124, 32];
const files = {
  "server.mjs": `
import { createServer } from "node:http";
createServer((_, answer) => answer.end()).listen(0, "127.0.0.1", () => console.log("listening; press ctrl-c to stop"));
`,
  "migrate.sh": "echo '12 tables to change'; read -p 'Change them now? [y/N] ' answer; sleep 1000\n",
  "test.sh": "until [ -e go ]; do sleep 0.1; done; for suite in parser cursor window keys; do echo \"ok   $suite\"; done; echo 'FAIL sidebar: 1 of 120'; exit 1\n",
};

function* script(first) {
  hasTools(first);
  yield call("createBackgroundProcess", { command: "exec node server.mjs", name: "web", tags: ["server"] });
  yield call("createBackgroundProcess", { command: "bash migrate.sh", name: "migrate", pty: true });
  yield call("createBackgroundProcess", { command: "bash test.sh", name: "tests", tags: ["test"] });
  yield say("The server is up, the tests run, and the migration asks before it changes anything.");
  // The failure of the tests prompts the session.
  yield say("One test fails: the sidebar's. I look into it.");
}

await Lab.with({ files }, async (lab) => {
  lab.model.play("work", script);
  const terminal = await Terminal.open(lab, { cols: COLS, rows: ROWS });
  await terminal.shows("Ask anything");
  await terminal.type("Start the server, run the migration and the tests [[work]]");
  await terminal.shows("[[work]]");
  await terminal.press("Enter");
  await terminal.shows("The server is up, the tests run", /● tests/);
  writeFileSync(join(lab.project, "go"), "");
  await terminal.shows("I look into it.", /\? migrate/, /● web +\d+s\n.*:\d+  #server/, "✗ tests", "● 2  ? 1");
  // Toasts pass.
  await terminal.hides("tests failed", "waits for input");
  // The script's key is no part of what a user says.
  const screen = (await terminal.text(true)).replace(" [[work]]", " ".repeat(9));
  writeFileSync(process.argv[2], svgOf(screen, COLS));
});
