// A stand-in for OpenCode 2's terminal interface, written from its documentation: bun screen2.mjs PACKAGE npm|directory.
//
// It draws with the same library as that one, on a terminal in memory. It is told what happens by lines of JSON on
// stdin, { id, do, … }, and answers each with { id, … }; what it sees by itself it tells as { told, … }. It runs with
// that library's own preload, which compiles what lies in a folder and leaves what a package holds as it is.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PLUGIN } from "./programs.mjs";
import { shaped, strict, violate, violations } from "./strict.mjs";

const [folder, kind] = process.argv.slice(2);
const find = (name) => Bun.resolveSync(name, PLUGIN);
// What the terminal interface brings along for every plugin: a package has none of it.
await import(find("@opentui/solid/runtime-plugin-support"));
const { createComponent, createElement, effect, insert, setProp, testRender } = await import(find("@opentui/solid"));
const { RGBA } = await import(find("@opentui/core"));
const { createContext, createMemo, createSignal, useContext } = await import(find("solid-js"));

const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const Keymap = createContext();
const [route, setRoute] = createSignal({ type: "home" });
const [claims, setClaims] = createSignal([]);
const [pages, setPages] = createSignal([]);
const [overlay, setOverlay] = createSignal();
const commands = [];
const listeners = new Map();
const dialogs = [];
let sessions = {};
let terminal;
let cleanup;

/** The module: a package's ./tui, or what lies beside the entry file of a folder. */
function moduleOf() {
  const { exports: map } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (kind === "npm") return join(folder, map["./tui"]);
  return ["tui.ts", "tui.tsx", "tui.js"].map((name) => join(folder, name)).find(existsSync);
}

/** Both shapes of the theme that are known, and one that is neither. */
const red = RGBA.fromInts(250, 10, 10);
const grey = RGBA.fromInts(128, 128, 128);
const nested = () => {
  const feedback = { success: { default: grey }, info: { default: grey }, warning: { default: grey }, error: { default: red } };
  const action = { primary: { default: grey } };
  return { text: { default: grey, subdued: grey, action, feedback }, background: { default: RGBA.fromInts(0, 0, 0), surface: { offset: grey } } };
};
const flat = () => ({ text: grey, textMuted: grey, primary: grey, background: grey, backgroundElement: grey, success: grey, info: grey, warning: grey, error: red });
const THEMES = { nested, flat, strange: () => ({ ink: 7 }) };

/** Shows a dialog until it is answered. */
function dialog(kind, needed, may) {
  return (question) => {
    shaped(`ui.dialog.${kind}'s question`, question, needed, may);
    return new Promise((resolve) => {
      dialogs.push(resolve);
      tell({ told: "dialog", kind, ...question });
    });
  };
}

function contextOf({ options = {}, without = [], theme = "nested", directory }) {
  const left = (path, object, names = []) => {
    if (without.includes(path)) return undefined;
    const entries = Object.entries(object).filter(([key]) => !without.includes(`${path}.${key}`));
    return strict(`context.${path}`, Object.fromEntries(entries), [...names, ...Object.keys(object)]);
  };
  const slot = (claim) => {
    const places = ["prepend", "append", "before", "after", "replace"].filter((place) => place in claim);
    if (places.length !== 1) violate("a claim has one place");
    shaped("a claim", claim, [places[0], "render"]);
    const known = ["app", "home.footer", "home.footer.status", "prompt.footer.status", "session.panel", "sidebar.content", "sidebar.footer"];
    if (!known.includes(claim[places[0]])) violate(`there is no slot ${claim[places[0]]}`);
    setClaims((before) => [...before, claim]);
    return () => setClaims((before) => before.filter((one) => one !== claim));
  };
  const register = (page) => {
    shaped("a page", page, ["name", "render"]);
    setPages((before) => [...before, page]);
    return () => setPages((before) => before.filter((one) => one !== page));
  };
  const navigate = (to) => {
    shaped("a destination", to, ["type"], ["name", "sessionID", "data", "id"]);
    tell({ told: "route", ...to });
    setRoute(to.type === "plugin" ? { id: "hob", ...to } : to);
  };
  const current = () => strict("route", route(), ["id", "name", "sessionID", "data"]);
  const layer = (input) => {
    if (!useContext(Keymap)) throw new Error("Keymap.Provider is missing");
    const { commands: given, ...rest } = input();
    shaped("a layer", rest, [], ["mode", "enabled", "priority", "target", "bindings"]);
    for (const command of given) {
      shaped("a command", command, ["id", "title", "run"], ["description", "group", "enabled", "bind", "palette", "slash", "suggested"]);
      commands.push(command);
    }
  };
  const show = (words) => {
    shaped("a toast", words, ["message"], ["title", "variant", "duration", "sessionID"]);
    tell({ told: "toast", ...words });
  };
  const notify = async (words) => {
    shaped("a notification", words, ["message"], ["title", "notification", "sound"]);
    tell({ told: "notification", ...words });
    return { ok: true };
  };
  const get = (id) => sessions[id] && strict("session", { id, ...sessions[id] }, ["parentID", "projectID", "title", "location"]);
  const on = (type, take) => {
    listeners.set(type, take);
    return () => listeners.delete(type);
  };
  const ui = {
    slot,
    router: left("ui.router", { register, navigate, current }),
    toast: left("ui.toast", { show }),
    dialog: left("ui.dialog", {
      confirm: dialog("confirm", ["title", "message"], ["label"]),
      prompt: dialog("prompt", ["title"], ["description", "placeholder", "value"]),
      select: dialog("select", ["title", "options"], ["placeholder", "current"]),
      show: (render, onClose) => setOverlay(() => ({ render, onClose })),
      clear: () => {
        overlay()?.onClose?.();
        setOverlay(undefined);
      },
    }, ["set", "alert"]),
  };
  const data = { on, session: left("data.session", { get }, ["list", "root", "family", "status"]), location: left("data.location", { default: () => ({ directory }) }) };
  const parts = {
    options,
    location: undefined,
    renderer: terminal.renderer,
    theme: THEMES[theme](),
    attention: left("attention", { notify }),
    data: left("data", data, ["listen", "shell", "project"]),
    keymap: left("keymap", { layer }, ["dispatch", "shortcuts", "commands", "mode"]),
    ui: left("ui", ui, ["panel", "format", "tabs"]),
  };
  return strict("context", Object.fromEntries(Object.entries(parts).filter(([key]) => !without.includes(key))), [...Object.keys(parts), "app", "client", "themeMode", "markdown", "storage"]);
}

