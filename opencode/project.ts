// The project that a session works in, by which its global tasks are found again.

/** The repository, or without one the folder that OpenCode was opened in. */
export function projectOf({ worktree, directory }: { worktree: string; directory: string }): string {
  return worktree === "/" ? directory : worktree;
}
