// What a session is told of its tasks' events: which of them, and in which words. Events go in, text comes out; who
// prompts, and how, is no concern of this file.
import { type Batch, digest, type Told } from "./batch.ts";
import { exitCode, type Hob } from "./hob.ts";
import { type Ends, markedEnds } from "./marks.ts";
import { readOutput } from "./read.ts";
import type { Event, Page, Shown } from "./record.ts";
import { label, lastText, stateText } from "./text.ts";

const LAST = { lines: 10, maxChars: 1500 };
const MOST_OF_A_LINE = 300;
const MOST_NAMED = 20;
// So many calls of hob go on side by side.
const MOST_AT_ONCE = 8;
// hob's code when there is no such task.
const GONE = 3;

/** What a task asked to be told; that it did is known of an exit only once the task is looked at. */
const TOLD = new Set(["notify", "match", "idle", "input", "port", "exit"]);

/** Whether a session may want to know. Who asked for what could not be started has been told already. */
export function mayTell({ type, sessionId, status, reason }: Event): boolean {
  return sessionId !== null && TOLD.has(type) && status !== "cancelled" && reason !== "exec";
}

/** What the texts need to know beside the events. */
export interface Knowledge {
  hob: Pick<Hob, "ask" | "call">;
  /** Of which ends the sessions of a project are told where the task itself does not say. */
  ends(project: string | null): Ends;
  /** Whether the agent has seen in an answer that a task has ended. */
  sawEnd(id: string): boolean;
}

/** What a session is told, and the numbers of the events that it is about. */
export interface News {
  text: string;
  seqs: number[];
}

/** What is news of these; undefined when nothing is. SLOWED: the tasks that are slowed down from now on. */
export async function newsOf(knowledge: Knowledge, batches: Batch[], slowed = new Set<string>()): Promise<News | undefined> {
  const tasks = new Map<string, Shown>();
  const looked = await lookAtAll(knowledge.hob, batches);
  for (const batch of batches) {
    const task = looked.get(batch.id);
    if (!task || task.status === "cancelled" || task.ending) continue;
    if (batch.exit && !endIsNews(knowledge, batch, task)) batch.dropExit();
    if (batch.seqs.length > 0) tasks.set(batch.id, task);
  }
  const news = batches.filter(({ id }) => tasks.has(id));
  if (news.length === 0) return undefined;
  const told = digest(news);
  const parts = [listText(told)];
  for (const one of told) {
    const task = tasks.get(one.batch.id)!;
    if (hasBlock(one)) parts.push(blockText(task, one, await readOutput(knowledge.hob, task, LAST)));
  }
  for (const { batch } of told) if (slowed.has(batch.id)) parts.push(slowedText(batch));
  return { text: parts.filter(Boolean).join("\n\n"), seqs: news.flatMap(({ seqs }) => seqs) };
}

/** The tasks of BATCHES that are there. */
async function lookAtAll(hob: Knowledge["hob"], batches: Batch[]): Promise<Map<string, Shown>> {
  const found = new Map<string, Shown>();
  for (let at = 0; at < batches.length; at += MOST_AT_ONCE) {
    const some = batches.slice(at, at + MOST_AT_ONCE);
    const tasks = await Promise.all(some.map(({ id }) => lookAt(hob, id)));
    for (const task of tasks) if (task) found.set(task.id, task);
  }
  return found;
}

/** The task, or undefined when it is gone. */
async function lookAt(hob: Knowledge["hob"], id: string): Promise<Shown | undefined> {
  try {
    return await hob.ask<Shown>(["show", id, "-n", "0", "--json"]);
  } catch (error) {
    if (exitCode(error) === GONE) return undefined;
    throw error;
  }
}

function endIsNews({ ends, sawEnd }: Knowledge, { project, exit }: Batch, { id, tags }: Shown): boolean {
  const own = markedEnds(tags);
  if (own) return own === "always";
  const wanted = ends(project);
  return !sawEnd(id) && (wanted === "always" || (wanted === "failure" && exit?.status === "failed"));
}

/** A line of a text, and the number of the event that it stands for. */
interface Line {
  seq: number;
  text: string;
}

/** What processes want the agent to know, and what is counted only of those that have no block. */
function listText(told: Told[]): string {
  const lines = told.flatMap(({ batch, events }): Line[] =>
    events.filter(({ type }) => type === "notify").map(({ seq, message }) => ({ seq, text: `${label(batch)}: ${message}` })),
  );
  const rests = told.filter((one) => one.rest && !hasBlock(one)).map(({ batch, rest }) => ({ ...rest!, label: label(batch) }));
  if (lines.length === 1 && rests.length === 0) return `Notification from background process ${lines[0]!.text}`;
  lines.push(...rests.slice(0, MOST_NAMED).map(({ seq, count, label, cursor }) => ({ seq, text: `(${count} more of ${label}: since ${cursor})` })));
  const others = rests.slice(MOST_NAMED);
  if (others.length > 0) lines.push({ seq: others[0]!.seq, text: `(${sum(others)} more of ${others.length} other processes)` });
  return lines.length === 0 ? "" : ["Notifications from background processes:", ...inOrder(lines)].join("\n");
}

/** Something beside its own messages happened. */
function hasBlock({ events }: Told): boolean {
  return events.some(({ type }) => type !== "notify");
}

/** One task: how it is, what happened, its last lines, and from where to read. */
function blockText(task: Shown, { events, rest }: Told, last: Page): string {
  const lines = events.flatMap((event): Line[] => {
    const text = eventText(event, task);
    return text === undefined ? [] : [{ seq: event.seq, text }];
  });
  if (rest) lines.push({ seq: rest.seq, text: `(${rest.count} more: since ${rest.cursor})` });
  const match = events.find(({ type }) => type === "match");
  return [`Background process ${stateText(task)}`, ...inOrder(lines), ...lastText(task, last, match?.cursor)].join("\n");
}

/** What the task's state does not tell; its own messages stand elsewhere. */
function eventText({ type, message }: Event, task: Shown): string | undefined {
  const text = cut(message ?? "");
  if (type === "match") return `matched: ${text}`;
  if (type === "port" && task.ports?.includes(Number(/\d+$/.exec(text)?.[0]))) return undefined;
  if (type === "input" && task.waitingFor && text.endsWith(task.prompt ?? "")) return undefined;
  return type === "exit" || type === "notify" ? undefined : text;
}

function inOrder(lines: Line[]): string[] {
  return lines.sort((a, b) => a.seq - b.seq).map(({ text }) => `- ${text}`);
}

function sum(counts: { count: number }[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}

function cut(line: string): string {
  return line.length > MOST_OF_A_LINE ? `${line.slice(0, MOST_OF_A_LINE)}…` : line;
}

/** Said once of a task that never comes to rest. */
function slowedText(batch: Batch): string {
  const cursor = Math.max(...batch.events.map(({ cursor }) => cursor));
  return (
    `Background process ${label(batch)} is slowed down: its notifications only follow each other. From now on they come together, ` +
    `up to half a minute late, until it is quieter. To read its output meanwhile: getBackgroundProcess since ${cursor}.`
  );
}

/** Said when a notification lies in the session but no turn began. */
export const REMINDER = "The notification of a background process above waits for you.";
