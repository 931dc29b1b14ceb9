// The word by which the terminal part tells the server part which session is on the screen: OpenCode has no event for
// that. It goes as a command that OpenCode passes on and nobody knows.
const COMMAND = "background.opened ";

/** The command that says so. */
export function openedCommand(session: string): string {
  return COMMAND + session;
}

/** The session that an event of OpenCode's says is on the screen. */
export function openedIn(event: { type: string; properties: unknown }): string | undefined {
  if (event.type !== "tui.command.execute") return undefined;
  const { command } = event.properties as { command?: unknown };
  return typeof command === "string" && command.startsWith(COMMAND) ? command.slice(COMMAND.length) : undefined;
}
