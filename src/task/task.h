/* task: the record of one task: what was asked for, where it stands, how it ended.
 * A struct task owns all its strings and lists; task_done frees them. No I/O happens here. */
#ifndef HOB_TASK_TASK_H
#define HOB_TASK_TASK_H

#include "os/os.h"

#include <stdbool.h>
#include <stdint.h>

/* clang-format off */
#define TASK_STATUSES(X) \
	X(PENDING, "pending") \
	X(RUNNING, "running") \
	X(COMPLETED, "completed") \
	X(FAILED, "failed") \
	X(CANCELLED, "cancelled")

/* Why a status is what it is. NONE while a task lives. */
#define TASK_REASONS(X) \
	X(NONE, "") \
	X(EXIT, "exit") \
	X(SIGNAL, "signal") \
	X(EXEC, "exec") \
	X(TIMEOUT, "timeout") \
	X(LOST, "lost") \
	X(REQUEST, "request") \
	X(SESSION, "session") \
	X(OWNER, "owner") \
	X(ABORT, "abort")

#define TASK_LIFETIMES(X) \
	X(SESSION, "session") \
	X(APP, "app") \
	X(DETACHED, "detached")

#define X(name, text) TASK_##name,
enum task_status { TASK_STATUSES(X) TASK_STATUS_COUNT };
#undef X
#define X(name, text) REASON_##name,
enum task_reason { TASK_REASONS(X) TASK_REASON_COUNT };
#undef X
#define X(name, text) LIFETIME_##name,
enum task_lifetime { TASK_LIFETIMES(X) TASK_LIFETIME_COUNT };
#undef X
/* clang-format on */

_Static_assert(TASK_STATUS_COUNT == 5, "a status was added: see task_ended and task_end_status");
_Static_assert(TASK_REASON_COUNT == 10, "a reason was added: see task_end_status");
_Static_assert(TASK_LIFETIME_COUNT == 3, "a lifetime was added: see the keeper's owner watch");

#define TASK_ID_MAX 64

/* What the first byte of a rule says: each match raises an event, or the first one only. */
#define TASK_WATCH_EACH '*'
#define TASK_WATCH_ONCE '1'

struct task {
	/* what was asked for */
	char id[TASK_ID_MAX + 1];
	bool random_id; /* chosen by hob: another will do as well */
	char *name, *command, *cwd, *project, *session, *created_by, *restart_of;
	char **argv, **tags, **prefixes;
	char **watches; /* rules on output: TASK_WATCH_EACH or TASK_WATCH_ONCE, and behind it the pattern */
	enum task_lifetime lifetime;
	int64_t timeout_ms, grace_ms; /* timeout 0: none */
	uint64_t log_max;
	int64_t idle_after_ms; /* silence that raises `idle`; 0: none does */
	bool port_event, input_event;
	bool unlisted;		/* the registry learns of it only if it outlives its caller's patience; */
	bool listed;		/* … which it did */
	bool stdin_pipe;	/* its stdin is a pipe of hob's, for `send` */
	int pty_cols, pty_rows; /* its terminal's first size; 0: it has none */
	struct os_proc owner;	/* pid 0: none */

	/* who it is */
	char token[33]; /* HOB_RUN */
	char boot[40];
	uint64_t pidns;
	struct os_proc run;  /* the `hob run` that started it */
	struct os_proc proc; /* the command */

	/* where it stands */
	enum task_status status;
	enum task_reason reason;
	enum task_reason ending; /* somebody wanted it ended, as far as that was recorded before its end */
	int64_t created_ms, started_ms, completed_ms;
	int exit_code; /* -1: none or unknown */
	int signal;    /* 0: none */
	char *error;
	uint64_t output_bytes, lines, lost; /* as of the last record; the log itself knows better while it grows */
	uint64_t scanned;
	bool leftover; /* the command ended, processes of its tree live on */
	bool copied;   /* the log could not be spliced */
};

/* The words of the tables above, and back (-EINVAL). */
const char *task_status_text(enum task_status status);
const char *task_reason_text(enum task_reason reason);
const char *task_lifetime_text(enum task_lifetime lifetime);
int task_status_parse(const char *text, enum task_status *ret);
int task_reason_parse(const char *text, enum task_reason *ret);
int task_lifetime_parse(const char *text, enum task_lifetime *ret);

/* True for completed, failed and cancelled. */
bool task_ended(enum task_status status);

/* The status of a command that ended with the wait status WSTATUS (-1: unknown) after CAUSE (NONE: by itself).
 * Fills reason, exit code (-1: none) and signal (0: none). */
enum task_status task_end_status(int wstatus, enum task_reason cause, enum task_reason *ret_reason, int *ret_code,
				 int *ret_signal);

/* Frees what TASK owns and zeroes it. */
void task_done(struct task *task);

/* Frees an array of N tasks, and the array. */
void task_free_all(struct task *tasks, size_t n);

#endif
