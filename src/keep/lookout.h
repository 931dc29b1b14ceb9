/* lookout: a keeper's eye on its own tree: ports that opened, questions that were asked; each told once.
 * The keeper owns it, says when output came, and calls when it is due. What was told is kept twice: here, and, once it
 * is stored, in memory that outlives the keeper, so that its successor tells nothing again. Allocates nothing. */
#ifndef HOB_KEEP_LOOKOUT_H
#define HOB_KEEP_LOOKOUT_H

#include "keep/pace.h"
#include "keep/ports.h"
#include "keep/question.h"
#include "keep/tree.h"

/* What was told: the ports that are open, and the wait for input that goes on. */
struct lookout_told {
	int nports;
	uint16_t ports[PORTS_MAX];
	struct question input; /* kind NONE: nobody waits */
	uint64_t end;	       /* of the log, when it was told */
	uint32_t prompt;       /* a sum of its text */
};

struct capture;

struct lookout {
	uint64_t heard; /* the log's end at the last look */
	struct pace pace;
	struct ports ports;
	struct lookout_told told;
	struct lookout_told *stored; /* zeroed when the task began */
};

/* One thing to tell: a port, or a wait for input. */
struct lookout_news {
	uint16_t port;		     /* 0: it is input */
	enum question_kind input;    /* line, password, or keys behind a prompt */
	const struct prompt *prompt; /* its text and where the log ended; NULL with a port */
};

/* What to look at, and who is told: false means there is no room now, and it is told again later. What was written
 * before a question was seen may be on its way to the log still: settle brings it there, and says whether any was. */
struct lookout_job {
	bool ports, input;
	const struct tree *tree;
	int log_fd;
	bool (*tell)(void *arg, const struct lookout_news *news);
	bool (*settle)(void *arg);
	void *arg;
};

/* Begins where STORED says; the caller keeps it, zeroed before the task's first keeper. */
void lookout_init(struct lookout *l, struct lookout_told *stored);

/* Output came, or processes came or went, at NOW (monotonic). */
void lookout_news(struct lookout *l, int64_t now_ns);

/* When the next look is due (monotonic; 0: at once). */
int64_t lookout_due(const struct lookout *l);

/* Looks, and tells what is new. For the keeper itself, whose descriptors are the task's input; tree_list is used. */
void lookout_look(struct lookout *l, const struct lookout_job *job);

/* Everything that was told so far is in the registry. */
void lookout_stored(struct lookout *l);

/* ---- for the keeper: all of the above, for a task with --port-event or --input-event ---- */

/* Looks at TREE when it is time, and adds notes of what is new. A task that somebody is ending is left alone. */
void lookout_step(struct lookout *l, struct capture *c, const struct tree *tree);

/* When lookout_step wants to be called although nothing happens: monotonic ns, -1 never. */
int64_t lookout_deadline(const struct lookout *l, const struct capture *c);

#endif
