/* selectors: the options with which list and kill (and clean) choose tasks.
 * The struct borrows from the command line; only its list of tags is its own, see selectors_done. */
#ifndef HOB_CMD_SELECTORS_H
#define HOB_CMD_SELECTORS_H

#include "base/err.h"
#include "task/select.h"

/* The options, to be put first in a command's table. */
#define SELECTOR_OPTS                                                                                                  \
	{"session", 'S', "SESSION", "tasks of this session"}, {"project", 0, "DIR", "tasks of this project"},          \
	    {"visible-to", 0, "SESSION",                                                                               \
	     "what a session sees: its own tasks, and with --project the project's app and detached ones"},            \
	    {"status", 0, "STATUS", "pending, running (leftovers too), completed, failed or cancelled; repeatable"},   \
	    {"tag", 't', "TAG", "tasks with any of the tags given"},                                                   \
	{                                                                                                              \
		"lifetime", 'l', "LIFETIME", "session, app or detached; repeatable"                                    \
	}
#define SELECTOR_COUNT 6

struct selectors {
	struct select sel;
	char **tags;
	char *project;
};

/* Takes option number OPT (of those above). 0, or -EINVAL with a sentence. */
int selectors_take(struct selectors *s, int opt, const char *value, struct err *err);

/* The selection; valid as long as S is. */
const struct select *selectors_get(struct selectors *s);

void selectors_done(struct selectors *s);

#endif
