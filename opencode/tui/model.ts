// What the page shows: which tasks, which of them is chosen, and the window over its output.
import { type Accessor, createEffect, createMemo, createSignal, on, onCleanup } from "solid-js";
import type { Task } from "../record.ts";
import { chosen, ordered, type Wanted } from "./choose.ts";
import { clock, type Desk } from "./desk.ts";
import { follow } from "./output.ts";
import { Pager } from "./pager.ts";
import { foundText, placeText } from "./words.ts";

// Beside the list and the output: the page's edges and the gap between the two.
const EDGES = 3;
// Above the output: the page's head with an empty row, two rows of the task's own; below it the keys.
const HEADS = 5;
const LIST_HEADS = 3;

export type Model = ReturnType<typeof newModel>;

export function newModel(desk: Desk, params: Record<string, unknown>, size: Accessor<{ width: number; height: number }>) {
  const session = () => (typeof params.sessionID === "string" ? params.sessionID : undefined);
  const [filters, setFilters] = createSignal<Wanted>({});
  const all = createMemo(() => desk.visible(session()));
  const shown = createMemo(() => ordered(chosen(all(), filters())));
  const choice = newChoice(shown, typeof params.task === "string" ? params.task : undefined);
  const [isWide, setWide] = createSignal(false);
  const left = createMemo(() => (isWide() ? 0 : Math.max(22, Math.min(48, Math.floor(size().width * 0.3)))));
  const right = createMemo(() => Math.max(20, size().width - left() - (isWide() ? EDGES - 1 : EDGES)));
  const window = createMemo(() => {
    const rows = Math.max(1, size().height - LIST_HEADS);
    const first = Math.max(0, Math.min(choice.at() - Math.floor(rows / 2), shown().length - rows));
    return shown().slice(first, first + rows);
  });
  const output = newOutput(desk, choice.task, right, () => Math.max(1, size().height - HEADS));
  return {
    ...{ session, all, shown, filters, left, right, window, isWide },
    widen: () => setWide((before) => !before),
    ...choice,
    ...output,
    now: clock(all),
    filter: (more: Wanted) => setFilters((before) => ({ ...before, ...more })),
    isFiltered: () => filters().status !== undefined || filters().tag !== undefined,
  };
}

/** The task that is looked at: whoever looks at it stays with it, wherever in the list it moves to. */
function newChoice(shown: Accessor<Task[]>, first: string | undefined) {
  const [picked, pick] = createSignal(first);
  const task = createMemo(() => shown().find(({ id }) => id === picked()) ?? shown()[0]);
  const at = () => shown().findIndex(({ id }) => id === task()?.id);
  createEffect(() => {
    if (picked() === undefined && task()) pick(task()!.id);
  });
  const move = (step: number) => void pick(shown()[Math.min(Math.max(0, at() + step), shown().length - 1)]?.id);
  return { task, at, pick, move };
}

function newOutput(desk: Desk, task: Accessor<Task | undefined>, cells: Accessor<number>, height: Accessor<number>) {
  const pager = new Pager();
  // The pager is no signal: whatever changes it turns this.
  const [turn, setTurn] = createSignal(0);
  const scroll = (change: (pager: Pager) => unknown) => {
    change(pager);
    setTurn((turn) => turn + 1);
  };
  const [trouble, setTrouble] = createSignal("");
  const [asLog, setAsLog] = createSignal(false);
  // The task is another object at every look: only another id is another task.
  const id = createMemo(() => task()?.id);
  const isScreen = createMemo(() => Boolean(task()?.pty) && !asLog());
  createEffect(
    on([id, isScreen], ([id]) => {
      scroll((pager) => pager.clear());
      setTrouble("");
      if (id === undefined) return;
      const add = (...more: Parameters<Pager["add"]>) => scroll((pager) => pager.add(...more));
      const set = (lines: string[], isPicture: boolean) => scroll((pager) => pager.set(lines, isPicture));
      onCleanup(follow(desk.hob, task()!, isScreen(), { add, set, failed: setTrouble }));
    }),
  );
  createEffect(() => {
    const [wide, high] = [cells(), height()];
    scroll((pager) => pager.resize(wide, high));
  });
  const rows = createMemo(() => (turn(), pager.rows()));
  const place = createMemo(() => {
    turn();
    return pager.query ? foundText(pager.query, pager.hits(), pager.earlier) : placeText(pager.follows, pager.beyond(), pager.earlier);
  });
  return { pager, scroll, trouble, rows, place, toggleLog: () => setAsLog((before) => !before) };
}
