/* waiter: one task that somebody waits for, and what was seen of it: which condition holds, since when to look again.
 * Owns its task, its reader and what it found; the wants and their patterns are the caller's. Blocks nowhere, but for a
 * keeper that is asked whether it has stored a prompt. */
#ifndef HOB_CMD_WAITER_H
#define HOB_CMD_WAITER_H

#include "cmd/living.h"
#include "cmd/watch.h"
#include "keep/pace.h"
#include "log/match.h"

/* clang-format off */
#define CONDITIONS(X) \
	X(NONE, "") \
	X(EXIT, "exit") \
	X(MATCH, "match") \
	X(PORT, "port") \
	X(INPUT, "input") \
	X(IDLE, "idle") \
	X(TIMEOUT, "timeout") \
	X(ENDED, "ended") /* before any condition held */

#define X(name, text) WAIT_##name,
enum condition { CONDITIONS(X) CONDITION_COUNT };
#undef X
/* clang-format on */

const char *condition_text(enum condition condition);

/* What is waited for; any of it. */
struct wants {
	bool exit, input;
	struct regex **patterns;
	size_t npatterns;
	uint64_t since;	 /* where matching begins */
	uint16_t *ports; /* 0: any */
	size_t nports;
	int64_t idle_ms; /* -1: not wanted */
};

struct waiter {
	struct task task;
	enum condition held;
	uint16_t port;	       /* of PORT */
	struct question input; /* of INPUT */
	struct prompt prompt;
	int64_t idle_at_ns;  /* when silence will have lasted; -1: not wanted */
	struct pace pace;    /* of looks at processes */
	struct match *match; /* NULL: not wanted */
	struct ports ports;
	uint64_t seen;	/* bytes of the log at the last look */
	int dirfd, log; /* -1: there is none */
};

/* Begins to wait for WORD's task as WANTS says, watching what tells of it with W. -EINVAL with a sentence where it
 * never can be. */
int waiter_open(struct waiter *w, struct registry *reg, const char *word, const struct wants *wants,
		struct watch *watch, struct err *err);
void waiter_close(struct waiter *w);

/* Looks whether a condition holds. TOLD: the registry may have news, too; else only what is due by now is looked at. */
int waiter_look(struct waiter *w, struct registry *reg, const struct wants *wants, struct watch *watch, bool told,
		struct err *err);

/* When to look again although nothing is told; -1: never. */
int64_t waiter_due(const struct waiter *w, const struct wants *wants);

#endif
