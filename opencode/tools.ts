// The tools as OpenCode 1 takes them.
import { tool, type ToolDefinition } from "@opencode-ai/plugin/tool";
import { makeCalls, type Parts } from "./calls.ts";
import { describeTools } from "./schema.ts";

export function makeTools(parts: Parts): Record<string, ToolDefinition> {
  const run = makeCalls(parts);
  const described = [...describeTools(parts.notifyPrefix)];
  return Object.fromEntries(
    described.map(([name, { definition, ...about }]) => [name, tool({ ...about, execute: (args, context) => run(definition, args, context) })]),
  );
}
