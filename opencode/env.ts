// The variables that other plugins' shell.env hooks add to the bash tool's commands.
//
// A plugin cannot call another one's hooks. But OpenCode runs all of them, ours too, with one and the same
// output object when it opens a terminal: so we open one that ends at once and read what they left there.
import type { Hooks, PluginInput } from "@opencode-ai/plugin";

type EnvHook = NonNullable<Hooks["shell.env"]>;
type Question = { output?: Parameters<EnvHook>[1] };

export class ShellEnv {
  readonly #client: PluginInput["client"];
  #question: Question = {};
  #last: Promise<unknown> = Promise.resolve();

  constructor(client: PluginInput["client"]) {
    this.#client = client;
  }

  /** What the hooks add for a command in this folder. One question at a time: the answers carry no name. */
  in(cwd: string): Promise<Record<string, string>> {
    const answer = this.#last.then(() => this.#ask(cwd));
    this.#last = answer;
    return answer;
  }

  /** Our own hook: adds nothing, only keeps the object that the others fill. */
  readonly hook: EnvHook = async (input, output) => {
    // The bash tool's own calls name their session; a terminal's do not.
    if (input.sessionID === undefined) this.#question.output = output;
  };

  async #ask(cwd: string): Promise<Record<string, string>> {
    const question: Question = (this.#question = {});
    // The hooks have run when this returns, whether or not the terminal could be opened.
    await this.#client.pty.create({ body: { command: "/bin/true", args: [], cwd } }).catch(() => {});
    return question.output?.env ?? {};
  }
}
