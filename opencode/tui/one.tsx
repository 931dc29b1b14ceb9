/** @jsxImportSource @opentui/solid */
// OpenCode 1's screen.
import type { TuiPluginApi } from "@opencode-ai/plugin/tui";
import { openedCommand } from "../opened.ts";
import { projectOf } from "../project.ts";
import { PAGE } from "./desk.ts";
import type { Dialogs, Screen } from "./screen.ts";
import { Secret } from "./secret.tsx";

const TOAST = 8000;

export function screenOf(api: TuiPluginApi): Screen {
  return {
    theme: () => api.theme.current,
    session: () => sessionOf(api),
    parentOf: (session) => api.state.session.get(session)?.parentID,
    project: () => projectOf(api.state.path),
    isNear: () => true,
    opened: (session) => {
      const body = { type: "tui.command.execute" as const, properties: { command: openedCommand(session) } };
      // Where it does not arrive, the next word that is said in the session opens it.
      void api.client.tui.publish({ body }).catch(() => {});
    },
    openPage: (params) => api.route.navigate(PAGE, { ...params }),
    leavePage: (sessionID) => (sessionID ? api.route.navigate("session", { sessionID }) : api.route.navigate("home")),
    guardKeys: () =>
      api.keymap.intercept("key:after", ({ reason, consume }) => {
        if (reason === "sequence-miss") consume();
      }),
    tell: ({ title, message, isFailure }) => {
      api.ui.toast({ variant: isFailure ? "error" : "warning", title, message, duration: TOAST });
      void api.attention.notify({ title, message, notification: { when: "blurred" }, sound: { name: isFailure ? "error" : "question", when: "blurred" } });
    },
    copy: (text) => api.renderer.copyToClipboardOSC52(text),
    draft: (text) => void api.client.tui.appendPrompt({ text }),
    dialogs: dialogsOf(api),
  };
}

function sessionOf({ route }: TuiPluginApi): string | undefined {
  const params = "params" in route.current ? route.current.params : undefined;
  return typeof params?.sessionID === "string" ? params.sessionID : undefined;
}

function dialogsOf({ theme, ui: { dialog, DialogPrompt, DialogSelect, DialogConfirm } }: TuiPluginApi): Dialogs {
  /** Closes the dialog and hands on what was said in it. */
  const closing =
    <Value,>(resolve: (value: Value) => void) =>
    (value: Value) => {
      dialog.clear();
      resolve(value);
    };
  return {
    isOpen: () => dialog.open,
    ask: ({ isSecret, ...question }) =>
      new Promise((resolve) => {
        const close = closing(resolve);
        const { title, placeholder } = question;
        if (isSecret) dialog.replace(() => <Secret theme={theme.current} title={title} question={placeholder} take={close} cancel={() => close(undefined)} />);
        else dialog.replace(() => <DialogPrompt {...question} onConfirm={close} onCancel={() => close(undefined)} />);
      }),
    choose: (question) =>
      new Promise((resolve) => {
        const close = closing(resolve);
        dialog.replace(() => <DialogSelect {...question} onSelect={({ value }) => close(value)} />);
      }),
    confirm: (question) =>
      new Promise((resolve) => {
        const close = closing(resolve);
        dialog.replace(() => <DialogConfirm {...question} onConfirm={() => close(true)} onCancel={() => close(false)} />);
      }),
  };
}
