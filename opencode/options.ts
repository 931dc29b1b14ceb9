// The plugin's options, as the user's opencode.json gives them: ["opencode-hob", { bin, notifyPrefix, home, autoBackground }].
import { homedir } from "node:os";
import { join, resolve } from "node:path";

export interface Options {
  /** The hob program. */
  bin?: string;
  /** What a line of output begins with that is to reach the agent. */
  notifyPrefix: string;
  /** Where hob keeps its state. */
  home?: string;
  /** After so many seconds a command of the bash tool goes on as a background process; 0: never. */
  autoBackground: number;
}

/** Takes what is usable: a plugin that throws while it loads is skipped without a word. */
export function readOptions(given: Record<string, unknown> = {}): Options {
  return {
    bin: path(given.bin),
    notifyPrefix: text(given.notifyPrefix) ?? "OPENCODE_NOTIFY:",
    home: path(given.home),
    autoBackground: seconds(given.autoBackground) ?? 60,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function seconds(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function path(value: unknown): string | undefined {
  const given = text(value);
  if (given === undefined) return undefined;
  return given.startsWith("~/") ? join(homedir(), given.slice(2)) : resolve(given);
}
