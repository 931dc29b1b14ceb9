// Builds, collects the jobs, runs them side by side and sums up. `make test` in three lines: everything that is
// named in jobs() runs, a job that says nothing has failed, and the last line counts single tests.
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { runJob } from "./job.mjs";
import { endLeftovers } from "./leftovers.mjs";

const top = path.resolve(new URL("../..", import.meta.url).pathname);
const minutes = 60_000;

function files(folder, pattern) {
  const full = path.join(top, folder);
  if (!fs.existsSync(full)) return [];
  return fs
    .readdirSync(full)
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => path.join(folder, name));
}

/** One job for FILE and the build in FOLDER; the build's name is part of the job's. */
function nodeJob(file, folder) {
  const build = path.join(top, folder);
  const variant = folder === "build-asan" ? "asan" : "";
  return {
    kind: "node",
    name: variant ? `${file} (asan)` : file,
    variant,
    cwd: top,
    file: path.join(top, file),
    timeout: 5 * minutes,
    env: { HOB_BIN: path.join(build, "hob"), PROP_BIN: path.join(build, "prop") },
  };
}

/** A program that meson made of a C file: a unit test, or the replay of a fuzz corpus. */
function programJob(kind, file, folder) {
  const program = path.join(top, folder, path.basename(file, ".c"));
  return { ...nodeJob(file, folder), kind, file: program, timeout: 2 * minutes };
}

function lintJob(check) {
  return { kind: "check", name: `lint ${check}`, cwd: top, command: ["tools/lint", check], timeout: 5 * minutes };
}

/** The longest come first, so that the end is not one job on one core. */
function jobs(builds) {
  const inEach = (folder, pattern, job) =>
    builds.flatMap((build) => files(folder, pattern).map((file) => job(file, build)));
  const tests = /\.test\.mjs$/;
  const checks = execFileSync(path.join(top, "tools/lint"), ["--list"], { encoding: "utf8" }).trim().split("\n");
  return [
    ...files("tests/opencode", tests).map((file) => nodeJob(file, "build")),
    ...files("tests/package", tests).map((file) => ({ ...nodeJob(file, "build"), target: "package" })),
    ...inEach("tests/cmd", tests, nodeJob),
    ...inEach("tests/fuzz", /^fuzz_.*\.c$/, (file, build) => programJob("replay", file, build)),
    ...checks.map(lintJob),
    ...files("tests/runner", tests).map((file) => nodeJob(file, "build")),
    ...inEach("tests/unit", /^test_.*\.c$/, (file, build) => programJob("cmocka", file, build)),
    ...inEach("tests/cmd/alone", tests, (file, build) => ({ ...nodeJob(file, build), alone: true })),
  ];
}

function report(job, result, seconds) {
  const { passed, failures } = result;
  const verdict = failures.length ? "FAILED" : "ok    ";
  console.log(`${verdict} ${String(passed).padStart(4)} ${seconds.toFixed(1).padStart(6)} s  ${job.name}`);
  for (const { name, text } of failures) {
    if (name) console.log(`  - ${name}`);
    const lines = text.trimEnd().split("\n");
    if (lines.length > 60) console.log(`    (${lines.length - 60} lines above these left out)`);
    for (const line of lines.slice(-60)) console.log(`    ${line}`);
  }
}

async function main(args) {
  const parts = args.filter((arg) => arg !== "--plain");
  const plainOnly = args.includes("--plain");
  const all = jobs(plainOnly ? ["build"] : ["build-asan", "build"]);
  const chosen = all.filter((job) => !parts.length || parts.some((part) => job.name.includes(part)));
  const total = { passed: 0, failed: 0 };

  const targets = new Set([plainOnly ? "tests-plain" : "tests", ...chosen.map(({ target }) => target).filter(Boolean)]);
  const build = spawnSync("make", ["-s", ...targets], { cwd: top, encoding: "utf8" });
  if (build.status !== 0) {
    console.log(`${build.stdout}${build.stderr}FAILED  the build`);
    return { passed: 0, failed: 1 };
  }

  const root = fs.mkdtempSync(path.join(os.tmpdir(), "hob-"));
  process.once("exit", () => fs.rmSync(root, { recursive: true, force: true, maxRetries: 3 }));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.once(signal, () => endLeftovers(root, 0).finally(() => process.exit(130)));

  let number = 0;
  const one = async (job) => {
    const start = performance.now();
    const result = await runJob(job, path.join(root, String(++number)));
    report(job, result, (performance.now() - start) / 1000);
    total.passed += result.passed;
    total.failed += result.failures.length;
  };
  const queue = chosen.filter((job) => !job.alone);
  const worker = async () => {
    for (let job = queue.shift(); job; job = queue.shift()) await one(job);
  };
  await Promise.all(os.cpus().map(worker));
  for (const job of chosen.filter((job) => job.alone)) await one(job);

  // A choice that fits nothing has tested nothing.
  if (!chosen.length) console.log(`no test has ${parts.join(" or ")} in its name`);
  return chosen.length ? total : { passed: 0, failed: 1 };
}

const { passed, failed } = await main(process.argv.slice(2));
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
