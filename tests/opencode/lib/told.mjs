// What sessions were told, as the server stored it.
import { until } from "./wait.mjs";

/** The numbers in a part's metadata, where neighbours stand as [first, last]. */
function unpack(packed) {
  return packed.flatMap((one) => (Array.isArray(one) ? Array.from({ length: one[1] - one[0] + 1 }, (_, index) => one[0] + index) : one));
}

/** All notifications in a session: { text, seqs, at }, the last being when OpenCode took it in. */
export async function notifications(server, session) {
  const parts = (await server.messages(session)).flatMap(({ info, parts }) => parts.map((part) => ({ ...part, at: info.time.created })));
  return parts.filter(({ metadata }) => metadata?.hob).map(({ text, metadata, at }) => ({ text, seqs: unpack(metadata.hob.seqs), at }));
}

/** The numbers of all events that a session was told of, in order. */
export async function toldSeqs(server, session) {
  return (await notifications(server, session)).flatMap(({ seqs }) => seqs);
}

/** Waits until every notification of a session is acknowledged. */
export async function settled(spy, server, session) {
  await until(async () => {
    const seqs = await toldSeqs(server, session);
    return seqs.length > 0 && seqs.every((seq) => spy.acknowledged().includes(seq));
  }, "the notifications are acknowledged");
}
