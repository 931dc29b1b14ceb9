/* event: the outbox of durable facts. Events are handed over in order of their sequence numbers;
 * a struct event owns its strings. Claims give each event to one consumer until it is acknowledged.
 * Nothing here waits: who wants to be woken watches the bell. */
#ifndef HOB_TASK_EVENT_H
#define HOB_TASK_EVENT_H

#include "task/registry.h"

/* clang-format off */
#define EVENT_TYPES(X) \
	X(STARTED, "started") \
	X(NOTIFY, "notify") \
	X(MATCH, "match") \
	X(EXIT, "exit") \
	X(PORT, "port") \
	X(INPUT, "input") \
	X(IDLE, "idle") \
	X(GAP, "gap")

#define X(name, text) EVENT_##name,
enum event_type { EVENT_TYPES(X) EVENT_TYPE_COUNT };
#undef X
/* clang-format on */

#define EVENT_MESSAGE_MAX 4000	/* bytes; what is longer is cut with a mark */
#define EVENT_CLAIM_MS	  60000 /* an unacknowledged event is handed out again after so long */

struct event {
	int64_t seq, at_ms;
	enum event_type type;
	char *id, *name, *session, *created_by, *project, *command;
	char *message;
	char *status, *reason; /* of an exit; else NULL */
	struct os_proc owner;  /* of the task; pid 0: none */
	uint64_t cursor;
	int exit_code; /* -1: none */
	int signal;
};

/* Who takes events: one name in one living process; HOLDER is the process that must live for the claim to hold. */
struct consumer {
	const char *name;
	struct os_proc owner, holder;
	char *const *sessions; /* whose orphaned events it takes; may be NULL */
};

const char *event_type_text(enum event_type type);

/* Adds an event of task ID inside the caller's transaction; CURSOR is where in the log it belongs. */
int event_add(struct registry *reg, const char *id, enum event_type type, uint64_t cursor, const char *message,
	      struct err *err);

/* The same, unless the task has an event of TYPE at CURSOR already. */
int event_add_once(struct registry *reg, const char *id, enum event_type type, uint64_t cursor, const char *message,
		   struct err *err);

/* Adds an event by itself, bell and all, unless the task is gone (-ENOENT). */
int event_post(struct registry *reg, const char *id, enum event_type type, const char *message, struct err *err);

/* The sequence number after which the last N events of SESSIONS (NULL: of all) come; 0: there are no more than N. */
int event_before(struct registry *reg, char *const *sessions, int64_t n, struct err *err, int64_t *ret_seq);

/* Up to MAX events after sequence number AFTER, of SESSIONS only if that is not NULL. The caller frees. */
int event_read(struct registry *reg, int64_t after, char *const *sessions, size_t max, struct err *err,
	       struct event **ret, size_t *ret_n);

/* Claims up to MAX events for WHO, in one transaction. *RET_AGAIN_MS is the UTC time at which a claim that stands
 * in the way ends (0: none does). The caller frees. */
int event_claim(struct registry *reg, const struct consumer *who, size_t max, struct err *err, struct event **ret,
		size_t *ret_n, int64_t *ret_again_ms);

/* Marks the N events SEQS as done by WHO; those already done or held by another are left alone. */
int event_ack(struct registry *reg, const struct consumer *who, const int64_t *seqs, size_t n, struct err *err);

/* Frees an array of N events. */
void event_free_all(struct event *events, size_t n);

#endif
