// A place of its own for each test: a state folder, a home, a working directory, and the end of everything that
// was started there. What lives on although `hob kill --all` has answered is a failure.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { HOB } from "./programs.mjs";
import { alive, commandLine, environment, links, pids, signal, stat } from "./processes.mjs";
import { waitUntil } from "./wait.mjs";

/** The lab of test T; ends with it. ENV is added to what every hob of the lab sees (undefined: taken away); its
 * folder is made in UNDER. */
export function newLab(t, { env = {}, under = os.tmpdir() } = {}) {
  const lab = new Lab(env, under);
  t.after(() => lab.close());
  return lab;
}

/** The caller's environment without his own hob. */
function environmentIn(dir, more) {
  const env = { ...process.env };
  for (const name of Object.keys(env)) if (/^(HOB|XDG|OPENCODE|NODE)_/.test(name)) delete env[name];
  // By HOB_TEST_LAB a process of this lab is known, by HOB_TEST_ROOT one of this run of the tests.
  return withChanges(env, {
    HOME: path.join(dir, "home"),
    HOB_HOME: path.join(dir, "state"),
    HOB_TEST_LAB: dir,
    HOB_TEST_ROOT: process.env.HOB_TEST_ROOT,
    SHELL: "/bin/sh",
    ...more,
  });
}

function withChanges(env, changes) {
  const result = { ...env, ...changes };
  for (const name of Object.keys(result)) if (result[name] === undefined) delete result[name];
  return result;
}

class Lab {
  #started = new Set();

  constructor(env, under) {
    this.dir = fs.mkdtempSync(path.join(fs.realpathSync(under), "lab-"));
    this.home = path.join(this.dir, "state");
    /** The working directory of every hob. */
    this.work = path.join(this.dir, "work");
    for (const name of ["home", "work"]) fs.mkdirSync(path.join(this.dir, name));
    this.env = environmentIn(this.dir, env);
    /** Words that come before every program's: another user, another mount namespace. */
    this.wrapper = [];
    /** What stands before a path that such a program sees, for this process to find it. */
    this.root = "";
  }

