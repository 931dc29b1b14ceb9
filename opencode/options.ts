// The plugin's options, as the user's opencode.json gives them: ["opencode-hob", { bin, notifyPrefix, home, … }].
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Ends } from "./marks.ts";

/** What sessions are told of where create does not say. */
export interface Notify {
  exit: Ends;
  input: boolean;
  port: boolean;
}

export interface Options {
  /** The hob program. */
  bin?: string;
  /** What a line of output begins with that is to reach the agent. */
  notifyPrefix: string;
  /** Where hob keeps its state. */
  home?: string;
  /** After so many seconds a command of the bash tool goes on as a background process; 0: never. */
  autoBackground: number;
  notify: Notify;
  /** Commands run where nobody can be asked for them: in an OpenCode 2 that gives a plugin no way to ask. */
  allowWithoutPermission: boolean;
}

/** Takes what is usable: a plugin that throws while it loads is skipped without a word. */
export function readOptions(given: Record<string, unknown> = {}): Options {
  return {
    bin: path(given.bin),
    notifyPrefix: text(given.notifyPrefix) ?? "OPENCODE_NOTIFY:",
    home: path(given.home),
    autoBackground: seconds(given.autoBackground) ?? 60,
    notify: notify(given.notify),
    allowWithoutPermission: given.allowWithoutPermission === true,
  };
}

/** A sentence for each value that counts as not given, since it is of the wrong kind. */
export function wrongIn(given: Record<string, unknown> = {}): string[] {
  const wrong: string[] = [];
  const check = (name: string, value: unknown, right: boolean, kind: string) => {
    if (value !== undefined && !right) wrong.push(`The option ${name} must be ${kind}, not ${JSON.stringify(value)}: it counts as not given.`);
  };
  for (const name of ["bin", "notifyPrefix", "home"]) check(name, given[name], text(given[name]) !== undefined, "a text");
  const { allowWithoutPermission, autoBackground, notify } = given;
  check("allowWithoutPermission", allowWithoutPermission, typeof allowWithoutPermission === "boolean", "true or false");
  check("autoBackground", autoBackground, seconds(autoBackground) !== undefined, "a number of seconds");
  if (typeof notify !== "object" || notify === null || Array.isArray(notify)) {
    check("notify", notify, false, "an object");
    return wrong;
  }
  const { exit, input, port, ...others } = notify as Record<string, unknown>;
  check("notify.exit", exit, ENDS.includes(exit), '"failure", "always" or "never"');
  check("notify.input", input, typeof input === "boolean", "true or false");
  check("notify.port", port, typeof port === "boolean", "true or false");
  for (const name of Object.keys(others)) wrong.push(`There is no option notify.${name}: notify takes exit, input and port.`);
  return wrong;
}

const ENDS: unknown[] = ["failure", "always", "never"] satisfies Ends[];

function notify(value: unknown): Notify {
  const { exit, input, port } = (value ?? {}) as Record<string, unknown>;
  return { exit: ENDS.includes(exit) ? (exit as Ends) : "failure", input: input === true, port: port === true };
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
