// A private world for one test: its own home, hob state, project and model, and the OpenCodes in it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Model } from "./model.mjs";
import { withEnvironment } from "./processes.mjs";
import * as programs from "./programs.mjs";
import { Server } from "./server.mjs";
import { until } from "./wait.mjs";

export class Lab {
  /** Runs one test in a lab of its own and leaves nothing behind. */
  static async with(options, test) {
    const lab = await Lab.open(options);
    const errors = [];
    const note = (error) => errors.push(error);
    await test(lab).catch(note);
    await lab.close().catch(note);
    // What went wrong in a script is the cause of what went wrong outside, and that of what was left.
    const [first, ...others] = [...lab.model.failures, ...errors];
    if (!first) return;
    if (others.length > 0) first.message += ` (and then: ${others.map(({ message }) => message).join("; ")})`;
    throw first;
  }

  /**
   * files: what lies in the project, settings: in OpenCode's own folder; config: more of opencode.json;
   * plugin: our plugin's options; env: more variables.
   */
  static async open({ files = {}, settings = {}, config = {}, plugin, env = {} } = {}) {
    const lab = new Lab();
    lab.root = mkdtempSync(join(tmpdir(), "hob-opencode-"));
    lab.home = join(lab.root, "home");
    lab.hobHome = join(lab.root, "hob");
    lab.project = join(lab.root, "project");
    lab.settings = join(lab.home, ".config/opencode");
    lab.env = { ...lab.#environment(), ...env };
    lab.servers = [];
    lab.model = await Model.start();
    lab.write(lab.project, files);
    lab.write(lab.settings, settings);
    lab.config = config;
    lab.configure(plugin);
    return lab;
  }

  /** Writes files, given as { path: text }, below a folder. */
  write(folder, files) {
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  }

  /** Writes OpenCode's settings with these options for our plugin, which lies in FOLDER. */
  configure(plugin, folder = programs.PLUGIN) {
    const model = { name: "scripted", tool_call: true, limit: { context: 200_000, output: 8_000 }, variants: { deep: {} } };
    const url = `file://${folder}`;
    this.write(this.settings, {
      "opencode.json": JSON.stringify({
        autoupdate: false,
        share: "disabled",
        model: "scripted/first",
        small_model: "scripted/first",
        provider: {
          scripted: {
            npm: "@ai-sdk/openai-compatible",
            options: { baseURL: this.model.url, apiKey: "none" },
            models: { first: model, second: model },
          },
        },
        plugin: [plugin ? [url, plugin] : url],
        ...this.config,
      }),
      // OpenCode would install its plugin package here from the registry; with these it takes it for done.
      "package-lock.json": JSON.stringify({ packages: { "": { dependencies: { "@opencode-ai/plugin": "*" } } } }),
      "node_modules/.keep": "",
    });
  }

  /** Starts "opencode serve" and waits until it answers. */
  async serve(env) {
    const server = new Server(this, env);
    this.servers.push(server);
    await server.open();
    return server;
  }

  /** Plays one turn with "opencode run" and gives what it printed. */
  async run(prompt) {
    const child = this.start(["run", prompt]);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
    const [code] = await once(child, "close");
    if (code !== 0) throw new Error(`opencode run ended with ${code}: ${output}`);
    return output;
  }

  /** Starts OpenCode in the project. */
  start(args, env = {}) {
    return spawn(programs.opencode, args, { cwd: this.project, env: { ...this.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  }

  /** What a hob command prints; it is run as the user of this lab would run it. */
  async hob(...args) {
    const child = spawn(programs.hob, args, { cwd: this.project, env: this.env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
    const [code] = await once(child, "close");
    if (code !== 0) throw new Error(`hob ${args.join(" ")} ended with ${code}: ${errors}`);
    return output;
  }

  /** The tasks that hob knows. */
  async tasks(...selectors) {
    return JSON.parse(await this.hob("list", ...selectors, "--json"));
  }

  /** All events that hob has on record. */
  async events() {
    return (await this.hob("events", "--json")).split("\n").filter(Boolean).map((line) => JSON.parse(line));
  }

  /** Every living process that was started in this lab. */
  processes() {
    return withEnvironment(`HOME=${this.home}`);
  }

  /** The names of all files and folders in the project. */
  listing() {
    return readdirSync(this.project, { recursive: true }).map(String).sort();
  }

  /** When no process of the lab lives any more. */
  async ended() {
    await until(() => this.processes().length === 0, "every process of the lab ends", 30);
  }

  /** Ends every OpenCode, and fails when a process stays. */
  async close() {
    await Promise.all(this.servers.map((server) => server.stop()));
    this.model.stop();
    try {
      await this.ended();
    } catch {
      const left = this.processes();
      for (const { pid } of left) process.kill(pid, "SIGKILL");
      throw new Error(`processes were left: ${left.map(({ pid, command }) => `${pid} ${command}`).join("; ")}`);
    } finally {
      rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  #environment() {
    const bin = join(this.root, "bin");
    mkdirSync(bin, { recursive: true });
    for (const [name, target] of Object.entries({ bun: programs.bun, bunx: programs.bun, mise: programs.mise })) {
      symlinkSync(target, join(bin, name));
    }
    return {
      PATH: `${bin}:${process.env.PATH}`,
      HOME: this.home,
      XDG_CONFIG_HOME: join(this.home, ".config"),
      XDG_DATA_HOME: join(this.home, ".local/share"),
      XDG_STATE_HOME: join(this.home, ".local/state"),
      XDG_CACHE_HOME: join(this.home, ".cache"),
      SHELL: "/bin/bash",
      LANG: "C.UTF-8",
      HOB_HOME: this.hobHome,
      HOB_BIN: programs.hob,
      OPENCODE_DISABLE_MODELS_FETCH: "1",
    };
  }
}
