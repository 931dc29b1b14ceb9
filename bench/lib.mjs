// What every benchmark uses: paths, processes, a state folder of its own, medians.
import { execFile, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const top = path.resolve(new URL("..", import.meta.url).pathname);
export const hobBin = path.join(top, "build/hob");
export const gen = path.join(top, "build/gen");
export const here = path.join(top, "bench");

/** Everything is written below one folder in the checkout: /tmp may be memory. */
const work = path.join(top, "build/bench");

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}

export function median(values) {
  return quantile(values, 0.5);
}

/** Runs a command to its end; fails when the command does. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: 1 << 28, ...options }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command} ${args.join(" ")}: ${error.message}\n${stderr}`));
      else resolve(stdout);
    });
  });
}

/** Milliseconds that WORK takes. */
export async function time(work) {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

/** A process that goes on; end() kills it and waits until it is gone. */
export function start(command, args, options) {
  const child = spawn(command, args, options);
  const gone = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  return { child, gone, end: (signal = "SIGTERM") => (child.kill(signal), gone) };
}

/** Waits until TEST is true; a benchmark that never gets there fails. */
export async function until(what, test, patience = 120_000) {
  const deadline = performance.now() + patience;
  while (!(await test())) {
    if (performance.now() > deadline) throw new Error(`${what}: not after ${patience / 1000} s`);
    await delay(5);
  }
}

/** Calls BODY with an empty folder, and removes that afterwards. */
export async function inFolder(body) {
  fs.mkdirSync(work, { recursive: true });
  const folder = fs.mkdtempSync(path.join(work, "t"));
  try {
    return await body(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Calls BODY with a hob of its own: hob(...args) runs it, hob.env is its environment; ends every task afterwards. */
export function withHob(body) {
  return inFolder(async (folder) => {
    const env = { ...process.env, HOB_HOME: path.join(folder, "hob") };
    for (const name of ["HOB_ID", "HOB_RUN"]) delete env[name];
    const hob = (...args) => run(hobBin, args, { env });
    hob.env = env;
    hob.folder = folder;
    try {
      return await body(hob);
    } finally {
      await hob("kill", "--all", "--grace", "0");
    }
  });
}

/** Starts COUNT tasks in HOB, two at a time. */
export function startTasks(hob, count, ...command) {
  return run(gen, ["start", String(count), hobBin, "run", "--", ...command], { env: hob.env });
}

/** Numbers that a helper printed: an array of rows. */
export function numbers(text) {
  return text
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
}