/** Everything that claims a place, drawn there. */
function Slot({ path, input }) {
  const box = createElement("box");
  insert(box, createMemo(() => claims().filter(({ append }) => append === path).map(({ render }) => render(input))));
  return box;
}

function App() {
  const all = createElement("box");
  const session = () => (route().type === "session" ? route().sessionID : undefined);
  const input = { get sessionID() { return session(); } };
  const body = createMemo(() => {
    if (overlay()) return overlay().render();
    const page = route().type === "plugin" && pages().find(({ name }) => name === route().name);
    if (page) return page.render({ data: route().data });
    const box = createElement("box");
    const heading = createElement("text");
    insert(heading, () => (session() ? `A SESSION` : "HOME"));
    insert(box, [heading, session() ? createComponent(Slot, { path: "sidebar.content", input }) : [], createComponent(Slot, { path: "prompt.footer.status", input })]);
    return box;
  });
  effect(() => setProp(all, "width", 100));
  insert(all, [createComponent(Slot, { path: "app", input: {} }), body]);
  return all;
}

const actions = {
  async load({ cols = 100, rows = 30, directory, ...how }) {
    const { default: plugin } = await import(moduleOf());
    if (typeof plugin?.id !== "string" || plugin.id === "" || typeof plugin.setup !== "function") violate("Invalid V2 TUI plugin module");
    const provided = () => createComponent(Keymap.Provider, { value: {}, get children() { return createComponent(App, {}); } });
    terminal = await testRender(provided, { width: cols, height: rows });
    cleanup = await plugin.setup(contextOf({ directory, ...how }));
    return { cleans: typeof cleanup === "function" };
  },
  async unload() {
    await cleanup?.();
    return { claims: claims().length, pages: pages().length, listeners: listeners.size };
  },
  async frame() {
    await terminal.renderOnce();
    return { text: terminal.captureCharFrame(), reds: redsIn(terminal.captureSpans()) };
  },
  async route({ to }) {
    setRoute(to);
  },
  async sessions({ sessions: given }) {
    sessions = given;
  },
  async commands() {
    return { commands: commands.map(({ run, ...command }) => command) };
  },
  async run({ command }) {
    commands.findLast(({ id }) => id === command).run();
  },
  async press({ key }) {
    terminal.mockInput.pressKey(key);
  },
  async click({ x, y }) {
    await terminal.mockMouse.click(x, y);
  },
  async emit({ type }) {
    listeners.get(type)?.({ type, data: {} });
  },
  async answer({ value }) {
    dialogs.shift()(value);
  },
  async violations() {
    return { violations };
  },
};

/** What is drawn in the theme's colour for errors. */
function redsIn({ lines }) {
  return lines.flatMap(({ spans }) => spans.filter(({ fg }) => fg.equals(red)).map(({ text }) => text.trim())).filter(Boolean);
}

process.on("unhandledRejection", (error) => violations.push(`unhandled rejection: ${error?.stack ?? error}`));
process.on("uncaughtException", (error) => violations.push(`uncaught: ${error?.stack ?? error}`));
tell({ told: "ready" });
for await (const line of createInterface({ input: process.stdin })) {
  const { id, do: action, ...words } = JSON.parse(line);
  actions[action](words).then(
    (answer) => tell({ id, ...answer }),
    (error) => tell({ id, error: String(error?.stack ?? error) }),
  );
}
process.exit(0);
