// The plugin's modules as JavaScript, for tests that need no OpenCode: node 18 reads no TypeScript.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { bun, PLUGIN } from "./programs.mjs";

const folder = mkdtempSync(join(tmpdir(), "hob-plugin-"));
after(() => rmSync(folder, { recursive: true }));

const sources = [...readdirSync(PLUGIN), ...readdirSync(join(PLUGIN, "tui")).map((name) => join("tui", name))].filter((name) => name.endsWith(".ts"));
execFileSync(bun, ["build", ...sources, "--outdir", folder, "--target", "node", "--packages", "external"], { cwd: PLUGIN, stdio: "ignore" });
symlinkSync(join(PLUGIN, "node_modules"), join(folder, "node_modules"));
copyFileSync(join(PLUGIN, "../tools.json"), join(folder, "tools.json"));
copyFileSync(join(PLUGIN, "package.json"), join(folder, "package.json"));

/** One module by its name, those of the terminal part as tui/NAME. */
export const load = (name) => import(join(folder, `${name}.js`));
