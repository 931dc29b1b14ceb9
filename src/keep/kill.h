/* kill: ending many tasks at once from outside: orders to their keepers, and where none answers, direct signals.
 * A batch borrows the tasks; its answers are the caller's until kill_done. It writes the registry only where a keeper
 * is silent, so that the end is recorded as a wish and not as an accident. */
#ifndef HOB_KEEP_KILL_H
#define HOB_KEEP_KILL_H

#include "task/registry.h"

#include <stdbool.h>

#define KILL_LEFT_MAX 32

struct kill_answer {
	bool lived; /* there was a process to end */
	int nleft;  /* how many processes could not be ended */
	struct os_stat left[KILL_LEFT_MAX];
};

struct kill_wish {
	int signal;
	int64_t grace_ms; /* -1: each task's own */
	enum task_reason cause;
};

/* Ends the N tasks and waits until they are gone, at the latest for the longest grace and 2 s. The caller frees
 * *RET_ANSWERS, one a task. Errors are the registry's. */
int kill_tasks(struct registry *reg, const struct task *tasks, size_t n, const struct kill_wish *wish,
	       struct kill_answer **ret_answers, struct err *err);

#endif
