/** @jsxImportSource @opentui/solid */
// What the page's keys and clicks do.
import type { Status, Task } from "../record.ts";
import { deafness, restart, sendLine, stop } from "./act.ts";
import { tagsOf } from "./choose.ts";
import type { Desk } from "./desk.ts";
import { type Action, HINTS, MORE } from "./keys.ts";
import { nameOf, questionOf, type Tone } from "./look.ts";
import type { Model } from "./model.ts";
import { Secret } from "./secret.tsx";
import { draftText, ownerText } from "./words.ts";

/** How many lines go into the prompt. */
const TAIL = 20;
const STATUSES: Status[] = ["running", "completed", "failed", "cancelled"];

type Table<Given extends unknown[]> = Partial<Record<Action, (...given: Given) => void>>;

/** Does what an action says, to the chosen task where it is about one. */
export function newActions(desk: Desk, model: Model): (action: Action) => void {
  const tasks = taskActions(desk, model);
  const act = (action: Action) => {
    const task = model.task();
    desk.say(undefined);
    if (tasks[action]) task && tasks[action](task);
    else views[action]?.();
  };
  const views = viewActions(desk, model, act);
  return act;
}

function viewActions(desk: Desk, model: Model, act: (action: Action) => void): Table<[]> {
  const { scroll } = model;
  return {
    up: () => model.move(-1),
    down: () => model.move(1),
    back: () => (model.pager.query ? scroll((pager) => pager.find("")) : goBack(desk, model)),
    pageUp: () => scroll((pager) => pager.page(-1)),
    pageDown: () => scroll((pager) => pager.page(1)),
    lineUp: () => scroll((pager) => pager.scroll(-1)),
    lineDown: () => scroll((pager) => pager.scroll(1)),
    home: () => scroll((pager) => pager.home()),
    end: () => scroll((pager) => pager.end()),
    follow: () => scroll((pager) => pager.toggle()),
    wide: () => model.widen(),
    search: () => ask(desk, "Search", "words", model.pager.query, (words) => scroll((pager) => pager.find(words))),
    next: () => scroll((pager) => pager.next(1)),
    previous: () => scroll((pager) => pager.next(-1)),
    status: () => choose(desk, "Status", STATUSES, model.filters().status, (status) => model.filter({ status })),
    tag: () => choose(desk, "Tag", tagsOf(model.all()), model.filters().tag, (tag) => model.filter({ tag })),
    clear: () => model.filter({ status: undefined, tag: undefined }),
    view: () => model.toggleLog(),
    help: () => list(desk, act),
  };
}

function taskActions(desk: Desk, model: Model): Table<[Task]> {
  const { hob, api } = desk;
  return {
    stop: (task) => {
      const end = () => attempt(desk, async () => say(desk, await stop(hob, task)));
      const isOwn = task.sessionId !== null && task.lifetime === "session" && task.sessionId === desk.root(model.session());
      if (isOwn) end();
      else confirm(desk, `Stop ${nameOf(task)}?`, ownerText(task), end);
    },
    restart: (task) =>
      attempt(desk, async () => {
        const { id } = await restart(hob, task);
        await desk.watch.look();
        model.pick(id);
        say(desk, `${nameOf(task)} was started anew`);
      }),
    send: (task) => {
      const why = deafness(task);
      if (why) return say(desk, why, "ask");
      const send = (line: string) => attempt(desk, () => sendLine(hob, task, line));
      const title = `Send a line to ${nameOf(task)}`;
      if (task.waitingFor === "password") askSecret(desk, title, questionOf(task), send);
      else ask(desk, title, questionOf(task) || "a line of input", "", send);
    },
    copy: () => {
      const lines = model.pager.shown();
      if (api.renderer.copyToClipboardOSC52(lines.join("\n"))) say(desk, `Copied ${lines.length} lines`);
      else say(desk, "This terminal takes no copies from programs", "ask");
    },
    prompt: (task) => {
      desk.draft.text = draftText(task, model.pager.tail(TAIL));
      goBack(desk, model);
    },
  };
}

function goBack({ api }: Desk, model: Model): void {
  const sessionID = model.session();
  if (sessionID) api.route.navigate("session", { sessionID });
  else api.route.navigate("home");
}

function say(desk: Desk, text: string, tone: Tone = "good"): void {
  desk.say({ text, tone });
}

/** Does something, and says why it could not be done. */
function attempt(desk: Desk, what: () => Promise<void>): void {
  what().catch((error: Error) => say(desk, error.message, "bad"));
}

function ask({ api }: Desk, title: string, placeholder: string, value: string, take: (text: string) => void): void {
  const { dialog, DialogPrompt } = api.ui;
  const confirm = (text: string) => {
    dialog.clear();
    take(text);
  };
  dialog.replace(() => <DialogPrompt title={title} placeholder={placeholder} value={value} onConfirm={confirm} onCancel={() => dialog.clear()} />);
}

function askSecret({ api }: Desk, title: string, question: string, send: (line: string) => void): void {
  const { dialog } = api.ui;
  const take = (line: string) => {
    dialog.clear();
    send(line);
  };
  dialog.replace(() => <Secret theme={api.theme.current} title={title} question={question} take={take} cancel={() => dialog.clear()} />);
}

/** Every key, to read and to choose from. */
function list({ api }: Desk, act: (action: Action) => void): void {
  const { dialog, DialogSelect } = api.ui;
  const told = [...HINTS, ...MORE].filter(({ action }) => action !== "help");
  const options = told.map(({ key, words, action }) => ({ title: words, value: action, footer: key }));
  const select = ({ value }: { value: Action }) => {
    dialog.clear();
    act(value);
  };
  dialog.replace(() => <DialogSelect title="Keys" options={options} onSelect={select} />);
}

/** Lets one of VALUES be chosen, or all of them. */
function choose<Value extends string>({ api }: Desk, title: string, values: Value[], current: Value | undefined, take: (value?: Value) => void): void {
  const { dialog, DialogSelect } = api.ui;
  const options = [{ title: "all", value: "" }, ...values.map((value) => ({ title: value, value }))];
  const select = ({ value }: { value: string }) => {
    dialog.clear();
    take((value || undefined) as Value | undefined);
  };
  dialog.replace(() => <DialogSelect title={title} options={options} current={current ?? ""} onSelect={select} />);
}

function confirm({ api }: Desk, title: string, message: string, take: () => void): void {
  const { dialog, DialogConfirm } = api.ui;
  dialog.replace(() => <DialogConfirm title={title} message={message} onConfirm={take} onCancel={() => dialog.clear()} />);
}
