// The two examples of the first package's README: the prompts as they stand there, and small projects to play
// them in.

export const PIPELINE_PROMPT = `I need to run and monitor multiple background processes for a build pipeline:
1. Start a long-running build process tagged as ["build", "critical"] that runs: \`bun build ./src/index.ts --outdir dist --target bun\`
2. Start a test runner tagged as ["test", "validation"] that runs: \`bun test --watch\`
3. Start a global process tagged as ["lint"] for linting: \`mise run lint\` (should persist across sessions)
4. List all current processes and show me their statuses
5. List only the processes tagged with "critical" or "validation"
6. Kill the test runner process, then list remaining processes
7. Show all currently running processes one more time to verify
Walk me through each step so I can see how the plugin handles concurrent processes, filtering, and termination.`;

/** For example 1: something to build, to test and to lint. */
export const pipeline = {
  "package.json": '{ "name": "pipeline", "private": true, "type": "module" }\n',
  "src/index.ts": 'import { add } from "./add.ts";\n\nconsole.log(add(2, 3));\n',
  "src/add.ts": "export function add(a: number, b: number): number {\n  return a + b;\n}\n",
  "src/add.test.ts":
    'import { expect, test } from "bun:test";\nimport { add } from "./add.ts";\n\ntest("add", () => expect(add(2, 3)).toBe(5));\n',
  "src/lint.ts": `
// A linter that looks again and again, and says so when its verdict changes.
import { readdirSync, readFileSync } from "node:fs";

let verdict = "";
function lint() {
  const bad = readdirSync("src").filter((name) => /\\bvar /.test(readFileSync(\`src/\${name}\`, "utf8").replace(/\\/.*/g, "")));
  const now = bad.length ? \`\${bad.join(", ")}: use let or const\` : "no problems in src";
  if (now !== verdict) console.log(\`OPENCODE_NOTIFY: lint: \${(verdict = now)}\`);
}
lint();
setInterval(lint, 500);
`,
  "mise.toml": '[tasks.lint]\nrun = "bun src/lint.ts"\n',
};

export const WEB_PROMPT = `Let's test running a web server in the background using json-server:
- Start a json-server instance with: bunx json-server --watch db.json
- Tag it as ["server", "json-api"] for easy management
- Test that it's still running
- Execute a sync cmd (without background) to curl results from the server
- Test that it's still running
- Run a subagent that runs cmds to test the server too
- Confirm the subagent's results`;

/** For example 2: what json-server serves, and where: its own default port may be taken. */
export const database = (port) => ({
  "db.json": JSON.stringify({ posts: [{ id: 1, title: "first" }] }),
  "json-server.json": JSON.stringify({ port }),
});
