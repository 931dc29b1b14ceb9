// Waits for a task: the conditions of a tool call as hob's options.
import type { Hob } from "./hob.ts";
import type { Page, Task, Waited } from "./record.ts";
import { readOutput } from "./read.ts";

export interface Conditions {
  exit?: boolean;
  match?: string;
  port?: string;
  idle?: string;
  input?: boolean;
  since?: number;
  timeout?: string;
}

/** An answer after a while is better than none: the agent may go on waiting. */
const PATIENCE = "50s";

// Who was typed to gets this long to begin an answer; it is over when so much silence follows.
const FIRST_ANSWER = "1s";
const SILENCE = "250ms";
const LONGEST_ANSWER = "2s";

// hob's code when time is over, and when the task ended first.
const NOT_YET = [4, 5];

/** The options of "hob wait". Throws one sentence when they contradict each other. */
export function waitOptions({ exit, match, port, idle, input, since, timeout = PATIENCE }: Conditions): string[] {
  if (since && match === undefined) throw new Error("since goes with match: it says from where on output may match.");
  if (port !== undefined && !/^(any|\d+)$/.test(port)) throw new Error(`port must be a number or any, not "${port}".`);
  return [
    ...(exit ? ["--exit"] : []),
    ...(match === undefined ? [] : [`--match=${match}`]),
    ...(port === undefined ? [] : [port === "any" ? "--port" : `--port=${port}`]),
    ...(idle === undefined ? [] : ["--idle", idle]),
    ...(input ? ["--input"] : []),
    ...(since ? ["--since", String(since)] : []),
    ...["--timeout", timeout],
  ];
}

/** How long a wait may take. */
export function patience({ timeout = PATIENCE }: Conditions): string {
  return timeout;
}

/** Waits until one of the conditions holds, time is over, or the task ended. */
export function waitFor(hob: Hob, id: string, options: string[], signal: AbortSignal): Promise<Waited> {
  return hob.ask<Waited>(["wait", id, ...options, "--json"], { signal, also: NOT_YET });
}

/** What TASK wrote since CURSOR, when it has fallen silent after its first word, or ended. */
export async function answerOf(hob: Hob, task: Task, cursor: number, signal: AbortSignal): Promise<Page> {
  const any = ["--match=.", "--since", String(cursor), "--exit", "--timeout", FIRST_ANSWER];
  const { condition } = await waitFor(hob, task.id, any, signal);
  if (condition === "match") await waitFor(hob, task.id, ["--idle", SILENCE, "--exit", "--timeout", LONGEST_ANSWER], signal);
  return readOutput(hob, task, { since: cursor }, signal);
}
