// Waiting for what must become true.

/** Asks again until the answer is truthy, and gives it; a hang fails after so many seconds. */
export async function until(ask, what, seconds = 120) {
  for (const end = Date.now() + seconds * 1000; ; ) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
