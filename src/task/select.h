/* select: which tasks a command means: the selectors that list and kill share.
 * The struct borrows its strings from the command line; it owns nothing and touches no database. */
#ifndef HOB_TASK_SELECT_H
#define HOB_TASK_SELECT_H

#include "base/str.h"
#include "task/task.h"

struct select {
	const char *session, *project, *visible_to;
	char *const *tags;  /* any of them; NULL: all */
	unsigned statuses;  /* bits 1 << TASK_…; 0: all */
	unsigned lifetimes; /* bits 1 << LIFETIME_…; 0: all */
	bool living;	    /* only what still has a process: pending, running, leftovers */
};

/* True when nothing was selected by a person: every task would match. */
bool select_empty(const struct select *sel);

/* Adds " WHERE …" with named parameters to SQL; select_bind (registry) fills them in. */
void select_where(const struct select *sel, struct str *sql);

#endif
