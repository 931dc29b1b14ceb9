// What the tools do: each turns its arguments into calls of hob, and hob's answers into text.
import { askToRun } from "./ask.ts";
import type { Caller } from "./caller.ts";
import { checked } from "./check.ts";
import { folderOf, lifetimeOf, runArguments, type Create } from "./create.ts";
import type { Definition } from "./definitions.ts";
import type { Hob } from "./hob.ts";
import type { Notify } from "./options.ts";
import { projectOf } from "./project.ts";
import { readingOf, readOutput, type Reading } from "./read.ts";
import type { Killed, Task } from "./record.ts";
import { namesAny, selectors, show, type Filters, type Place } from "./select.ts";
import { checkTyping, Typist, type Typing } from "./send.ts";
import type { Family } from "./sessions.ts";
import { killedText, listedText, sentText, shownText, startedText, waitedText } from "./text.ts";
import { answerOf, patience, waitFor, waitOptions, type Conditions } from "./wait.ts";

/** What the tools need of the rest of the plugin. */
export interface Parts {
  hob: Hob;
  sessions: Pick<Family, "root">;
  owner: string;
  notifyPrefix: string;
  notify: Notify;
  shell(): string;
  /** Variables for a command that runs in this folder. */
  env(cwd: string): Promise<Record<string, string>>;
  /** Called before a process of this OpenCode may raise its first event. */
  listen(): void;
  /** Called when an answer has shown a session's agent that a task of the session has ended. */
  sawEnd(task: string): void;
}

/** Which process a call is about. */
interface One {
  processId: string;
}

type Kill = Filters & Partial<One>;

/** What the agent reads, what the user sees beside it, and what programs read. */
export interface Answer {
  title: string;
  output: string;
  metadata: Record<string, unknown>;
}

/** Runs a tool with what the model wrote for its arguments; throws one sentence when that cannot be. */
export type Run = (definition: Definition, args: unknown, caller: Caller) => Promise<Answer>;

export function makeCalls(parts: Parts): Run {
  const { hob, sessions } = parts;
  const typist = new Typist(hob);
  const placeOf = async (context: Caller): Promise<Place> => ({
    session: await sessions.root(context.sessionID),
    project: projectOf(context),
  });
  const find = async ({ processId }: One, context: Caller) => show(hob, processId, await placeOf(context), context.abort);

  const execute: Record<string, (args: never, context: Caller) => Promise<Answer>> = {
    async createBackgroundProcess(args: Create, context) {
      const cwd = folderOf(args.cwd, context.directory);
      // Nobody is asked for what could not be run.
      lifetimeOf(args);
      hob.find();
      await askToRun(args.command, cwd, context);
      parts.listen();
      const { owner, notifyPrefix, notify } = parts;
      const from = { ...(await placeOf(context)), caller: context.sessionID, owner, notifyPrefix, notify, shell: parts.shell() };
      const task = await hob.ask<Task>(runArguments(args, cwd, from), {
        input: args.command,
        env: await parts.env(cwd),
        signal: context.abort,
      });
      return { title: titleOf(task), output: startedText(task), metadata: metadataOf(task) };
    },

    async getBackgroundProcess(args: One & Reading, context) {
      const reading = readingOf(args);
      const task = await find(args, context);
      const page = await readOutput(hob, task, reading, context.abort);
      shows(task, context);
      return { title: titleOf(task), output: shownText(task, page), metadata: metadataOf(task) };
    },

    async waitForBackgroundProcess(args: One & Conditions, context) {
      const options = waitOptions(args);
      const { id } = await find(args, context);
      const waited = await waitFor(hob, id, options, context.abort);
      const task = await find({ processId: id }, context);
      shows(task, context);
      const output = waitedText(task, waited, patience(args));
      return { title: `${titleOf(task)}: ${waited.condition}`, output, metadata: { ...metadataOf(task), condition: waited.condition } };
    },

    async sendToBackgroundProcess(args: One & Typing, context) {
      const before = await find(args, context);
      checkTyping(args, before);
      const cursor = await typist.type(args, before, context);
      const page = await answerOf(hob, before, cursor, context.abort);
      const task = await find({ processId: before.id }, context);
      shows(task, context);
      return { title: titleOf(task), output: sentText(task, page), metadata: metadataOf(task) };
    },

    async listBackgroundProcesses(args: Filters, context) {
      const chosen = selectors(args, await placeOf(context));
      const tasks = await hob.ask<Task[]>(["list", ...chosen, "--json"], { signal: context.abort });
      return { title: `${tasks.length} processes`, output: listedText(tasks), metadata: { processes: tasks.map(metadataOf) } };
    },

    async killProcesses(args: Kill, context) {
      const ended = await hob.ask<Killed[]>(["kill", ...(await victims(args, context)), "--json"], {
        signal: context.abort,
        also: [1],
      });
      return { title: `${ended.length} processes`, output: killedText(ended), metadata: { processes: ended } };
    },
  };

  /** What the agent reads here it need not be told; a sub-agent's answers are not its own. */
  function shows({ id, status, sessionId }: Task, { sessionID }: Caller): void {
    if (sessionId === sessionID && (status === "completed" || status === "failed")) parts.sawEnd(id);
  }

  async function victims({ processId, ...filters }: Kill, context: Caller): Promise<string[]> {
    if (processId) return [(await find({ processId }, context)).id];
    if (!namesAny(filters)) throw new Error('Say which processes to end: give processId, sessionId ("current" for this session), status or tags.');
    const chosen = selectors(filters, await placeOf(context));
    return chosen.length > 0 ? chosen : ["--all"];
  }

  return async (definition, args, caller) => execute[definition.name]!(checked(definition, args) as never, caller);
}

function titleOf({ id, name }: Task): string {
  return name ? `${name} (${id})` : id;
}

function metadataOf({ id, name, status, pid, exitCode, tags, lifetime }: Task) {
  return { id, name, status, pid, exitCode, tags, lifetime };
}
