/** @jsxImportSource @opentui/solid */
// The terminal part of the plugin: a section of the sidebar, a count beside the prompt, and a page.
import type { TuiPlugin } from "@opencode-ai/plugin/tui";
import { createRoot } from "solid-js";
import { Hob } from "../hob.ts";
import { readOptions } from "../options.ts";
import { newDesk, PAGE } from "./desk.ts";
import { screenOf } from "./one.tsx";
import { Page } from "./page.tsx";
import { setup } from "./setup.tsx";
import { Count, Sidebar } from "./sidebar.tsx";

// Below the LSPs, which are 300, and above the to-dos.
const ORDER = 350;
const OPEN = "background.open";

const tui: TuiPlugin = async (api, given) => {
  const desk = createRoot(() => newDesk(screenOf(api), new Hob(readOptions(given))));
  api.lifecycle.onDispose(() => desk.watch.close());
  desk.watch.open();
  // Where the follower is gone or hob was not there yet, a turn that begins or ends is an occasion to look again.
  api.event.on("session.status", () => desk.watch.open());

  api.slots.register({
    order: ORDER,
    slots: {
      sidebar_content: (_context, { session_id }) => <Sidebar desk={desk} session={session_id} />,
      session_prompt_right: (_context, { session_id }) => <Count desk={desk} session={session_id} />,
      home_prompt_right: () => <Count desk={desk} />,
    },
  });
  api.route.register([{ name: PAGE, render: ({ params }) => <Page desk={desk} params={params ?? {}} /> }]);
  const key = typeof given?.key === "string" ? given.key : "";
  api.keymap.registerLayer({
    commands: [
      {
        namespace: "palette",
        name: OPEN,
        title: "Background processes",
        desc: "Watch, search, stop, restart and type to them",
        category: "Background",
        slashName: "background",
        run: () => desk.open(),
      },
    ],
    bindings: key ? [{ key, cmd: OPEN, desc: "Background processes" }] : [],
  });
};

export default { id: "hob", tui, setup };
