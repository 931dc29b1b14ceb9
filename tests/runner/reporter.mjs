// What node:test has to say about a file, one JSON object a line, for job.mjs to count.

/** A parent fails with its children, and a suite is no test: neither counts by itself. */
function counts({ type, data }) {
  if (type === "test:pass") return data.details.type !== "suite";
  return type === "test:fail" && data.details.error?.failureType !== "subtestsFailed";
}

/** Why a test that node:test calls passed is none for us. */
function excuse(data) {
  if (data.skip !== undefined) return `skipped: ${data.skip}`;
  if (data.todo !== undefined) return `todo: ${data.todo}`;
}

function reason(error) {
  const cause = error?.cause ?? error;
  return cause?.stack
    ? [cause.stack, cause.actual === undefined ? "" : `actual: ${show(cause.actual)}`].join("\n")
    : String(cause);
}

function show(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

export default async function* reporter(source) {
  for await (const event of source) {
    if (!counts(event)) continue;
    const { data, type } = event;
    const failure = type === "test:fail" ? reason(data.details.error) : excuse(data);
    yield JSON.stringify({ name: data.name, failure }) + "\n";
  }
  // A file that leaves by process.exit never gets here.
  yield JSON.stringify({ done: true }) + "\n";
}
