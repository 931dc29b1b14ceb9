// Which tasks an agent means: the words of its tool call as hob's selectors.
import type { Hob } from "./hob.ts";
import type { Shown, Task } from "./record.ts";

/** Where a tool call comes from. */
export interface Place {
  /** The root session. */
  session: string;
  project: string;
}

export interface Filters {
  sessionId?: string;
  status?: string;
  tags?: string[];
}

/** The selectors for list and kill. Models fill in empty words for what they leave out. */
export function selectors({ sessionId, status, tags = [] }: Filters, place: Place): string[] {
  const filters = [...(status ? ["--status", status] : []), ...tags.filter(Boolean).flatMap((tag) => ["-t", tag])];
  return [...reach(sessionId, place), ...filters];
}

/** Whether a call names anything at all. */
export function namesAny({ sessionId, status, tags }: Filters): boolean {
  return Boolean(sessionId || status || tags?.some(Boolean));
}

function reach(sessionId: string | undefined, place: Place): string[] {
  if (!sessionId) return visible(place);
  if (sessionId === "all") return [];
  const isCurrent = sessionId === "current" || sessionId === "current_session_id";
  return ["-S", isCurrent ? place.session : sessionId];
}

function visible({ session, project }: Place): string[] {
  return ["--visible-to", session, "--project", project];
}

/** The task that an id or a name stands for. */
export async function show(hob: Hob, given: string, place: Place, signal: AbortSignal): Promise<Shown> {
  const ask = (id: string) => hob.ask<Shown>(["show", id, "-n", "0", "--json"], { signal });
  const shown = await ask(given);
  if (shown.id.startsWith(given)) return shown;
  // A name: hob takes the newest of all that bear it, but only what this session can see is meant.
  const seen = await hob.ask<Task[]>(["list", ...visible(place), "--json"], { signal });
  const named = newest(seen.filter(({ name }) => name === given));
  if (!named) throw new Error(`No background process of this session or project is called ${given}.`);
  return named.id === shown.id ? shown : ask(named.id);
}

/** The one that was started last, of those that run if any does. */
function newest(tasks: Task[]): Task | undefined {
  const running = tasks.filter(({ status }) => status === "running");
  const among = running.length > 0 ? running : tasks;
  return among.reduce<Task | undefined>((last, task) => (last && started(last) > started(task) ? last : task), undefined);
}

function started({ startedAt }: Task): string {
  return startedAt ?? "";
}
