/* launch: `hob run`'s side of a start: the task's folder, the guard, and its word that the command runs.
 * The caller owns the struct and ends it with launch_done; a launch that is dropped before launch_go ends the task. */
#ifndef HOB_KEEP_LAUNCH_H
#define HOB_KEEP_LAUNCH_H

#include "base/err.h"
#include "keep/keeper.h"
#include "task/task.h"

struct launch {
	int sock;	/* to guard and keeper; -1: none */
	int spec, argv; /* memory files that its orders go into; -1: none */
	struct keeper_report report;
};

/* Makes tasks/<id> in the state folder STATE_FD and its files, all or nothing. */
int launch_folder(int state_fd, const char *id, struct err *err);

/* The same for a task that is not listed: -EEXIST, without a sentence, where the folder is there already. On failure
 * none stays. */
int launch_folder_new(int state_fd, const char *id, struct err *err);

/* Removes it with all that is in it. */
void launch_folder_remove(int state_fd, const char *id);

/* What can be told of a start beforehand, in the sentences of launch_begin and launch_start: that the owner is gone,
 * the working directory cannot be entered, or there is no such program for execvp. Nothing is started. */
int launch_check(const struct task *task, struct err *err);

/* Starts the guard of TASK (its id, token and owner are known) with the environment as it is now. It waits for its
 * orders, so that its start and the registry's opening go on side by side; if none come, it ends without a trace. */
int launch_begin(const struct task *task, struct launch *ret, struct err *err);

/* Gives the guard its orders, once row and folder are there, and waits until the command runs. An error is a
 * sentence; where the command itself could not be started, LAUNCH->report says how. */
int launch_start(struct launch *launch, const struct task *task, const char *home, struct err *err);

/* Tells the keeper that the registry knows of the start. FOLLOW: the task is to end when this process does. */
int launch_go(struct launch *launch, bool follow, struct err *err);

/* A word to the keeper of a task that is not listed: "abort SIGNAL" ends it, "copied OFFSET" says how far the caller
 * read its log, "forget" that it may go without a trace once its tree is gone. */
int launch_say(struct launch *launch, const char *word);

/* The keeper's next report on such a task: 0, -EAGAIN, or -ECHILD when guard and keeper are gone. */
int launch_hear(struct launch *launch, struct keeper_report *ret);

/* The follower lets go: the task goes on without it. */
void launch_bye(struct launch *launch);

/* An empty launch, and the end of one; without launch_go the task ends with it. */
#define LAUNCH_NONE                                                                                                    \
	{                                                                                                              \
		.sock = -1, .spec = -1, .argv = -1                                                                     \
	}
void launch_done(struct launch *launch);

#endif
