/* files: the small files of a task's folder: exit, and what lock tells besides being held.
 * Both are written in full length when the task is made and only overwritten later, so that a full disk loses
 * nothing. Fds stay the caller's; nothing here allocates. */
#ifndef HOB_KEEP_FILES_H
#define HOB_KEEP_FILES_H

#include "os/os.h"
#include "task/task.h"

/* Which byte of `lock` who holds. */
#define FILES_LOCK_GUARD  0
#define FILES_LOCK_KEEPER 1

/* Makes log, exit, and lock in the empty folder DIRFD. */
int files_make(int dirfd);

/* Overwrites `exit`: the command ended with WSTATUS (-1: unknown) at AT_MS, after somebody wanted CAUSE. */
int files_write_exit(int fd, int wstatus, int64_t at_ms, enum task_reason cause);

/* Reads `exit` of folder DIRFD; -ENODATA while the command has not ended. */
int files_read_exit(int dirfd, int *ret_wstatus, int64_t *ret_at_ms, enum task_reason *ret_cause);

/* Who keeps the task, as written beside the locks. */
struct files_keepers {
	struct os_proc guard, keeper;
	char socket[108]; /* empty: "ctl" in the folder */
};

int files_write_guard(int dirfd, struct os_proc guard, const char *socket);
int files_write_keeper(int dirfd, struct os_proc keeper);
int files_read_keepers(int dirfd, struct files_keepers *ret);

/* Whether anybody holds the guard's or the keeper's lock of folder DIRFD. */
bool files_kept(int dirfd);

#endif
