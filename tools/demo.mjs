// The demo: example 1 of the first package's README as a transcript.
//
// OpenCode, its tools, the plugin, hob and the processes are real. Only the model is scripted: it says what
// a model would say, so that no key is needed, and everything it is shown is printed.
import { Lab } from "../tests/opencode/lib/lab.mjs";
import { call, say } from "../tests/opencode/lib/model.mjs";
import { pipeline, PIPELINE_PROMPT } from "../tests/opencode/lib/projects.mjs";
import { idIn } from "../tests/opencode/lib/results.mjs";
import { hasTools } from "../tests/opencode/lib/tools.mjs";

const colours = { you: 36, agent: 33, sees: 0, shell: 35, told: 32 };

/** One part of the transcript: who, and what under each other. */
function show(who, text) {
  const colour = process.stdout.isTTY ? [`\u001b[${colours[who]}m`, "\u001b[0m"] : ["", ""];
  const [first, ...rest] = text.trimEnd().split("\n");
  console.log(`${colour[0]}${who.padEnd(6)} ${first}${colour[1]}`);
  for (const line of rest) console.log(`       ${line}`);
}

function title(text) {
  console.log(`\n── ${text} ${"─".repeat(Math.max(2, 92 - text.length))}`);
}

/** One call of a tool: what the agent asks for and what it is shown. */
function* use(tool, args) {
  const words = Object.entries(args).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  show("agent", [tool, ...words].join(" "));
  const sight = yield call(tool, args);
  show("sees", sight.result);
  return sight.result;
}

/** Asks for a process until its output holds what is waited for, and shows the last answer only. */
function* wait(processId, what) {
  show("agent", `getBackgroundProcess processId="${processId}"`);
  let sight;
  do sight = yield call("getBackgroundProcess", { processId });
  while (!what.test(sight.result));
  show("sees", sight.result);
}

function* script(first) {
  hasTools(first);
  title("The agent starts three processes");
  const build = idIn(
    yield* use("createBackgroundProcess", {
      command: "bun build ./src/index.ts --outdir dist --target bun",
      name: "build",
      tags: ["build", "critical"],
    }),
  );
  yield* use("createBackgroundProcess", { command: "bun test --watch", name: "tests", tags: ["test", "validation"] });
  yield* use("createBackgroundProcess", { command: "mise run lint", name: "lint", tags: ["lint"], global: true });
  title("It looks at what they wrote");
  yield* wait(build, /completed/);
  yield* wait("tests", /1 pass/);
  title("It lists them, all and by tag");
  yield* use("listBackgroundProcesses", {});
  yield* use("listBackgroundProcesses", { tags: ["critical", "validation"] });
  title("It ends the test runner, and looks twice");
  yield* use("killProcesses", { processId: "tests" });
  yield* use("listBackgroundProcesses", {});
  yield* use("listBackgroundProcesses", { status: "running" });
  const summary = "The build is done, the test runner is ended, the linter goes on.";
  show("agent", summary);
  yield say(summary);
  for (;;) yield say("Noted.");
}

/** What a person sees who asks the system, not OpenCode. */
async function showShell(lab, heading) {
  title(heading);
  show("shell", `$ hob list\n${(await lab.hob("list")).trimEnd() || "(nothing)"}`);
  const processes = lab.processes().filter(({ command }) => !command.includes("serve --hostname"));
  show("shell", `$ ps\n${processes.map(({ pid, command }) => `${String(pid).padStart(7)} ${command}`).join("\n") || "(no process of this demo)"}`);
}

/** The lint process tells of what changes, in turns of its own. */
async function showNotification(lab, text, what) {
  const { sight } = await lab.model.until(({ sight }) => sight.said.some((line) => line.includes(text)), what);
  show("told", sight.said.find((line) => line.includes(text)));
}

const began = Date.now();
await Lab.with({ files: pipeline }, async (lab) => {
  await showShell(lab, "Before");
  const server = await lab.serve();
  title("You ask");
  show("you", PIPELINE_PROMPT);
  lab.model.play("demo", script);
  const session = await server.session();
  await server.prompt(session, `[[demo]] ${PIPELINE_PROMPT}`);
  await server.idle(session);
  lab.model.check();

  await showShell(lab, "The turn is over; a shell sees the same processes");
  title("The linter speaks up by itself: once when it began, and now that you write bad code");
  await showNotification(lab, "no problems in src", "the linter's first verdict");
  lab.write(lab.project, { "src/add.ts": `var unused = 1;\n${pipeline["src/add.ts"]}` });
  await showNotification(lab, "use let or const", "the linter's second verdict");
  show("agent", "Noted.");

  await server.stop();
  await lab.ended();
  await showShell(lab, "OpenCode is closed: nothing is left");
});
console.log(`\nThe demo took ${Math.round((Date.now() - began) / 1000)} s.`);
