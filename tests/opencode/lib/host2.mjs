// A stand-in for OpenCode 2's server, written from its documentation: node|bun host2.mjs PACKAGE npm|directory STATE.
//
// It loads a plugin as that server does and gives each of its instances a context that fails at whatever is not
// documented. It is told what happens by lines of JSON on stdin, { id, do, … }, and answers each with { id, … }; what
// it sees by itself it tells as { told, … }. Sessions and their messages survive it in the file STATE.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { shaped, strict, violate, violations } from "./strict.mjs";

const [folder, kind, stateFile] = process.argv.slice(2);
const state = existsSync(stateFile) ? JSON.parse(readFileSync(stateFile, "utf8")) : { sessions: {}, messages: {} };
const busy = new Set();
const streams = new Set();
const calls = new Map();
const instances = [];
let rules = {};

const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const save = () => writeFileSync(stateFile, JSON.stringify(state));
const newId = (kind) => `${kind}_${randomBytes(8).toString("hex")}`;
const notFound = (id) => Object.assign(new Error(`Session not found: ${id}`), { name: "SessionNotFoundError", _tag: "SessionNotFoundError" });

/** The plugin's module: an npm package by its subpaths, a folder by its entry file; a map of exports counts for nothing there. */
function entryOf() {
  const { exports: map, module, main } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (kind === "npm") return join(folder, map["./server"] ?? map["."]);
  const named = [typeof map === "string" ? map : undefined, module, main, "index.ts", "index.js"];
  return named.filter(Boolean).map((name) => join(folder, name)).find(existsSync);
}

async function definition() {
  const { default: plugin } = await import(pathToFileURL(entryOf()).href);
  if (typeof plugin?.id !== "string" || typeof plugin.setup !== "function") violate("PluginModule.LoadError");
  if ("tui" in plugin && typeof plugin.tui !== "function") violate("the plugin has an invalid tui export");
  return plugin;
}

function emit(type, data) {
  const event = { id: newId("evt"), created: Date.now(), type, data };
  for (const stream of streams) stream.push(event);
}

/** One who listens: live only, ended by the signal or by unloading. */
function subscribe(instance, call) {
  shaped("event.subscribe's call", call, ["signal"]);
  const queue = [];
  let wakeUp = () => {};
  let over = false;
  const stream = {
    instance,
    push: (event) => (queue.push(event), wakeUp()),
    end: () => ((over = true), streams.delete(stream), wakeUp()),
  };
  streams.add(stream);
  call.signal.addEventListener("abort", stream.end, { once: true });
  return (async function* () {
    for (;;) {
      while (queue.length > 0) yield strict("event", queue.shift(), ["location", "durable", "metadata"]);
      if (over) return;
      await new Promise((resolve) => (wakeUp = resolve));
    }
  })();
}

function synthetic(message) {
  shaped("session.synthetic's call", message, ["sessionID", "text"], ["description", "metadata", "delivery", "resume", "id"]);
  if (!state.sessions[message.sessionID]) throw notFound(message.sessionID);
  const { sessionID, text, description, metadata } = message;
  const item = { id: newId("msg"), sessionID, timeCreated: Date.now(), type: "synthetic", payload: { text, description, metadata }, delivery: message.delivery ?? "steer" };
  (state.messages[sessionID] ??= []).push(item);
  save();
  tell({ told: "synthetic", ...message, busy: busy.has(sessionID) });
  emit("session.inbox.enqueued", { sessionID, inboxID: item.id });
  if (message.resume !== false && !busy.has(sessionID)) {
    emit("session.execution.started", { sessionID });
    emit("session.inbox.delivered", { sessionID, inboxID: item.id });
    emit("session.execution.succeeded", { sessionID });
  }
  return item;
}

