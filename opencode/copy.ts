// A copy of the packaged program in hob's own folder, HOME/bin/VERSION-HASH/hob: an update of the package, or its
// removal, takes nothing away from what runs. Copies that nothing runs from are removed a day after their last use.
import { closeSync, copyFileSync, fsyncSync, lstatSync, mkdirSync, openSync, readFileSync, readdirSync } from "node:fs";
import { readlinkSync, realpathSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { join, resolve } from "node:path";
import { isProgram } from "./program.ts";

const DAY = 24 * 60 * 60 * 1000;

/** The path of the program to run. Where it cannot be copied, that is the one in the package. */
export function copyOf(folder: string, env: NodeJS.ProcessEnv): string {
  const packaged = join(folder, "bin", "hob");
  try {
    const { hob: version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { hob: string };
    const copies = join(privateHome(env), "bin");
    const copy = join(copies, version, "hob");
    if (!isWhole(copy, packaged)) place(packaged, copy);
    // Says when it was last of use.
    utimesSync(join(copies, version), new Date(), new Date());
    removeOthers(copies, version);
    return isProgram(copy) ? copy : packaged;
  } catch {
    return packaged;
  }
}

/** hob's folder, as hob itself finds it. */
export function homeIn({ HOB_HOME, XDG_STATE_HOME, HOME }: NodeJS.ProcessEnv): string | undefined {
  if (HOB_HOME) return resolve(HOB_HOME);
  if (XDG_STATE_HOME) return resolve(XDG_STATE_HOME, "hob");
  return HOME ? resolve(HOME, ".local/state/hob") : undefined;
}

/** The same, made and looked at: nobody else may have put a program there. */
export function privateHome(env: NodeJS.ProcessEnv): string {
  const home = homeIn(env)!;
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const { uid, mode } = statSync(home);
  if (uid !== process.geteuid!() || mode & 0o077) throw new Error(`${home} is not private`);
  return realpathSync(home);
}

/** A power cut may leave a file shorter than it was. */
function isWhole(copy: string, packaged: string): boolean {
  return isProgram(copy) && statSync(copy).size === statSync(packaged).size;
}

/** Copies all or nothing. Another OpenCode that does the same at this moment puts the same there. */
function place(packaged: string, copy: string): void {
  const draft = `${copy}.${process.pid}`;
  mkdirSync(join(copy, ".."), { recursive: true, mode: 0o700 });
  try {
    copyFileSync(packaged, draft);
    const file = openSync(draft, "r");
    fsyncSync(file);
    closeSync(file);
    renameSync(draft, copy);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Other versions that were of no use for a day and that nothing runs from. */
function removeOthers(copies: string, version: string): void {
  const old = readdirSync(copies)
    .filter((name) => name !== version)
    .map((name) => join(copies, name))
    .filter((folder) => Date.now() - lstatSync(folder).mtimeMs > DAY);
  if (old.length === 0) return;
  const running = programs();
  for (const folder of old) if (!running.has(join(folder, "hob"))) rmSync(folder, { recursive: true, force: true });
}

/** The files that this user's processes run from: guards, keepers and followers among them. */
function programs(): Set<string> {
  const found = new Set<string>();
  for (const name of readdirSync("/proc")) {
    try {
      if (/^\d+$/.test(name)) found.add(readlinkSync(`/proc/${name}/exe`));
    } catch {
      // It has ended, or it is another user's.
    }
  }
  return found;
}
