// The plugin in OpenCode 2, which is played by a host of our own (lib/host2.mjs), under both runtimes; the tasks are real.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { BUILT, load } from "./lib/built.mjs";
import { Lab } from "./lib/lab.mjs";
import { alive } from "./lib/processes.mjs";
import * as programs from "./lib/programs.mjs";
import { idIn, pidIn } from "./lib/results.mjs";
import { Spy } from "./lib/spy.mjs";
import { Two } from "./lib/two.mjs";
import { until } from "./lib/wait.mjs";

// The source as Bun runs it, and the same built, as an npm package.
const KINDS = [
  { runtime: programs.bun, folder: programs.PLUGIN, kind: "directory" },
  { runtime: process.execPath, folder: BUILT, kind: "npm" },
];

const CREATE = "createBackgroundProcess";
const MISSING = "--missing";

/** TEST in a lab of its own, under each runtime. */
function inBoth(name, test_) {
  for (const how of KINDS) {
    test(`${name} (${how.kind}, ${how.runtime === programs.bun ? "bun" : "node"})`, () =>
      Lab.with({}, async (lab) => {
        const open = () => Two.open(lab, how);
        await test_(lab, open);
      }),
    );
  }
}

const statuses = async (lab) => Object.fromEntries((await lab.tasks()).map(({ name, status }) => [name, status]));

inBoth("the six tools are registered, straight from tools.json", async (_lab, open) => {
  const two = await open();
  const { tools, cleans } = await two.load({ options: { notifyPrefix: "AGENT:" } });
  assert.ok(cleans);
  const expected = programs.TOOLS.map(({ name, description, parameters }) => {
    const runs = ["createBackgroundProcess", "sendToBackgroundProcess"].includes(name);
    const options = { codemode: false, ...(runs ? { permission: "shell" } : {}) };
    return { name, description: description.replace("{notifyPrefix}", "AGENT:"), input: parameters, options };
  });
  assert.deepEqual(tools, expected);
});

inBoth("a process is started in the session's folder, read, waited for, typed to, listed and ended", async (lab, open) => {
  const two = await open();
  await two.load();
  const elsewhere = join(lab.root, "elsewhere");
  mkdirSync(elsewhere);
  const here = await two.session();
  const there = await two.session({ directory: elsewhere, projectID: "p2" });
  for (const [session, folder] of [[here, lab.project], [there, elsewhere]]) {
    const id = idIn(await two.ok(session, CREATE, { command: "pwd; echo $HOME", tags: ["place"] }));
    assert.match(await two.ok(session, "waitForBackgroundProcess", { processId: id }), new RegExp(`completed, exit code 0\n(.*\n)*${folder}\n${lab.home}$`));
    const [task] = await lab.tasks("-S", session);
    assert.deepEqual([task.cwd, task.project, task.owner.split(":")[0], task.lifetime], [folder, folder, String(two.pid), "session"]);
  }
  const name = { processId: "shell" };
  const pid = pidIn(await two.ok(here, CREATE, { command: "read x; echo $((x * 7)); exec sleep 1000", name: "shell", pty: true, global: true }));
  assert.match(await two.ok(here, "sendToBackgroundProcess", { ...name, text: "6", keys: ["Enter"] }), /^6$/m);
  // On a busy machine the shell answers later than what was typed is shown.
  assert.match(await two.ok(here, "waitForBackgroundProcess", { ...name, match: "^42" }), /Matched: 42/);
  assert.match(await two.ok(here, "getBackgroundProcess", { ...name, lines: 3 }), /^42$/m);
  assert.match(await two.ok(here, "listBackgroundProcesses", {}), /"shell" running/);
  assert.doesNotMatch(await two.ok(there, "listBackgroundProcesses", {}), /shell/, "another project's");
  assert.match(await two.ok(here, "killProcesses", name), /"shell" cancelled: all its processes have ended/);
  assert.ok(!alive(pid));
});

