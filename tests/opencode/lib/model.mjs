// A language model that plays a script: an OpenAI-compatible server on 127.0.0.1.
//
// A script is a generator. Each request of its session resumes it with what the model was shown (a
// Sight), and what it yields is the answer: say("text") or call("tool", arguments). A session plays
// the script whose [[key]] stands in its first user message, so sub-agents have scripts of their own.
import { createServer } from "node:http";

/** The answer that ends a turn. */
export const say = (text) => ({ text });

/** The answer that calls one tool. */
export const call = (tool, args) => ({ tool, args });

/** Everything the model is shown in one request. */
class Sight {
  constructor(body) {
    this.messages = body.messages;
    this.tools = (body.tools ?? []).map((tool) => tool.function.name);
    this.body = body;
  }
  /** The result of the last tool call. */
  get result() {
    return this.texts("tool").at(-1);
  }
  /** The text of every message of one role. */
  texts(role) {
    return this.messages.filter((message) => message.role === role).map(textOf);
  }
  /** What the users of this session said, the first prompt included. */
  get said() {
    return this.texts("user");
  }
}

function textOf({ content }) {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => part.text ?? "").join("\n");
}

export class Model {
  #scripts = new Map();
  #waiting = new Set();
  #server;
  /** Every request of a session that has a key, in the order of arrival: { key, sight }. */
  log = [];
  /** Requests without tools: for titles and summaries. */
  plain = [];
  /** What went wrong inside scripts. */
  failures = [];

  static async start() {
    const model = new Model();
    model.#server = createServer((request, response) => model.#answer(request, response));
    await new Promise((resolve) => model.#server.listen(0, "127.0.0.1", resolve));
    model.url = `http://127.0.0.1:${model.#server.address().port}/v1`;
    return model;
  }

  /** Sessions whose first prompt holds [[key]] play this script. */
  play(key, script) {
    this.#scripts.set(key, { start: script, steps: undefined });
  }

  /** The first request that fits, also one that is already past. */
  async until(fits, what, seconds = 180) {
    const found = this.log.find(fits);
    if (found) return found;
    return new Promise((resolve, reject) => {
      const waiter = { fits, resolve: (entry) => (clearTimeout(waiter.timer), resolve(entry)) };
      waiter.timer = setTimeout(() => {
        this.#waiting.delete(waiter);
        const last = this.log.at(-1)?.sight.messages.slice(-2);
        reject(new Error(`the model was never shown: ${what}; the last it saw: ${JSON.stringify(last)}`));
      }, seconds * 1000);
      this.#waiting.add(waiter);
    });
  }

  /** The requests of one session's script. */
  of(key) {
    return this.log.filter((entry) => entry.key === key).map((entry) => entry.sight);
  }

  /** Throws what went wrong inside a script. */
  check() {
    if (this.failures.length > 0) throw this.failures[0];
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
    for (const waiter of this.#waiting) clearTimeout(waiter.timer);
  }

  async #answer(request, response) {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    if (!request.url.endsWith("/chat/completions")) return response.writeHead(404).end();
    const sight = new Sight(JSON.parse(text));
    if (sight.tools.length === 0) this.plain.push(sight);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(stream(sight.tools.length ? this.#step(sight) : say("A title")));
  }

  #step(sight) {
    const key = /\[\[([\w-]+)\]\]/.exec(sight.said.join("\n"))?.[1];
    this.log.push({ key, sight });
    const answer = this.#resume(key, sight);
    for (const waiter of this.#waiting) {
      if (!waiter.fits({ key, sight })) continue;
      this.#waiting.delete(waiter);
      waiter.resolve({ key, sight });
    }
    return answer;
  }

  #resume(key, sight) {
    const script = this.#scripts.get(key);
    if (!script) return say(`no script for ${key}`);
    try {
      if (script.steps) return script.steps.next(sight).value ?? say("(the script is over)");
      script.steps = script.start(sight);
      return script.steps.next().value;
    } catch (error) {
      this.failures.push(error);
      return say(`the script failed: ${error.message}`);
    }
  }
}

let calls = 0;

/** One answer as the event stream that the OpenAI protocol wants. */
function stream(answer) {
  const chunk = (delta, finish = null) =>
    `data: ${JSON.stringify({
      id: "answer",
      object: "chat.completion.chunk",
      created: 0,
      model: "scripted",
      choices: [{ index: 0, delta, finish_reason: finish }],
    })}\n\n`;
  const end = "data: [DONE]\n\n";
  if (!answer.tool) {
    return chunk({ role: "assistant", content: answer.text }) + chunk({}, "stop") + end;
  }
  const tool = {
    index: 0,
    id: `call_${++calls}`,
    type: "function",
    function: { name: answer.tool, arguments: JSON.stringify(answer.args) },
  };
  return chunk({ role: "assistant", tool_calls: [tool] }) + chunk({}, "tool_calls") + end;
}
