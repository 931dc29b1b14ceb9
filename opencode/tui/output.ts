// What a task writes, as it comes: the lines of its log, or the screen of its terminal.
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import type { Hob } from "../hob.ts";
import { lines } from "../lines.ts";
import type { Page, Task } from "../record.ts";

const LINES = 2000;
// A terminal is redrawn no more often than this, in milliseconds.
const REDRAW = 100;

interface Screen extends Page {
  alternate: boolean;
}

/** What "hob logs -f --json" says at a time. */
interface Step {
  /** Where following began. */
  since: number;
  /** Whole lines. */
  text: string;
  /** What stands behind them and may still change. */
  unfinished: string;
}

export interface Reader {
  /** More lines, and those behind them that are not finished. EARLIER: some before the first are not read. */
  add(lines: string[], unfinished: string[], earlier: boolean): void;
  /** All there is now; a program that draws the whole terminal made a picture. */
  set(lines: string[], isPicture: boolean): void;
  /** It cannot be read. */
  failed(sentence: string): void;
}

/** Reads TASK's log, or its SCREEN, until the task ends or the function that is returned is called. */
export function follow(hob: Pick<Hob, "ask" | "start">, { id, cursor }: Task, screen: boolean, reader: Reader): () => void {
  const closed = new AbortController();
  const fail = (error: Error) => {
    if (!closed.signal.aborted) reader.failed(error.message);
  };
  const args = screen ? ["logs", id, "-f", "--raw", "--since", String(cursor)] : ["logs", id, "-f", "--json", "-n", String(LINES)];
  try {
    const child = hob.start(args);
    closed.signal.addEventListener("abort", () => child.kill(), { once: true });
    child.on("error", fail);
    child.stdin.on("error", () => {}).end();
    if (screen) redraw(hob, id, child, reader, closed.signal);
    else collect(child, reader, closed.signal).catch(fail);
  } catch (error) {
    fail(error as Error);
  }
  return () => closed.abort();
}

async function collect(child: ChildProcessWithoutNullStreams, reader: Reader, closed: AbortSignal): Promise<void> {
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  child.on("close", () => {
    if (!closed.aborted && errors.trim() !== "") reader.failed(errors.trim());
  });
  for await (const line of lines(child.stdout)) {
    if (closed.aborted) return;
    const { since, text, unfinished } = JSON.parse(line) as Step;
    reader.add(linesIn(text), linesIn(unfinished), since > 0);
  }
}

/** Each ends with a newline. */
function linesIn(text: string): string[] {
  return text.split("\n").slice(0, -1);
}

/** What comes raw says only that there is something new: the screen is read again, soon but not for every byte. */
function redraw(hob: Pick<Hob, "ask">, id: string, child: ChildProcessWithoutNullStreams, reader: Reader, closed: AbortSignal): void {
  // Until it is drawn: a look that takes long is not overtaken by another.
  let timer: NodeJS.Timeout | undefined;
  let isNew = false;
  const draw = async () => {
    isNew = false;
    try {
      const { text, alternate } = await hob.ask<Screen>(["screen", id, "--json"], { signal: closed });
      if (!closed.aborted) reader.set(text.replace(/\n+$/, "").split("\n"), alternate);
    } catch (error) {
      if (!closed.aborted) reader.failed((error as Error).message);
    }
    timer = undefined;
    if (isNew && !closed.aborted) soon();
  };
  const soon = (wait = REDRAW) => {
    isNew = true;
    timer ??= setTimeout(() => void draw(), wait);
  };
  closed.addEventListener("abort", () => clearTimeout(timer), { once: true });
  child.stderr.resume();
  child.stdout.on("data", () => soon());
  child.on("close", () => {
    if (!closed.aborted) soon();
  });
  soon(0);
}
