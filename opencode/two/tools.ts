// The tools as OpenCode 2 takes them.
import { makeCalls, type Parts, type Run } from "../calls.ts";
import { definitions, type Definition } from "../definitions.ts";
import { callerOf } from "./caller.ts";
import type { Call, Context, Result, Tool } from "./context.ts";
import type { Server } from "./server.ts";

// What runs commands is hidden where the user denies every command.
const RUNNERS = new Set(["createBackgroundProcess", "sendToBackgroundProcess"]);

/** SEE is told which session calls. */
export function makeTools(context: Context, server: Server, parts: Parts, see: (session: string) => void): Tool[] {
  const run = makeCalls(parts);
  return definitions(parts.notifyPrefix).map((definition) => ({
    name: definition.name,
    description: definition.description,
    input: definition.parameters,
    // Otherwise only programs that the model writes could call it.
    options: { codemode: false, ...(RUNNERS.has(definition.name) ? { permission: "shell" } : {}) },
    execute: async (input, call) => {
      see(call.sessionID);
      return answerTo(run, definition, input, () => callerIn(context, server, call));
    },
  }));
}

async function callerIn(context: Context, server: Server, call: Call) {
  const info = await server.info(call.sessionID);
  if (!info && server.canLook) throw new Error(`OpenCode knows no session ${call.sessionID}.`);
  return callerOf(context, call, info);
}

/** A tool that rejects is a defect to OpenCode 2, so what is wrong is an answer. */
async function answerTo(run: Run, definition: Definition, input: unknown, caller: () => ReturnType<typeof callerIn>): Promise<Result> {
  try {
    const { output, title, metadata } = await run(definition, input, await caller());
    return { content: output, metadata: { title, ...metadata } };
  } catch (error) {
    return { content: `Error: ${error instanceof Error ? error.message : String(error)}`, metadata: { error: true } };
  }
}