/** Resolves or rejects, by the rules: { action: effect } or { "action resource": effect }. */
function assertAllowed(call) {
  shaped("permission.assert's call", call, ["sessionID", "agent", "action", "resources", "source"], ["save", "metadata"]);
  shaped("its source", call.source, ["type", "messageID", "id"]);
  tell({ told: "assert", ...call });
  for (const resource of call.resources) {
    const effect = rules[`${call.action} ${resource}`] ?? rules[call.action] ?? "allow";
    if (effect !== "allow") throw Object.assign(new Error(`The user's rules deny ${call.action} ${resource}`), { name: "Permission.DeniedError" });
  }
}

/** Puts tools into an instance; a later one of the same name wins. */
function register(instance, edit) {
  const add = (tool) => {
    shaped(`tool ${tool?.name}`, tool, ["name", "description", "input", "execute"], ["output", "options"]);
    shaped(`${tool.name}'s options`, tool.options ?? {}, [], ["namespace", "permission", "codemode", "pinned"]);
    if (!/^\w+$/.test(tool.name) || tool.name === "execute") violate(`no tool can be called ${tool.name}`);
    if (tool.input.type !== "object") violate(`${tool.name}'s input is no schema of an object`);
    instance.tools.set(tool.name, tool);
  };
  const answer = edit(strict("editor", { add, namespace: () => {} }));
  if (answer !== undefined) violate("tool.transform's callback is synchronous and returns nothing");
  return { dispose: async () => instance.tools.clear() };
}

const NAMES = `app options location tool session event shell permission storage rpc command mcp agent model provider skill reference
  integration credential vcs websearch worktree generate plugin experimental aisdk`.split(/\s+/);
const SESSION = `get create prompt synthetic command compact interrupt wait context update move remove switchAgent switchModel generate hook`.split(" ");

/** The context of one instance. What is named in WITHOUT is not there, as in another version of OpenCode 2. */
function contextOf(instance, { directory, project, options = {}, without = [] }) {
  const live = (method) => async (call) => {
    if (instance.over) throw new Error("this instance was unloaded");
    return method(call);
  };
  const part = (name, methods, names = []) => {
    const had = Object.entries(methods).filter(([key]) => !without.includes(`${name}.${key}`) && !without.includes(name));
    return had.length > 0 || !without.includes(name) ? strict(`ctx.${name}`, Object.fromEntries(had), [...names, ...Object.keys(methods)]) : undefined;
  };
  const get = ({ sessionID, ...more }) => {
    shaped("session.get's call", { sessionID, ...more }, ["sessionID"]);
    const session = state.sessions[sessionID];
    if (!session) throw notFound(sessionID);
    const names = "parentID agent model title cost tokens time subpath outcome metadata permissions revert".split(" ");
    return strict("session", { ...session, location: strict("session.location", session.location, ["workspaceID"]) }, names);
  };
  const hook = (name, run) => {
    if (without.includes(`session.hook ${name}`)) throw new Error(`there is no hook ${name}`);
    if (typeof run !== "function") violate(`session.hook ${name} wants a function`);
    instance.hooks.set(name, run);
    return { dispose: async () => instance.hooks.delete(name) };
  };
  const context = ({ sessionID }) => (state.messages[sessionID] ?? []).map((item) => strict("message", item, ["role"]));
  const parts = {
    app: strict("ctx.app", { version: "2.0.32" }, ["channel"]),
    options: without.includes("options") ? undefined : options,
    location: strict("ctx.location", { directory, project: strict("ctx.location.project", project) }, ["workspaceID"]),
    tool: part("tool", { transform: live((edit) => register(instance, edit)) }, ["reload", "list", "hook"]),
    session: part("session", { get: live(get), synthetic: live(synthetic), context: live(context), hook: async (...words) => hook(...words) }, SESSION),
    event: part("event", { subscribe: (call) => subscribe(instance, call) }),
    permission: part("permission", { assert: live(assertAllowed) }, ["hook", "list", "get", "reply"]),
  };
  return strict("ctx", Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)), NAMES);
}

