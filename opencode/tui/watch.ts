// What lives in a project, kept up to date: hob's events say when to look, and while something lives a glance every
// few seconds tells what raises no event (ports, questions, processor time). Nothing is done while nothing lives.
import type { Hob } from "../hob.ts";
import { lines } from "../lines.ts";
import type { Task } from "../record.ts";
import { Busy } from "./busy.ts";
import { asks, lives, questionOf } from "./look.ts";

const GLANCE = 3000;
// However many events there are, there are no more looks than five a second.
const PAUSE = 200;

/** What a person is told at once. */
export interface Alert {
  kind: "failed" | "asks";
  task: Task;
}

export interface Listener {
  tasks(tasks: Task[]): void;
  /** All of one look: what OpenCode shows of such words, the next one covers. */
  alerts(alerts: Alert[]): void;
  /** Why the list cannot be read; empty when it can. */
  trouble(sentence: string): void;
}

export class Watch {
  readonly #hob: Pick<Hob, "ask" | "start">;
  readonly #project: () => string | undefined;
  readonly #listener: Listener;
  readonly #closed = new AbortController();
  #following = false;
  #isTroubled = false;
  #looking = false;
  #again = false;
  #looked = 0;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;
  /** The tasks of the last look; undefined before the first. */
  #known: Map<string, Task> | undefined;
  readonly #busy = new Busy();
  /** The question of each task that was told last. */
  readonly #told = new Map<string, string>();

  constructor(hob: Pick<Hob, "ask" | "start">, project: () => string | undefined, listener: Listener) {
    this.#hob = hob;
    this.#project = project;
    this.#listener = listener;
  }

  /** Looks and follows the events, unless that is done already: hob may have been installed, or updated, since. */
  open(): void {
    if (this.#closed.signal.aborted || (this.#following && this.#known && !this.#isTroubled)) return;
    void this.#follow();
    void this.look();
  }

  close(): void {
    this.#closed.abort();
    clearTimeout(this.#timer);
    clearTimeout(this.#soon);
  }

  /** Reads the list. Calls that come meanwhile are one more look, soon. */
  async look(): Promise<void> {
    this.#again = this.#looking;
    if (this.#looking) return;
    this.#looking = true;
    clearTimeout(this.#timer);
    try {
      await this.#lookOnce();
      this.#isTroubled = false;
      this.#listener.trouble("");
    } catch (error) {
      this.#isTroubled = true;
      if (!this.#closed.signal.aborted) this.#listener.trouble((error as Error).message);
    } finally {
      this.#looking = false;
      this.#looked = Date.now();
      this.#glanceLater();
    }
    if (this.#again) this.#notice();
  }

  /** Something has changed: looks at once, or a little later when it has just been looked. */
  #notice(): void {
    if (this.#closed.signal.aborted) return;
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      void this.look();
    }, Math.max(0, this.#looked + PAUSE - Date.now()));
  }

  async #lookOnce(): Promise<void> {
    const { signal } = this.#closed;
    const project = this.#project();
    const where = project === undefined ? [] : ["--project", project];
    const listed = await this.#hob.ask<Task[]>(["list", ...where, "--json"], { signal });
    if (signal.aborted) return;
    const tasks = this.#busy.take(listed, Date.now());
    const alerts = this.#alertsOf(tasks);
    this.#known = new Map(tasks.map((task) => [task.id, task]));
    this.#listener.tasks(tasks);
    if (alerts.length > 0) this.#listener.alerts(alerts);
  }

  #glanceLater(): void {
    if (this.#closed.signal.aborted || ![...(this.#known?.values() ?? [])].some(lives)) return;
    this.#timer = setTimeout(() => void this.look(), GLANCE);
  }

  /** What is worth a word since the last look. At the first look nothing is new. */
  #alertsOf(tasks: Task[]): Alert[] {
    const known = this.#known;
    return tasks.flatMap((task): Alert[] => {
      const before = known?.get(task.id);
      if (asks(task)) return this.#isTold(task) || !known ? [] : [{ kind: "asks", task }];
      const failed = task.status === "failed" && before?.status !== "failed";
      return known && failed ? [{ kind: "failed", task }] : [];
    });
  }

  /** Whether that question was told already: what asks the same again and again is told once. */
  #isTold(task: Task): boolean {
    const question = `${task.waitingFor} ${questionOf(task)}`;
    if (this.#told.get(task.id) === question) return true;
    this.#told.set(task.id, question);
    return false;
  }

  /** One follower at a time; when it ends, the next open() starts another. It begins with the last event there is:
   * what happens between a look and its start is in the look that follows. */
  async #follow(): Promise<void> {
    if (this.#following) return;
    this.#following = true;
    const { signal } = this.#closed;
    try {
      const child = this.#hob.start(["events", "-f", "-n", "1", "--json"]);
      const kill = () => child.kill();
      signal.addEventListener("abort", kill, { once: true });
      child.on("error", () => {});
      child.stdin.end();
      child.stderr.resume();
      // What the event says is in the list; many at once are one look.
      for await (const _ of lines(child.stdout)) this.#notice();
      signal.removeEventListener("abort", kill);
    } catch {
      // The program is missing, or was ended.
    } finally {
      this.#following = false;
    }
  }
}
