// The sentences of the screen.
import type { Task } from "../record.ts";
import type { Wanted } from "./choose.ts";
import { conditionOf, endOf, nameOf, runtimeOf, shownTags } from "./look.ts";
import type { Alert } from "./watch.ts";
import { cut, drawn } from "./width.ts";

// The titles of OpenCode's dialogs have room for 48 cells in a row.
const NAME = 32;

/** What a task is called in a sentence: nobody bounds how long a command is. */
export function shortName(task: Task): string {
  return cut(nameOf(task), NAME);
}

/** What a toast says of one or more. */
export function alertText(alerts: Alert[]): { title: string; message: string } {
  const [{ kind, task }, ...others] = alerts as [Alert, ...Alert[]];
  if (others.length > 0) return { title: sumOf(alerts), message: namesOf(alerts) };
  if (kind === "asks") return { title: `${shortName(task)} waits for input`, message: cut(conditionOf(task), 80) };
  return { title: `${shortName(task)} failed`, message: cut(drawn(task.error ?? `It ended${endOf(task)}.`), 120) };
}

/** The same in a line. */
export function alertLine(alerts: Alert[]): string {
  const [{ task }, ...others] = alerts as [Alert, ...Alert[]];
  return others.length > 0 ? `${sumOf(alerts)}: ${namesOf(alerts)}` : `${shortName(task)} ${conditionOf(task)}`;
}

function sumOf(alerts: Alert[]): string {
  const failed = alerts.filter(({ kind }) => kind === "failed").length;
  const asking = alerts.length - failed;
  return [failed > 0 ? `${failed} failed` : "", asking > 0 ? `${asking} wait${asking === 1 ? "s" : ""} for input` : ""].filter(Boolean).join(", ");
}

function namesOf(alerts: Alert[]): string {
  return cut(alerts.map(({ task }) => shortName(task)).join(", "), 120);
}

/** What the prompt's right side says; nothing while nothing lives. */
export function countText({ living, asking }: { living: number; asking: number }): string {
  if (living === 0) return "";
  return asking > 0 ? `● ${living}  ? ${asking}` : `● ${living}`;
}

/** What becomes part of a prompt. */
export function draftText({ id, name }: Task, lines: string[]): string {
  const which = name ? `${id} "${name}"` : id;
  return `The last output of background process ${which}:\n${lines.join("\n")}\n`;
}

/** A task's state in a line. */
export function stateLine(task: Task, now: number): string {
  const parts = [
    `${task.status}${task.status === "completed" || task.status === "running" ? "" : endOf(task)}`,
    runtimeOf(task, now),
    (task.ports ?? []).map((port) => `:${port}`).join(" "),
    task.waitingFor ? conditionOf(task) : "",
    task.leftover ? "its children still run" : "",
    task.cpuPercent !== null && task.cpuPercent >= 1 ? `${Math.round(task.cpuPercent)} % CPU` : "",
    task.memoryBytes ? `${Math.ceil(task.memoryBytes / (1 << 20))} MiB` : "",
    task.lifetime === "app" ? "global" : task.lifetime === "detached" ? "detached" : "",
    shownTags(task).map((tag) => `#${drawn(tag)}`).join(" "),
  ];
  return parts.filter(Boolean).join("  ");
}

/** The head of the page: how many tasks there are, and which of them are shown. */
export function headText(shown: number, all: number, { status, tag }: Wanted): string {
  const filters = [status ?? "", tag ? `#${drawn(tag)}` : ""].filter(Boolean).join(" ");
  return filters ? `${filters}: ${shown} of ${all}` : `${all}`;
}

/** Why the list is empty. */
export function emptyText(all: number, trouble: string): string {
  return trouble || (all === 0 ? "Nothing runs here yet." : "Nothing fits the filters.");
}

/** What somebody should know who ends a task that is not the session's own. */
export function ownerText({ lifetime, sessionId }: Task): string {
  if (lifetime === "app") return "It is global: other sessions use it, too. All its processes will end.";
  if (sessionId === null) return "It was started in a shell. All its processes will end.";
  return "It outlives its session. All its processes will end.";
}

/** Where a search is. EARLIER: lines that were not read could hold it, too. */
export function foundText(query: string, hits: number, earlier: boolean): string {
  if (hits > 0) return `${hits} × ${query}`;
  return earlier ? `not in the last lines: ${query}` : `no ${query}`;
}

/** Where the window is. EARLIER: there are lines above the first one. */
export function placeText(follows: boolean, { above, below }: { above: number; below: number }, earlier: boolean): string {
  if (follows) return "following";
  return above === 0 && earlier ? "hob logs has the rest" : `${above} above, ${below} below`;
}
