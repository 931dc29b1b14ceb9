// Which tasks are shown, and in which order.
import type { Status, Task } from "../record.ts";
import { asks, lives, shownTags } from "./look.ts";

export interface Wanted {
  status?: Status;
  tag?: string;
}

/** What the session ROOT may see of a project's tasks: its own, and those that belong to no session. */
export function visibleTo(tasks: Task[], root: string | undefined): Task[] {
  return tasks.filter(({ sessionId, lifetime }) => lifetime !== "session" || (root !== undefined && sessionId === root));
}

/** Those with the status and the tag that are wanted; "running" means whatever lives. */
export function chosen(tasks: Task[], { status, tag }: Wanted): Task[] {
  return tasks.filter((task) => {
    const fits = status === undefined || (status === "running" ? lives(task) : task.status === status && !task.leftover);
    return fits && (tag === undefined || task.tags.includes(tag));
  });
}

/** What asks comes first, then what lives, then what is over: each the newest first. */
export function ordered(tasks: Task[]): Task[] {
  return [...tasks].sort((one, other) => rank(one) - rank(other) || (other.startedAt ?? "").localeCompare(one.startedAt ?? ""));
}

/** What the sidebar shows while anything lives: what lives, and what failed since the oldest of it began. */
export function current(tasks: Task[]): Task[] {
  const living = tasks.filter(lives);
  const since = living.map(({ startedAt }) => startedAt ?? "").sort()[0];
  if (since === undefined) return [];
  const shown = tasks.filter((task) => lives(task) || (task.status === "failed" && (task.completedAt ?? "") > since));
  // A failure is not to stand where no room is left.
  return ordered(shown).sort((one, other) => urgency(one) - urgency(other));
}

export function countOf(tasks: Task[]): { living: number; asking: number } {
  return { living: tasks.filter(lives).length, asking: tasks.filter(asks).length };
}

/** Every tag that any of them bears. */
export function tagsOf(tasks: Task[]): string[] {
  return [...new Set(tasks.flatMap(shownTags))].sort();
}

function urgency(task: Task): number {
  return asks(task) ? 0 : task.status === "failed" ? 1 : 2;
}

function rank(task: Task): number {
  return asks(task) ? 0 : lives(task) ? 1 : 2;
}
