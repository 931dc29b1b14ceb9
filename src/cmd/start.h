/* start: from a task as it was asked for to one that runs: row, folder, guard, and the row again.
 * The caller owns TASK and LAUNCH; START fills the identity in TASK. */
#ifndef HOB_CMD_START_H
#define HOB_CMD_START_H

#include "keep/launch.h"
#include "task/registry.h"

/* What a task with a terminal finds in its environment; whatever the caller was told to add comes after. */
void start_environment(const struct task *task);

/* Gives TASK its identity (a random id if it has none) and starts its guard, which waits. */
int start_begin(struct task *task, struct launch *ret_launch, struct err *err);

/* Starts TASK with the guard of LAUNCH. FOLLOW: it ends with this process. On failure ERR has the sentence, the row
 * (where there is one) is `failed`, and LAUNCH->report.code is not 0 if it was the command that could not start. */
int start_task(struct registry *reg, struct task *task, bool follow, struct launch *launch, struct err *err);

/* The exit code of `run -f` for a start that failed. */
int start_exit_code(const struct launch *launch);

#endif
