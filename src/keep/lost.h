/* lost: tasks whose guard and keeper are both gone, or whose `run` died before the start was recorded.
 * Every command that looks at tasks calls this first; whoever sees a lost task ends what is left of it and records
 * its end, once. Tasks of another boot get no signal, tasks of another pid namespace neither. */
#ifndef HOB_KEEP_LOST_H
#define HOB_KEEP_LOST_H

#include "task/registry.h"

/* Settles all tasks that are lost. Errors are those of the registry. */
int lost_settle(struct registry *reg, struct err *err);

/* Opens the folder of task ID; -ENOENT when there is none. The caller owns *RET_DIRFD. */
int lost_open_folder(struct registry *reg, const char *id, int *ret_dirfd);

/* Whether processes of TASK may be looked at and signalled from here: same boot, same pid namespace. */
bool lost_is_here(const struct task *task);

#endif
