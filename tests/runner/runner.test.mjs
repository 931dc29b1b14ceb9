// The runner's own promise: what is skipped, silent, stuck, cut short or leaves something behind has failed.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { runJob } from "./job.mjs";

/** Runs SOURCE as a test file; returns [passed, the names of what failed]. */
async function outcome(source, job = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "runner-"));
  const file = path.join(folder, "a.test.mjs");
  fs.writeFileSync(file, `import { describe, it, test } from 'node:test'\n${source}`);
  const result = await runJob(
    { kind: "node", cwd: folder, file, timeout: 60_000, env: {}, ...job },
    path.join(folder, "run"),
  );
  fs.rmSync(folder, { recursive: true });
  return [result.passed, result.failures.map(({ name }) => name)];
}

test("counts single tests, not suites", async () => {
  assert.deepEqual(await outcome(`describe('suite', () => { it('one', () => {}); it('two', () => {}) })`), [2, []]);
});

test("names the test that failed, not its parents", async () => {
  assert.deepEqual(await outcome(`describe('suite', () => { it('one', () => { throw new Error() }) })`), [0, ["one"]]);
});

test("a failing hook is a failure", async () => {
  const [, failures] = await outcome(`
    import { after } from 'node:test'
    describe('suite', () => { after(() => { throw new Error() }); it('one', () => {}) })`);
  assert.deepEqual(failures, ["suite"]);
});

test("skipped and todo are failures", async () => {
  assert.deepEqual(await outcome(`test.skip('one', () => {}); test.todo('two'); test('three', () => {})`), [
    1,
    ["one", "two"],
  ]);
});

test("a file without tests is a failure", async () => {
  assert.equal((await outcome(""))[1].length, 1);
});

test("a file that throws is a failure", async () => {
  assert.equal((await outcome(`throw new Error()`))[1].length, 1);
});

test("leaving before the end is a failure, whatever the code", async () => {
  assert.equal((await outcome(`test('one', () => process.exit(0))`))[1].length, 1);
});

test("a file that hangs is ended and is a failure", async () => {
  assert.deepEqual(await outcome(`test('one', () => { for (;;); })`, { timeout: 1000 }), [0, ["(ended after 1 s)"]]);
});

test("what is left running is ended and is a failure", async () => {
  const pidFile = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "runner-")), "pid");
  assert.deepEqual(
    await outcome(`
    import { spawn } from 'node:child_process'
    import fs from 'node:fs'
    test('one', () => {
      const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' })
      child.unref()
      fs.writeFileSync('${pidFile}', String(child.pid))
    })`),
    [1, ["(left processes behind)"]],
  );
  const stat = `/proc/${fs.readFileSync(pidFile, "utf8")}/stat`;
  assert.ok(!fs.existsSync(stat) || / Z /.test(fs.readFileSync(stat, "utf8")));
});

test("a sanitizer report is a failure, also of a process nobody waited for", async () => {
  const source = `import fs from 'node:fs'
    test('one', () => fs.writeFileSync(/log_path=([^:]*)/.exec(process.env.ASAN_OPTIONS)[1] + '.1', 'report'))`;
  assert.deepEqual(await outcome(source, { variant: "asan" }), [1, ["(sanitizer)"]]);
});
