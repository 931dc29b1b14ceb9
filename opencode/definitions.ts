// The tools' names, descriptions and parameters, read from tools.json, which "hob mcp" reads too.
import { readFileSync } from "node:fs";

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

/** Every tool, in the order of the file. */
export function definitions(notifyPrefix: string): Definition[] {
  return read().map((definition) => ({ ...definition, description: definition.description.replace("{notifyPrefix}", notifyPrefix) }));
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
