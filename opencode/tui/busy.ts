// How busy each task is now: its share of a processor between two looks, not since its start.
import type { Task } from "../record.ts";

// Between two looks that are nearer to one another nothing can be told.
const SPAN = 1000;

interface Sample {
  at: number;
  cpuMs: number;
  percent: number;
}

export class Busy {
  #samples = new Map<string, Sample>();

  /** The tasks as they were seen at NOW, with their share since they were seen before, where they were. */
  take(tasks: Task[], now: number): Task[] {
    const before = this.#samples;
    this.#samples = new Map();
    return tasks.map((task) => {
      const { id, cpuMs, cpuPercent } = task;
      if (cpuMs === null || cpuPercent === null) return task;
      const last = before.get(id);
      const sample = last && now - last.at < SPAN ? last : { at: now, cpuMs, percent: last ? shareOf(last, cpuMs, now) : cpuPercent };
      this.#samples.set(id, sample);
      return { ...task, cpuPercent: sample.percent };
    });
  }
}

/** What ends takes the time that it has used with it, if nobody waits for it. */
function shareOf({ at, cpuMs }: Sample, used: number, now: number): number {
  return (100 * Math.max(0, used - cpuMs)) / (now - at);
}
