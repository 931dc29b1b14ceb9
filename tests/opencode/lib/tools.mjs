// Looks at the tools that the model was offered.
import assert from "node:assert/strict";
import { TOOLS } from "./programs.mjs";

/** OpenCode skips a plugin that cannot be imported without a word: every test asks for its tools first. */
export function hasTools(sight) {
  for (const { name } of TOOLS) assert.ok(sight.tools.includes(name), `the plugin did not load: ${name} is missing`);
}
