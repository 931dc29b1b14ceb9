// How much later the model sees a notify line than a prompt of the same text: the real OpenCode, a scripted model.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { gen, median } from "./lib.mjs";

const ROUNDS = 25;

/** The clock of gen's at=…: nanoseconds. */
const clock = () => process.hrtime.bigint();

export async function notification() {
  const { Lab } = await import("../tests/opencode/lib/lab.mjs");
  const { call, say } = await import("../tests/opencode/lib/model.mjs");
  const bare = [];
  const told = [];
  await Lab.with({}, async (lab) => {
    // A process for each round: one that notified again and again would be slowed down.
    const fifos = Array.from({ length: ROUNDS }, (_, round) => path.join(lab.root, `trigger${round}`));
    execFileSync("mkfifo", fifos);
    lab.model.play("bench", function* () {
      for (const fifo of fifos)
        yield call("createBackgroundProcess", { command: `read _ <>${fifo}; ${gen} notify 1 1 OPENCODE_NOTIFY:; sleep 1000` });
      for (;;) yield say("seen");
    });
    const server = await lab.serve();
    const session = await server.session();

    /** What a turn that BEGIN causes shows the model, and when, once the session is idle again. */
    const turn = async (begin, fits) => {
      const from = server.events.length;
      const seen = lab.model
        .until(({ sight }) => fits.test(sight.said.at(-1)), String(fits))
        .then(({ sight }) => [sight, clock()]);
      await begin();
      const [sight, at] = await seen;
      await server.idle(session, from);
      return { text: sight.said.at(-1), at };
    };

    await turn(() => server.prompt(session, "[[bench]]"), /bench/);
    const stamps = new Set();
    for (let round = 0; round < ROUNDS; round++) {
      // A stamp that was not seen before is this round's.
      const fresh = {
        test: (text) => /at=(\d+)/.test(text) && !stamps.has(/at=(\d+)/.exec(text)[1]),
        toString: () => "a new stamp",
      };
      const line = await turn(() => fs.promises.appendFile(fifos[round], "\n"), fresh);
      const printed = /at=(\d+)/.exec(line.text)[1];
      stamps.add(printed);
      told.push(Number(line.at - BigInt(printed)) / 1e6);

      const sent = clock();
      const prompt = await turn(
        () => server.prompt(session, line.text.replace(printed, sent)),
        new RegExp(`at=${sent}`),
      );
      stamps.add(String(sent));
      bare.push(Number(prompt.at - sent) / 1e6);
    }
    await lab.hob("kill", "--all", "--grace", "0");
  });
  const [without, through] = [median(bare), median(told)];
  return [
    { what: "promptAsync to the next model request, p50", value: without, unit: "ms" },
    { what: "notify line to the next model request, p50", value: through, unit: "ms" },
    { what: "  more", value: through - without, unit: "ms", bound: 50 },
  ];
}
