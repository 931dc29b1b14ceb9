// What the plugin writes on a task: whether its session is told of its end. It lies beside the task, as a tag, so that
// whichever OpenCode is handed the event knows.

/** Of which ends a session is told. */
export type Ends = "failure" | "always" | "never";

/** Its end is told, whatever it is. */
export const NOTIFY_EXIT = "notify:exit";
/** Its end is not told. */
const NOTIFY_NEVER = "notify:never";

/** The marks of a task whose creator chose; none for one who did not. */
export function marksFor(notifyOnExit: boolean | undefined): string[] {
  if (notifyOnExit === undefined) return [];
  return [notifyOnExit ? NOTIFY_EXIT : NOTIFY_NEVER];
}

/** What a task's own marks say of its end; undefined when they say nothing. */
export function markedEnds(tags: string[]): "always" | "never" | undefined {
  if (tags.includes(NOTIFY_EXIT)) return "always";
  return tags.includes(NOTIFY_NEVER) ? "never" : undefined;
}

/** The tags that somebody gave to find the task by. */
export function plainTags(tags: string[]): string[] {
  return tags.filter((tag) => tag !== NOTIFY_EXIT && tag !== NOTIFY_NEVER);
}
