// Reads a task's output as the agent asked for it: its end, its beginning, what is new, what matches, its screen.
import { exitCode, type Hob } from "./hob.ts";
import type { Page, Task } from "./record.ts";

export interface Reading {
  lines?: number;
  head?: number;
  since?: number;
  pattern?: string;
  maxChars?: number;
  screen?: boolean;
}

/** Takes what models fill in for nothing as nothing; throws one sentence when the rest contradicts itself. */
export function readingOf({ lines, head, since, pattern, maxChars, screen }: Reading): Reading {
  const reading: Reading = { lines: lines || undefined, head: head || undefined, since, pattern, maxChars: maxChars || undefined };
  if (reading.since === 0 && (reading.lines || reading.head)) reading.since = undefined;
  const ways = given(reading, ["lines", "head", ...(pattern ? [] : ["since" as const])]);
  if (ways.length > 1) throw new Error(`${ways.join(" and ")} exclude each other: give one of them.`);
  if (!screen) return reading;
  const others = given({ ...reading, since: reading.since || undefined }, ["lines", "head", "since", "pattern", "maxChars"]);
  if (others.length > 0) throw new Error(`screen shows the whole terminal and goes without ${others.join(" and ")}.`);
  return { screen };
}

/** The part of TASK's output that was asked for. */
export async function readOutput(hob: Pick<Hob, "ask" | "call">, task: Task, reading: Reading, signal?: AbortSignal): Promise<Page> {
  if (reading.screen) return { text: await hob.call(["screen", task.id], { signal }) };
  const args = ["logs", task.id, ...options(reading)];
  if (reading.pattern === undefined) return hob.ask<Page>([...args, "--json"], { signal });
  try {
    return { text: await hob.call([...args, "-g", reading.pattern], { signal }), cursor: task.cursor };
  } catch (error) {
    // That nothing matches is an answer.
    if (exitCode(error) === 1) return { text: (error as Error).message, cursor: task.cursor };
    throw error;
  }
}

function options({ lines, head, since, maxChars }: Reading): string[] {
  return [
    ...(lines === undefined ? [] : ["-n", String(lines)]),
    ...(head === undefined ? [] : ["--head", String(head)]),
    ...(since === undefined ? [] : ["--since", String(since)]),
    ...(maxChars === undefined ? [] : ["--max-bytes", String(maxChars)]),
  ];
}

function given(reading: Reading, names: (keyof Reading)[]): string[] {
  return names.filter((name) => reading[name] !== undefined);
}
