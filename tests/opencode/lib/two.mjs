// One host of our own that stands for OpenCode 2's server, in a lab: see host2.mjs.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { until } from "./wait.mjs";

const HOST = fileURLToPath(new URL("host2.mjs", import.meta.url));

export class Two {
  #lab;
  #child;
  #errors = "";
  #asked = 0;
  #answers = new Map();
  /** What the host saw, in order. */
  told = [];

  /** Starts a host under RUNTIME with the plugin in FOLDER, which is an npm package or a directory of the config. */
  static async open(lab, { runtime, folder, kind }) {
    const two = new Two();
    two.#lab = lab;
    two.#child = spawn(runtime, [HOST, folder, kind, join(lab.root, "state.json")], { cwd: lab.root, env: lab.env, stdio: "pipe" });
    two.pid = two.#child.pid;
    two.ended = once(two.#child, "exit");
    two.#child.stderr.setEncoding("utf8").on("data", (text) => (two.#errors += text));
    createInterface({ input: two.#child.stdout }).on("line", (line) => two.#take(JSON.parse(line)));
    two.#child.on("exit", () => two.#answers.forEach(({ reject }) => reject(new Error(`the host ended: ${two.#errors}`))));
    lab.servers.push(two);
    await until(() => two.told.length > 0, "the host is ready", 30);
    return two;
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

  /** Loads an instance of the plugin for a folder, by default the lab's project. */
  load({ directory = this.#lab.project, project = { id: "p1", directory, canonical: directory }, ...more } = {}) {
    return this.do("load", { directory, project, ...more });
  }

  /** A new session's id. */
  async session(more = {}) {
    return (await this.do("create", { directory: this.#lab.project, projectID: "p1", ...more })).sessionID;
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

  /** Ends the host; what it found wrong fails the test. */
  async stop(signal = "SIGTERM") {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const { violations } = await this.do("violations");
    this.#child.kill(signal);
    await this.ended;
    assert.deepEqual(violations, []);
  }

  /** Ends it as a crash does. */
  async kill() {
    this.#child.kill("SIGKILL");
    await this.ended;
  }
}
