// A detached task that speaks up when it is let, and what is on record of its session.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { call, say } from "./model.mjs";
import { hasTools } from "./tools.mjs";
import { until } from "./wait.mjs";

/** No session's default. */
export const HOW = { agent: "plan", model: { providerID: "scripted", modelID: "second" }, variant: "deep" };

/** Says something whenever the next of these files appears, and then ends. */
const teller = (...files) => `${files.map((name) => `until [ -e ${name} ]; do sleep 0.05; done; echo OPENCODE_NOTIFY: ${name} is there`).join("; ")}; exit 3`;

/** A script that starts one detached task. */
export function starts(files, more = {}) {
  return function* (first) {
    hasTools(first);
    yield call("createBackgroundProcess", { command: teller(...files), name: "teller", lifetime: "detached", ...more });
    for (;;) yield say("noted");
  };
}

/** The numbers of all events of a session, but for the starts. */
export const raisedFor = async (lab, session) =>
  (await lab.events()).filter((event) => event.sessionId === session && event.type !== "started").map(({ seq }) => seq);

/** Lets the task say the next thing, and waits until so many events of its session are on record. */
export async function raise(lab, session, name, count) {
  writeFileSync(join(lab.project, name), "");
  await until(async () => (await raisedFor(lab, session)).length === count, `${count} events are on record`);
}
