// Finds the hob program: the option, HOB_BIN, the package for this processor, the source folder, PATH, in this order.
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { copyOf } from "./copy.ts";
import { isProgram } from "./program.ts";

const GET_IT = 'build it with "make" in its source folder and put it on PATH, or name it in HOB_BIN or in the plugin\'s option "bin"';
const PROCESSORS = ["x64", "arm64"];

/** The path of the program; throws one sentence that says how to get it. */
export function findHob(option: string | undefined, env = process.env, folder = here(), kind = `${process.platform}-${process.arch}`): string {
  const named = option ?? env.HOB_BIN;
  if (named) {
    if (isProgram(named)) return named;
    throw new Error(`There is no program at ${named}, where ${option ? 'the plugin\'s option "bin"' : "HOB_BIN"} says hob is: ${GET_IT}.`);
  }
  const name = `opencode-hob-${kind}`;
  // npm puts the one beside the other, or inside of it.
  const packages = [join(folder, "..", name), join(folder, "node_modules", name)];
  const packaged = packages.find((place) => isProgram(join(place, "bin", "hob")));
  if (packaged) return copyOf(packaged, env);
  const found = [join(folder, "..", "build", "hob"), ...onPath(env.PATH ?? "")].find(isProgram);
  if (found) return found;
  throw new Error(whereItIs(folder, name, kind));
}

/** What to do without the program. */
function whereItIs(folder: string, name: string, kind: string): string {
  const lacking = "The hob program, which keeps the background processes,";
  const modules = dirname(folder);
  if (!modules.endsWith("/node_modules")) return `${lacking} was not found: ${GET_IT}.`;
  if (!PROCESSORS.some((arch) => kind === `linux-${arch}`)) return `${lacking} runs on linux-x64 and linux-arm64 only, and this is ${kind}.`;
  return `${lacking} is missing, because its package ${name} was not installed: remove ${dirname(modules)} and start OpenCode again while it can reach the registry, or ${GET_IT}.`;
}

function here(): string {
  return dirname(fileURLToPath(import.meta.url));
}

function onPath(path: string): string[] {
  return path.split(delimiter).filter(isAbsolute).map((folder) => join(folder, "hob"));
}
