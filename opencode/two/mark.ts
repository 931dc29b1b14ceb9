// Finds the marks of our messages in whatever form OpenCode 2 hands a session's messages out.
import type { Packed } from "../seqs.ts";

// Deep enough for any message, and an end to what refers to itself.
const DEEPEST = 12;

/** The numbers of all events that these messages tell. */
export function toldIn(messages: unknown): Packed {
  const found: Packed = [];
  collect(messages, found, DEEPEST);
  return found;
}

function collect(value: unknown, found: Packed, depth: number): void {
  if (typeof value !== "object" || value === null || depth === 0) return;
  for (const [key, one] of Object.entries(value)) {
    const seqs = key === "hob" ? (one as { seqs?: unknown } | null)?.seqs : undefined;
    if (Array.isArray(seqs)) found.push(...(seqs as Packed));
    else collect(one, found, depth - 1);
  }
}
