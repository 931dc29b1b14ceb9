// The plugin as OpenCode 2 loads it: once for each folder that is in use, in one server for all of the user's windows.
import { Desk } from "../desk.ts";
import { readOptions, type Options } from "../options.ts";
import { projectOf } from "../project.ts";
import { shellFor } from "../shell.ts";
import { placeOf } from "./caller.ts";
import { keepThrough } from "./compact.ts";
import { isMethod, type Context } from "./context.ts";
import { Ear, followEvents } from "./events.ts";
import { endOrphans } from "./orphans.ts";
import { Server } from "./server.ts";
import { makeTools } from "./tools.ts";

/** What the instances with one home of hob share: who consumes its events must be one. */
class Shared {
  readonly server = new Server();
  readonly desk: Desk;
  readonly ear: Ear;

  constructor(options: Options) {
    this.desk = new Desk({ sessions: this.server, host: this.server, notice: () => {} }, options);
    this.ear = new Ear(this.desk, this.server, this.see);
  }

  /** Where no session can be told anything, what is to be told stays in hob. */
  readonly listen = () => {
    if (this.server.canWake) this.desk.listen();
  };

  /** Hands a session, when it is first used, what was raised for it while no server ran. In the background. */
  readonly see = (session: string) => {
    if (this.server.canWake) void this.desk.see(session).catch(() => {});
  };
}

const all = new Map<string, Shared>();

/**
 * Registers the tools and listens. What it returns lets go of both and ends no process: a folder where nothing happens
 * for an hour is unloaded. Without tools to register (OpenCode 1 may call this, too) it does nothing.
 */
export async function setup(context: Context): Promise<(() => void) | undefined> {
  if (!isMethod(context?.tool?.transform)) return undefined;
  const options = readOptions(context.options);
  const project = projectOf(placeOf(undefined, context.location));
  const key = JSON.stringify([options.bin, options.home]);
  const shared = all.get(key) ?? new Shared(options);
  const { server, desk, ear } = shared;
  all.set(key, shared);
  desk.join(project, options.notify);
  server.add(context);
  const closed = new AbortController();
  const leave = () => {
    if (closed.signal.aborted) return;
    closed.abort();
    server.remove(context);
    if (desk.leave()) all.delete(key);
  };
  try {
    const tools = makeTools(context, server, partsOf(shared, options), shared.see);
    await context.tool!.transform!((editor) => tools.forEach((tool) => editor.add(tool)));
    await keepThrough(context, desk, server);
  } catch (error) {
    leave();
    throw error;
  }
  shared.listen();
  const reconcile = () => void endOrphans(desk, server, project).catch(() => {});
  void followEvents(context, (event) => ear.hear(event), reconcile, closed.signal);
  return leave;
}

function partsOf({ desk, listen }: Shared, { notifyPrefix, notify }: Options) {
  return {
    hob: desk.hob,
    sessions: desk.sessions,
    owner: desk.owner,
    notifyPrefix,
    notify,
    shell: () => shellFor(undefined),
    env: async () => ({}),
    listen,
    sawEnd: (task: string) => desk.sawEnd(task),
  };
}
