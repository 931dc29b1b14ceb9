// What all parts of the screen share.
import { type Accessor, createEffect, createMemo, createSignal, onCleanup } from "solid-js";
import type { Hob } from "../hob.ts";
import type { Task } from "../record.ts";
import { visibleTo } from "./choose.ts";
import { lives, type Tone } from "./look.ts";
import type { Screen } from "./screen.ts";
import { Watch } from "./watch.ts";
import { alertLine, alertText } from "./words.ts";

export const PAGE = "background";

export interface Notice {
  text: string;
  tone: Tone;
}

export interface Desk {
  screen: Screen;
  hob: Hob;
  watch: Watch;
  /** Every task of the project, as last seen. */
  tasks: Accessor<Task[]>;
  /** Why they cannot be seen. */
  trouble: Accessor<string>;
  /** Those that a session may see: its own (it is named by any of its sub-agents), and those of none. */
  visible(session: string | undefined): Task[];
  /** The session at the top of the chain. */
  root(session: string | undefined): string | undefined;
  /** Tells the server part that a session is on the screen: what waits for it comes now. */
  opened(session: string): void;
  /** Opens the page, for a task or as it was left, with what a session may see: by default the one on the screen. */
  open(task?: string, session?: string): void;
  /** The last word to whoever looks at the page, where OpenCode shows no toasts. */
  notice: Accessor<Notice | undefined>;
  say(notice?: Notice): void;
  /** What is put into the next prompt that is shown. */
  draft: { text: string };
}

export function newDesk(screen: Screen, hob: Hob): Desk {
  const [tasks, setTasks] = createSignal<Task[]>([]);
  const [trouble, setTrouble] = createSignal("");
  const [notice, say] = createSignal<Notice>();
  const root = (session: string | undefined): string | undefined => {
    const parent = session === undefined ? undefined : screen.parentOf(session);
    return parent ? root(parent) : session;
  };
  const visible = (session: string | undefined) => visibleTo(tasks(), root(session));
  const watch = new Watch(hob, screen.project, {
    tasks: (tasks) => setTasks(tasks.filter(screen.isNear)),
    trouble: setTrouble,
    alerts: (all) => {
      const here = root(screen.session());
      const alerts = all.filter(({ task }) => screen.isNear(task) && visibleTo([task], here).length > 0);
      const [first] = alerts;
      if (!first) return;
      const isFailure = alerts.some(({ kind }) => kind === "failed");
      screen.tell({ ...alertText(alerts), isFailure, session: first.task.sessionId });
      say({ text: alertLine(alerts), tone: isFailure ? "bad" : "ask" });
    },
  });
  const open = (task?: string, session = screen.session()) => screen.openPage({ sessionID: session, task });
  const opened = (session: string) => screen.opened?.(session);
  return { screen, hob, watch, tasks, trouble, visible, root, opened, open, notice, say, draft: { text: "" } };
}

/** The time, which goes on once a second while something that lives is shown, and stands still else. */
export function clock(shown: Accessor<Task[]>): Accessor<number> {
  const [now, setNow] = createSignal(Date.now());
  const goesOn = createMemo(() => shown().some(lives));
  createEffect(() => {
    if (!goesOn()) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    onCleanup(() => clearInterval(timer));
  });
  return now;
}
