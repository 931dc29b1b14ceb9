// Finds the hob program: the option, HOB_BIN, the package, PATH, in this order.
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";

const GET_IT = 'build it with "make" in its source folder and put it on PATH, or name it in HOB_BIN or in the plugin\'s option "bin"';

/** The path of the program; throws one sentence that says how to get it. */
export function findHob(option: string | undefined, env = process.env, folder = here()): string {
  const named = option ?? env.HOB_BIN;
  if (named) {
    if (isProgram(named)) return named;
    throw new Error(`There is no program at ${named}, where ${option ? 'the plugin\'s option "bin"' : "HOB_BIN"} says hob is: ${GET_IT}.`);
  }
  // A published package carries the program; a source folder has it where make puts it.
  const places = [join(folder, "bin", "hob"), join(folder, "..", "build", "hob"), ...onPath(env.PATH ?? "")];
  const found = places.find(isProgram);
  if (found) return found;
  throw new Error(`The hob program, which keeps the background processes, was not found: ${GET_IT}.`);
}

function here(): string {
  return dirname(fileURLToPath(import.meta.url));
}

function onPath(path: string): string[] {
  return path.split(delimiter).filter(isAbsolute).map((folder) => join(folder, "hob"));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
