/** @jsxImportSource @opentui/solid */
// OpenCode 2's screen, from its documentation. Every method may be missing; what it has no place for is left out.
import type { CliRenderer } from "@opentui/core";
import { createSignal } from "solid-js";
import type { JSX } from "@opentui/solid";
import { contains } from "../inside.ts";
import { isMethod } from "../two/context.ts";
import { PAGE } from "./desk.ts";
import type { Colours, Dialogs, Question, Screen } from "./screen.ts";
import { Secret } from "./secret.tsx";

export interface Context {
  options?: Record<string, unknown>;
  location?: { directory?: string };
  renderer?: Pick<CliRenderer, "copyToClipboardOSC52">;
  theme?: unknown;
  attention?: { notify?(words: { title: string; message: string; notification: Attention; sound: Attention & { name: string } }): Promise<unknown> };
  data?: {
    on?(type: string, handler: () => void): () => void;
    session?: { get?(id: string): { parentID?: string; location?: { directory?: string } } | undefined };
    location?: { default?(): { directory?: string } | undefined };
  };
  keymap?: { layer?(input: () => { commands: Command[] }): void };
  ui?: {
    slot?(claim: { append: string; render(input: { sessionID?: string }): JSX.Element }): () => void;
    router?: {
      register?(page: { name: string; render(input: { data?: Record<string, unknown> }): JSX.Element }): () => void;
      navigate?(to: Route): void;
      current?(): Route;
    };
    dialog?: {
      show?(render: () => JSX.Element, onClose: () => void): void;
      clear?(): void;
      confirm?(question: { title: string; message: string }): Promise<boolean | undefined>;
      prompt?(question: { title: string; placeholder: string; value: string }): Promise<string | undefined>;
      select?<Value>(question: { title: string; options: { title: string; value: Value }[]; current?: Value }): Promise<Value | undefined>;
    };
    toast?: { show?(words: { title: string; message: string; variant: string; duration: number; sessionID?: string }): void };
  };
}

interface Attention {
  when: "blurred";
}

export interface Route {
  type: string;
  name?: string;
  sessionID?: string;
  data?: Record<string, unknown>;
}

export interface Command {
  id: string;
  title: string;
  description: string;
  group: string;
  bind?: string;
  palette: true;
  slash: { name: string };
  run(): void;
}

const TOAST = 8000;

export function screenOf(context: Context): Screen {
  const { data, ui } = context;
  /** Where the page was opened from. */
  let before: Route | undefined;
  const route = () => (isMethod(ui?.router?.current) ? ui!.router!.current!() : undefined);
  const session = () => {
    const now = route();
    const id = now?.type === "plugin" ? now.data?.sessionID : now?.sessionID;
    return typeof id === "string" ? id : undefined;
  };
  const infoOf = (id: string | undefined) => (id !== undefined && isMethod(data?.session?.get) ? data!.session!.get!(id) : undefined);
  const place = () => infoOf(session())?.location?.directory ?? placeOf(context);
  return {
    theme: () => coloursOf(context.theme),
    session,
    parentOf: (id) => infoOf(id)?.parentID,
    // What OpenCode 2 calls the project is not told here. That of a task is its session's folder, or one above it.
    project: () => undefined,
    isNear: ({ project }) => project !== null && contains(project, place()),
    openPage: (params) => {
      if (!hasPages(context)) return;
      const now = route();
      if (now?.type !== "plugin") before = now;
      ui!.router!.navigate!({ type: "plugin", name: PAGE, data: { ...params } });
    },
    leavePage: (sessionID) => ui!.router!.navigate!(before ?? (sessionID ? { type: "session", sessionID } : { type: "home" })),
    tell: ({ title, message, isFailure, session }) => {
      const sessionID = session ?? undefined;
      if (isMethod(ui?.toast?.show)) ui!.toast!.show!({ title, message, variant: isFailure ? "error" : "warning", duration: TOAST, ...(sessionID ? { sessionID } : {}) });
      const when = { when: "blurred" as const };
      if (!isMethod(context.attention?.notify)) return;
      void context.attention!.notify!({ title, message, notification: when, sound: { name: isFailure ? "error" : "question", ...when } }).catch(() => {});
    },
    copy: (text) => isMethod(context.renderer?.copyToClipboardOSC52) && context.renderer!.copyToClipboardOSC52!(text),
    dialogs: dialogsOf(context),
  };
}

