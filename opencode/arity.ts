// How many words name what a command does: "git checkout" is two, "npm run build" three, "rm" one.
//
// "Always allow" in OpenCode's dialog remembers these words. The numbers are those of OpenCode 1.18's
// bash tool, so that what a user allowed once there is allowed here too, and the other way round.

const ONE = `cat cd chmod chown cp echo env export grep kill killall ln ls mkdir mv ps pwd rm rmdir sleep source
  tail touch unset which`;

const TWO = `bazel brew bun cargo cdk cf cmake composer consul crictl deno docker eksctl firebase flyctl git go
  gradle helm heroku hugo ip kind kubectl kustomize make mc minikube mongosh mysql mvn ng npm nvm nx openssl pip
  pipenv pnpm poetry podman psql pulumi pyenv python rake rbenv redis-cli rustup serverless sls sst swift
  systemctl terraform tmux turbo ufw vault vercel volta wp yarn`;

const THREE = `aws az doctl gcloud gh sfdx`;

// Those of two words whose second word wants a third.
const THREE_AFTER = new Map(
  Object.entries({
    bun: "run x",
    cargo: "add run",
    consul: "kv",
    deno: "task",
    docker: "builder compose container image network volume",
    eksctl: "create",
    git: "config remote stash",
    ip: "addr link netns route",
    kind: "create",
    kubectl: "kustomize rollout",
    mc: "admin",
    npm: "exec init run view",
    openssl: "req x509",
    pnpm: "dlx exec run",
    podman: "container image",
    pulumi: "stack",
    terraform: "workspace",
    vault: "auth kv",
    yarn: "dlx run",
  }).map(([name, seconds]) => [name, new Set(seconds.split(" "))]),
);

const counts = new Map<string, number>();
for (const [count, names] of [ONE, TWO, THREE].entries()) {
  for (const name of names.split(/\s+/)) counts.set(name, count + 1);
}

/** The words of a command that say what it does, without its arguments. */
export function nameOf(words: string[]): string[] {
  const [first = "", second = ""] = words;
  const count = THREE_AFTER.get(first)?.has(second) ? 3 : (counts.get(first) ?? 1);
  return words.slice(0, count);
}
