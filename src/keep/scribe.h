/* scribe: a child of the keeper that tells the registry one thing in one transaction, and ends.
 * Only scribes open SQLite, so a locked registry never stalls the log and the keeper stays small.
 * A scribe owns nothing of the keeper's: it closes the inherited descriptors at birth. */
#ifndef HOB_KEEP_SCRIBE_H
#define HOB_KEEP_SCRIBE_H

#include "keep/hold.h"
#include "keep/notes.h"
#include "task/registry.h"

enum scribe_result {
	SCRIBE_OK,
	SCRIBE_STALE, /* somebody else moved the scanned offset: see scribe_reply */
	SCRIBE_GONE,  /* the task is not in the registry (any more) */
	SCRIBE_RETRY, /* locked, full, unreadable: try again later */
	SCRIBE_DEAD,  /* `run` was gone before it recorded the start: the task must end */
};

/* What a scribe is to do, all in one transaction. */
struct scribe_job {
	const struct notes *notes;   /* all of them are stored */
	uint64_t scanned_old;	     /* what the registry should hold before */
	const struct ending *end;    /* the command's end, or NULL */
	const struct ending *settle; /* the tree's end after that, or NULL */
	bool check;		     /* only ask: is the row `running`? */
	bool load;		     /* only ask for the scanned offset */
	bool tidy;		     /* only keep the database quick to open */
};

/* Memory shared with the scribe, for what an exit code cannot say. */
struct scribe_reply {
	uint64_t scanned;
	bool untidy; /* a `tidy` would do the registry good */
};

/* Forks a scribe; returns its pid or a negative errno. */
pid_t scribe_start(const struct hold *hold, const struct scribe_job *job, struct scribe_reply *reply);

/* Adds the event that NOTE, which is none of a silence, stands for: its message cleaned, and a long one cut with a
 * mark. In the caller's transaction. */
int scribe_add_note(struct registry *reg, const char *id, const struct note *note, struct err *err);

/* What its wait status means. */
enum scribe_result scribe_result(int wstatus);

#endif
