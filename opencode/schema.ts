// The tools as OpenCode 1 wants them described.
import { tool } from "@opencode-ai/plugin/tool";
import { definitions, type Definition, type Property } from "./definitions.ts";

const z = tool.schema;

type Shape = Parameters<typeof z.object>[0] & {};

/** One tool as OpenCode wants it described, and as tools.json has it. */
export interface Described {
  description: string;
  args: Shape;
  definition: Definition;
}

/** Every tool by its name. */
export function describeTools(notifyPrefix: string): Map<string, Described> {
  return new Map(
    definitions(notifyPrefix).map((definition) => {
      const { name, description, parameters } = definition;
      return [name, { description, args: shape(parameters), definition }];
    }),
  );
}

function shape({ properties, required = [] }: Definition["parameters"]): Shape {
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const type = property.description ? typeOf(property).describe(property.description) : typeOf(property);
      return [name, required.includes(name) ? type : type.optional()];
    }),
  );
}

function typeOf(property: Property) {
  if (property.type === "boolean") return z.boolean();
  if (property.type === "number") return z.number();
  if (property.type === "array") return z.array(z.string());
  return property.enum ? z.enum(property.enum) : z.string();
}
