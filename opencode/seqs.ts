// The numbers of the events that a prompt told of, as they lie in its metadata: neighbours as [first, last].

export type Packed = (number | [number, number])[];

/** Takes numbers in any order. */
export function pack(seqs: number[]): Packed {
  const runs: [number, number][] = [];
  for (const seq of [...seqs].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run && seq <= run[1] + 1) run[1] = seq;
    else runs.push([seq, seq]);
  }
  return runs.map(([first, last]) => (first === last ? first : [first, last]));
}

/** Whether a number is among them. */
export function holds(packed: Packed, seq: number): boolean {
  return packed.some((one) => (typeof one === "number" ? one === seq : one[0] <= seq && seq <= one[1]));
}
