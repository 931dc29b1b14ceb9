// Waiting for what must become true: tests never sleep, they ask again.
import { setTimeout as delay } from "node:timers/promises";

/** Asks until the answer is truthy, and gives it. Not to be is a failure, after a time that only a hang takes. */
export async function waitUntil(ask, what, seconds = 60) {
  for (const end = performance.now() + seconds * 1000; ; await delay(10)) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`waited ${seconds} s in vain: ${what ?? ask}`);
  }
}
