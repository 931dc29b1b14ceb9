// Asking what must be refused or be so: usage errors, SQL behind hob's back, terminals, named pipes.
import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import { links, stat } from "./processes.mjs";
import { HOB, quote } from "./programs.mjs";
import { waitUntil } from "./wait.mjs";

const execute = promisify(execFile);

/** `hob ARGS` fails with CODE, says nothing on stdout, and one sentence on stderr that fits each of PATTERNS. */
export async function refused(lab, code, args, ...patterns) {
  const end = await lab.hob(args);
  const asked = `hob ${args.join(" ").slice(0, 200)}`;
  assert.equal(end.code, code, `${asked}: ${end.signal ?? ""} ${end.stderr}`);
  assert.equal(end.stdout, "", asked);
  assert.match(end.stderr, /^hob [a-z]+: [^\n]+\n$/, asked);
  for (const pattern of patterns) assert.match(end.stderr, pattern, asked);
  return end.stderr;
}

/** A usage error: code 2, and nothing was started, changed or ended. */
export const usage = (lab, args, ...patterns) => refused(lab, 2, args, ...patterns);

/** What sqlite3 answers to SQL about the lab's registry. */
export async function sql(lab, text) {
  const { stdout } = await execute("sqlite3", ["-cmd", ".timeout 10000", path.join(lab.home, "hob.db"), text]);
  return stdout.trim();
}

/** Holds the registry's write lock until `release()`. */
export async function lockRegistry(lab) {
  const child = spawn("sqlite3", [path.join(lab.home, "hob.db")], { env: lab.env, stdio: ["pipe", "pipe", "inherit"] });
  // Somebody may just be writing.
  child.stdin.write(".timeout 60000\nBEGIN IMMEDIATE; SELECT 'locked';\n");
  await once(child.stdout, "data");
  return {
    release: () => {
      child.stdin.end("COMMIT;\n");
      return once(child, "exit");
    },
  };
}

/** Until the test ends somebody holds the registry locked half of the time. */
export function lockHalfTheTime(t, lab) {
  const locker = lab.spawn(["sqlite3", path.join(lab.home, "hob.db")], { stdio: ["pipe", "ignore", "inherit"], input: null });
  let held = false;
  const turn = setInterval(() => locker.stdin.write((held = !held) ? "BEGIN IMMEDIATE;\n" : "COMMIT;\n"), 80);
  t.after(() => clearInterval(turn));
  locker.stdin.write(".timeout 10000\n");
}

/** What `--json` prints a line each. */
export const records = (text) =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

/** Runs hob on a terminal of COLUMNS; returns what the terminal got. */
export async function onTerminal(lab, args, { columns = 80, env = {} } = {}) {
  const line = `stty cols ${columns} rows 24; exec ${[HOB, ...args].map(quote).join(" ")}`;
  const { code, stdout, stderr } = await lab.spawn(["script", "-qec", line, "/dev/null"], {
    env: { TERM: "xterm", NO_COLOR: undefined, ...env },
  }).done;
  assert.equal(code, 0, `${args.join(" ")}: ${stdout} ${stderr}`);
  return stdout.replaceAll("\r\n", "\n");
}

/** A named pipe in the lab, and a reader of it that reads nothing until it is told to. */
export class SlowReader {
  text = "";

  constructor(lab) {
    this.path = path.join(lab.dir, "pipe");
    execFileSync("mkfifo", [this.path]);
    this.fd = fs.openSync(this.path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  }

  /** Takes a few bytes, if there are any: whether the writer has begun. */
  taste() {
    const buffer = Buffer.alloc(16);
    try {
      this.text += buffer.subarray(0, fs.readSync(this.fd, buffer)).toString();
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
    return this.text.length > 0;
  }

  /** Reads from now on, into `text`; `end` is when the writer has closed. */
  read() {
    this.socket = new net.Socket({ fd: this.fd, readable: true, writable: false });
    this.socket.setEncoding("utf8").on("data", (chunk) => (this.text += chunk));
    this.end = once(this.socket, "close");
  }

  close() {
    this.socket.destroy();
  }
}

/** Waits until a follower has opened its watch and sleeps in it: what happens from now on wakes it. */
export function watching(child) {
  const sleeps = () => links(child.pid).some((link) => link.includes("inotify")) && stat(child.pid)?.state === "S";
  return waitUntil(sleeps, `${child.spawnargs.join(" ")} watches`);
}

/** A process for hob to take as an owner: its `pid`, and `end()`, which kills it and waits until it is gone. */
export async function sleeper(lab) {
  const child = spawn("sleep", ["1000"], { env: lab.env, stdio: "ignore" });
  await once(child, "spawn");
  return {
    pid: child.pid,
    end: () => {
      child.kill("SIGKILL");
      return once(child, "exit");
    },
  };
}
