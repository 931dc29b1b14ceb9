// The plugin as OpenCode loads it. All logic is in hob; here its words are translated.
import type { Hooks, PluginInput } from "@opencode-ai/plugin";
import { Auto } from "./auto.ts";
import { runningIn } from "./compact.ts";
import { Desk, waysOf } from "./desk.ts";
import { ShellEnv } from "./env.ts";
import { readOptions } from "./options.ts";
import { shellFor } from "./shell.ts";
import { projectOf } from "./project.ts";
import { makeTools } from "./tools.ts";
import { setup } from "./two/setup.ts";

// One for each set of options: projects may name different homes.
const desks = new Map<string, Desk>();

async function server(input: PluginInput, given?: Record<string, unknown>): Promise<Hooks> {
  const options = readOptions(given);
  const key = JSON.stringify(options);
  const desk = (desks.get(key) ?? new Desk(waysOf(input.client), options)).join();
  desks.set(key, desk);
  desk.listen();

  const environment = new ShellEnv(input.client);
  const auto = new Auto({ desk, options, project: projectOf(input) });
  let config: { shell?: string; plugin?: unknown[] } = {};

  return {
    tool: makeTools({
      hob: desk.hob,
      sessions: desk.sessions,
      owner: desk.owner,
      notifyPrefix: options.notifyPrefix,
      shell: () => shellFor(auto.shellOf(config.shell)),
      // Alone, there is no other plugin whose variables could be asked for.
      env: async (cwd) => ((config.plugin ?? []).length > 1 ? environment.in(cwd) : {}),
      listen: () => desk.listen(),
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
      desk.turns.notice(event);
      if (event.type === "session.created") desk.open(event.properties.info.id);
      // In the background, as it may take seconds. Where hob is missing there is nothing to end.
      if (event.type === "session.deleted") void desk.end(event.properties.info.id).catch(() => {});
    },
    dispose: async () => {
      if (desk.leave()) desks.delete(key);
    },
  };
}

export default { id: "hob", server, setup };
