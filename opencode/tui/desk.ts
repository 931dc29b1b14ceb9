// What all parts of the screen share.
import type { TuiPluginApi, TuiThemeCurrent } from "@opencode-ai/plugin/tui";
import { type Accessor, createEffect, createMemo, createSignal, onCleanup } from "solid-js";
import type { Hob } from "../hob.ts";
import { openedCommand } from "../opened.ts";
import { projectOf } from "../project.ts";
import type { Task } from "../record.ts";
import { visibleTo } from "./choose.ts";
import { lives, type Tone } from "./look.ts";
import { type Alert, Watch } from "./watch.ts";
import { alertLine, alertText } from "./words.ts";

export const PAGE = "background";

const TOAST = 8000;

export interface Notice {
  text: string;
  tone: Tone;
}

export interface Desk {
  api: TuiPluginApi;
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
  /** Opens the page, for a task or as it was left. */
  open(task?: string): void;
  /** The last word to whoever looks at the page, where OpenCode shows no toasts. */
  notice: Accessor<Notice | undefined>;
  say(notice?: Notice): void;
  /** What is put into the next prompt that is shown. */
  draft: { text: string };
}

export function newDesk(api: TuiPluginApi, hob: Hob): Desk {
  const [tasks, setTasks] = createSignal<Task[]>([]);
  const [trouble, setTrouble] = createSignal("");
  const [notice, say] = createSignal<Notice>();
  const root = (session: string | undefined): string | undefined => {
    const parent = session === undefined ? undefined : api.state.session.get(session)?.parentID;
    return parent ? root(parent) : session;
  };
  const visible = (session: string | undefined) => visibleTo(tasks(), root(session));
  const watch = new Watch(hob, () => projectOf(api.state.path), {
    tasks: setTasks,
    trouble: setTrouble,
    alert: (alert) => {
      if (visibleTo([alert.task], root(sessionOf(api))).length === 0) return;
      tell(api, alert);
      say({ text: alertLine(alert), tone: alert.kind === "failed" ? "bad" : "ask" });
    },
  });
  const open = (task?: string) => api.route.navigate(PAGE, { sessionID: sessionOf(api), task });
  const opened = (session: string) => {
    const body = { type: "tui.command.execute" as const, properties: { command: openedCommand(session) } };
    // Where it does not arrive, the next word that is said in the session opens it.
    void api.client.tui.publish({ body }).catch(() => {});
  };
  return { api, hob, watch, tasks, trouble, visible, root, opened, open, notice, say, draft: { text: "" } };
}

/** The session on the screen, or the one that the page was opened from. */
export function sessionOf({ route }: TuiPluginApi): string | undefined {
  const params = "params" in route.current ? route.current.params : undefined;
  return typeof params?.sessionID === "string" ? params.sessionID : undefined;
}

/** A word on the screen, and to whoever looks elsewhere one from the desktop. */
function tell(api: TuiPluginApi, alert: Alert): void {
  const { title, message } = alertText(alert);
  api.ui.toast({ variant: alert.kind === "failed" ? "error" : "warning", title, message, duration: TOAST });
  void api.attention.notify({ title, message, notification: { when: "blurred" }, sound: { name: alert.kind === "failed" ? "error" : "question", when: "blurred" } });
}

export function colour(theme: TuiThemeCurrent, tone: Tone) {
  return { good: theme.success, busy: theme.info, ask: theme.warning, bad: theme.error, quiet: theme.textMuted }[tone];
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
