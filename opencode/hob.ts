// Runs the hob program and reads what it prints. Every call is one short-lived process.
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { homeIn } from "./copy.ts";
import { findHob } from "./find.ts";
import type { Options } from "./options.ts";
import { isProgram } from "./program.ts";

// Above what hob ever prints for a reader, so that a broken program cannot fill OpenCode's memory.
const MOST_OUTPUT = 16 << 20;

export interface CallOptions {
  /** Text for the program's stdin. */
  input?: string;
  /** Variables beside OpenCode's own. */
  env?: Record<string, string>;
  signal?: AbortSignal;
  /** Exit codes beside 0 that an answer on stdout may come with. */
  also?: number[];
}

/** The code that hob ended with when a call of it threw this. */
export function exitCode(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}

export class Hob {
  readonly #options: Options;
  #path: string | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Runs one command and gives the object that it prints. Throws its error sentence. */
  async ask<T>(args: string[], options: CallOptions = {}): Promise<T> {
    return JSON.parse(await this.call(args, options)) as T;
  }

  /** Runs one command and gives its stdout. Throws its error sentence. */
  call(args: string[], options: CallOptions = {}): Promise<string> {
    const { input = "", env, signal, also = [] } = options;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const child = this.start(args, env);
      const abort = () => child.kill();
      signal?.addEventListener("abort", abort, { once: true });
      const stdout = collect(child.stdout, child);
      const stderr = collect(child.stderr, child);
      const settle = (error: Error | undefined) => {
        signal?.removeEventListener("abort", abort);
        if (signal?.aborted) reject(new Error("The call was interrupted."));
        else if (error) reject(error);
        else resolve(stdout());
      };
      child.on("error", settle);
      child.on("close", (code, killed) => {
        if (code === 0 || (also.includes(code!) && stdout() !== "")) settle(undefined);
        else settle(Object.assign(new Error(sentence(stderr()) || `hob ${args[0]} ended with ${killed ?? `code ${code}`}.`), { code }));
      });
      // A program that ends before it reads its stdin says why on stderr: the broken pipe is no news.
      child.stdin.on("error", () => {});
      child.stdin.end(input);
    });
  }

  /** Starts one command and leaves it to the caller. */
  start(args: string[], env: Record<string, string> = {}): ChildProcessWithoutNullStreams {
    // The variables may set HOME: that is for the command, and not where hob's state lies.
    const HOB_HOME = this.#options.home ?? homeIn(process.env);
    return spawn(this.find(), args, { env: { ...process.env, ...env, HOB_HOME }, stdio: "pipe" });
  }

  /** The program's path. Looked for until it is found, so that hob can be installed while OpenCode runs. */
  find(): string {
    // A copy may be cleared away when nothing has run from it for long.
    if (this.#path !== undefined && !isProgram(this.#path)) this.#path = undefined;
    const { bin, home } = this.#options;
    return (this.#path ??= findHob(bin, home ? { ...process.env, HOB_HOME: home } : process.env));
  }
}

function collect(stream: NodeJS.ReadableStream, child: ChildProcessWithoutNullStreams): () => string {
  let text = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    text += chunk;
    if (text.length > MOST_OUTPUT) child.kill();
  });
  return () => text;
}

/** The program's error line without its own name before it. */
function sentence(stderr: string): string {
  return stderr.trim().replace(/^hob( \w+)?: /, "");
}
