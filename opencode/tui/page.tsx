/** @jsxImportSource @opentui/solid */
// The page /background: the tasks at the left, what the chosen one writes at the right.
import { useKeyboard, useTerminalDimensions } from "@opentui/solid";
import { createEffect, createMemo, createSignal, For, on, onCleanup, Show } from "solid-js";
import type { Status, Task } from "../record.ts";
import { deafness, restart, sendLine, stop } from "./act.ts";
import { chosen, ordered, tagsOf } from "./choose.ts";
import { clock, colour, type Desk } from "./desk.ts";
import { type Action, actionOf, hintsIn } from "./keys.ts";
import { lookOf, nameOf, rowOf, runtimeOf } from "./look.ts";
import { follow } from "./output.ts";
import { Pager } from "./pager.ts";
import { cut, fit } from "./width.ts";
import { draftText, filterText, foundText, placeText, stateLine } from "./words.ts";

const WHEEL = 3;
const TAIL = 20;
const STATUSES: Status[] = ["running", "completed", "failed", "cancelled"];

export function Page(props: { desk: Desk; params: Record<string, unknown> }) {
  const { api, hob } = props.desk;
  const theme = () => api.theme.current;
  const session = () => (typeof props.params.sessionID === "string" ? props.params.sessionID : undefined);
  const size = useTerminalDimensions();

  const [status, setStatus] = createSignal<Status>();
  const [tag, setTag] = createSignal<string>();
  const all = createMemo(() => props.desk.visible(session()));
  const tasks = createMemo(() => ordered(chosen(all(), { status: status(), tag: tag() })));
  const now = clock(all);

  const given = typeof props.params.task === "string" ? props.params.task : undefined;
  const [wanted, setWanted] = createSignal(given);
  const task = createMemo(() => tasks().find(({ id }) => id === wanted()) ?? tasks()[0]);
  const at = () => tasks().findIndex(({ id }) => id === task()?.id);
  // Whoever looks at a task stays with it, wherever in the list it moves to.
  createEffect(() => {
    if (wanted() === undefined && task()) setWanted(task()!.id);
  });

  // The frame: two rows of heads, one of keys, and a rule between the columns.
  const left = createMemo(() => Math.max(22, Math.min(48, Math.floor(size().width * 0.3))));
  const right = createMemo(() => Math.max(20, size().width - left() - 4));
  const listed = createMemo(() => Math.max(1, size().height - 4));
  const height = createMemo(() => Math.max(1, size().height - 6));
  const first = createMemo(() => Math.max(0, Math.min(at() - Math.floor(listed() / 2), tasks().length - listed())));

  const pager = new Pager();
  const [turn, setTurn] = createSignal(0);
  const changed = () => setTurn((turn) => turn + 1);
  const [log, setLog] = createSignal(false);
  const [trouble, setTrouble] = createSignal("");
  const screen = createMemo(() => Boolean(task()?.pty) && !log());
  createEffect(on([() => task()?.id, screen], ([id]) => {
    pager.clear();
    setTrouble("");
    changed();
    if (id === undefined) return;
    const add = (lines: string[]) => (pager.add(lines), changed());
    const set = (lines: string[]) => (pager.set(lines), changed());
    onCleanup(follow(hob, task()!, screen(), { add, set, failed: setTrouble }));
  }));
  createEffect(() => {
    pager.resize(right(), height());
    changed();
  });
  const rows = createMemo(() => (turn(), pager.rows()));
  const place = createMemo(() => (turn(), pager.query ? foundText(pager.query, pager.hits()) : placeText(pager.follows, pager.beyond())));

  const say = (message: string, variant: "info" | "success" | "warning" | "error" = "info") => api.ui.toast({ message, variant });
  const attempt = async (what: () => Promise<void>) => {
    try {
      await what();
    } catch (error) {
      say((error as Error).message, "error");
    }
  };
  const isOwn = (task: Task) => task.sessionId !== null && task.sessionId === props.desk.root(session());
  const back = () => (session() ? api.route.navigate("session", { sessionID: session() }) : api.route.navigate("home"));

  const ask = (title: string, placeholder: string, value: string, take: (text: string) => void) =>
    api.ui.dialog.replace(() => (
      <api.ui.DialogPrompt
        title={title}
        placeholder={placeholder}
        value={value}
        onConfirm={(text) => {
          api.ui.dialog.clear();
          take(text);
        }}
        onCancel={() => api.ui.dialog.clear()}
      />
    ));
  const choose = <Value extends string>(title: string, values: Value[], current: Value | undefined, take: (value?: Value) => void) =>
    api.ui.dialog.replace(() => (
      <api.ui.DialogSelect<Value | undefined>
        title={title}
        options={[{ title: "all", value: undefined }, ...values.map((value) => ({ title: value as string, value }))]}
        current={current}
        onSelect={({ value }) => {
          api.ui.dialog.clear();
          take(value);
        }}
      />
    ));
  const confirm = (title: string, message: string, take: () => void) =>
    api.ui.dialog.replace(() => <api.ui.DialogConfirm title={title} message={message} onConfirm={take} />);

  const end = (task: Task) => attempt(async () => say(await stop(hob, task), "success"));
  const ofTask: Partial<Record<Action, (task: Task) => void>> = {
    stop: (task) => {
      if (isOwn(task)) return void end(task);
      const whose = task.sessionId === null ? "It was started outside of OpenCode." : "It is global, or another session's.";
      confirm(`Stop ${nameOf(task)}?`, `${whose} All its processes will end.`, () => void end(task));
    },
    restart: (task) =>
      void attempt(async () => {
        const anew = await restart(hob, task);
        await props.desk.watch.look();
        setWanted(anew.id);
        say(`${nameOf(task)} was started anew`, "success");
      }),
    send: (task) => {
      const why = deafness(task);
      if (why) return say(why, "warning");
      ask(`Send a line to ${nameOf(task)}`, task.prompt?.trim() || "a line of input", "", (line) => void attempt(() => sendLine(hob, task, line)));
    },
    copy: () => {
      const done = api.renderer.copyToClipboardOSC52(pager.shown().join("\n"));
      if (done) say(`Copied ${pager.shown().length} lines`, "success");
      else say("This terminal takes no copies from programs", "warning");
    },
    prompt: (task) => {
      props.desk.draft.text = draftText(task, pager.tail(TAIL));
      back();
    },
    search: () => ask("Search", "words", pager.query, (words) => (pager.find(words), changed())),
  };
  const move = (step: number) => setWanted(tasks()[Math.min(Math.max(0, at() + step), tasks().length - 1)]?.id);
  const scroll = (how: () => void) => (how(), changed());
  const actions: Partial<Record<Action, () => void>> = {
    up: () => move(-1),
    down: () => move(1),
    back: () => (pager.query ? scroll(() => pager.find("")) : back()),
    pageUp: () => scroll(() => pager.page(-1)),
    pageDown: () => scroll(() => pager.page(1)),
    lineUp: () => scroll(() => pager.scroll(-1)),
    lineDown: () => scroll(() => pager.scroll(1)),
    home: () => scroll(() => pager.home()),
    end: () => scroll(() => pager.end()),
    follow: () => scroll(() => pager.toggle()),
    next: () => scroll(() => pager.next(1)),
    previous: () => scroll(() => pager.next(-1)),
    status: () => choose("Status", STATUSES, status(), setStatus),
    tag: () => choose("Tag", tagsOf(all()), tag(), setTag),
    clear: () => (setStatus(undefined), setTag(undefined)),
    view: () => setLog(!log()),
  };
  const act = (action: Action) => {
    const chosenTask = task();
    if (chosenTask && ofTask[action]) ofTask[action](chosenTask);
    else actions[action]?.();
  };
  useKeyboard((key) => {
    if (api.ui.dialog.open || key.defaultPrevented) return;
    const action = actionOf(key);
    if (!action) return;
    key.preventDefault();
    act(action);
  });

  return (
    <box width={size().width} height={size().height} backgroundColor={theme().background} paddingLeft={1} paddingRight={1}>
      <box flexDirection="row" height={1} justifyContent="space-between" flexShrink={0}>
        <text wrapMode="none" fg={theme().text}>
          <b>Background processes</b>
        </text>
        <text wrapMode="none" fg={status() || tag() ? theme().warning : theme().textMuted} onMouseUp={() => act("status")}>
          {filterText(tasks().length, all().length, status(), tag())}
        </text>
      </box>
      <box flexDirection="row" flexGrow={1} paddingTop={1}>
        <box width={left()} flexShrink={0} onMouseScroll={(event) => move(event.scroll?.direction === "up" ? -1 : 1)}>
          <For each={tasks().slice(first(), first() + listed())}>
            {(one) => {
              const here = () => one.id === task()?.id;
              const row = () => rowOf(nameOf(one), runtimeOf(one, now()), left() - 3);
              return (
                <box
                  flexDirection="row"
                  height={1}
                  backgroundColor={here() ? theme().backgroundElement : theme().background}
                  onMouseDown={() => setWanted(one.id)}
                >
                  <text wrapMode="none">
                    <span style={{ fg: here() ? theme().primary : theme().background }}>{here() ? "▌" : " "}</span>
                    <span style={{ fg: colour(theme(), lookOf(one).tone) }}>{lookOf(one).mark} </span>
                    <span style={{ fg: lookOf(one).tone === "quiet" ? theme().textMuted : theme().text }}>{row().left}</span>
                    <span style={{ fg: theme().textMuted }}>{row().gap + row().right}</span>
                  </text>
                </box>
              );
            }}
          </For>
          <Show when={tasks().length === 0}>
            <text fg={theme().textMuted}>{all().length === 0 ? "Nothing runs here yet." : "Nothing fits the filters."}</text>
          </Show>
        </box>
        <box width={1} flexShrink={0} />
        <box flexGrow={1} onMouseScroll={(event) => scroll(() => pager.scroll(event.scroll?.direction === "up" ? -WHEEL : WHEEL))}>
          <Show when={task()}>
            {(task) => (
              <>
                <text wrapMode="none" height={1} fg={colour(theme(), lookOf(task()).tone)}>
                  {cut(`${task().id}  ${stateLine(task(), now())}`, right())}
                </text>
                <text wrapMode="none" height={1} fg={theme().textMuted}>
                  {cut(`$ ${task().command.replace(/\s+/g, " ")}`, right())}
                </text>
                <For each={rows()}>
                  {(row) => (
                    <text wrapMode="none" height={1} fg={row.hit ? theme().warning : theme().text} bg={row.here ? theme().backgroundElement : theme().background}>
                      {fit(row.text, right())}
                    </text>
                  )}
                </For>
              </>
            )}
          </Show>
        </box>
      </box>
      <box flexDirection="row" height={1} flexShrink={0} gap={2}>
        <For each={hintsIn(size().width - 24)}>
          {({ key, words, action }) => (
            <text wrapMode="none" onMouseUp={() => act(action)}>
              <span style={{ fg: theme().text }}>{key}</span>
              <span style={{ fg: theme().textMuted }}>{` ${words}`}</span>
            </text>
          )}
        </For>
        <box flexGrow={1} />
        <text wrapMode="none" fg={trouble() ? theme().error : theme().textMuted} onMouseUp={() => act("follow")}>
          {cut(trouble() || place(), 20)}
        </text>
      </box>
    </box>
  );
}