/** Whether a plugin may have a page, and get there. */
export function hasPages({ ui }: Context): boolean {
  return isMethod(ui?.router?.register) && isMethod(ui?.router?.navigate);
}

function placeOf({ location, data }: Context): string {
  const given = location ?? (isMethod(data?.location?.default) ? data!.location!.default!() : undefined);
  return given?.directory ?? process.cwd();
}

/** Each counts as open until it is answered: OpenCode 2 does not tell. */
function dialogsOf({ ui, theme }: Context): Dialogs {
  const [open, setOpen] = createSignal(0);
  const shown = async <Value,>(answer: Promise<Value> | undefined): Promise<Value> => {
    if (!answer) throw new Error("This OpenCode lets no plugin ask here.");
    setOpen((count) => count + 1);
    return answer.finally(() => setOpen((count) => count - 1));
  };
  const has = (name: "prompt" | "select" | "confirm" | "show" | "clear") => isMethod(ui?.dialog?.[name]);
  // OpenCode 2's own dialog shows what is typed.
  const secret = ({ title, placeholder }: Question) =>
    new Promise<string | undefined>((resolve) => {
      const close = (line?: string) => {
        resolve(line);
        ui!.dialog!.clear!();
      };
      ui!.dialog!.show!(() => <Secret theme={coloursOf(theme)} title={title} question={placeholder} take={close} cancel={() => close()} />, () => resolve(undefined));
    });
  return {
    isOpen: () => open() > 0,
    ask: ({ isSecret, ...question }) => {
      if (isSecret) return shown(has("show") && has("clear") ? secret(question) : undefined);
      return shown(has("prompt") ? ui!.dialog!.prompt!(question) : undefined);
    },
    choose: (question) => shown(has("select") ? ui!.dialog!.select!(question) : undefined),
    confirm: (question) => shown(has("confirm") ? ui!.dialog!.confirm!(question) : undefined),
  };
}

/** Where each colour lies: in the themes since the first release, and in those before it. */
const PLACES: Record<keyof Colours, string[]> = {
  text: ["text.default", "text"],
  textMuted: ["text.subdued", "textMuted"],
  primary: ["text.action.primary.default", "primary"],
  background: ["background.default", "background"],
  backgroundElement: ["background.surface.offset", "backgroundElement"],
  success: ["text.feedback.success.default", "success"],
  info: ["text.feedback.info.default", "info"],
  warning: ["text.feedback.warning.default", "warning"],
  error: ["text.feedback.error.default", "error"],
};
// A theme without them is still to be read.
const DEFAULTS: Colours = {
  ...{ text: "#e0e0e0", textMuted: "#808080", primary: "#80a0ff", background: "transparent", backgroundElement: "#303030" },
  ...{ success: "#60c060", info: "#60a0e0", warning: "#e0b040", error: "#e06060" },
};

export function coloursOf(theme: unknown): Colours {
  const entries = Object.entries(PLACES).map(([name, places]) => {
    const found = places.map((place) => at(theme, place)).find(isColour);
    return [name, found ?? DEFAULTS[name as keyof Colours]];
  });
  return Object.fromEntries(entries) as Colours;
}

function at(theme: unknown, place: string): unknown {
  return place.split(".").reduce<unknown>((value, key) => (typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined), theme);
}

function isColour(value: unknown): boolean {
  return typeof value === "string" || (typeof value === "object" && value !== null && typeof (value as { r?: unknown }).r === "number");
}
