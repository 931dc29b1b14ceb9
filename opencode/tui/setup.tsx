/** @jsxImportSource @opentui/solid */
// The terminal part as OpenCode 2 loads it.
import { createRoot } from "solid-js";
import { Hob } from "../hob.ts";
import { readOptions } from "../options.ts";
import { isMethod } from "../two/context.ts";
import { newDesk, PAGE, type Desk } from "./desk.ts";
import { Page } from "./page.tsx";
import { Count, Sidebar } from "./sidebar.tsx";
import { hasPages, screenOf, type Context } from "./two.tsx";

/** When it is worth while to look again, should the follower be gone or hob not have been there yet. */
const OCCASIONS = ["session.execution.started", "session.execution.succeeded"];

/** Puts the parts where this OpenCode has a place for them. What is returned takes them away again. */
export function setup(context: Context): (() => void) | undefined {
  const { ui, data, keymap } = context ?? {};
  if (!isMethod(ui?.slot)) return undefined;
  const slot = ui!.slot!.bind(ui);
  const { desk, dispose } = createRoot((dispose) => ({ desk: newDesk(screenOf(context), new Hob(readOptions(context.options))), dispose }));
  const undo = [
    slot({ append: "sidebar.content", render: (input) => <Sidebar desk={desk} session={input.sessionID ?? ""} /> }),
    slot({ append: "prompt.footer.status", render: (input) => <Count desk={desk} session={input.sessionID} /> }),
  ];
  if (hasPages(context)) {
    undo.push(ui!.router!.register!({ name: PAGE, render: (input) => <Page desk={desk} params={input.data ?? {}} /> }));
    const key = typeof context.options?.key === "string" && context.options.key !== "" ? context.options.key : undefined;
    if (isMethod(keymap?.layer)) undo.push(slot({ append: "app", render: () => <Commands keymap={keymap!} desk={desk} bind={key} /> }));
  }
  if (isMethod(data?.on)) for (const type of OCCASIONS) undo.push(data!.on!(type, () => desk.watch.open()));
  desk.watch.open();
  return () => {
    desk.watch.close();
    for (const one of undo) one();
    dispose();
  };
}

/** Shows nothing: a layer of keys belongs to the component that makes it. */
function Commands(props: { keymap: NonNullable<Context["keymap"]>; desk: Desk; bind?: string }) {
  props.keymap.layer!(() => ({
    commands: [
      {
        id: "background.open",
        title: "Background processes",
        description: "Watch, search, stop, restart and type to them",
        group: "Background",
        ...(props.bind ? { bind: props.bind } : {}),
        palette: true,
        slash: { name: PAGE },
        run: () => props.desk.open(),
      },
    ],
  }));
  return null;
}
