// One "opencode serve" and what can be asked of it over HTTP.
import { once } from "node:events";

// A hang ends here; nothing is measured by it.
const PATIENCE = 180_000;

export class Server {
  #waiting = new Set();
  #takers = [];
  /** OpenCode's events for the project, in order. */
  events = [];

  constructor(lab, env) {
    this.lab = lab;
    this.child = lab.start(["serve", "--hostname", "127.0.0.1", "--port", "0"], env);
    this.pid = this.child.pid;
    this.ended = once(this.child, "exit");
  }

  /** Returns when it answers. */
  async open() {
    this.url = await this.#listening();
    await this.#subscribe();
  }

  /** One request; answers that are no success are errors. */
  async api(method, path, body, directory = this.lab.project) {
    const url = new URL(path, this.url);
    url.searchParams.set("directory", directory);
    const headers = { "content-type": "application/json" };
    const response = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  /** A new session's id. */
  async session(directory) {
    return (await this.api("POST", "/session", {}, directory)).id;
  }

  /** Says something in a session without waiting for the answer. */
  async prompt(session, text, more = {}, directory = undefined) {
    await this.api("POST", `/session/${session}/prompt_async`, { ...more, parts: [{ type: "text", text }] }, directory);
  }

  /** All messages of a session. */
  async messages(session) {
    return this.api("GET", `/session/${session}/message`);
  }

  /** The first event that fits, from the one numbered FROM on. */
  async event(fits, what, from = 0) {
    const found = this.events.slice(from).find(fits);
    if (found) return found;
    return new Promise((resolve, reject) => {
      const waiter = { fits, resolve: (event) => (clearTimeout(waiter.timer), resolve(event)) };
      waiter.timer = setTimeout(() => {
        this.#waiting.delete(waiter);
        reject(new Error(`OpenCode never told: ${what}`));
      }, PATIENCE);
      this.#waiting.add(waiter);
    });
  }

  /** Calls TAKE with the properties of every event of a type that is still to come. */
  on(type, take) {
    this.#takers.push({ type, take });
  }

  /** When the turn that runs, or is about to, has ended. */
  async idle(session, from = 0) {
    await this.event(({ type, properties }) => type === "session.idle" && properties.sessionID === session, `${session} is idle`, from);
  }

  /** Ends it; by itself it would go on. */
  async stop(signal = "SIGTERM") {
    this.child.kill(signal);
    await this.ended;
    for (const waiter of this.#waiting) clearTimeout(waiter.timer);
  }

  async #listening() {
    let output = "";
    this.child.stderr.setEncoding("utf8").on("data", (text) => (output += text));
    this.child.stdout.setEncoding("utf8");
    for await (const text of this.child.stdout.iterator({ destroyOnReturn: false })) {
      output += text;
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output);
      if (url) {
        this.child.stdout.resume();
        return url[0];
      }
    }
    throw new Error(`opencode serve ended: ${output}`);
  }

  async #subscribe() {
    const url = new URL("/event", this.url);
    url.searchParams.set("directory", this.lab.project);
    const response = await fetch(url);
    const opened = this.event(({ type }) => type === "server.connected", "the event stream is open");
    this.#read(response.body).catch(() => {});
    await opened;
  }

  /** Ends with the server. */
  async #read(body) {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of body) {
      const blocks = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) if (block.startsWith("data: ")) this.#take(JSON.parse(block.slice(6)));
    }
  }

  #take(event) {
    this.events.push(event);
    for (const { type, take } of this.#takers) if (type === event.type) void take(event.properties);
    for (const waiter of this.#waiting) {
      if (!waiter.fits(event)) continue;
      this.#waiting.delete(waiter);
      waiter.resolve(event);
    }
  }
}
