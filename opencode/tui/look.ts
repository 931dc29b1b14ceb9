// How a task looks in a list: its mark, its colour's role, and the few words beside its name.
import { plainTags } from "../marks.ts";
import type { Task } from "../record.ts";
import { cut, drawn, widthOf } from "./width.ts";

/** The roles that a theme has colours for. */
export type Tone = "good" | "busy" | "ask" | "bad" | "quiet";

export interface Look {
  mark: string;
  tone: Tone;
}

const BUSY = 5;

/** Whether something of it still lives. */
export function lives({ status, leftover }: Task): boolean {
  return status === "running" || status === "pending" || leftover;
}

/** Whether it asks somebody for something. */
export function asks(task: Task): boolean {
  return lives(task) && task.waitingFor !== null;
}

export function lookOf(task: Task): Look {
  if (asks(task)) return { mark: "?", tone: "ask" };
  if (task.status === "failed") return { mark: "✗", tone: "bad" };
  if (task.leftover) return { mark: "◌", tone: "busy" };
  if (task.status === "pending") return { mark: "○", tone: "quiet" };
  if (task.status === "running") return { mark: "●", tone: "good" };
  return task.status === "completed" ? { mark: "✓", tone: "quiet" } : { mark: "■", tone: "quiet" };
}

/** What it is called by people. */
export function nameOf({ name, command }: Task): string {
  return drawn((name ?? command).replace(/\s+/g, " ").trim());
}

/** How long it has run, or ran: two units at the most. */
export function runtimeOf({ startedAt, completedAt }: Task, now: number): string {
  if (startedAt === null) return "";
  return spanOf((completedAt === null ? now : Date.parse(completedAt)) - Date.parse(startedAt));
}

export function spanOf(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ];
  const from = parts.findIndex(([count]) => count > 0);
  if (from < 0) return "0s";
  return parts
    .slice(from, from + 2)
    .filter(([count], at) => at === 0 || count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(" ");
}

/** What it is doing, where that is worth a word. */
export function conditionOf(task: Task): string {
  if (asks(task)) {
    const prompt = questionOf(task);
    return prompt ? `asks: ${prompt}` : `waits for ${task.waitingFor === "keys" ? "keys" : `a ${task.waitingFor}`}`;
  }
  if (task.status === "failed") return `failed${endOf(task)}`;
  if (task.leftover) return "has ended, its children run";
  return "";
}

/** What it asks, in its own words. Of a program that draws its screen the last line is no question. */
export function questionOf({ waitingFor, prompt }: Task): string {
  const words = drawn(prompt ?? "").trim();
  return waitingFor === "keys" && !/[?:>)\]…]$|\.\.\.$/.test(words) ? "" : words;
}

/** How it ended: its code, its signal, or the reason. */
export function endOf({ exitCode, signal, reason }: Task): string {
  if (signal !== null) return `, signal ${signal}`;
  if (exitCode !== null && reason === "exit") return `, exit ${exitCode}`;
  return reason ? `, ${reason}` : "";
}

/** The words below a task's name: condition, ports, first tag, and its share of a processor when it is busy. */
export function detailOf(task: Task): string {
  const tag = shownTags(task)[0];
  return [
    conditionOf(task),
    (task.ports ?? []).map((port) => `:${port}`).join(" "),
    tag ? `#${drawn(tag)}` : "",
    lives(task) && task.cpuPercent !== null && task.cpuPercent >= BUSY ? `${Math.round(task.cpuPercent)} % CPU` : "",
  ]
    .filter(Boolean)
    .join("  ");
}

/** The tags that are for people: not what the plugin marks a task with. */
export function shownTags({ tags }: Task): string[] {
  return plainTags(tags);
}

/** One row of CELLS: the name at the left, as long as it fits, and WORDS at the right. */
export function rowOf(name: string, words: string, cells: number): { left: string; gap: string; right: string } {
  const right = cut(words, Math.max(0, cells - 4));
  const room = cells - (right ? widthOf(right) + 1 : 0);
  const left = cut(name, room);
  return { left, gap: " ".repeat(Math.max(0, cells - widthOf(left) - widthOf(right))), right };
}