  /** Starts a program in the lab. Returns its child process with `out` and `err`, what it has written so far, and
   * `done`, a promise of {code, signal, stdout, stderr}. Options: env (changes), cwd, input
   * (null: the caller writes it), stdio, limit: after so many seconds it is killed, so that a test that hangs ends. */
  spawn(words, { env = {}, cwd = this.work, input, stdio, limit = 120 } = {}) {
    const [program, ...args] = [...this.wrapper, ...words].map(String);
    const child = spawn(program, args, { cwd, env: withChanges(this.env, env), stdio: stdio ?? ["pipe", "pipe", "pipe"] });
    const chunks = { stdout: [], stderr: [] };
    const text = (name) => Buffer.concat(chunks[name]).toString();
    for (const name of ["stdout", "stderr"]) child[name]?.on("data", (chunk) => chunks[name].push(chunk));
    Object.defineProperty(child, "out", { get: () => text("stdout") });
    Object.defineProperty(child, "err", { get: () => text("stderr") });
    child.stdin?.on("error", () => {}); // Who does not read his input may say so.
    if (input !== null) child.stdin?.end(input ?? "");
    this.#started.add(child);
    const timer = setTimeout(() => child.kill("SIGKILL"), limit * 1000).unref();
    child.done = new Promise((resolve, reject) => {
      child.once("exit", () => clearTimeout(timer));
      child.once("error", reject);
      child.once("exit", () => this.#started.delete(child));
      child.once("close", (code, signal) => resolve({ code, signal, stdout: text("stdout"), stderr: text("stderr") }));
    });
    return child;
  }

  /** Starts hob and does not wait for it: see spawn. */
  start(args, options = {}) {
    return this.spawn([options.bin ?? HOB, ...args], options);
  }

  /** Runs hob: {code, signal, stdout, stderr}. */
  async hob(args, options) {
    return this.start(args, options).done;
  }

  /** Runs hob, which must succeed; returns its stdout. */
  async must(args, options) {
    const { code, signal, stdout, stderr } = await this.hob(args, options);
    assert.equal(code, 0, `hob ${args.join(" ").slice(0, 200)}: ${signal ?? code}: ${stderr.slice(0, 2000)}`);
    return stdout;
  }

  /** `hob run ARGS`, which must succeed; returns the task's id. */
  async run(args, options) {
    return (await this.must(["run", ...args], options)).trim();
  }

  /** The answer of `hob ARGS --json`. */
  async json(args, options) {
    return JSON.parse(await this.must([...args, "--json"], options));
  }

  show(id, ...more) {
    return this.json(["show", id, ...more]);
  }

  list(...selectors) {
    return this.json(["list", ...selectors]);
  }

  /** All events so far, or those of one task, or of one type of one task. */
  async events(id, type) {
    const lines = (await this.must(["events", "--json"])).split("\n").filter(Boolean);
    return lines.map((line) => JSON.parse(line)).filter((e) => (!id || e.id === id) && (!type || e.type === type));
  }

  /** The bytes that a task wrote, as hob tells them. */
  async raw(id) {
    return this.must(["logs", id, "--raw"]);
  }

  /** The record of task ID once CONDITION holds for it. */
  until(id, condition, what = String(condition), seconds = 60) {
    return waitUntil(
      async () => {
        const task = await this.show(id);
        return condition(task) && task;
      },
      `${id}: ${what}`,
      seconds,
    );
  }

  /** The record of task ID once its command has ended. */
  ended(id, seconds) {
    return this.until(id, (task) => task.completedAt !== null, "ended", seconds);
  }

  /** Ends a task by `hob kill`, which must succeed; nobody is left after it. */
  kill(...args) {
    return this.must(["kill", ...args]);
  }

  /** A file of a task: log, index, exit or lock. */
  file(id, name) {
    return path.join(this.root, this.home, "tasks", id, name);
  }

  /** The living guard and keeper of a task, as its lock file names them: {guard, keeper}, each {pid, start} or null. */
  keepers(id) {
    let lines;
    try {
      lines = fs.readFileSync(this.file(id, "lock"), "utf8").split("\n");
    } catch {
      return { guard: null, keeper: null };
    }
    const [guard, keeper] = lines.slice(0, 2).map((line) => {
      const [pid, start] = line.trim().split(" ");
      return start && alive({ pid: Number(pid), start }) ? { pid: Number(pid), start } : null;
    });
    // A keeper that has just become the guard still stands in its old place.
    return { guard, keeper: keeper?.pid === guard?.pid ? null : keeper };
  }

  /** Guard and keeper, once both live and are others than those of BEFORE. */
  bothKeepers(id, before = {}) {
    const fresh = (now, then) => now && now.pid !== then?.pid;
    return waitUntil(
      () => {
        const now = this.keepers(id);
        return fresh(now.guard, before.guard) && fresh(now.keeper, before.keeper) && now;
      },
      `${id}: a living guard and keeper`,
    );
  }

  /** Every living process that was started in the lab, guards and keepers included: [{pid, start, name, command}].
   * One that is just ending has lost its command already, but not its name. */
  processes() {
    const below = (file) => file === this.dir || file.startsWith(`${this.dir}/`);
    const ours = (pid) =>
      environment(pid).some((entry) => entry === `HOB_TEST_LAB=${this.dir}` || entry === `HOB_HOME=${this.home}`) ||
      links(pid).some(below);
    return pids()
      .filter((pid) => pid !== process.pid && ours(pid))
      .map((pid) => ({ ...stat(pid), command: commandLine(pid) }))
      .filter((one) => one.pid && alive(one))
      .map(({ pid, start, name, command }) => ({ pid, start, name, command }));
  }

  /** Ends everything by hob's own means; fails when something outlives that. */
  async close() {
    for (const child of this.#started) child.kill("SIGKILL");
    if (fs.existsSync(path.join(this.root, this.home, "hob.db"))) await this.hob(["kill", "--all", "--grace", "0"]);
    // A guard and a keeper end a moment after their answer.
    await waitUntil(() => !this.processes().length, "", 20).catch(() => {});
    const left = new Map();
    for (let found = this.processes(), round = 0; found.length; found = this.processes()) {
      // What forks faster than it can be signalled ends by itself without the folder: see prop's hop.
      if (round++ === 100) fs.rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
      for (const one of found) left.set(one.pid, one.command);
      found.forEach((one) => signal(one));
    }
    fs.rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
    const lines = [...left].map(([pid, command]) => `${pid} ${command}`);
    assert.deepEqual(lines, [], "left running, although hob kill --all has answered");
  }
}
