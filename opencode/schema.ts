// The tools' names, descriptions and parameters, read from tools.json, which "hob mcp" reads too.
import { readFileSync } from "node:fs";
import { tool } from "@opencode-ai/plugin/tool";

const z = tool.schema;

/** The part of JSON Schema that tools.json uses. */
export interface Property {
  type: "string" | "number" | "boolean" | "array";
  description?: string;
  enum?: [string, ...string[]];
}

export interface Definition {
  name: string;
  description: string;
  parameters: { properties: Record<string, Property>; required?: string[] };
}

type Shape = Parameters<typeof z.object>[0] & {};

/** One tool as OpenCode wants it described, and as tools.json has it. */
export interface Described {
  description: string;
  args: Shape;
  definition: Definition;
}

/** Every tool by its name. */
export function describeTools(notifyPrefix: string): Map<string, Described> {
  const described = new Map<string, Described>();
  for (const definition of read()) {
    const { name, description, parameters } = definition;
    described.set(name, {
      description: description.replace("{notifyPrefix}", notifyPrefix),
      args: shape(parameters),
      definition,
    });
  }
  return described;
}

/** A published package carries the file; in the source tree it lies one folder up. */
function read(): Definition[] {
  for (const place of ["./tools.json", "../tools.json"]) {
    try {
      return JSON.parse(readFileSync(new URL(place, import.meta.url), "utf8")) as Definition[];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  throw new Error("tools.json is missing beside the plugin.");
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
