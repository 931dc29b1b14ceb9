// The four tools: each turns its arguments into one call of hob, and hob's answer into text.
import { isAbsolute, join } from "node:path";
import type { PluginInput } from "@opencode-ai/plugin";
import { tool, type ToolContext, type ToolDefinition, type ToolResult } from "@opencode-ai/plugin/tool";
import { askToRun } from "./ask.ts";
import type { Hob } from "./hob.ts";
import type { Killed, Task } from "./record.ts";
import { describeTools } from "./schema.ts";
import { namesAny, selectors, show, type Filters, type Place } from "./select.ts";
import type { Sessions } from "./sessions.ts";
import { killedText, listedText, shownText, startedText } from "./text.ts";

const LINES = 100;

/** What the tools need of the rest of the plugin. */
export interface Parts {
  hob: Hob;
  sessions: Sessions;
  owner: string;
  notifyPrefix: string;
  shell(): string;
  /** Variables for a command that runs in this folder. */
  env(cwd: string): Promise<Record<string, string>>;
  /** Called before a process of this OpenCode may raise its first event. */
  listen(): void;
}

interface Create {
  command: string;
  name?: string;
  tags?: string[];
  global?: boolean;
  cwd?: string;
  timeout?: string;
}

interface Kill extends Filters {
  processId?: string;
}

export function makeTools(parts: Parts): Record<string, ToolDefinition> {
  const { hob, sessions } = parts;
  const placeOf = async (context: ToolContext): Promise<Place> => ({
    session: await sessions.root(context.sessionID),
    project: projectOf(context),
  });

  const execute: Record<string, (args: never, context: ToolContext) => Promise<ToolResult>> = {
    async createBackgroundProcess(args: Create, context) {
      const cwd = folderOf(args.cwd, context.directory);
      // Nobody is asked for what could not be run.
      hob.find();
      await askToRun(args.command, cwd, context);
      parts.listen();
      const task = await hob.ask<Task>(runArguments(args, cwd, await placeOf(context), context.sessionID, parts), {
        input: args.command,
        env: await parts.env(cwd),
        signal: context.abort,
      });
      return { title: titleOf(task), output: startedText(task), metadata: metadataOf(task) };
    },

    async getBackgroundProcess({ processId }: { processId: string }, context) {
      const task = await show(hob, processId, LINES, await placeOf(context), context.abort);
      return { title: titleOf(task), output: shownText(task, hob.words), metadata: metadataOf(task) };
    },

    async listBackgroundProcesses(args: Filters, context) {
      const chosen = selectors(args, await placeOf(context));
      const tasks = await hob.ask<Task[]>(["list", ...chosen, "--json"], { signal: context.abort });
      return { title: `${tasks.length} processes`, output: listedText(tasks), metadata: { processes: tasks.map(metadataOf) } };
    },

    async killProcesses(args: Kill, context) {
      const { abort: signal } = context;
      const ended = await hob.ask<Killed[]>(["kill", ...(await victims(args, await placeOf(context), signal)), "--json"], {
        signal,
        partly: true,
      });
      return { title: `${ended.length} processes`, output: killedText(ended), metadata: { processes: ended } };
    },
  };

  async function victims({ processId, ...filters }: Kill, place: Place, signal: AbortSignal): Promise<string[]> {
    if (processId) return [(await show(hob, processId, 1, place, signal)).id];
    if (!namesAny(filters)) throw new Error('Say which processes to end: give processId, sessionId ("current" for this session), status or tags.');
    const chosen = selectors(filters, place);
    return chosen.length > 0 ? chosen : ["--all"];
  }

  const described = [...describeTools(parts.notifyPrefix)];
  return Object.fromEntries(described.map(([name, about]) => [name, tool({ ...about, execute: execute[name] as never })]));
}

function runArguments(args: Create, cwd: string, place: Place, caller: string, parts: Parts): string[] {
  const { name, tags = [], global, timeout } = args;
  return [
    "run",
    ...(name ? ["-n", name] : []),
    ...tags.filter(Boolean).flatMap((tag) => ["-t", tag]),
    ...(timeout ? ["--timeout", timeout] : []),
    ...["-S", place.session, "--created-by", caller, "-o", parts.owner, "-l", global ? "app" : "session"],
    ...["-C", cwd, "--project", place.project],
    ...["--notify-prefix", parts.notifyPrefix, "--shell", parts.shell()],
    // The line goes through stdin: there it may be longer than an argument can be.
    ...["--json", "-c", "-"],
  ];
}

function folderOf(cwd: string | undefined, directory: string): string {
  if (!cwd) return directory;
  return isAbsolute(cwd) ? cwd : join(directory, cwd);
}

/** The repository, or without one the folder that OpenCode was opened in. */
function projectOf({ worktree, directory }: Pick<PluginInput, "worktree" | "directory">): string {
  return worktree === "/" ? directory : worktree;
}

function titleOf({ id, name }: Task): string {
  return name ? `${name} (${id})` : id;
}

function metadataOf({ id, name, status, pid, exitCode, tags, lifetime }: Task) {
  return { id, name, status, pid, exitCode, tags, lifetime };
}
