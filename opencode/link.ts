// A link with the name of the user's shell, in hob's own folder: HOME/shell/HASH/NAME. It leads to hob, which stands
// in for that shell; where hob is missing or broken it leads to the shell itself. Beside it "real" leads to the shell.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { privateHome } from "./copy.ts";
import { isProgram } from "./program.ts";

const DAY = 24 * 60 * 60 * 1000;
// A program that is so slow does not work.
const PATIENCE = 10_000;
const PATH_MAX = 4096;
// hob knows what it is called.
const SHELLS = new Set(["ash", "bash", "dash", "ksh", "ksh93", "mksh", "oksh", "posh", "sh", "yash", "zsh"]);

export class Link {
  readonly path: string;
  readonly shell: string;

  /** Throws where there is no private place for it, or the shell is none that hob knows. */
  constructor(shell: string, program: string, env: NodeJS.ProcessEnv) {
    if (!SHELLS.has(basename(shell))) throw new Error(`hob does not know the shell ${shell}.`);
    const links = linksIn(env);
    const folder = join(links, createHash("sha256").update(`${shell}\0${program}`).digest("hex").slice(0, 12));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.shell = shell;
    this.path = join(folder, basename(shell));
    point(join(folder, "real"), shell);
    point(this.path, program);
    // Says when it was last of use.
    utimesSync(folder, new Date(), new Date());
    removeOthers(links, folder);
  }

  /** From now on the link leads to this program. */
  lead(program: string): void {
    if (targetOf(this.path) === program) return;
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    point(join(dirname(this.path), "real"), this.shell);
    point(this.path, program);
  }
}

/** Whether a program that is called by a shell's name is that shell: a script that calls hob forgets the name. */
export function becomes(program: string, shell: string): Promise<boolean> {
  const { HOB_SHELL_WAIT: _, ...env } = process.env;
  return new Promise((resolve) => {
    const child = spawn(program, ["-c", 'printf %s "$0"'], {
      argv0: basename(shell),
      env: { ...env, HOB_SHELL_PATH: shell },
      stdio: ["ignore", "pipe", "ignore"],
      timeout: PATIENCE,
    });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-PATH_MAX)));
    child.on("error", () => resolve(false));
    child.on("close", (code) => resolve(code === 0 && said.endsWith(shell)));
  });
}

/** The shell that a path means, which may be such a link already: no link ever stands for another. */
export function standsFor(shell: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  if (!shell || dirname(dirname(shell)) !== linksIn(env)) return shell;
  return targetOf(join(dirname(shell), "real"));
}

function linksIn(env: NodeJS.ProcessEnv): string {
  return join(privateHome(env), "shell");
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

/** At no moment is there no link. Another OpenCode that does the same at this moment does no harm. */
function point(link: string, target: string): void {
  if (targetOf(link) === target) return;
  const draft = `${link}.${process.pid}`;
  rmSync(draft, { force: true });
  symlinkSync(target, draft);
  renameSync(draft, link);
}

/** Links to programs that are gone and that were made or asked for more than a day ago. */
function removeOthers(links: string, ours: string): void {
  for (const folder of readdirSync(links).map((name) => join(links, name))) {
    try {
      const dangles = folder !== ours && !readdirSync(folder).every((name) => isProgram(join(folder, name)));
      if (dangles && Date.now() - lstatSync(folder).mtimeMs > DAY) rmSync(folder, { recursive: true, force: true });
    } catch {
      // Not ours, or another OpenCode was quicker.
    }
  }
}
