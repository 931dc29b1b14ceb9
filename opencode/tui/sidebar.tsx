/** @jsxImportSource @opentui/solid */
// The section Background of the sidebar, and the count beside the prompt.
import { createEffect, createMemo, Index, onMount, Show } from "solid-js";
import { countOf, current } from "./choose.ts";
import { clock, type Desk } from "./desk.ts";
import { asks, detailOf, lookOf, nameOf, rowOf, runtimeOf } from "./look.ts";
import { colour } from "./screen.ts";
import { cut } from "./width.ts";
import { countText } from "./words.ts";

// What the sidebar of OpenCode leaves to its sections.
const CELLS = 36;
const MOST = 8;

export function Sidebar(props: { desk: Desk; session: string }) {
  const theme = () => props.desk.screen.theme();
  const tasks = createMemo(() => current(props.desk.visible(props.session)));
  const now = clock(tasks);
  return (
    <box>
      <Show when={tasks().length > 0}>
        <text fg={theme().text} onMouseUp={() => props.desk.open(undefined, props.session)}>
          <b>Background</b>
        </text>
        <Index each={tasks().slice(0, MOST)}>
          {(task) => {
            const row = () => rowOf(nameOf(task()), runtimeOf(task(), now()), CELLS - 2);
            const tone = () => colour(theme(), lookOf(task()).tone);
            const stands = () => asks(task()) || task().status === "failed";
            const detail = () => cut(detailOf(task()), CELLS - 2);
            return (
              <box onMouseUp={() => props.desk.open(task().id, props.session)}>
                <text wrapMode="none">
                  <span style={{ fg: tone() }}>{lookOf(task()).mark} </span>
                  <span style={{ fg: stands() ? tone() : theme().text }}>{row().left}</span>
                  <span style={{ fg: theme().textMuted }}>{row().gap + row().right}</span>
                </text>
                <Show when={detail()}>
                  <text wrapMode="none" fg={stands() ? tone() : theme().textMuted}>
                    {"  " + detail()}
                  </text>
                </Show>
              </box>
            );
          }}
        </Index>
        <Show when={tasks().length > MOST}>
          <text fg={theme().textMuted} onMouseUp={() => props.desk.open(undefined, props.session)}>
            {`  and ${tasks().length - MOST} more`}
          </text>
        </Show>
      </Show>
    </box>
  );
}

export function Count(props: { desk: Desk; session?: string }) {
  const theme = () => props.desk.screen.theme();
  const count = createMemo(() => countOf(props.desk.visible(props.session)));
  createEffect(() => {
    if (props.session) props.desk.opened(props.session);
  });
  onMount(() => {
    const { draft, screen } = props.desk;
    const { text } = draft;
    draft.text = "";
    if (text) screen.draft?.(text);
  });
  return (
    <text fg={count().asking > 0 ? theme().warning : theme().textMuted} onMouseUp={() => props.desk.open(undefined, props.session)}>
      {countText(count())}
    </text>
  );
}
