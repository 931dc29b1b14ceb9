/* record: a task as programs and people see it: its row, its log and its processes in one answer.
 * Values handed out are the caller's. Looks at processes of this boot and namespace only. */
#ifndef HOB_CMD_RECORD_H
#define HOB_CMD_RECORD_H

#include "base/json.h"
#include "base/str.h"
#include "task/registry.h"

#include <stdbool.h>

/* What lives of a task right now. */
struct record_living {
	bool kept; /* guard or keeper are there */
	struct {
		pid_t pid;
		char *command;
	} * procs;
	size_t n, total; /* at most RECORD_PROCS are listed */
};

#define RECORD_PROCS 100

/* The processes of TASK. The caller frees with record_living_done. */
void record_living(struct registry *reg, const struct task *task, struct record_living *ret);
void record_living_done(struct record_living *living);

/* The JSON of design.md; measures the log of a task that may still write. */
json_t *record_json(struct registry *reg, struct task *task);

/* Brings bytes, lines and losses in TASK up to what the log says now, if the task may still write. */
void record_measure(struct registry *reg, struct task *task);

/* The size of TASK's terminal as it is now, or was at its end; 0 and 0 without one. */
void record_pty_size(struct registry *reg, const struct task *task, int *ret_cols, int *ret_rows);

/* "exit 3", "SIGKILL", "running for 12s" and so on: where TASK stands, in a few words, added to OUT. */
void record_state(const struct task *task, struct str *out);

/* The lines `show`, `run --wait` and `restart` print for people. */
void record_text(struct registry *reg, struct task *task, struct str *out);

/* "SIGTERM" and so on; BUF is for those without a name. */
const char *record_signal(int sig, char buf[16]);

/* A command line of PID for people, at most 200 bytes; the caller frees. */
char *record_command_of(pid_t pid);

#endif
