// What hob prints as JSON, as far as the plugin reads it.

export type Status = "pending" | "running" | "completed" | "failed" | "cancelled";

/** A task, which the agent knows as a background process. Absent is null. */
export interface Task {
  id: string;
  name: string | null;
  status: Status;
  reason: string | null;
  command: string;
  cwd: string;
  project: string | null;
  tags: string[];
  sessionId: string | null;
  /** PID:START of the process that it may not outlive. */
  owner: string | null;
  lifetime: "session" | "app" | "detached";
  pid: number | null;
  startedAt: string | null;
  completedAt: string | null;
  exitCode: number | null;
  signal: string | null;
  error: string | null;
  /** How far the output goes. */
  cursor: number;
  /** The terminal's size. */
  pty: { cols: number; rows: number } | null;
  /** It reads a pipe that hob can fill. */
  stdin: boolean;
  /** Of one processor, since the start. */
  cpuPercent: number | null;
  /** Of a processor, in milliseconds. */
  cpuMs: number | null;
  memoryBytes: number | null;
  processes: Process[] | null;
  /** The TCP ports that its processes listen on. */
  ports: number[] | null;
  waitingFor: "line" | "password" | "keys" | null;
  /** The last line of output, while it waits. */
  prompt: string | null;
  /** Somebody wants it ended, for this reason, and it has not ended yet. */
  ending: string | null;
  /** The command has ended, but processes that it started live. */
  leftover: boolean;
}

/** A task as "hob show" tells it. */
export interface Shown extends Task {
  portHeldBy: Holder | null;
}

/** Who has the port that a task could not have. */
export interface Holder {
  port: number;
  id: string | null;
  name: string | null;
  pid: number | null;
  command: string | null;
}

/** A part of a task's output, cleaned by hob, which names in it what it left out. */
export interface Page {
  text: string;
  /** Where reading goes on; a screen has no such place. */
  cursor?: number;
}

/** How a wait ended. */
export interface Waited {
  id: string;
  condition: "exit" | "match" | "port" | "idle" | "input" | "timeout" | "ended";
  cursor: number;
  /** The last lines of output. */
  lines: string[];
  match?: string;
  port?: number;
}

/** A process of a task's tree. */
export interface Process {
  pid: number;
  user?: string;
  command?: string;
}

/** What became of a task that was to be ended. */
export interface Killed {
  id: string;
  name: string | null;
  status: Status;
  /** Something lived, and nothing does now. */
  ended: boolean;
  /** Processes that hob was not allowed to end. */
  left: Process[];
}

/** A durable fact about a task. */
export interface Event {
  seq: number;
  type: string;
  at: string;
  id: string;
  name: string | null;
  sessionId: string | null;
  project: string | null;
  /** The process that owns the task, PID:START. */
  owner: string | null;
  message: string | null;
  cursor: number;
  /** Of an exit: what the task ended as, and why; else null. */
  status: Status | null;
  reason: string | null;
  exitCode: number | null;
  signal: string | null;
}
