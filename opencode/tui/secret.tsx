/** @jsxImportSource @opentui/solid */
// Asks for a line that nobody may read from the screen: only how long it is can be seen.
import { useKeyboard, usePaste } from "@opentui/solid";
import { createSignal } from "solid-js";
import { typed } from "./keys.ts";
import type { Colours } from "./screen.ts";
import { cut, plain } from "./width.ts";

const CELLS = 52;

export interface Asked {
  theme: Colours;
  title: string;
  question: string;
  take(line: string): void;
  cancel(): void;
}

export function Secret(props: Asked) {
  const [line, setLine] = createSignal("");
  useKeyboard((key) => {
    if (key.name === "escape") return;
    key.preventDefault();
    key.stopPropagation();
    const text = typed(key);
    if (key.name === "return" || key.name === "enter") props.take(line());
    else if (key.name === "backspace") setLine((before) => [...before].slice(0, -1).join(""));
    else if (key.ctrl && key.name === "u") setLine("");
    else if (key.ctrl && key.name === "c") props.cancel();
    else setLine((before) => before + text);
  });
  usePaste((event) => {
    event.preventDefault();
    setLine((before) => before + plain(new TextDecoder().decode(event.bytes)));
  });
  const shown = () => "•".repeat(Math.min([...line()].length, CELLS - 1));
  return (
    <box paddingLeft={4} paddingRight={4} paddingBottom={1} gap={1}>
      <box flexDirection="row" justifyContent="space-between">
        <text fg={props.theme.text}>
          <b>{cut(props.title, CELLS - 4)}</b>
        </text>
        <text fg={props.theme.textMuted} onMouseUp={() => props.cancel()}>
          esc
        </text>
      </box>
      <text fg={props.theme.textMuted}>{cut(plain(props.question), CELLS)}</text>
      <text fg={props.theme.text}>{`${shown()}▏`}</text>
      <text fg={props.theme.textMuted} onMouseUp={() => props.take(line())}>
        enter submit
      </text>
    </box>
  );
}
