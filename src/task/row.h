/* row: a task as a row of the table `tasks`, in and out.
 * For this room only; tasks read belong to the caller. No transaction begins or ends here. */
#ifndef HOB_TASK_ROW_H
#define HOB_TASK_ROW_H

#include "task/db.h"
#include "task/task.h"

struct registry {
	struct db db;
};

#define ROW_SELECT                                                                                                     \
	"SELECT id, name, command, argv, cwd, project, session, created_by, restart_of, prefixes, lifetime,"           \
	" timeout_ms, grace_ms, log_max, owner_pid, owner_start, token, boot, pidns, run_pid, run_start, pid, "        \
	"pid_start,"                                                                                                   \
	" status, reason, created_ms, started_ms, completed_ms, exit_code, signal, error, output_bytes, lines, lost,"  \
	" scanned, leftover, copied, watches, idle_after_ms, port_event, input_event, stdin_pipe, pty_cols, pty_rows," \
	" cancel"                                                                                                      \
	" FROM tasks"

/* Inserts TASK as `pending`, in the caller's transaction; -EEXIST when its id is taken. */
int row_insert(struct db *db, const struct task *task, struct err *err);

/* Reads all rows of STMT, which starts with ROW_SELECT's columns, with their tags; finalizes it. */
int row_read_all(struct db *db, sqlite3_stmt *stmt, struct err *err, struct task **ret, size_t *ret_n);

#endif
