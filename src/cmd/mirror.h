/* mirror: what the caller's terminal (see tty) shows of a task's: the screen as it is, then all that the task writes.
 * Owns its view of the log; borrows the task's folder. It never waits: what the terminal does not take is put later,
 * and whoever falls too far behind is shown the screen as it is then. */
#ifndef HOB_CMD_MIRROR_H
#define HOB_CMD_MIRROR_H

#include "base/str.h"
#include "log/modes.h"
#include "log/view.h"
#include "task/task.h"

struct mirror {
	int dirfd; /* the task's folder; borrowed */
	int rows;  /* of the caller's terminal; 0: not known */
	struct view *view;
	struct str paint; /* the screen, and how much of it was put already */
	size_t painted;
	bool painted_once;
	struct modes modes; /* of the caller's terminal */
};

/* The caller's terminal has ROWS rows (0: not known). Says to tty how it is left from here on. */
void mirror_rows(struct mirror *m, int rows);

/* Begins to show TASK's screen as it is now, and to follow from there. */
int mirror_paint(struct mirror *m, const struct task *task, struct err *err);

/* Puts what is to be shown, as far as there is room, and writes what the terminal takes. 0, an error with a sentence,
 * or without one where the terminal is gone. */
int mirror_pump(struct mirror *m, const struct task *task, struct err *err);

/* Only writes what was put already. */
int mirror_flush(struct mirror *m);

/* Whether more may be put; whether the terminal shows all that the task wrote. */
bool mirror_has_room(void);
bool mirror_is_even(const struct mirror *m);

/* Frees what it owns; a mirror of zeros will do. */
void mirror_close(struct mirror *m);

#endif
