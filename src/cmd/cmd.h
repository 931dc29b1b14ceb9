/* cmd: what every command is made of: one descriptor with name, options, help and exec.
 * Help, completions and the manual's synopsis are printed from these tables, so they cannot disagree.
 * Only this room writes to stdout; errors are printed once, by main. */
#ifndef HOB_CMD_CMD_H
#define HOB_CMD_CMD_H

#include "base/err.h"
#include "task/registry.h"

#include <stdbool.h>

/* Exit codes (design.md). */
enum cmd_exit {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NO_TASK = 3,
	EXIT_TIMEOUT = 4,
	EXIT_ENDED = 5,
	EXIT_HOB = 125,	   /* run -f: hob's own failure */
	EXIT_NOEXEC = 126, /* run -f: cannot execute */
	EXIT_NOTFOUND = 127,
};

struct cmd_opt {
	const char *name; /* without the dashes */
	char letter;	  /* 0: none */
	const char *arg;  /* NULL: none; "DUR"; "[=DUR]": optional */
	const char *help;
};

struct cmd {
	const char *name, *alias, *args, *summary;
	const struct cmd_opt *opts; /* ends with name NULL */
	const char *examples;	    /* lines, each a command and what it does */
	int (*exec)(int argc, char **argv, struct err *err);
	bool hidden;
};

/* clang-format off */
#define CMDS(X) \
	X(run) \
	X(list) \
	X(show) \
	X(logs) \
	X(screen) \
	X(wait) \
	X(send) \
	X(attach) \
	X(kill) \
	X(restart) \
	X(notify) \
	X(events) \
	X(clean) \
	X(help) \
	X(version)
/* clang-format on */

#define X(name) extern const struct cmd cmd_##name;
CMDS(X)
#undef X

/* The command named NAME (or its alias), NULL if there is none; all of them, NULL-terminated. */
const struct cmd *cmd_find(const char *name);
extern const struct cmd *const cmd_all[];

/* Walks the options of CMD. TAKE gets the option's index in CMD's table and its value (NULL: none); a negative
 * result stops with EXIT_USAGE's sentence in ERR. LEADING: stop at the first word that is no option. Returns the
 * index of the first argument, or -EINVAL with a sentence. */
int cmd_options(const struct cmd *cmd, int argc, char **argv, bool leading,
		int (*take)(void *arg, int opt, const char *value, struct err *err), void *arg, struct err *err);

/* Opens the registry of this user, lost tasks settled. */
int cmd_open(struct err *err, struct registry **ret);

/* Opens the folder of task ID, which the caller closes; without one, a sentence says so. */
int cmd_folder(struct registry *reg, const char *id, struct err *err, int *ret_dirfd);

/* Turns a negative errno from below into an exit code. */
int cmd_exit_code(int code);

/* Parsing with sentences: durations in ms, sizes in bytes, whole numbers from MIN up. */
int cmd_duration(const char *text, const char *what, struct err *err, int64_t *ret);
int cmd_size(const char *text, const char *what, struct err *err, uint64_t *ret);
int cmd_number(const char *text, const char *what, int64_t min, struct err *err, int64_t *ret);

/* 0 when WHAT was given a value with at least one byte: a variable that is not set is no choice. */
int cmd_filled(const char *value, const char *what, struct err *err);

/* Sends what was printed on its way: 0, silently -EPIPE when the reader is gone, or what the disk says as a sentence.
 */
int cmd_flush(struct err *err);

/* A usage error: fills ERR and returns -EINVAL. */
int cmd_usage(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
