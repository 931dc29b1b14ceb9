/* run_args: the words behind `hob run`, turned into a task.
 * The struct owns the task and what was read from stdin; run_args_done frees it. */
#ifndef HOB_CMD_RUN_ARGS_H
#define HOB_CMD_RUN_ARGS_H

#include "cmd/cmd.h"

struct run_args {
	struct task task;
	char **env; /* K=V */
	const char *line, *shell, *owner, *dir, *project, *lifetime;
	int64_t wait_ms; /* -1: --wait without a time */
	bool wait, follow, detach_on_abort, json;
};

extern const struct cmd_opt run_opts[];

/* Parses and checks ARGV. 0, or a negative errno with a sentence. */
int run_args_parse(struct run_args *a, int argc, char **argv, struct err *err);

/* From here on this process has the environment that the command gets, HOME and all. */
void run_args_environment(const struct run_args *a);

void run_args_done(struct run_args *a);

#endif
