// What the agent reads: short, with every fact it may need and no word twice.
import { plainTags } from "./marks.ts";
import type { Killed, Page, Process, Shown, Task, Waited } from "./record.ts";

const MOST_LISTED = 40;

/** A task that was just started. */
export function startedText(task: Task): string {
  return block(task).join("\n");
}

/** A task and the part of its output that was asked for. */
export function shownText(task: Shown, page: Page): string {
  return [...block(task), ...holder(task), ...outputOf(task, page)].join("\n");
}

/** How a wait ended, and the last lines. PATIENCE: how long it was to take at the most. */
export function waitedText(task: Shown, { condition, match, port, cursor, lines }: Waited, patience: string): string {
  const said = {
    exit: undefined,
    ended: "It ended before that.",
    match: `Matched: ${match}`,
    port: `It listens on port ${port}.`,
    idle: "It is silent.",
    input: "It waits for input.",
    timeout: `Not yet after ${patience}: to go on, wait again.`,
  }[condition];
  const output = outputOf(task, { text: lines.join("\n"), cursor });
  return [stateText(task), ...(said ? [said] : []), ...errors(task), ...holder(task), ...output].join("\n");
}

/** What came back from a task that was typed to. */
export function sentText(task: Shown, page: Page): string {
  return [stateText(task), ...outputOf(task, page, "Nothing came back yet.")].join("\n");
}

/** Many tasks, one a line; of too many the oldest that are over are left out. */
export function listedText(tasks: Task[]): string {
  if (tasks.length === 0) return "No background processes.";
  const over = tasks.filter(({ status, leftover }) => status !== "running" && status !== "pending" && !leftover);
  const omitted = new Set(over.slice(0, Math.max(0, tasks.length - MOST_LISTED)));
  const lines = tasks.filter((task) => !omitted.has(task)).map((task) => block(task).join("; "));
  if (omitted.size > 0) lines.unshift(`(${omitted.size} older ones that are over are left out: filter by status or tags)`);
  return lines.join("\n");
}

/** What a summary of the session must keep of a task that runs. */
export function keptText(task: Task): string {
  return `- ${[...block(task), `its output so far ends at cursor ${task.cursor}`].join("; ")}`;
}

/** What became of the tasks that were to be ended. */
export function killedText(killed: Killed[]): string {
  if (killed.length === 0) return "No background process fits: nothing was ended.";
  return killed
    .map((task) => `${label(task)} ${task.status}: ${fate(task)}`)
    .join("\n");
}

function fate({ ended, left }: Killed): string {
  if (left.length > 0) return `these processes could not be ended: ${processes(left)}`;
  return ended ? "all its processes have ended" : "it had ended before";
}

/** How a task is called. */
export function label({ id, name }: { id: string; name: string | null }): string {
  return name ? `${id} "${name}"` : id;
}

function block(task: Task): string[] {
  return [head(task), ...details(task)];
}

/** What matters of a task right now. */
export function stateText(task: Task): string {
  return [...status(task), ...living(task)].join(", ");
}

function head(task: Task): string {
  const parts = status(task);
  if (task.pid !== null) parts.push(`pid ${task.pid}`);
  if (task.startedAt) parts.push(`started ${time(task.startedAt)}`);
  if (task.completedAt) parts.push(`ended ${time(task.completedAt, task.startedAt)}`);
  return [...parts, ...living(task)].join(", ");
}

function status(task: Task): string[] {
  const parts = [`${label(task)} ${task.status}${why(task)}`];
  if (task.exitCode !== null) parts.push(`exit code ${task.exitCode}`);
  if (task.signal !== null) parts.push(`signal ${task.signal}`);
  return parts;
}

function living({ ports, waitingFor, prompt }: Task): string[] {
  const parts = ports?.length ? [`port ${ports.join(", ")}`] : [];
  if (!waitingFor) return parts;
  const what = { line: "a line", password: "a password", keys: "keys" }[waitingFor];
  return [...parts, `waits for ${what}${prompt?.trim() ? ` at "${prompt.trim()}"` : ""}`];
}

function details(task: Task): string[] {
  const lines = [`command: ${task.command}`];
  const tags = plainTags(task.tags);
  if (tags.length > 0) lines.push(`tags: ${tags.join(", ")}`);
  if (task.lifetime !== "session") lines.push(task.lifetime === "app" ? "global" : task.lifetime);
  lines.push(...errors(task));
  if (task.leftover && task.processes) lines.push(`still running: ${processes(task.processes)}`);
  return lines;
}

function errors({ error }: Task): string[] {
  return error ? [`error: ${error}`] : [];
}

function holder({ portHeldBy }: Shown): string[] {
  if (!portHeldBy) return [];
  const { port, id, name, pid, command } = portHeldBy;
  const who = id ? `background process ${label({ id, name })}` : pid ? processes([{ pid, command: command ?? undefined }]) : "another user";
  return [`port ${port} is held by ${who}`];
}

/** A part of a task's output, and how to read on. */
function outputOf(task: Task, { text, cursor }: Page, none = "no output"): string[] {
  const output = text.trimEnd();
  const lines = [output ? `output:\n${output}` : none];
  // hob names what it left out by the options that show it.
  if (/ left out: --since \d/.test(output)) lines.push("(what is left out: give its since)");
  return goesOn(task) && cursor !== undefined ? [...lines, `(what is new: since ${cursor})`] : lines;
}

/** The last lines of a task that has news. MATCH: where the first line lies that matched. */
export function lastText(task: Task, { text, cursor }: Page, match: number | undefined): string[] {
  const output = text.trimEnd();
  const places = [...(match === undefined ? [] : [`first match: since ${match}`]), ...(goesOn(task) ? [`what is new: since ${cursor}`] : [])];
  return [...(output ? [`last output:\n${output}`] : []), ...(places.length > 0 ? [`(${places.join("; ")})`] : [])];
}

function goesOn({ status, leftover }: Task): boolean {
  return status === "running" || leftover;
}

/** The reason, where code and signal do not tell it. */
function why({ reason }: Task): string {
  return reason && reason !== "exit" && reason !== "signal" ? ` (${reason})` : "";
}

/** To the second, and without the day where that was just said. */
function time(iso: string, said: string | null = null): string {
  const [day, clock] = iso.replace(/\.\d+Z$/, "Z").split("T");
  return said?.startsWith(day!) ? clock! : `${day} ${clock}`;
}

function processes(list: Process[]): string {
  return list
    .map(({ pid, user, command }) => [`pid ${pid}`, user && `of ${user}`, command && `(${command})`].filter(Boolean).join(" "))
    .join(", ");
}
