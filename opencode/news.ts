// What a session is told of its tasks' events: which of them, and in which words.
import { NOTIFY_EXIT } from "./create.ts";
import { exitCode, type Hob } from "./hob.ts";
import type { Item } from "./queue.ts";
import { readOutput } from "./read.ts";
import type { Event, Page, Shown } from "./record.ts";
import { label, lastText, stateText } from "./text.ts";

const LAST = { lines: 10, maxChars: 1500 };
const MOST_OF_A_LINE = 300;
// hob's code when there is no such task.
const GONE = 3;

/** What a task asked to be told; that it did is known of an exit only once the task is looked at. */
const TOLD = new Set(["notify", "match", "idle", "input", "port", "exit"]);

/** Whether a session may want to know. Who asked for what could not be started has been told already. */
export function mayTell({ type, sessionId, status, reason }: Event): boolean {
  return sessionId !== null && TOLD.has(type) && status !== "cancelled" && reason !== "exec";
}

/** What a session is told, and of which events. */
export interface News {
  text: string;
  items: Item[];
}

/** What is news of these events; undefined when nothing is. */
export async function newsOf(hob: Hob, items: Item[]): Promise<News | undefined> {
  const said = items.filter(({ event }) => event.type === "notify");
  const done = items.filter(({ event }) => event.type !== "notify");
  const parts = said.length > 0 ? [{ text: notificationText(said.map(({ event }) => event)), items: said }] : [];
  for (const id of new Set(done.map(({ event }) => event.id))) {
    const part = await newsOfTask(hob, id, done.filter(({ event }) => event.id === id));
    if (part) parts.push(part);
  }
  if (parts.length === 0) return undefined;
  return { text: parts.map(({ text }) => text).join("\n\n"), items: parts.flatMap((part) => part.items) };
}

async function newsOfTask(hob: Hob, id: string, items: Item[]): Promise<News | undefined> {
  try {
    const task = await hob.ask<Shown>(["show", id, "-n", "0", "--json"]);
    const news = items.filter(({ event }) => isNews(event, task));
    if (news.length === 0) return undefined;
    return { text: blockText(task, news, await readOutput(hob, task, LAST)), items: news };
  } catch (error) {
    if (exitCode(error) === GONE) return undefined;
    throw error;
  }
}

/** What a task that was ended on request still said or did is nobody's business any more. */
function isNews({ type }: Event, { status, tags }: Shown): boolean {
  return status !== "cancelled" && (type !== "exit" || tags.includes(NOTIFY_EXIT));
}

/** What processes want the agent to know. */
function notificationText(events: Event[]): string {
  const said = events.map((event) => `${label(event)}: ${event.message}`);
  if (said.length === 1) return `Notification from background process ${said[0]}`;
  return ["Notifications from background processes:", ...said.map((line) => `- ${line}`)].join("\n");
}

/** One task: how it is, what happened, its last lines, and from where to read. */
function blockText(task: Shown, items: Item[], last: Page): string {
  const matches = items.filter(({ event }) => event.type === "match");
  const more = matches.reduce((sum, { more }) => sum + more.length, 0);
  const lines = items.map(({ event }) => eventText(event, task)).filter((line) => line !== undefined);
  if (more > 0) lines.push(`${more} more matches`);
  return [
    `Background process ${stateText(task)}`,
    ...lines.map((line) => `- ${line}`),
    ...lastText(task, last, matches[0]?.event.cursor),
  ].join("\n");
}

/** What the task's state does not tell. */
function eventText({ type, message }: Event, task: Shown): string | undefined {
  const text = cut(message ?? "");
  if (type === "match") return `matched: ${text}`;
  if (type === "port" && task.ports?.includes(Number(/\d+$/.exec(text)?.[0]))) return undefined;
  if (type === "input" && task.waitingFor && text.endsWith(task.prompt ?? "")) return undefined;
  return type === "exit" ? undefined : text;
}

function cut(line: string): string {
  return line.length > MOST_OF_A_LINE ? `${line.slice(0, MOST_OF_A_LINE)}…` : line;
}

/** Said when a notification lies in the session but no turn began. */
export const REMINDER = "The notification of a background process above waits for you.";
