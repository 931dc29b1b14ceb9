// Who calls a tool in OpenCode 2: the session tells where it works, and the server whether it may.
import { contains } from "../inside.ts";
import type { Caller, Request } from "../caller.ts";
import { readOptions } from "../options.ts";
import { isMethod, type Call, type Context, type Info, type Location } from "./context.ts";

const REFUSED =
  "Refused: this OpenCode has no way for a plugin to ask whether a command is allowed. " +
  'If background processes may run without being asked for, the user sets the plugin\'s option "allowWithoutPermission" to true.';

// What OpenCode 2 calls them.
const ACTIONS: Record<string, string> = { bash: "shell" };

/** INFO: of the session that calls, where OpenCode tells of it. */
export function callerOf(context: Context, call: Call, info: Info | undefined): Caller {
  return {
    sessionID: call.sessionID,
    ...placeOf(info, context.location),
    abort: call.signal ?? new AbortController().signal,
    ask: (request) => ask(context, call, request),
  };
}

/** Where a session works. The plugin's own place is another's, unless both are of one project. */
export function placeOf(info: Info | undefined, location: Location | undefined): Pick<Caller, "directory" | "worktree"> {
  const here = location?.directory ?? process.cwd();
  const directory = info?.location.directory ?? here;
  const { id, directory: top } = location?.project ?? {};
  const isSame = info === undefined || info.projectID === id;
  return { directory, worktree: isSame && top && contains(top, directory) ? top : "/" };
}

async function ask({ permission, options }: Context, call: Call, request: Request): Promise<void> {
  const { sessionID, agent, messageID, id } = call;
  if (!isMethod(permission?.assert)) {
    if (!readOptions(options).allowWithoutPermission) throw new Error(REFUSED);
    return;
  }
  await permission!.assert!({
    sessionID,
    ...(agent === undefined ? {} : { agent }),
    action: ACTIONS[request.permission] ?? request.permission,
    resources: request.patterns,
    save: request.always,
    metadata: request.metadata,
    ...(messageID === undefined || id === undefined ? {} : { source: { type: "tool" as const, messageID, id } }),
  });
}
