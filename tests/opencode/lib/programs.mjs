// Where the programs of the tests are: in the packages for this platform that opencode-ai, bun and mise's own
// package choose from, since npm runs no install script for us. OpenCode's is the build for any x64 processor.
import { accessSync, constants, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** The packages that the tests installed; linked into a project, bunx needs no registry. */
export const MODULES = `${ROOT}tests/opencode/node_modules`;

export const PLUGIN = `${ROOT}opencode`;
export const TOOLS = JSON.parse(readFileSync(`${ROOT}tools.json`, "utf8"));
export const hob = process.env.HOB_BIN ?? `${ROOT}build/hob`;
export const opencode = `${MODULES}/opencode-linux-x64-baseline/bin/opencode`;
export const bun = `${MODULES}/@oven/bun-linux-x64/bin/bun`;
export const mise = `${MODULES}/@jdxcode/mise-linux-x64/bin/mise`;

// A test that cannot run has failed: say here what is missing, once and clearly.
for (const [path, how] of [
  [hob, "make"],
  [opencode, "npm --prefix tests/opencode ci"],
  [bun, "npm --prefix tests/opencode ci"],
  [mise, "npm --prefix tests/opencode ci"],
  [`${PLUGIN}/node_modules/web-tree-sitter/tree-sitter.wasm`, "npm --prefix opencode ci"],
]) {
  try {
    accessSync(path, constants.R_OK);
  } catch {
    throw new Error(`${path} is missing: run "${how}" first`);
  }
}
