// Runs one command under the manager of @rsaulo/opencode-background 0.2.2 and prints how that went, as JSON.
// What it keeps, it keeps in memory, as lines.
import { BackgroundProcessManager } from "./rivals/opencode-background/src/BackgroundProcessManager.ts";

const manager = new BackgroundProcessManager();
const from = performance.now();
const id = manager.createTask({ command: process.argv[2] });
const task = manager.tasks.get(id);
const watch = setInterval(() => {
  if (task.status === "running") return;
  clearInterval(watch);
  const ms = performance.now() - from;
  const bytes = task.outputStream.reduce((sum, line) => sum + line.length + 1, 0);
  console.log(JSON.stringify({ status: task.status, ms, bytes, rss: Math.round(process.memoryUsage.rss() / 1048576) }));
}, 5);
