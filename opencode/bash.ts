// Splits a command line into its simple commands with the parser that OpenCode's own bash tool uses.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { Language, Parser, type Node } from "web-tree-sitter";

export interface SimpleCommand {
  /** As written, with its redirections. */
  text: string;
  /** Its name and its arguments, quotes and all. */
  words: string[];
}

const WORDS = new Set(["command_name", "word", "string", "raw_string", "concatenation"]);

let parser: Promise<Parser> | undefined;

/** Every simple command of a line, also those inside substitutions, loops, lists and pipes. */
export async function simpleCommands(line: string): Promise<SimpleCommand[]> {
  parser ??= load();
  const tree = (await parser).parse(line);
  if (!tree) throw new Error("The command line could not be parsed.");
  try {
    return tree.rootNode.descendantsOfType("command").filter((node) => node !== null).map(simple);
  } finally {
    tree.delete();
  }
}

function simple(node: Node): SimpleCommand {
  const whole = node.parent?.type === "redirected_statement" ? node.parent : node;
  const words = node.children.filter((child) => child !== null && WORDS.has(child.type));
  return { text: whole.text.trim(), words: words.map((word) => word!.text) };
}

async function load(): Promise<Parser> {
  await Parser.init({ locateFile: () => locate("web-tree-sitter/tree-sitter.wasm") });
  const made = new Parser();
  made.setLanguage(await Language.load(locate("tree-sitter-bash/tree-sitter-bash.wasm")));
  return made;
}

/** A published package carries the file; for the source folder npm installs it. */
function locate(file: string): string {
  const carried = fileURLToPath(new URL(`./${basename(file)}`, import.meta.url));
  return existsSync(carried) ? carried : createRequire(import.meta.url).resolve(file);
}
