// Asks for permission to run a command line, as OpenCode's own bash tool does for the same line, and to type one.
import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { nameOf } from "./arity.ts";
import { simpleCommands, type SimpleCommand } from "./bash.ts";
import type { Caller } from "./caller.ts";
import { contains } from "./inside.ts";
import type { Task } from "./record.ts";

// Changing the directory is no command of its own for the user's rules, only a path to look at.
const MOVES = new Set(["cd", "chdir", "popd", "pushd"]);
// The commands whose arguments the bash tool takes for paths.
const FILES = new Set([...MOVES, "rm", "cp", "mv", "mkdir", "touch", "chmod", "chown", "cat"]);

/** Returns when the user's rules or the user allow the line; throws when they do not. */
export async function askToRun(command: string, cwd: string, context: Caller): Promise<void> {
  await askFor(await simpleCommands(command), command, cwd, context);
}

/**
 * The same for a line that is typed to a task: it is judged as a command, and beside it the task's own command, since
 * who may not run that may not drive it either. A password is not told.
 */
export async function askToType(task: Task, line: string, context: Caller): Promise<void> {
  const own = await simpleCommands(task.command);
  if (task.waitingFor === "password") return askFor(own, `(a password) to ${task.command}`, task.cwd, context);
  const typed = await simpleCommands(line);
  const text = line.trim();
  // What is no command of a shell is one of whoever reads it.
  if (text !== "" && typed.length === 0) typed.push({ text, words: [text] });
  await askFor([...own, ...typed], text === "" ? `(keys) to ${task.command}` : line, task.cwd, context);
}

async function askFor(commands: SimpleCommand[], command: string, cwd: string, context: Caller): Promise<void> {
  const folders = await outsideFolders(commands, cwd, context);
  if (folders.length > 0) {
    const patterns = folders.map((folder) => join(folder, "*"));
    await context.ask({
      permission: "external_directory",
      patterns,
      always: patterns,
      metadata: { command, directories: folders, patterns },
    });
  }
  const named = commands.filter(isCommand);
  if (named.length === 0) return;
  await context.ask({
    permission: "bash",
    patterns: unique(named.map(({ text }) => text)),
    always: unique(named.map(({ words }) => `${nameOf(words).join(" ")} *`)),
    metadata: { command },
  });
}

function isCommand({ words }: SimpleCommand): boolean {
  return words.length > 0 && !MOVES.has(words[0]!);
}

/** The folders outside of the project that the line names, and its own when that is outside. */
async function outsideFolders(commands: SimpleCommand[], cwd: string, context: Caller): Promise<string[]> {
  const found: string[] = [];
  for (const { words } of commands) {
    if (!FILES.has(words[0] ?? "")) continue;
    for (const word of words.slice(1)) {
      const path = pathOf(word, words[0]!, cwd);
      if (path === undefined || isInside(path, context)) continue;
      found.push((await isFolder(path)) ? path : dirname(path));
    }
  }
  if (!isInside(cwd, context)) found.push(cwd);
  return unique(found);
}

/** The path an argument stands for, as far as it can be known without running the line. */
function pathOf(word: string, name: string, cwd: string): string | undefined {
  if (word.startsWith("-") || (name === "chmod" && word.startsWith("+"))) return undefined;
  const plain = expandHome(unquote(word)).replace(/[?*[].*$/s, "");
  if (plain === "" || /^@?\(/.test(plain) || /[$`]/.test(plain)) return undefined;
  return resolve(cwd, plain);
}

function unquote(word: string): string {
  const quoted = /^(["'])(.*)\1$/s.exec(word);
  return quoted ? quoted[2]! : word;
}

function expandHome(path: string): string {
  if (path === "~") return homedir();
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}

/** Whether OpenCode counts a path to the project. Without a repository the worktree is "/". */
function isInside(path: string, { directory, worktree }: Caller): boolean {
  return contains(directory, path) || (worktree !== "/" && contains(worktree, path));
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then((found) => found.isDirectory(), () => false);
}

function unique(values: string[]): string[] {
  return [...new Set(values)];
}
