// What the agent reads: short, with every fact it may need and no word twice.
import type { Event, Killed, Process, Shown, Task } from "./record.ts";

const MOST_LISTED = 40;

/** A task that was just started. */
export function startedText(task: Task): string {
  return block(task).join("\n");
}

/** A task and the end of its output. HOB: how a shell calls the program. */
export function shownText(task: Shown, hob: string): string {
  const output = task.output.trimEnd();
  const lines = [...block(task), output ? `output:\n${output}` : "no output"];
  // hob names what it left out by the options that show it.
  if (/--since \d+/.test(output)) lines.push(`(to read what is left out: ${hob} logs ${task.id} --since ...)`);
  return lines.join("\n");
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

/** What processes want the agent to know. */
export function notificationText(events: Event[]): string {
  const said = events.map((event) => `${label(event)}: ${event.message}`);
  if (said.length === 1) return `Notification from background process ${said[0]}`;
  return ["Notifications from background processes:", ...said.map((line) => `- ${line}`)].join("\n");
}

/** Said when a notification lies in the session but no turn began. */
export const REMINDER = "The notification of a background process above waits for you.";

function label({ id, name }: { id: string; name: string | null }): string {
  return name ? `${id} "${name}"` : id;
}

function block(task: Task): string[] {
  return [head(task), ...details(task)];
}

function head(task: Task): string {
  const parts = [`${label(task)} ${task.status}${why(task)}`];
  if (task.exitCode !== null) parts.push(`exit code ${task.exitCode}`);
  if (task.signal !== null) parts.push(`signal ${task.signal}`);
  if (task.pid !== null) parts.push(`pid ${task.pid}`);
  if (task.startedAt) parts.push(`started ${time(task.startedAt)}`);
  if (task.completedAt) parts.push(`ended ${time(task.completedAt, task.startedAt)}`);
  return parts.join(", ");
}

function details(task: Task): string[] {
  const lines = [`command: ${task.command}`];
  if (task.tags.length > 0) lines.push(`tags: ${task.tags.join(", ")}`);
  if (task.lifetime !== "session") lines.push(task.lifetime === "app" ? "global" : task.lifetime);
  if (task.error) lines.push(`error: ${task.error}`);
  if (task.leftover && task.processes) lines.push(`still running: ${processes(task.processes)}`);
  return lines;
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
