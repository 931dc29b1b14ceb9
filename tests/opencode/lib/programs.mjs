// Where the programs of the tests are. npm runs no install scripts for us, so they lie in the packages of
// their platform.
import { accessSync, constants, readFileSync } from "node:fs";
import { arch } from "node:os";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** The packages that the tests installed; linked into a project, bunx needs no registry. */
export const MODULES = `${ROOT}tests/opencode/node_modules`;

const machine = arch() === "arm64" ? "arm64" : "x64";

export const PLUGIN = `${ROOT}opencode`;
export const TOOLS = JSON.parse(readFileSync(`${ROOT}tools.json`, "utf8"));
export const hob = process.env.HOB_BIN ?? `${ROOT}build/hob`;
export const opencode = `${MODULES}/opencode-linux-${machine}${baseline()}/bin/opencode`;
export const bun = `${MODULES}/@oven/bun-linux-${machine === "x64" ? "x64" : "aarch64"}/bin/bun`;
export const mise = `${MODULES}/@jdxcode/mise-linux-${machine}/bin/mise`;

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

/** OpenCode has a build of its own for processors without AVX2. */
function baseline() {
  return machine === "x64" && !/\bavx2\b/.test(readFileSync("/proc/cpuinfo", "utf8")) ? "-baseline" : "";
}
