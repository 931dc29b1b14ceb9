// What a person does to a task. Each answers with the sentence that tells what came of it.
import type { Hob } from "../hob.ts";
import type { Killed, Task } from "../record.ts";
import { label } from "../text.ts";

type Calls = Pick<Hob, "ask" | "call">;

/** Ends it with all it started. */
export async function stop(hob: Calls, task: Task): Promise<string> {
  const [killed] = await hob.ask<Killed[]>(["kill", task.id, "--json"], { also: [1] });
  if (killed && killed.left.length > 0) throw new Error(`${label(task)}: ${killed.left.length} of its processes could not be ended`);
  return killed?.ended ? `${label(task)} was ended` : `${label(task)} had ended before`;
}

/** Starts it anew; the answer is the new task. */
export function restart(hob: Calls, task: Task): Promise<Task> {
  return hob.ask<Task>(["restart", task.id, "--json"]);
}

/** Gives it a line to read. The line is in nobody's list of processes. */
export async function sendLine(hob: Calls, { id, pty }: Task, line: string): Promise<void> {
  const args = pty ? ["send", id, "-", "--key", "Enter"] : ["send", id, "-"];
  await hob.call(args, { input: pty ? line : `${line}\n` });
}

/** Why a line cannot be sent to it; undefined when it can. */
export function deafness(task: Task): string | undefined {
  if (task.status !== "running") return `${label(task)} does not run`;
  return task.pty || task.stdin ? undefined : `${label(task)} reads no input: only a task with a terminal does`;
}