inBoth("what a model writes is looked at, and what is wrong is an answer", async (_lab, open) => {
  const two = await open();
  await two.load();
  const session = await two.session();
  for (const [tool, input, sentence] of [
    [CREATE, { command: "true", shell: "fish" }, /^Error: createBackgroundProcess has no parameter shell: it takes command, /],
    [CREATE, {}, /^Error: createBackgroundProcess wants command \(Shell command line\)\.$/],
    [CREATE, "ls", /^Error: createBackgroundProcess takes an object with command, .*, not "ls"\.$/],
    [CREATE, null, /^Error: createBackgroundProcess wants command/],
    [CREATE, { command: "true", cwd: "/none" }, /^Error: .*\/none/],
    ["getBackgroundProcess", { processId: "nobody" }, /^Error: .*nobody/],
    ["killProcesses", {}, /^Error: Say which processes to end/],
  ]) {
    const { content, metadata } = await two.call(session, tool, input);
    assert.match(content, sentence);
    assert.deepEqual(metadata, { error: true });
  }
  const { content } = await two.call("ses_unknown", CREATE, { command: "true" });
  assert.equal(content, "Error: OpenCode knows no session ses_unknown.");
});

inBoth("permission is asked for by assert, as for the shell tool, and what is refused does not run", async (lab, open) => {
  const two = await open();
  await two.load();
  const session = await two.session();
  await two.do("rules", { rules: { "shell rm victim": "deny", "external_directory /etc/*": "deny" } });
  writeFileSync(join(lab.project, "victim"), "");
  await two.ok(session, CREATE, { command: "echo a && exec sleep 1000", name: "a" });
  const [{ source, ...asked }] = two.asserted();
  assert.deepEqual(asked, {
    ...{ sessionID: session, agent: "build", action: "shell", resources: ["echo a", "exec sleep 1000"] },
    ...{ save: ["echo *", "exec *"], metadata: { command: "echo a && exec sleep 1000" } },
  });
  assert.deepEqual([source.type, source.id.slice(0, 5)], ["tool", "call_"]);
  for (const args of [{ command: "echo $(rm victim)" }, { command: "ls", cwd: "/etc" }]) {
    assert.match((await two.call(session, CREATE, args)).content, /^Error: The user's rules deny/);
  }
  await two.ok(session, CREATE, { command: "bash --norc", name: "shell", pty: true });
  assert.match((await two.call(session, "sendToBackgroundProcess", { processId: "shell", text: "rm victim\n" })).content, /^Error: The user's rules deny shell rm victim/);
  assert.ok(existsSync(join(lab.project, "victim")));
  assert.deepEqual(await statuses(lab), { a: "running", shell: "running" });
});

inBoth("where nobody can be asked nothing runs, unless the user says so", async (lab, open) => {
  const two = await open();
  await two.load({ without: ["permission.assert"] });
  const session = await two.session();
  const refused = await two.call(session, CREATE, { command: "touch ran" });
  assert.match(refused.content, /^Error: Refused: this OpenCode has no way .* option "allowWithoutPermission" to true\.$/);
  for (const options of [{ allowWithoutPermission: "yes" }, { allowWithoutPermission: false }]) {
    const { instance } = await two.load({ without: ["permission"], options });
    assert.equal((await two.call(session, CREATE, { command: "touch ran" }, { instance })).content, refused.content);
  }
  assert.deepEqual([existsSync(join(lab.project, "ran")), await lab.tasks()], [false, []]);
  await lab.hob("run", "-n", "shell", "--pty", "-l", "detached", "--project", lab.project, "cat");
  assert.equal((await two.call(session, "sendToBackgroundProcess", { processId: "shell", text: "ls" })).content, refused.content);
  assert.match(await two.ok(session, "killProcesses", { processId: "shell" }), /cancelled/, "nobody is asked for that");
  const { instance } = await two.load({ without: ["permission.assert"], options: { allowWithoutPermission: true } });
  await two.ok(session, CREATE, { command: "touch ran", name: "ran" }, { instance });
  await until(() => existsSync(join(lab.project, "ran")), "it ran");
  // Where there is somebody to ask, the option changes nothing.
  const strict = await two.load({ options: { allowWithoutPermission: true } });
  await two.do("rules", { rules: { shell: "deny" } });
  assert.match((await two.call(session, CREATE, { command: "true" }, strict)).content, /^Error: The user's rules deny/);
});

inBoth("what a process says wakes its session, once, whatever instances there are", async (lab, open) => {
  const spy = new Spy(lab.root, "spy");
  lab.env.HOB_BIN = spy.path;
  const two = await open();
  const instances = [await two.load(), await two.load({ directory: lab.root }), await two.load()];
  const parent = await two.session();
  const session = await two.session({ parentID: parent });
  await two.do("turn", { sessionID: session, begins: true });
  const teller = 'for i in $(seq 20); do echo "OPENCODE_NOTIFY: number $i."; sleep 0.02; done; exit 3';
  const id = idIn(await two.ok(session, CREATE, { command: teller, name: "teller", notifyOnExit: true }));
  await two.message(parent, /failed, exit code 3/);
  const messages = two.messages(parent);
  const numbers = messages.flatMap(({ text }) => [...text.matchAll(/number (\d+)\./g)].map(([, number]) => Number(number)));
  assert.deepEqual(numbers.filter((_, at) => at < 20), Array.from({ length: 20 }, (_, at) => at + 1));
  assert.equal(two.messages(session).length, 0, "processes belong to the session at the top");
  for (const { text, description, metadata, ...how } of messages) {
    assert.equal(description, text.split("\n")[0]);
    assert.deepEqual(metadata.source, "hob");
    assert.deepEqual(how, { told: "synthetic", sessionID: parent, busy: false });
  }
  const range = (one) => (typeof one === "number" ? [one] : Array.from({ length: one[1] - one[0] + 1 }, (_, at) => one[0] + at));
  const seqs = messages.flatMap(({ metadata }) => metadata.hob.seqs.flatMap(range));
  assert.equal(new Set(seqs).size, seqs.length);
  await until(() => seqs.every((seq) => spy.acknowledged().includes(seq)), "all are acknowledged");
  // Another one takes its place when a session is named.
  const followers = () => lab.processes().filter(({ command }) => /\bevents -f/.test(command)).length;
  await until(() => followers() === 1, "one follower is enough");

  // The instance that the others lean on goes first.
  await two.do("unload", instances[2]);
  await two.ok(parent, CREATE, { command: "echo OPENCODE_NOTIFY: by another" }, instances[0]);
  await two.message(parent, /by another/);
  assert.ok(id);
});

inBoth("a deleted session ends its own processes, once, and nothing else does", async (lab, open) => {
  const spy = new Spy(lab.root, "spy");
  lab.env.HOB_BIN = spy.path;
  const two = await open();
  const { instance } = await two.load();
  await two.load({ directory: lab.root });
  const session = await two.session();
  const child = await two.session({ parentID: session });
  const other = await two.session();
  for (const lifetime of ["session", "app", "detached"]) await two.ok(child, CREATE, { command: "exec sleep 1000", name: lifetime, lifetime });
  await two.ok(other, CREATE, { command: "exec sleep 1000", name: "other" });
  // What a turn's end, its failure or the child's end mean to others means nothing to processes.
  for (const sessionID of [session, child]) for (const begins of [true, false]) await two.do("turn", { sessionID, begins });
  await two.do("remove", { sessionID: child });
  await until(() => spy.calls().some((call) => call.startsWith(`kill -S ${child} `)), "the child's end is noticed");
  assert.deepEqual(await statuses(lab), { session: "running", app: "running", detached: "running", other: "running" });
  await two.do("remove", { sessionID: session });
  await until(async () => (await statuses(lab)).session === "cancelled", "it is ended");
  await two.do("unload", { instance });
  assert.deepEqual(await statuses(lab), { session: "cancelled", app: "running", detached: "running", other: "running" });
  assert.equal(spy.calls().filter((call) => call.startsWith(`kill -S ${session} `)).length, 1, "though two instances hear it");
  await lab.hob("kill", "detached");
});

inBoth("an idle folder is unloaded: processes go on, and what they say waits for the next instance", async (lab, open) => {
  const two = await open();
  const { instance } = await two.load();
  const session = await two.session();
  const flag = join(lab.root, "flag");
  const pid = pidIn(await two.ok(session, CREATE, { command: `until [ -e ${flag} ]; do sleep 0.05; done; echo OPENCODE_NOTIFY: meanwhile; exec sleep 1000`, name: "web" }));
  await two.do("unload", { instance });
  await until(() => !lab.processes().some(({ command }) => /events -f/.test(command)), "the follower is gone");
  writeFileSync(flag, "");
  await until(async () => {
    assert.ok(alive(pid), "it goes on");
    return (await lab.events()).some(({ type }) => type === "notify");
  }, "it says something");
  assert.deepEqual(two.messages(session), []);
  await two.load();
  await two.message(session, /meanwhile/);
  assert.ok(alive(pid));
});

inBoth("sessions deleted while nobody listened are found out when an instance loads, or the stream begins anew", async (lab, open) => {
  const two = await open();
  const { instance } = await two.load();
  const sessions = { kept: await two.session(), gone: await two.session(), later: await two.session() };
  const lives = { command: "exec sleep 1000" };
  for (const [name, session] of Object.entries(sessions)) await two.ok(session, CREATE, { ...lives, name });
  await two.ok(sessions.gone, CREATE, { ...lives, name: "app", global: true });
  // Somebody else's, with a session that this server never knew.
  const other = ["run", "-S", "ses_other", "-o", String(process.pid), "--project", lab.project, "-n", "others"];
  await lab.hob(...other, "sleep", "1000");
  await two.do("unload", { instance });
  await two.do("remove", { sessionID: sessions.gone });
  await two.load();
  await until(async () => (await statuses(lab)).gone === "cancelled", "the deleted session's process is ended");
  assert.deepEqual(await statuses(lab), { kept: "running", gone: "cancelled", later: "running", app: "running", others: "running" });
  assert.match(await two.ok(sessions.kept, "listBackgroundProcesses", {}), /"app" running/, "the global one is there for others");
  await two.do("cut");
  await two.do("remove", { sessionID: sessions.later });
  await until(async () => (await statuses(lab)).later === "cancelled", "the other one, too");
  const { kept, others } = await statuses(lab);
  assert.deepEqual({ kept, others }, { kept: "running", others: "running" });
  await lab.hob("kill", "others");
});

inBoth("the server's end ends all but detached processes; the next server finds those, and what they said", async (lab, open) => {
  const first = await open();
  await first.load();
  const session = await first.session();
  const flag = join(lab.root, "flag");
  for (const lifetime of ["session", "app"]) await first.ok(session, CREATE, { command: "exec sleep 1000", name: lifetime, lifetime });
  const dev = `echo up; until [ -e ${flag} ]; do sleep 0.05; done; echo OPENCODE_NOTIFY: while nobody ran; exec sleep 1000`;
  const pid = pidIn(await first.ok(session, CREATE, { command: dev, name: "dev", lifetime: "detached" }));
  await first.kill();
  await until(async () => Object.values(await statuses(lab)).filter((status) => status === "cancelled").length === 2, "the two are ended");
  writeFileSync(flag, "");
  await until(async () => (await lab.events()).some(({ type }) => type === "notify"), "it says something");

  const second = await open();
  await second.load();
  const other = await second.session();
  assert.match(await second.ok(other, "listBackgroundProcesses", {}), /"dev" running/);
  assert.match(await second.ok(other, "getBackgroundProcess", { processId: "dev" }), /^up$/m);
  assert.deepEqual(second.messages(session), [], "a session that nobody uses is left in peace");
  await second.do("turn", { sessionID: session, begins: true });
  await second.message(session, /while nobody ran/);
  assert.ok(alive(pid));
  await second.ok(other, "killProcesses", { processId: "dev" });
});

inBoth("what lies in a session already is not put there again after a crash", async (lab, open) => {
  const spy = new Spy(lab.root, "spy", `case "$*" in *--ack*) [ -e '${join(lab.root, "sound")}' ] || exit 1 ;; esac`);
  lab.env.HOB_BIN = spy.path;
  const first = await open();
  await first.load();
  const session = await first.session();
  await first.ok(session, CREATE, { command: "echo OPENCODE_NOTIFY: just once; exec sleep 1000", name: "dev", lifetime: "detached" });
  await first.message(session, /just once/);
  await first.kill();
  writeFileSync(join(lab.root, "sound"), "");
  const second = await open();
  await second.load();
  const tries = () => spy.calls().filter((call) => call.includes("--ack")).length;
  const before = tries();
  await second.do("turn", { sessionID: session, begins: true });
  await until(() => tries() > before, "it is acknowledged");
  assert.deepEqual(second.messages(session), []);
  await lab.hob("kill", "dev");
});

inBoth("the user who interrupts ends a wait, and not the process", async (lab, open) => {
  const spy = new Spy(lab.root, "spy");
  lab.env.HOB_BIN = spy.path;
  const two = await open();
  await two.load();
  const session = await two.session();
  const pid = pidIn(await two.ok(session, CREATE, { command: "exec sleep 1000", name: "web" }));
  const waiting = two.call(session, "waitForBackgroundProcess", { processId: "web" }, { key: "wait" });
  await until(() => spy.calls().some((call) => call.startsWith("wait ")), "it waits");
  await two.do("abort", { key: "wait" });
  assert.deepEqual(await waiting, { content: "Error: The call was interrupted.", metadata: { error: true } });
  assert.ok(alive(pid));
});

inBoth("what runs survives a compaction", async (_lab, open) => {
  const two = await open();
  await two.load();
  const session = await two.session();
  const child = await two.session({ parentID: session });
  assert.deepEqual(await two.do("compact", { sessionID: session }), { system: [] });
  const id = idIn(await two.ok(session, CREATE, { command: "echo up; exec sleep 1000", name: "web" }));
  await two.ok(session, CREATE, { command: "true", name: "over" });
  for (const processId of ["over", "web"]) await two.ok(session, "waitForBackgroundProcess", { processId, match: "up" });
  for (const sessionID of [session, child]) {
    const { system } = await two.do("compact", { sessionID });
    const [{ type, text }] = system;
    assert.deepEqual([system.length, type], [1, "text"]);
    assert.match(text, new RegExp(`^These background processes still run\\.[^\n]*\n- ${id} "web" running, [^\n]*; its output so far ends at cursor 3$`));
  }
});

inBoth("whatever method is missing, the others are used", async (lab, open) => {
  const two = await open();
  const session = await two.session();
  const methods = ["tool.transform", "tool", "session.get", "session.synthetic", "session.context", "session.hook", "session.hook compaction", "session", "event.subscribe", "event", "options", MISSING];
  for (const [number, method] of methods.entries()) {
    const { instance, tools, cleans } = await two.load({ without: [method] });
    if (method.startsWith("tool")) assert.deepEqual([tools, cleans], [[], false], method);
    else {
      const name = `task-${number}`;
      await two.ok(session, CREATE, { command: `echo OPENCODE_NOTIFY: ${name}.; pwd`, name }, { instance });
      const waited = await two.ok(session, "waitForBackgroundProcess", { processId: name }, { instance });
      assert.ok(waited.endsWith(lab.project), waited);
      if (!["session", "session.synthetic"].includes(method)) await two.message(session, new RegExp(`${name}\\.`));
    }
    await two.do("unload", { instance });
  }
  // What could not be told then is told as soon as it can.
  await two.load();
  for (const method of ["session", "session.synthetic"]) await two.message(session, new RegExp(`task-${methods.indexOf(method)}\\.`));
});

test("where OpenCode 1.18 calls setup, there is nothing to do for it", async () => {
  const { default: plugin } = await load("server");
  assert.deepEqual(Object.keys(plugin), ["id", "server", "setup"]);
  const stub = Object.fromEntries("options agent aisdk catalog command integration plugin reference skill".split(" ").map((key) => [key, {}]));
  for (const context of [stub, {}, undefined]) assert.equal(await plugin.setup(context), undefined);
});
