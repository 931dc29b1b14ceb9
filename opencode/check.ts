// Looks at a call's arguments: OpenCode hands over whatever the model wrote.
import type { Definition, Property } from "./definitions.ts";

type Given = Record<string, unknown>;

/**
 * The arguments by their declared types, without those left empty, which is what models fill in for what they leave
 * out. Throws one sentence that names what is wrong and what would be right.
 */
export function checked({ name, parameters }: Definition, given: unknown): Given {
  const { properties, required = [] } = parameters;
  if (given !== undefined && given !== null && (typeof given !== "object" || Array.isArray(given))) {
    throw new Error(`${name} takes an object with ${Object.keys(properties).join(", ")}, not ${JSON.stringify(given)}.`);
  }
  const args: Given = {};
  for (const [key, value] of Object.entries((given ?? {}) as Given)) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (!property) throw new Error(`${name} has no parameter ${key}: it takes ${Object.keys(properties).join(", ")}.`);
    const right = isEmpty(value) ? undefined : convert(key, value, property);
    if (!isEmpty(right)) args[key] = right;
  }
  for (const key of required) {
    if (!(key in args)) throw new Error(`${name} wants ${key}${properties[key]?.description ? ` (${properties[key].description})` : ""}.`);
  }
  return args;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

function convert(key: string, value: unknown, { type, enum: words }: Property): unknown {
  switch (type) {
    case "boolean":
      if (value === "true" || value === "false") return value === "true";
      if (typeof value !== "boolean") throw wrong(key, "true or false", value);
      return value;
    case "number": {
      const number = typeof value === "string" ? Number(value) : value;
      if (!Number.isSafeInteger(number) || (number as number) < 0) throw wrong(key, "a whole number", value);
      return number;
    }
    case "array":
      return (Array.isArray(value) ? value : [value]).filter((one) => !isEmpty(one)).map((one) => word(key, one, "strings"));
    default: {
      const text = word(key, value, "a string");
      if (words && !words.includes(text)) throw wrong(key, `one of ${words.join(", ")}`, value);
      return text;
    }
  }
}

function word(key: string, value: unknown, expected: string): string {
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") throw wrong(key, expected, value);
  return value;
}

function wrong(key: string, expected: string, value: unknown): Error {
  return new Error(`${key} must be ${expected}, not ${JSON.stringify(value)}.`);
}
