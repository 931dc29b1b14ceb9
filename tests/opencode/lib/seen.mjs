// What stands on a screen, waited for.
import { until } from "./wait.mjs";

/** What READ gives, as soon as all of WORDS (texts or patterns) are in it, or none where they are not wanted. */
export async function seen(read, words, isWanted) {
  let text = "";
  const isIn = (one) => (typeof one === "string" ? text.includes(one) : one.test(text));
  const wrong = () => words.filter((one) => isIn(one) !== isWanted);
  try {
    await until(async () => ((text = await read()), wrong().length === 0), "the screen");
  } catch (cause) {
    throw new Error(`the screen ${isWanted ? "never" : "still"} showed ${wrong().join(" and ")}:\n${text}`, { cause });
  }
  return text;
}
