/** @jsxImportSource @opentui/solid */
// The page /background: the tasks at the left, what the chosen one writes at the right.
import { useKeyboard, useTerminalDimensions } from "@opentui/solid";
import { Index, onCleanup, Show } from "solid-js";
import { hintsFor, newActions } from "./actions.ts";
import type { Desk } from "./desk.ts";
import { type Action, actionOf, hintsIn } from "./keys.ts";
import { lookOf, nameOf, rowOf, runtimeOf } from "./look.ts";
import { newModel, type Model } from "./model.ts";
import { colour } from "./screen.ts";
import { cut, drawn, fit, steady, widthOf } from "./width.ts";
import { emptyText, headText, stateLine } from "./words.ts";

const HEAD = "Background processes";
const WHEEL = 3;
const PLACE = 32;

/** What the parts of the page are given. */
interface Parts {
  desk: Desk;
  model: Model;
  act(action: Action): void;
}

export function Page(props: { desk: Desk; params: Record<string, unknown> }) {
  const { screen } = props.desk;
  const size = useTerminalDimensions();
  const model = newModel(props.desk, props.params, size);
  const act = newActions(props.desk, model);
  props.desk.say(undefined);
  onCleanup(screen.guardKeys?.() ?? (() => {}));
  useKeyboard((key) => {
    if (screen.dialogs.isOpen() || key.defaultPrevented) return;
    const action = actionOf(key);
    if (!action) return;
    key.preventDefault();
    act(action);
  });
  const parts = { desk: props.desk, model, act };
  return (
    <box width={size().width} height={size().height} backgroundColor={screen.theme().background} paddingLeft={1} paddingRight={1}>
      <Head {...parts} />
      <box flexDirection="row" flexGrow={1} paddingTop={1}>
        <Show when={!model.isWide()}>
          <List {...parts} />
          <box width={1} flexShrink={0} />
        </Show>
        <Output {...parts} />
      </box>
      <Foot {...parts} />
    </box>
  );
}

function Head({ desk, model, act }: Parts) {
  const theme = () => desk.screen.theme();
  const count = () => cut(headText(model.shown().length, model.all().length, model.filters()), 30);
  return (
    <box flexDirection="row" height={1} justifyContent="space-between" flexShrink={0}>
      <text wrapMode="none" fg={theme().text}>
        <b>{HEAD}</b>
      </text>
      <Show when={desk.notice()}>
        {(notice) => (
          <text wrapMode="none" fg={colour(theme(), notice().tone)}>
            {cut(drawn(notice().text), model.left() + model.right() - HEAD.length - widthOf(count()) - 4)}
          </text>
        )}
      </Show>
      <text wrapMode="none" fg={model.isFiltered() ? theme().warning : theme().textMuted} onMouseUp={() => act("status")}>
        {count()}
      </text>
    </box>
  );
}

function List({ desk, model }: Parts) {
  const theme = () => desk.screen.theme();
  return (
    <box width={model.left()} flexShrink={0} onMouseScroll={(event) => model.move(event.scroll?.direction === "up" ? -1 : 1)}>
      <Index each={model.window()}>
        {(task) => {
          const here = () => task().id === model.task()?.id;
          const row = () => rowOf(nameOf(task()), runtimeOf(task(), model.now()), model.left() - 3);
          const look = () => lookOf(task());
          return (
            <box height={1} backgroundColor={here() ? theme().backgroundElement : theme().background} onMouseDown={() => model.pick(task().id)}>
              <text wrapMode="none">
                <span style={{ fg: theme().primary }}>{here() ? "▌" : " "}</span>
                <span style={{ fg: colour(theme(), look().tone) }}>{look().mark} </span>
                <span style={{ fg: look().tone === "quiet" ? theme().textMuted : theme().text }}>{row().left}</span>
                <span style={{ fg: theme().textMuted }}>{row().gap + row().right}</span>
              </text>
            </box>
          );
        }}
      </Index>
      <Show when={model.shown().length === 0}>
        <text fg={desk.trouble() ? theme().error : theme().textMuted}>{emptyText(model.all().length, desk.trouble())}</text>
      </Show>
    </box>
  );
}

function Output({ desk, model }: Parts) {
  const theme = () => desk.screen.theme();
  return (
    <box flexGrow={1} onMouseScroll={(event) => model.scroll((pager) => pager.scroll(event.scroll?.direction === "up" ? -WHEEL : WHEEL))}>
      <Show when={model.task()}>
        {(task) => (
          <>
            <text wrapMode="none" height={1} fg={colour(theme(), lookOf(task()).tone)}>
              {cut(`${model.isWide() ? nameOf(task()) : task().id}  ${stateLine(task(), model.now())}`, model.right())}
            </text>
            <text wrapMode="none" height={1} fg={theme().textMuted}>
              {cut(drawn(`$ ${task().command.replace(/\s+/g, " ")}`), model.right())}
            </text>
            <Index each={model.rows()}>
              {(row) => (
                <text wrapMode="none" height={1} fg={row().hit ? theme().warning : theme().text} bg={row().here ? theme().backgroundElement : theme().background}>
                  {fit(steady(row().text), model.right())}
                </text>
              )}
            </Index>
          </>
        )}
      </Show>
    </box>
  );
}

function Foot({ desk, model, act }: Parts) {
  const theme = () => desk.screen.theme();
  const place = () => cut(model.trouble() || model.place(), PLACE);
  return (
    <box flexDirection="row" height={1} flexShrink={0} gap={2}>
      <Index each={hintsIn(model.left() + model.right() - widthOf(place()) - 1, hintsFor(desk.screen))}>
        {(hint) => (
          <text wrapMode="none" onMouseUp={() => act(hint().action)}>
            <span style={{ fg: theme().text }}>{hint().key}</span>
            <span style={{ fg: theme().textMuted }}>{` ${hint().words}`}</span>
          </text>
        )}
      </Index>
      <box flexGrow={1} />
      <text wrapMode="none" fg={model.trouble() ? theme().error : theme().textMuted} onMouseUp={() => act("follow")}>
        {place()}
      </text>
    </box>
  );
}
