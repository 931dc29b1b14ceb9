// The shell and the environment that OpenCode's own bash tool gives its commands.
import { existsSync, statSync } from "node:fs";
import { basename, delimiter, isAbsolute, join } from "node:path";

// OpenCode passes these over: their syntax is not what models write.
const REFUSED = new Set(["fish", "nu"]);

/** The config's shell, else $SHELL, where they are fit; else bash, else /bin/sh. */
export function shellFor(configured: string | undefined, env = process.env): string {
  const wanted = configured || env.SHELL;
  const chosen = wanted && !REFUSED.has(basename(wanted).toLowerCase()) ? locate(wanted, env) : undefined;
  return chosen ?? locate("bash", env) ?? "/bin/sh";
}

function locate(shell: string, env: NodeJS.ProcessEnv): string | undefined {
  if (isAbsolute(shell)) return isFile(shell) ? shell : undefined;
  return (env.PATH ?? "").split(delimiter).map((folder) => join(folder, shell)).find(isFile);
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
