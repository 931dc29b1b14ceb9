// What the keys of the page mean, and how they are told at its foot.

export type Action =
  | "up" | "down" | "back" | "pageUp" | "pageDown" | "home" | "end" | "lineUp" | "lineDown"
  | "follow" | "wide" | "search" | "next" | "previous" | "status" | "tag" | "clear" | "view" | "help"
  | "stop" | "restart" | "send" | "copy" | "prompt";

export interface Pressed {
  name: string;
  ctrl?: boolean;
  meta?: boolean;
  shift?: boolean;
}

const KEYS: Record<string, Action> = {
  up: "up", k: "up", down: "down", j: "down",
  escape: "back", q: "back",
  pageup: "pageUp", b: "pageUp", pagedown: "pageDown", space: "pageDown",
  home: "home", g: "home", end: "end", "shift+g": "end",
  "shift+up": "lineUp", "shift+k": "lineUp", "shift+down": "lineDown", "shift+j": "lineDown",
  f: "follow", w: "wide", "/": "search", n: "next", "shift+n": "previous",
  s: "status", t: "tag", c: "clear", v: "view", "?": "help",
  x: "stop", r: "restart", i: "send", y: "copy", p: "prompt",
};

/** What a key means on the page; undefined: nothing, it is for somebody else. */
export function actionOf({ name, ctrl, meta, shift }: Pressed): Action | undefined {
  if (ctrl || meta) return undefined;
  // A terminal says a capital as the letter with shift, or as itself; with other characters shift means nothing.
  const isLetter = /^[a-z]$/i.test(name);
  const shifted = isLetter ? shift || name !== name.toLowerCase() : shift && name.length > 1;
  return KEYS[shifted ? `shift+${name.toLowerCase()}` : name];
}

/** The text that a key types; none for those that do something else. */
export function typed({ name, sequence = "", ctrl, meta }: Pressed & { sequence?: string }): string {
  if (ctrl || meta) return "";
  if (sequence !== "" && !/\p{Cc}/u.test(sequence)) return sequence;
  return name === "space" ? " " : [...name].length === 1 ? name : "";
}

export interface Hint {
  key: string;
  words: string;
  action: Action;
}

/** Told at the foot, the most useful first: a narrow terminal shows as many as fit. */
export const HINTS: Hint[] = [
  { key: "q", words: "back", action: "back" },
  { key: "?", words: "keys", action: "help" },
  { key: "x", words: "stop", action: "stop" },
  { key: "r", words: "restart", action: "restart" },
  { key: "i", words: "send", action: "send" },
  { key: "/", words: "search", action: "search" },
  { key: "f", words: "follow", action: "follow" },
  { key: "w", words: "wide", action: "wide" },
  { key: "s", words: "status", action: "status" },
  { key: "t", words: "tag", action: "tag" },
  { key: "y", words: "copy", action: "copy" },
  { key: "p", words: "to prompt", action: "prompt" },
  { key: "v", words: "log/screen", action: "view" },
  { key: "c", words: "clear filters", action: "clear" },
];

/** As many hints as fit into so many cells, two between them. */
export function hintsIn(cells: number, hints = HINTS): Hint[] {
  let room = cells + 2;
  return hints.filter(({ key, words }) => (room -= key.length + words.length + 3) >= 0);
}

/** Told only where all keys are. */
export const MORE: Hint[] = [
  { key: "n", words: "next line found", action: "next" },
  { key: "N", words: "previous line found", action: "previous" },
  { key: "g", words: "first line", action: "home" },
  { key: "G", words: "last line", action: "end" },
  { key: "b", words: "page up", action: "pageUp" },
  { key: "space", words: "page down", action: "pageDown" },
  { key: "K", words: "line up", action: "lineUp" },
  { key: "J", words: "line down", action: "lineDown" },
  { key: "k", words: "task above", action: "up" },
  { key: "j", words: "task below", action: "down" },
];
