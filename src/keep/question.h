/* question: whether a task waits for somebody to type something, told from what its processes sleep on.
 * Looks at the threads of all processes that may be looked at; of one that became root only its terminal tells.
 * No allocation; a source's descriptor stays its process'. */
#ifndef HOB_KEEP_QUESTION_H
#define HOB_KEEP_QUESTION_H

#include "keep/prompt.h"
#include "os/os.h"

/* clang-format off */
#define QUESTION_KINDS(X) \
	X(NONE, "") \
	X(KEYS, "keys")         /* it takes keys while it does other things: no prompt, or one that draws the screen */ \
	X(LINE, "line") \
	X(PASSWORD, "password") /* a line that is not shown */

#define X(name, text) QUESTION_##name,
enum question_kind { QUESTION_KINDS(X) QUESTION_KIND_COUNT };
#undef X
/* clang-format on */

const char *question_kind_text(enum question_kind kind);

#define QUESTION_PIPES_MAX 16

/* Where a task's input comes from: what guard or keeper hold the other end of. */
struct question_source {
	uint64_t terminal; /* its device number; 0: the task has none */
	int master;	   /* its master, when the source is the calling process itself; else -1 */
	int npipes;
	uint64_t pipes[QUESTION_PIPES_MAX]; /* whose writing end is held */
};

/* Reads the source of the task that process KEEPER (or the guard) keeps. False when it has none, or may not be asked.
 */
bool question_source(pid_t keeper, struct question_source *ret);

struct question {
	enum question_kind kind;
	pid_t pid;     /* who waits */
	bool alone;    /* it does nothing else meanwhile */
	uint64_t runs; /* how often PID gave up the processor: a later wait of the same process differs in it */
};

/* Looks what the N processes of LIST wait for. LOG_FD is the task's log; *RET_PROMPT gets how it ends, if anybody
 * waits. */
struct question question_look(const struct question_source *source, const struct os_stat *list, int n, int log_fd,
			      struct prompt *ret_prompt);

#endif
