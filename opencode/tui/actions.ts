// What the page's keys and clicks do.
import type { Status, Task } from "../record.ts";
import { deafness, restart, sendLine, stop } from "./act.ts";
import { tagsOf } from "./choose.ts";
import type { Desk } from "./desk.ts";
import { type Action, type Hint, HINTS, MORE } from "./keys.ts";
import { lives, questionOf, type Tone } from "./look.ts";
import type { Model } from "./model.ts";
import type { Question, Screen } from "./screen.ts";
import { drawn } from "./width.ts";
import { draftText, ownerText, shortName } from "./words.ts";

/** How many lines go into the prompt. */
const TAIL = 20;
const STATUSES: Status[] = ["running", "completed", "failed", "cancelled"];

type Table<Given extends unknown[]> = Partial<Record<Action, (...given: Given) => void>>;

/** What is told at the page's foot: nothing that cannot be done here. */
export function hintsFor({ draft }: Pick<Screen, "draft">): Hint[] {
  return draft ? HINTS : HINTS.filter(({ action }) => action !== "prompt");
}

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
    search: () => ask(desk, { title: "Search", placeholder: "words", value: model.pager.query }, (words) => scroll((pager) => pager.find(words))),
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
  const { hob, screen } = desk;
  /** Does what ends TASK. Unless it is the session's own, or over, that is asked for first. */
  const ending = (task: Task, verb: string, what: () => Promise<void>) => {
    const end = () => attempt(desk, what);
    const isOwn = task.sessionId !== null && task.lifetime === "session" && task.sessionId === desk.root(model.session());
    if (isOwn || !lives(task)) end();
    else confirm(desk, `${verb} ${shortName(task)}?`, ownerText(task), end);
  };
  return {
    stop: (task) => ending(task, "Stop", async () => say(desk, await stop(hob, task))),
    restart: (task) =>
      ending(task, "Restart", async () => {
        const { id } = await restart(hob, task);
        await desk.watch.look();
        model.pick(id);
        say(desk, `${shortName(task)} was started anew`);
      }),
    send: (task) => {
      const why = deafness(task);
      if (why) return say(desk, why, "ask");
      const send = (line: string) => attempt(desk, () => sendLine(hob, task, line));
      const isSecret = task.waitingFor === "password";
      ask(desk, { title: `Send a line to ${shortName(task)}`, placeholder: questionOf(task) || "a line of input", value: "", isSecret }, send);
    },
    copy: () => {
      const lines = model.pager.shown();
      if (screen.copy(lines.join("\n"))) say(desk, `Copied ${lines.length} lines`);
      else say(desk, "This terminal takes no copies from programs", "ask");
    },
    prompt: (task) => {
      if (!screen.draft) return say(desk, "This OpenCode lets no plugin write into the prompt: copy the lines with y", "ask");
      desk.draft.text = draftText(task, model.pager.tail(TAIL));
      goBack(desk, model);
    },
  };
}

function goBack({ screen }: Desk, model: Model): void {
  screen.leavePage(model.session());
}

function say(desk: Desk, text: string, tone: Tone = "good"): void {
  desk.say({ text, tone });
}

/** Does something, and says why it could not be done. */
function attempt(desk: Desk, what: () => Promise<void>): void {
  what().catch((error: Error) => say(desk, error.message, "bad"));
}

function ask(desk: Desk, question: Question, take: (text: string) => void): void {
  attempt(desk, async () => {
    const text = await desk.screen.dialogs.ask(question);
    if (text !== undefined) take(text);
  });
}

/** Every key, to read and to choose from. */
function list(desk: Desk, act: (action: Action) => void): void {
  const told = [...hintsFor(desk.screen), ...MORE].filter(({ action }) => action !== "help");
  const options = told.map(({ key, words, action }) => ({ title: words, value: action, footer: key }));
  attempt(desk, async () => {
    const action = await desk.screen.dialogs.choose({ title: "Keys", options });
    if (action) act(action);
  });
}

/** Lets one of VALUES be chosen, or all of them. */
function choose<Value extends string>(desk: Desk, title: string, values: Value[], current: Value | undefined, take: (value?: Value) => void): void {
  const options = [{ title: "all", value: "" }, ...values.map((value) => ({ title: drawn(value), value: value as string }))];
  attempt(desk, async () => {
    const value = await desk.screen.dialogs.choose({ title, options, current: current ?? "" });
    if (value !== undefined) take((value || undefined) as Value | undefined);
  });
}

function confirm(desk: Desk, title: string, message: string, take: () => void): void {
  attempt(desk, async () => {
    if (await desk.screen.dialogs.confirm({ title, message })) take();
  });
}
