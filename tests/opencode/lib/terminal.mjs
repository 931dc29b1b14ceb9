// OpenCode's terminal interface in a terminal of its own: tmux, with a server of its own.
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import * as programs from "./programs.mjs";
import { seen } from "./seen.mjs";
import { until } from "./wait.mjs";

const run = promisify(execFile);
// A lab may have a PATH of its own.
const tmux = process.env.PATH.split(delimiter).map((folder) => join(folder, "tmux")).find(existsSync);
if (!tmux) throw new Error('tmux is missing: run "tools/deps test" first');

export class Terminal {
  #tmux;
  #env;

  /** Opens OpenCode with our terminal part, which lies in FOLDER. OPTIONS are that part's. */
  static async open(lab, { cols = 80, rows = 24, folder = programs.PLUGIN, options, args = [], tui = {}, env = {} } = {}) {
    const terminal = new Terminal();
    lab.write(lab.settings, { "tui.json": JSON.stringify({ plugin: [options ? [folder, options] : folder], ...tui }) });
    terminal.#env = { ...lab.env, TERM: "xterm-256color", ...env };
    terminal.#tmux = ["-S", join(lab.root, "tmux"), "-f", "/dev/null"];
    lab.servers.push(terminal);
    // Not as in tmux, which would not pass on all that OpenCode says to a terminal.
    const command = ["env", "-u", "TMUX", "TERM=xterm-ghostty", "TERM_PROGRAM=ghostty", "COLORTERM=truecolor", programs.opencode, ...args];
    const setup = ["set", "-g", "default-terminal", "tmux-256color", ";", "set", "-g", "status", "off", ";", "set", "-g", "focus-events", "on", ";"];
    await terminal.#do(...setup, "new-session", "-d", "-x", String(cols), "-y", String(rows), "-c", lab.project, ...command);
    return terminal;
  }

  /** What stands on the screen; with ESCAPES also its colours, up to the edge. */
  async text(escapes = false) {
    const { stdout } = await this.#do("capture-pane", "-p", ...(escapes ? ["-e", "-N"] : []));
    return stdout;
  }

  /** The screen, as soon as it shows all of these. */
  shows(...wanted) {
    return seen(() => this.text(), wanted, true);
  }

  /** The screen, as soon as it shows none of these. */
  hides(...unwanted) {
    return seen(() => this.text(), unwanted, false);
  }

  /** Presses keys, by tmux's names. */
  async press(...keys) {
    await this.#do("send-keys", ...keys);
  }

  async type(text) {
    await this.#do("send-keys", "-l", text);
  }

  /** Types a command of OpenCode's own and runs it once it is offered. */
  async slash(name) {
    await this.type(`/${name}`);
    await this.shows(new RegExp(`/${name}\\s+\\S`));
    await this.press("Enter");
  }

  /** A click on the first place where the screen shows TEXT, behind column FROM. */
  async click(text, from = 0) {
    await this.#mouse(0, await this.#find(text, from), "Mm");
  }

  /** Turns the wheel over the first place where the screen shows TEXT, or so many rows BELOW it. */
  async wheel(direction, text, from = 0, below = 0) {
    const { x, y } = await this.#find(text, from);
    await this.#mouse(direction === "up" ? 64 : 65, { x, y: y + below }, "M");
  }

  async #find(text, from) {
    let rows = [];
    const row = () => rows.findIndex((row) => row.indexOf(text, from) >= 0);
    try {
      await until(async () => ((rows = (await this.text()).split("\n")), row() >= 0), "the screen");
    } catch {
      throw new Error(`the screen never showed ${text} behind column ${from}:\n${rows.join("\n")}`);
    }
    const y = row();
    return { x: rows[y].indexOf(text, from) + 1, y: y + 1 };
  }

  /** As a terminal tells it: SGR, pressed and let go. */
  async #mouse(button, { x, y }, ends) {
    for (const end of ends) await this.send(`\u001b[<${button};${x};${y}${end}`);
  }

  /** What a terminal says of itself: these bytes, as they are. */
  async send(text) {
    await this.#do("send-keys", "-H", ...[...Buffer.from(text)].map((byte) => byte.toString(16)));
  }

  async resize(cols, rows) {
    await this.#do("resize-window", "-x", String(cols), "-y", String(rows));
  }

  /** Everything that is written to the terminal from now on goes into FILE. */
  async record(file) {
    await this.#do("pipe-pane", "-O", `exec cat >${file}`);
    // tmux does not wait for the shell.
    await until(() => existsSync(file), "the record", 60);
  }

  /** What OpenCode gives the terminal to copy while HOW is done; FILE records it. */
  async copied(file, how) {
    await this.record(file);
    await how();
    const text = await until(() => /\u001b\]52;c;([\w+/=]+)/.exec(readFileSync(file, "utf8"))?.[1], "a copy", 60);
    return Buffer.from(text, "base64").toString();
  }

  /** What programs put into the clipboard last. */
  async clipboard() {
    return (await this.#do("show-buffer")).stdout;
  }

  /** Signals OpenCode. */
  async kill(signal) {
    process.kill(Number((await this.#do("display-message", "-p", "#{pane_pid}")).stdout), signal);
  }

  /** Closes the terminal, whatever runs in it. */
  async stop() {
    // It is gone when OpenCode has ended by itself.
    await this.#do("kill-server").catch(() => {});
  }

  #do(...words) {
    return run(tmux, [...this.#tmux, ...words], { env: this.#env });
  }
}
