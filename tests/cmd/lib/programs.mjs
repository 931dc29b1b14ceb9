// The programs under test, and what a test says to `prop`, the helper of tests/tools/prop.c.
import path from "node:path";

const build = (name) => path.resolve(new URL("../../../build", import.meta.url).pathname, name);

export const HOB = process.env.HOB_BIN ?? build("hob");
export const PROP = process.env.PROP_BIN ?? build("prop");
/** A hob whose keepers abort at their start while the file named by $HOB_TEST_CRASH is there. */
export const CRASH = process.env.CRASH_BIN ?? path.join(path.dirname(HOB), "hob-crash");

/** Everything is slower by a factor of its own in the pass under ASan and UBSan. */
export const sanitized = Boolean(process.env.HOB_SANITIZED);

/** The words of a call of prop; its modes are told at the top of prop.c. */
export const prop = (...words) => [PROP, ...words.map(String)];

/** A word for sh -c that means exactly TEXT. */
export const quote = (text) => `'${String(text).replaceAll("'", `'\\''`)}'`;
