// Finds the marks of our messages in whatever form OpenCode 2 hands a session's messages out.

// Deep enough for any message, and an end to what refers to itself.
const DEEPEST = 12;

/** The numbers of all events that these messages tell. */
export function seqsIn(messages: unknown): Set<number> {
  const found = new Set<number>();
  collect(messages, found, DEEPEST);
  return found;
}

function collect(value: unknown, found: Set<number>, depth: number): void {
  if (typeof value !== "object" || value === null || depth === 0) return;
  for (const [key, one] of Object.entries(value)) {
    const seqs = key === "hob" ? (one as { seqs?: unknown } | null)?.seqs : undefined;
    if (Array.isArray(seqs)) for (const seq of seqs) found.add(seq);
    else collect(one, found, depth - 1);
  }
}
