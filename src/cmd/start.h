/* start: from a task as it was asked for to one that runs: row, folder, guard, and the row again.
 * The caller owns TASK and LAUNCH; START fills the identity in TASK. */
#ifndef HOB_CMD_START_H
#define HOB_CMD_START_H

#include "keep/launch.h"
#include "task/registry.h"

/* What a task gets that nobody says more about. */
#define START_GRACE_MS 5000
#define START_LOG_MAX  (64ull * 1024 * 1024)
#define START_PREFIX   "OPENCODE_NOTIFY:"

/* What TASK runs: SHELL -c LINE. What is listed is the line alone, without blanks around it. */
void start_line(struct task *task, const char *shell, const char *line);

/* What a task with a terminal finds in its environment; whatever the caller was told to add comes after. */
void start_environment(const struct task *task);

/* Gives TASK its identity (a random id if it has none) and starts its guard, which waits. */
int start_begin(struct task *task, struct launch *ret_launch, struct err *err);

/* Starts TASK with the guard of LAUNCH. FOLLOW: it ends with this process. On failure ERR has the sentence, the row
 * (where there is one) is `failed`, and LAUNCH->report.code is not 0 if it was the command that could not start. */
int start_task(struct registry *reg, struct task *task, bool follow, struct launch *launch, struct err *err);

/* Starts TASK without a row: its folder in HOME, open as HOME_FD, then the command. On failure nothing of it is left,
 * and LAUNCH->report.code says whether that is certain: -ECHILD is not, its command may have run. */
int start_unlisted(const char *home, int home_fd, struct task *task, struct launch *launch, struct err *err);

/* Lists a task that was started so; from then on it goes on without this process. May be tried again. */
int start_list(struct registry *reg, struct task *task, struct launch *launch, struct err *err);

/* The exit code of `run -f` for a start that failed. */
int start_exit_code(const struct launch *launch);

#endif
