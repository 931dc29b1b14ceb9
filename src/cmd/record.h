/* record: a task as programs and people see it: its row, its log and its processes in one answer.
 * Values handed out are the caller's. */
#ifndef HOB_CMD_RECORD_H
#define HOB_CMD_RECORD_H

#include "base/json.h"
#include "base/str.h"
#include "keep/question.h"
#include "task/registry.h"

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

/* "a line", "a password", "keys": what a task waits for. */
const char *record_waits(enum question_kind kind);

#endif
