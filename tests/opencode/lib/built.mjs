// The plugin's modules as JavaScript, for tests that need no OpenCode: node 18 reads no TypeScript.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { bun, PLUGIN } from "./programs.mjs";

const folder = mkdtempSync(join(tmpdir(), "hob-plugin-"));
after(() => rmSync(folder, { recursive: true }));

const sources = ["", "tui", "two"].flatMap((room) => readdirSync(join(PLUGIN, room)).map((name) => join(room, name))).filter((name) => name.endsWith(".ts"));
execFileSync(bun, ["build", ...sources, "--outdir", folder, "--target", "node", "--packages", "external"], { cwd: PLUGIN, stdio: "ignore" });
symlinkSync(join(PLUGIN, "node_modules"), join(folder, "node_modules"));
copyFileSync(join(PLUGIN, "../tools.json"), join(folder, "tools.json"));
writeFileSync(join(folder, "package.json"), readFileSync(join(PLUGIN, "package.json"), "utf8").replace(/\.tsx?"/g, '.js"'));

/** The folder they are in, a package like the one they were made from. */
export const BUILT = folder;

/** One module by its name, those in a folder as tui/NAME. */
export const load = (name) => import(join(folder, `${name}.js`));
