// Runs one job: a test file, a unit test program or a lint check, in a process group and a folder of its own.
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { endLeftovers } from "./leftovers.mjs";

const reporter = new URL("reporter.mjs", import.meta.url).pathname;

/** How each kind of job is started, and how its single tests are read from what it leaves. */
const kinds = {
  node: {
    args: (job, folder) => [
      process.execPath,
      "--enable-source-maps",
      `--test-reporter=${reporter}`,
      `--test-reporter-destination=${path.join(folder, "tests")}`,
      job.file,
    ],
    tests(output, folder) {
      const lines = read(path.join(folder, "tests"))
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
      return { tests: lines.filter((line) => !line.done), complete: lines.some((line) => line.done) };
    },
  },
  cmocka: {
    args: (job) => [job.file],
    env: { CMOCKA_MESSAGE_OUTPUT: "tap" },
    tests(output) {
      const lines = output.split("\n");
      const planned = lines.map((line) => Number(/^1\.\.(\d+)$/.exec(line)?.[1] ?? 0)).reduce((a, b) => a + b, 0);
      const tests = lines
        .map((line, at) => /^(not )?ok \d+ (?:- )?(.*)$/.exec(line)?.concat(at))
        .filter(Boolean)
        .map(([, not, name, at]) => ({
          name,
          failure: not ? comment(lines, at) : /# SKIP/i.test(name) ? "skipped" : undefined,
        }));
      return { tests, complete: planned === tests.length };
    },
  },
  // One test that passes with exit code 0.
  replay: { args: (job) => [job.file], tests: byCode },
  check: { args: (job) => job.command, tests: byCode, ownEnvironment: true },
};

function byCode(output, folder, code) {
  return { tests: [{ name: "", failure: code === 0 ? undefined : output }], complete: true };
}

/** The comment lines below a cmocka test. */
function comment(lines, at) {
  const rest = lines.slice(at + 1);
  const end = rest.findIndex((line) => !line.startsWith("#"));
  return rest.slice(0, end < 0 ? rest.length : end).join("\n");
}

function read(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** All that LeakSanitizer says when a test kills the process that it looks through; nothing, when it dies with it. */
const KILLED_MEANWHILE = /^(==\d+==Unable to get registers from thread \d+\.\n)*$/;

/** What a test may see of the caller's environment: not his own hob, nor an OpenCode that he may sit in. */
function environment(job, kind, folder) {
  const env = { ...process.env };
  for (const name of Object.keys(env)) if (/^(HOB|XDG|OPENCODE|NODE)_|COLOR/.test(name)) delete env[name];
  Object.assign(env, kind.env, job.env);
  if (job.variant === "asan") {
    // A guard has no stderr that a test could see: reports go to files, and any such file is a failure.
    const log = `log_path=${path.join(folder, "sanitizer")}`;
    env.ASAN_OPTIONS = `${log}:exitcode=99`;
    env.UBSAN_OPTIONS = `${log}:print_stacktrace=1:exitcode=99`;
    env.HOB_SANITIZED = "1";
  }
  return { ...env, HOME: folder, TMPDIR: folder, HOB_HOME: path.join(folder, "hob"), HOB_TEST_ROOT: folder };
}

function run(args, options, timeout) {
  return new Promise((resolve) => {
    const child = spawn(args[0], args.slice(1), { ...options, detached: true });
    let timedOut = false;
    const stop = () => {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // The group is gone.
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      stop();
    }, timeout);
    process.once("exit", stop);
    const done = (code, signal) => {
      clearTimeout(timer);
      process.off("exit", stop);
      resolve({ code, signal, timedOut });
    };
    child.once("error", () => done(127, null));
    child.once("exit", done);
  });
}

/** Runs JOB in FOLDER; returns {passed, failures: [{name, text}]}. */
export async function runJob(job, folder) {
  const kind = kinds[job.kind];
  fs.mkdirSync(folder);
  const outputFile = path.join(folder, "output");
  // A file and not a pipe: a leftover that holds a pipe open would hold the runner, too.
  const out = fs.openSync(outputFile, "a");
  const env = kind.ownEnvironment ? process.env : environment(job, kind, folder);
  const end = await run(kind.args(job, folder), { cwd: job.cwd, env, stdio: ["ignore", out, out] }, job.timeout);
  fs.closeSync(out);
  const leftovers = await endLeftovers(folder, end.timedOut ? 0 : 2000);

  const output = read(outputFile);
  const { tests, complete } = kind.tests(output, folder, end.code);
  const failures = tests
    .filter((test) => test.failure !== undefined)
    .map((test) => ({ name: test.name, text: test.failure }));
  const fault = (name, text) => failures.push({ name, text });
  if (end.timedOut) fault(`(ended after ${job.timeout / 1000} s)`, output);
  else if (!complete || (end.code !== 0 && !failures.length))
    fault(`(ended with ${end.signal ?? `code ${end.code}`}${complete ? "" : ", not all tests run"})`, output);
  else if (!tests.length) fault("(no tests)", output);
  if (leftovers.length)
    fault("(left processes behind)", leftovers.map(({ pid, command }) => `${pid} ${command}`).join("\n"));
  for (const name of fs.readdirSync(folder).filter((name) => name.startsWith("sanitizer"))) {
    const report = read(path.join(folder, name));
    if (!KILLED_MEANWHILE.test(report)) fault("(sanitizer)", report);
  }
  return { passed: tests.filter((test) => test.failure === undefined).length, failures };
}
