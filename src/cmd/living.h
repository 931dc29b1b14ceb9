/* living: what lives of a task right now: its processes, their ports, what they use and what they wait for.
 * Looks at processes of this boot and namespace only; what is handed out is the caller's until living_done. Nothing
 * is looked at of a task that has ended. */
#ifndef HOB_CMD_LIVING_H
#define HOB_CMD_LIVING_H

#include "base/str.h"
#include "keep/ports.h"
#include "keep/question.h"
#include "keep/usage.h"
#include "task/registry.h"

#define LIVING_PROCS 100

struct living {
	bool kept; /* guard or keeper are there */
	bool seen; /* … and processes may be looked at from here: what follows is good */
	struct {
		pid_t pid;
		char *command;
	} * procs;
	size_t n, total; /* at most LIVING_PROCS are listed */
	struct ports ports;
	struct usage usage;
	struct question input;
	struct prompt prompt; /* good while somebody waits */
};

/* Looks at TASK. */
void living_look(struct registry *reg, const struct task *task, struct living *ret);
void living_done(struct living *living);

/* Whether TASK may still have processes, or write. */
bool living_possible(const struct task *task);

/* Lists the processes of TASK; valid until the next call. -1 when it is not kept, or none of this system's. RET_KEEPER
 * (may be NULL) gets a process that holds the other end of its input, 0 when there is none. */
int living_tree(struct registry *reg, const struct task *task, const struct os_stat **ret, pid_t *ret_keeper);

/* What TASK wrote before it began to wait may be on its way to its log still: waits until its keeper has stored it,
 * some seconds at most (see input_open). True when LOG has more now than when PROMPT was read. */
bool living_settle(struct registry *reg, const struct task *task, int log, const struct prompt *prompt);

/* Who holds a port: a task, or a process alone. */
struct living_holder {
	char id[TASK_ID_MAX + 1]; /* empty: none of our tasks */
	char *name;		  /* of the task, or NULL */
	char *command;		  /* NULL: it may not be looked at */
	pid_t pid;		  /* 0: unknown */
};

/* False when nobody listens on port NUMBER. The caller frees what RET owns with living_holder_done. */
bool living_holder(struct registry *reg, uint16_t number, struct living_holder *ret);
void living_holder_done(struct living_holder *holder);

/* "3000, 8080"; "" for none; added to OUT. */
void living_add_ports(struct str *out, const struct ports *ports);

/* A command line of PID for people, at most 200 bytes; the caller frees. */
char *living_command(pid_t pid);

#endif
