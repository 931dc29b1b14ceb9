// The plugin as OpenCode loads it. All logic is in hob; here its words are translated.
import type { Hooks, PluginInput } from "@opencode-ai/plugin";
import { Auto } from "./auto.ts";
import { runningIn } from "./compact.ts";
import { Desk, waysOf } from "./desk.ts";
import { ShellEnv } from "./env.ts";
import { openedIn } from "./opened.ts";
import { readOptions, wrongIn } from "./options.ts";
import { projectOf } from "./project.ts";
import { shellFor } from "./shell.ts";
import { makeTools } from "./tools.ts";
import { setup } from "./two/setup.ts";

// One for each home of hob that projects name: who consumes its events must be one.
const desks = new Map<string, Desk>();

async function server(input: PluginInput, given?: Record<string, unknown>): Promise<Hooks> {
  const options = readOptions(given);
  const key = JSON.stringify([options.bin, options.home]);
  const desk = (desks.get(key) ?? new Desk(waysOf(input.client), options)).join(projectOf(input), options.notify);
  desks.set(key, desk);
  desk.listen();
  for (const message of wrongIn(given)) void warn(input.client, message);

  const environment = new ShellEnv(input.client);
  const auto = new Auto({ desk, options, project: projectOf(input) });
  let config: { shell?: string; plugin?: unknown[] } = {};

  return {
    tool: makeTools({
      hob: desk.hob,
      sessions: desk.sessions,
      owner: desk.owner,
      notifyPrefix: options.notifyPrefix,
      notify: options.notify,
      shell: () => shellFor(auto.shellOf(config.shell)),
      // Alone, there is no other plugin whose variables could be asked for.
      env: async (cwd) => ((config.plugin ?? []).length > 1 ? environment.in(cwd) : {}),
      listen: () => desk.listen(),
      sawEnd: (task) => desk.sawEnd(task),
    }),
    config: async (merged) => {
      // Kept, not read: plugins that come later may still change it.
      config = merged as typeof config;
      await auto.standIn(config);
    },
    "tool.execute.before": async (call, { args }) => auto.notice(call, args),
    "shell.env": async (call, output) => {
      await environment.hook(call, output);
      await auto.handOver(call, output.env);
    },
    "experimental.session.compacting": async ({ sessionID }, { context }) => {
      context.push(...(await runningIn(desk, sessionID, projectOf(input))));
    },
    "chat.message": async ({ sessionID }) => {
      // In the background: what waits must not hold up the user's message.
      void desk.see(sessionID).catch(() => {});
    },
    event: async ({ event }) => {
      desk.notice(event);
      const opened = openedIn(event);
      if (opened) void desk.see(opened).catch(() => {});
      // In the background, as it may take seconds. Where hob is missing there is nothing to end.
      if (event.type === "session.deleted") void desk.end(event.properties.info.id).catch(() => {});
    },
    dispose: async () => {
      if (desk.leave()) desks.delete(key);
    },
  };
}

/** The user finds it in OpenCode's log. */
async function warn(client: PluginInput["client"], message: string): Promise<void> {
  await client.app.log({ body: { service: "hob", level: "warn", message } }).catch(() => {});
}

export default { id: "hob", server, setup };
