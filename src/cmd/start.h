/* start: from a task as it was asked for to one that runs: row, folder, guard, and the row again.
 * The caller owns TASK and LAUNCH; START fills the identity in TASK. */
#ifndef HOB_CMD_START_H
#define HOB_CMD_START_H

#include "keep/launch.h"
#include "task/registry.h"

/* Starts TASK, whose id may be empty (a random one is chosen). FOLLOW: it ends with this process. On failure ERR has
 * the sentence, the row (where there is one) is `failed`, and RET_LAUNCH->report.code is not 0 if it was the
 * command that could not be started. */
int start_task(struct registry *reg, struct task *task, bool follow, struct launch *ret_launch, struct err *err);

/* The exit code of `run -f` for a start that failed. */
int start_exit_code(const struct launch *launch);

#endif
