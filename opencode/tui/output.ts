// What a task writes, as it comes: the lines of its log, or the screen of its terminal.
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import type { Hob } from "../hob.ts";
import type { Page, Task } from "../record.ts";

const LINES = 2000;
// A terminal is redrawn no more often than this, in milliseconds.
const REDRAW = 100;

interface Screen extends Page {
  alternate: boolean;
}

export interface Reader {
  /** More lines. */
  add(lines: string[]): void;
  /** All there is now; a program that draws the whole terminal made a picture. */
  set(lines: string[], isPicture: boolean): void;
  /** It cannot be read. */
  failed(sentence: string): void;
}

/** Reads TASK's log, or its SCREEN, until the task ends or the function that is returned is called. */
export function follow(hob: Pick<Hob, "ask" | "start">, { id, cursor }: Task, screen: boolean, reader: Reader): () => void {
  const closed = new AbortController();
  const args = screen ? ["logs", id, "-f", "--raw", "--since", String(cursor)] : ["logs", id, "-f", "-n", String(LINES)];
  try {
    const child = hob.start(args);
    closed.signal.addEventListener("abort", () => child.kill(), { once: true });
    child.on("error", () => {});
    child.stdin.on("error", () => {}).end();
    if (screen) redraw(hob, id, child, reader, closed.signal);
    else collect(child, reader, closed.signal);
  } catch (error) {
    reader.failed((error as Error).message);
  }
  return () => closed.abort();
}

function collect(child: ChildProcessWithoutNullStreams, reader: Reader, closed: AbortSignal): void {
  let rest = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (closed.aborted) return;
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    reader.add(parts);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  child.on("close", () => {
    if (closed.aborted) return;
    if (rest !== "") reader.add([rest]);
    if (errors.trim() !== "") reader.failed(errors.trim());
  });
}

/** What comes raw says only that there is something new: the screen is read again, soon but not for every byte. */
function redraw(hob: Pick<Hob, "ask">, id: string, child: ChildProcessWithoutNullStreams, reader: Reader, closed: AbortSignal): void {
  let timer: NodeJS.Timeout | undefined;
  const draw = async () => {
    timer = undefined;
    try {
      const { text, alternate } = await hob.ask<Screen>(["screen", id, "--json"], { signal: closed });
      if (!closed.aborted) reader.set(text.replace(/\n+$/, "").split("\n"), alternate);
    } catch (error) {
      if (!closed.aborted) reader.failed((error as Error).message);
    }
  };
  const soon = () => (timer ??= setTimeout(() => void draw(), REDRAW));
  closed.addEventListener("abort", () => clearTimeout(timer), { once: true });
  child.stderr.resume();
  child.stdout.on("data", soon);
  child.on("close", () => {
    if (!closed.aborted) soon();
  });
  void draw();
}
