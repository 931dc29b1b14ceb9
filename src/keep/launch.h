/* launch: `hob run`'s side of a start: the task's folder, the guard, and its word that the command runs.
 * The caller owns the struct and ends it with launch_done; a launch that is dropped before launch_go ends the task. */
#ifndef HOB_KEEP_LAUNCH_H
#define HOB_KEEP_LAUNCH_H

#include "base/err.h"
#include "keep/keeper.h"
#include "task/task.h"

struct launch {
	int sock; /* to guard and keeper; -1: none */
	struct keeper_report report;
};

/* Makes tasks/<id> in the state folder STATE_FD and its files. The caller owns *RET_DIRFD. */
int launch_folder(int state_fd, const char *id, struct err *err, int *ret_dirfd);

/* Starts the guard of TASK with the environment as it is now, and waits until the command runs. An error is a
 * sentence; where the command itself could not be started, RET_LAUNCH->report says how. */
int launch_start(const struct task *task, const char *home, int dirfd, struct launch *ret, struct err *err);

/* Tells the keeper that the registry knows of the start. FOLLOW: the task is to end when this process does. */
int launch_go(struct launch *launch, bool follow, struct err *err);

/* The follower lets go: the task goes on without it. */
void launch_bye(struct launch *launch);

void launch_done(struct launch *launch);

#endif
