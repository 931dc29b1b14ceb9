// Starts a task: the arguments of a tool call as those of "hob run".
import { isAbsolute, join } from "node:path";
import { marksFor } from "./marks.ts";
import type { Notify } from "./options.ts";
import type { Place } from "./select.ts";

export { NOTIFY_EXIT } from "./marks.ts";

export interface Create {
  command: string;
  name?: string;
  tags?: string[];
  global?: boolean;
  lifetime?: "session" | "app" | "detached";
  cwd?: string;
  timeout?: string;
  pty?: boolean;
  watch?: string[];
  notifyOnExit?: boolean;
  notifyOnInput?: boolean;
  idleAfter?: string;
}

/** Where a task comes from and how it runs, beside what the agent says. */
export interface Origin extends Place {
  /** The session that called, maybe a sub-agent's. */
  caller: string;
  owner: string;
  notifyPrefix: string;
  /** What a task raises of which the caller does not say. */
  notify: Notify;
  shell: string;
}

/** How long it may live. Throws one sentence when the two ways to say it contradict each other. */
export function lifetimeOf({ global, lifetime }: Create): string {
  if (lifetime === undefined) return global ? "app" : "session";
  if (global && lifetime !== "app") throw new Error(`global means lifetime app, not ${lifetime}: say one of them.`);
  return lifetime;
}

/** The line goes through stdin: there it may be longer than an argument can be. */
export function runArguments(args: Create, cwd: string, from: Origin): string[] {
  const { name, tags = [], timeout, pty, watch = [], notifyOnExit, idleAfter } = args;
  const { notifyOnInput = from.notify.input } = args;
  return [
    "run",
    ...(name ? ["-n", name] : []),
    ...[...tags, ...marksFor(notifyOnExit)].flatMap((tag) => ["-t", tag]),
    ...(timeout ? ["--timeout", timeout] : []),
    ...(pty ? ["--pty"] : []),
    ...watch.flatMap((pattern) => ["--watch", pattern]),
    ...(notifyOnInput ? ["--input-event"] : []),
    ...(from.notify.port ? ["--port-event"] : []),
    ...(idleAfter ? ["--idle-after", idleAfter] : []),
    ...["-S", from.session, "--created-by", from.caller, "-o", from.owner, "-l", lifetimeOf(args)],
    ...["-C", cwd, "--project", from.project],
    ...["--notify-prefix", from.notifyPrefix, "--shell", from.shell],
    ...["--json", "-c", "-"],
  ];
}

/** The folder a task runs in. */
export function folderOf(cwd: string | undefined, directory: string): string {
  if (!cwd) return directory;
  return isAbsolute(cwd) ? cwd : join(directory, cwd);
}