/** The number of the instance that was loaded first, of those that are. */
const loaded = () => instances.findIndex(({ over }) => !over);

const actions = {
  /** Loads an instance for a folder. */
  async load({ directory, project, options, without }) {
    const plugin = await definition();
    const instance = { tools: new Map(), hooks: new Map(), over: false };
    instances.push(instance);
    const cleanup = await plugin.setup(contextOf(instance, { directory, project, options, without }));
    if (cleanup !== undefined && typeof cleanup !== "function") violate("setup returned something that is no cleanup");
    instance.cleanup = cleanup;
    const tools = [...instance.tools.values()].map(({ execute, ...tool }) => tool);
    return { instance: instances.length - 1, tools, hooks: [...instance.hooks.keys()], cleans: cleanup !== undefined };
  },
  /** Unloads it, as when its folder was not used for an hour. */
  async unload({ instance }) {
    const one = instances[instance];
    one.over = true;
    one.tools.clear();
    for (const stream of [...streams]) if (stream.instance === one) stream.end();
    await one.cleanup?.();
  },
  async create({ directory, projectID = "global", parentID }) {
    const id = newId("ses");
    state.sessions[id] = { id, projectID, title: "A session", location: { directory }, ...(parentID ? { parentID } : {}) };
    save();
    emit("session.created", { sessionID: id, projectID, location: { directory }, ...(parentID ? { parentID } : {}) });
    return { sessionID: id };
  },
  /** Deletes it and its children, of which no event tells. */
  async remove({ sessionID }) {
    for (const { id, parentID } of Object.values(state.sessions)) if (id === sessionID || parentID === sessionID) delete state.sessions[id];
    save();
    emit("session.deleted", { sessionID });
  },
  /** One call of a tool, as the model makes it; it has no other name than KEY. */
  async call({ tool: name, input, sessionID, instance = loaded(), key = newId("call") }) {
    const tool = instances[instance].tools.get(name);
    if (!tool || tool.options?.codemode !== false) return { content: `Unknown tool: ${name}` };
    const abort = new AbortController();
    calls.set(key, abort);
    const call = { sessionID, agent: "build", messageID: newId("msg"), id: key, signal: abort.signal, progress: async () => {} };
    const result = await tool.execute(input, strict("call", call, ["checkpoint"]));
    calls.delete(key);
    shaped(`the result of ${name}`, result, [], ["content", "output", "metadata"]);
    if (typeof result.content !== "string") violate(`${name}'s content is no text`);
    return result;
  },
  /** The user interrupts. */
  async abort({ key }) {
    calls.get(key).abort();
  },
  async rules({ rules: given }) {
    rules = given;
  },
  /** A turn of the model begins, or ends. */
  async turn({ sessionID, begins }) {
    if (begins) busy.add(sessionID);
    else busy.delete(sessionID);
    emit(begins ? "session.execution.started" : "session.execution.succeeded", { sessionID });
  },
  /** The streams of events break off. */
  async cut() {
    for (const stream of [...streams]) stream.end();
  },
  async compact({ sessionID, instance = loaded() }) {
    const event = { sessionID, system: [], messages: [], tools: {}, options: {} };
    await instances[instance].hooks.get("compaction")?.(strict("compaction", event, ["result"]));
    return { system: event.system };
  },
  /** What the plugin did that it must not do. */
  async violations() {
    return { violations };
  },
};

process.on("unhandledRejection", (error) => violations.push(`unhandled rejection: ${error?.stack ?? error}`));
tell({ told: "ready", runtime: process.versions.bun ? "bun" : "node" });
for await (const line of createInterface({ input: process.stdin })) {
  const { id, do: action, ...words } = JSON.parse(line);
  // Calls overlap as they do in the real one.
  actions[action](words).then(
    (answer) => tell({ id, ...answer }),
    (error) => tell({ id, error: String(error?.message ?? error) }),
  );
}
process.exit(0);
