// How soon `hob wait` answers: after a line that fits, an end, a port that opens, a prompt.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { hobBin, median, quantile, start, until, withHob } from "./lib.mjs";

const now = () => performance.timeOrigin + performance.now();

/** A `hob wait` that sleeps already; `answered` is the time of its end. */
async function waiting(hob, ...args) {
  const { child, gone } = start(hobBin, ["wait", ...args], { env: hob.env, stdio: "ignore" });
  const answered = gone.then(() => now());
  const state = () => /^State:\s+(\w)/m.exec(fs.readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1];
  const watches = () =>
    fs.readdirSync(`/proc/${child.pid}/fd`).some((fd) => {
      try {
        return fs.readlinkSync(`/proc/${child.pid}/fd/${fd}`).includes("inotify");
      } catch {
        return false; // Closed while we looked.
      }
    });
  await until("the waiter", () => child.exitCode !== null || (watches() && state() === "S"));
  return { answered };
}

/** Milliseconds from what ACT (returning its time) does to the answer. */
async function latency(hob, args, act) {
  const { answered } = await waiting(hob, ...args);
  const from = await act();
  return (await answered) - from;
}

function row(what, ages, bound) {
  return { what, value: median(ages), unit: "ms", bound, note: `p50 of ${ages.length}, p90 ${quantile(ages, 0.9).toFixed(1)} ms` };
}

/** A task that copies what is written to its pipe. */
async function copier(hob, id) {
  const pipe = path.join(hob.folder, id);
  execFileSync("mkfifo", [pipe]);
  await hob("run", "--id", id, "cat", pipe);
  return fs.openSync(pipe, "w");
}

export function waitingForMatch() {
  return withHob(async (hob) => {
    const fd = await copier(hob, "copier");
    const ages = [];
    for (let i = 0; i < 40; i++)
      ages.push(
        await latency(hob, ["copier", "--match", `^line ${i}$`], () => {
          const from = now();
          fs.writeSync(fd, `line ${i}\n`);
          return from;
        }),
      );
    fs.closeSync(fd);
    return [row("line to hob wait --match", ages, 5)];
  });
}

export function waitingForExit() {
  return withHob(async (hob) => {
    const ages = [];
    for (let i = 0; i < 40; i++) {
      const fd = await copier(hob, `c${i}`);
      ages.push(
        await latency(hob, [`c${i}`], () => {
          const from = now();
          fs.closeSync(fd);
          return from;
        }),
      );
    }
    return [row("end to hob wait", ages, 5)];
  });
}

/** Starts a task that does something in its own time, and writes when into STAMP. */
async function stamped(hob, i, condition, ...run) {
  const stamp = path.join(hob.folder, `stamp${i}`);
  await hob("run", "--id", `t${i}`, ...run, stamp);
  const { answered } = await waiting(hob, `t${i}`, condition);
  const to = await answered;
  await until("the stamp", () => fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8").endsWith("\n"));
  await hob("kill", `t${i}`, "--grace", "0");
  return to - Number(fs.readFileSync(stamp, "utf8"));
}

/** It says nothing when it listens, so that only looking can tell; when it does is spread over the time between two
 * looks. */
export function waitingForPort() {
  const rounds = 16;
  const server = (i) => `setTimeout(() => require("net").createServer().listen(0, () => {
    require("fs").writeFileSync(process.argv[1], performance.timeOrigin + performance.now() + "\\n");
  }), ${300 + (1500 * i) / rounds})`;
  return withHob(async (hob) => {
    const ages = [];
    for (let i = 0; i < rounds; i++) ages.push(await stamped(hob, i, "--port", process.execPath, "-e", server(i)));
    return [row("port to hob wait --port", ages, 150)];
  });
}

export function waitingForInput() {
  const script = 'sleep 0.$((RANDOM % 9)); at=$(date +%s%N); echo "${at%??????}.${at: -6}" >"$0"; read -s -p "Secret: " x';
  return withHob(async (hob) => {
    const ages = [];
    for (let i = 0; i < 16; i++) ages.push(await stamped(hob, i, "--input", "--pty", "bash", "-c", script));
    return [row("prompt to hob wait --input", ages, 500)];
  });
}
