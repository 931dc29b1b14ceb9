// What the parts on the screen need of whoever draws it: one.tsx is OpenCode 1's, two.tsx OpenCode 2's.
import type { ColorInput } from "@opentui/core";
import type { Task } from "../record.ts";
import type { Tone } from "./look.ts";

export interface Colours {
  text: ColorInput;
  textMuted: ColorInput;
  primary: ColorInput;
  background: ColorInput;
  backgroundElement: ColorInput;
  success: ColorInput;
  info: ColorInput;
  warning: ColorInput;
  error: ColorInput;
}

export interface Choice<Value> {
  title: string;
  value: Value;
  footer?: string;
}

export interface Question {
  title: string;
  placeholder: string;
  value: string;
  /** Nobody may read the answer from the screen. */
  isSecret?: boolean;
}

/** Undefined: the user wants none of it. */
export interface Dialogs {
  isOpen(): boolean;
  ask(question: Question): Promise<string | undefined>;
  choose<Value>(question: { title: string; options: Choice<Value>[]; current?: Value }): Promise<Value | undefined>;
  confirm(question: { title: string; message: string }): Promise<boolean | undefined>;
}

/** A word to somebody who may look elsewhere. */
export interface Word {
  title: string;
  message: string;
  /** Something failed, or else asks. */
  isFailure: boolean;
  session: string | null;
}

export interface PageParams {
  sessionID?: string;
  task?: string;
}

export interface Screen {
  /** The colours as they are now: to ask within a component is to follow their changes. */
  theme(): Colours;
  /** The session on the screen, or the one that the page was opened from. */
  session(): string | undefined;
  parentOf(session: string): string | undefined;
  /** Whose tasks are listed; undefined: everybody's, of which isNear tells those that belong here. */
  project(): string | undefined;
  isNear(task: Task): boolean;
  /** Tells the server part that a session is on the screen; undefined where it cannot be told. */
  opened?(session: string): void;
  openPage(params: PageParams): void;
  leavePage(session: string | undefined): void;
  /** From now until what is returned is called, what is typed after OpenCode's leader key is for OpenCode alone. */
  guardKeys?(): () => void;
  tell(word: Word): void;
  copy(text: string): boolean;
  /** Adds to the prompt; undefined where no plugin can. */
  draft?(text: string): void;
  dialogs: Dialogs;
}

export function colour(theme: Colours, tone: Tone): ColorInput {
  return { good: theme.success, busy: theme.info, ask: theme.warning, bad: theme.error, quiet: theme.textMuted }[tone];
}
