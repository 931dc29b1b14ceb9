// Reads the plugin's results as a model would.

/** The id that a result begins with. */
export function idIn(result) {
  const id = /^([a-z0-9]{5})\b/.exec(result)?.[1];
  if (!id) throw new Error(`no id begins this result: ${result}`);
  return id;
}

/** The pid that a result names. */
export function pidIn(result) {
  const pid = /\bpid (\d+)/.exec(result)?.[1];
  if (!pid) throw new Error(`no pid is in this result: ${result}`);
  return Number(pid);
}
