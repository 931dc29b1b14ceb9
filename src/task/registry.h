/* registry: the rows of all tasks, the only place that knows SQL together with event and db.
 * A registry is one connection for one short-lived process; tasks handed out belong to the caller.
 * It sends no signals and asks nobody whether a process lives: see keep/lost for that. */
#ifndef HOB_TASK_REGISTRY_H
#define HOB_TASK_REGISTRY_H

#include "base/err.h"
#include "task/select.h"
#include "task/task.h"

#include <stddef.h>

struct registry;

/* Opens the registry in HOME (see db_open). */
int registry_open(const char *home, struct err *err, struct registry **ret);
void registry_close(struct registry *reg);
void registry_close_ptr(struct registry **reg);
#define CLEAN_REGISTRY __attribute__((cleanup(registry_close_ptr)))

/* The state folder: its path, and a descriptor; both stay the registry's. */
const char *registry_home(const struct registry *reg);
int registry_dirfd(const struct registry *reg);

/* Adds TASK as `pending`; -EEXIST when its id is taken. */
int registry_add(struct registry *reg, const struct task *task, struct err *err);

/* `pending` becomes `running` (PROC, START_MS), with its `started` event; -ESTALE when it is not pending any more. */
int registry_started(struct registry *reg, const char *id, struct os_proc proc, int64_t start_ms, struct err *err);

/* What the end of a command, or of its tree, leaves behind. */
struct ending {
	int wstatus; /* -1: unknown */
	enum task_reason cause;
	int64_t at_ms;
	uint64_t output_bytes, lines, lost;
	bool leftover, copied;
	const char *error; /* may be NULL */
};

/* Moves a pending or running task to its end and adds its one `exit` event, unless somebody did already (then 0
 * all the same). A wish to cancel that was recorded before counts as the cause. In the caller's transaction. */
int registry_end(struct registry *reg, const char *id, const struct ending *end, struct err *err);

/* Updates what a leftover wrote, and that it is gone. In the caller's transaction. */
int registry_settle(struct registry *reg, const char *id, const struct ending *end, struct err *err);

/* Moves the scanned offset from OLD to NEW; -ESTALE when it is not OLD any more. In the caller's transaction. */
int registry_scanned(struct registry *reg, const char *id, uint64_t old, uint64_t now, struct err *err);
int registry_scanned_at(struct registry *reg, const char *id, struct err *err, uint64_t *ret);

/* Records that somebody wants task ID ended for CAUSE; the first wish stands. */
int registry_cancel(struct registry *reg, const char *id, enum task_reason cause, struct err *err);

/* A transaction that may hold several of the above; ends with commit, or rollback after an error. */
int registry_begin(struct registry *reg, struct err *err);
int registry_commit(struct registry *reg, struct err *err);
void registry_rollback(struct registry *reg);

/* Keeps the database quick to open; for processes that nobody waits for (see db_tidy). */
bool registry_untidy(const struct registry *reg);
void registry_tidy(struct registry *reg);

/* All tasks that SEL selects, oldest first. */
int registry_select(struct registry *reg, const struct select *sel, struct err *err, struct task **ret, size_t *ret_n);

/* The one task that WORD names: its exact id, else a name, else a prefix. -ESRCH with a sentence when there is none,
 * -ENOTUNIQ with the candidates when a prefix is ambiguous. */
int registry_find(struct registry *reg, const char *word, struct err *err, struct task *ret);

/* The task with exactly this id; -ESRCH without one. */
int registry_get(struct registry *reg, const char *id, struct err *err, struct task *ret);

/* Removes the row of an ended task without leftovers, with its events; 1 if it was removed, else 0. */
int registry_remove(struct registry *reg, const char *id, struct err *err);

#endif
