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
  tags: string[];
  sessionId: string | null;
  lifetime: "session" | "app" | "detached";
  pid: number | null;
  startedAt: string | null;
  completedAt: string | null;
  exitCode: number | null;
  signal: string | null;
  error: string | null;
  processes: Process[] | null;
  /** The command has ended, but processes that it started live. */
  leftover: boolean;
}

/** A task with the end of its output, cleaned by hob, which names there what it left out. */
export interface Shown extends Task {
  output: string;
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
  message: string | null;
}
