// Text that people see, kept in tests/cmd/golden/ (and tests/golden/) and compared to the byte.
// After a change that is meant, look at the difference that this makes:
//   make regen && git diff
import assert from "node:assert/strict";
import fs from "node:fs";

const folder = new URL("../golden/", import.meta.url);

/** TEXT is what the golden file NAME holds. */
export function golden(name, text) {
  const file = new URL(name, folder);
  if (process.env.GOLDEN === "regen") fs.writeFileSync(file, text);
  assert.equal(text, fs.readFileSync(file, "utf8"), `tests/cmd/golden/${name} says otherwise (see make regen)`);
}
