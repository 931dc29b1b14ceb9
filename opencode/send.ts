// Types into a task: what is typed to a shell is a command, so it is asked for as one.
import { askToType } from "./ask.ts";
import type { Caller } from "./caller.ts";
import type { Hob } from "./hob.ts";
import type { Task } from "./record.ts";

export interface Typing {
  text?: string;
  keys?: string[];
  eof?: boolean;
}

const MOST_LINES_BEGUN = 100;

/** Throws one sentence when there is nothing to type, or nobody to type to. */
export function checkTyping({ text, keys, eof }: Typing, task: Task): void {
  if (text === undefined && keys === undefined && !eof) throw new Error("Say what to send: text, keys or eof.");
  if (!task.pty && !task.stdin) throw new Error(`${task.id} has no terminal and reads no input: only what was created with pty does.`);
}

export class Typist {
  readonly #hob: Hob;
  // What was typed of a line that is not ended yet: a command is judged whole, however it comes.
  readonly #begun = new Map<string, string>();

  constructor(hob: Hob) {
    this.#hob = hob;
  }

  /** Asks, and types. Returns the cursor that the task had reached before. */
  async type(typing: Typing, task: Task, context: Caller): Promise<number> {
    const { text = "", keys = [], eof } = typing;
    const line = (this.#begun.get(task.id) ?? "") + text + characters(keys);
    await askToType(task, line, context);
    const args = [...(text === "" ? [] : ["-"]), ...keys.flatMap((key) => ["--key", key]), ...(eof ? ["--eof"] : [])];
    // Through stdin: an argument could be read by everybody on the machine.
    const { cursor } = await this.#hob.ask<{ cursor: number }>(["send", task.id, ...args, "--json"], {
      input: text,
      signal: context.abort,
    });
    this.#remember(task.id, eof || keys.some(endsLine) ? "" : line.slice(line.search(/[^\r\n]*$/)));
    return cursor;
  }

  #remember(id: string, begun: string): void {
    this.#begun.delete(id);
    if (begun === "") return;
    if (this.#begun.size >= MOST_LINES_BEGUN) this.#begun.clear();
    this.#begun.set(id, begun);
  }
}

/** The keys that are characters. */
function characters(keys: string[]): string {
  return keys.filter((key) => [...key].length === 1).join("");
}

function endsLine(key: string): boolean {
  return /^(enter|ctrl-[cdjmu])$/i.test(key);
}
