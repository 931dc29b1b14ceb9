// Hosts of our own that stand for OpenCode 2, in a lab: its server (host2.mjs) and its terminal interface (screen2.mjs).
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { bun, PLUGIN } from "./programs.mjs";
import { seen } from "./seen.mjs";
import { until } from "./wait.mjs";

const fileOf = (name) => fileURLToPath(new URL(name, import.meta.url));

/** A program that is told what to do, and tells what it sees, in lines of JSON. */
class Host {
  #child;
  #errors = "";
  #asked = 0;
  #answers = new Map();
  /** What the host saw, in order. */
  told = [];

  constructor(lab, words) {
    this.lab = lab;
    this.#child = spawn(words[0], words.slice(1), { cwd: lab.project, env: lab.env, stdio: "pipe" });
    this.pid = this.#child.pid;
    this.ended = once(this.#child, "exit");
    this.#child.stderr.setEncoding("utf8").on("data", (text) => (this.#errors += text));
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#take(JSON.parse(line)));
    this.#child.on("exit", () => this.#answers.forEach(({ reject }) => reject(new Error(`the host ended: ${this.#errors}`))));
    lab.servers.push(this);
  }

  async ready() {
    const ended = () => this.#child.exitCode !== null;
    await until(() => this.told.length > 0 || ended(), "the host is ready", 60);
    if (ended()) throw new Error(`the host ended: ${this.#errors}`);
    return this;
  }

  #take({ id, ...rest }) {
    if (id === undefined) return this.told.push(rest);
    const { resolve, reject } = this.#answers.get(id);
    this.#answers.delete(id);
    if (rest.error === undefined) resolve(rest);
    else reject(new Error(rest.error));
  }

  /** Makes the host do something. */
  do(action, words = {}) {
    return new Promise((resolve, reject) => {
      const id = ++this.#asked;
      this.#answers.set(id, { resolve, reject });
      this.#child.stdin.write(`${JSON.stringify({ id, do: action, ...words })}\n`);
    });
  }

  /** Ends the host; what it found wrong fails the test. */
  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const { violations } = await this.do("violations");
    await this.kill();
    assert.deepEqual(violations, []);
  }

  /** Ends it as a crash does. */
  async kill() {
    this.#child.kill("SIGKILL");
    await this.ended;
  }
}

/** OpenCode 2's server. */
export class Two extends Host {
  /** Starts it under RUNTIME with the plugin in FOLDER, which is an npm package or a directory of the config. */
  static open(lab, { runtime, folder, kind }) {
    return new Two(lab, [runtime, fileOf("host2.mjs"), folder, kind, join(lab.root, "state.json")]).ready();
  }

  /** Loads an instance of the plugin for a folder, by default the lab's project. */
  load({ directory = this.lab.project, project = { id: "p1", directory, canonical: directory }, ...more } = {}) {
    return this.do("load", { directory, project, ...more });
  }

  /** A new session's id. */
  async session(more = {}) {
    return (await this.do("create", { directory: this.lab.project, projectID: "p1", ...more })).sessionID;
  }

  /** What a tool answers. */
  async call(sessionID, tool, input, more = {}) {
    return this.do("call", { sessionID, tool, input, ...more });
  }

  /** The text of that; an error fails. */
  async ok(...words) {
    const { content, metadata } = await this.call(...words);
    assert.ok(!metadata?.error, content);
    return content;
  }

  /** Every message that was put into a session. */
  messages(sessionID) {
    return this.told.filter((one) => one.told === "synthetic" && one.sessionID === sessionID);
  }

  asserted() {
    return this.told.filter(({ told }) => told === "assert").map(({ told, ...call }) => call);
  }

  /** The next message of a session that fits. */
  async message(sessionID, pattern) {
    return until(() => this.messages(sessionID).find(({ text }) => pattern.test(text)), `a message like ${pattern}`, 60);
  }
}

/** OpenCode 2's terminal interface. */
export class Screen extends Host {
  static open(lab, { folder, kind }) {
    return new Screen(lab, [bun, "--preload", `${PLUGIN}/node_modules/@opentui/solid/scripts/preload.js`, fileOf("screen2.mjs"), folder, kind]).ready();
  }

  load(more = {}) {
    return this.do("load", { directory: this.lab.project, ...more });
  }

  async text() {
    return (await this.do("frame")).text.replace(/ +$/gm, "").trimEnd();
  }

  /** The screen, as soon as it shows all of these. */
  shows(...wanted) {
    return seen(() => this.text(), wanted, true);
  }

  /** The screen, as soon as it shows none of these. */
  hides(...unwanted) {
    return seen(() => this.text(), unwanted, false);
  }

  /** Clicks on the first place that shows TEXT. */
  async click(text) {
    const rows = (await this.shows(text)).split("\n");
    const y = rows.findIndex((row) => row.includes(text));
    await this.do("click", { x: rows[y].indexOf(text), y });
  }

  async press(...keys) {
    for (const key of keys) await this.do("press", { key });
  }

  /** The next thing of a kind that it tells, from the one numbered FROM on. */
  async tells(kind, from = 0) {
    return until(() => this.told.slice(from).find(({ told }) => told === kind), `a ${kind}`, 60);
  }
}
