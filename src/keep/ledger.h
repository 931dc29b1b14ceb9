/* ledger: what of a task's story the registry knows yet, and the one scribe that is telling it more.
 * The struct is the keeper's. It decides what to tell next; it never opens the database itself. */
#ifndef HOB_KEEP_LEDGER_H
#define HOB_KEEP_LEDGER_H

#include "keep/capture.h"
#include "keep/scribe.h"

struct ledger {
	struct hold *hold;
	struct capture *capture;
	struct scribe_reply *reply; /* shared memory */
	pid_t scribe;		    /* 0: none at work */
	struct scribe_job job;	    /* what it was given */
	struct ending end, settle;
	size_t told;	    /* notes in its hands */
	bool heir;	    /* there was a keeper before this one */
	bool loaded;	    /* `stored` is what the registry says */
	bool gone;	    /* the registry has no such task: nothing more is told */
	bool dead;	    /* `run` died before it recorded the start */
	bool check;	    /* find out whether it did */
	uint64_t stored;    /* the registry's scanned offset */
	int64_t retry_ns;   /* no scribe before */
	int64_t failing_ns; /* since when nothing can be told; 0: it can */
	int64_t waiting_ns; /* since when that is all that keeps the keeper; 0: it is not */
	int retries;
	bool leftover_told; /* the row may say that a leftover lives */
	uint64_t told_bytes;
	bool settled;
};

void ledger_init(struct ledger *l, struct hold *hold, struct capture *capture, struct scribe_reply *reply);

/* Starts a scribe when there is something to tell and none is at work. END_READY: the command's end may be recorded;
 * TREE_GONE: no process is left. */
void ledger_step(struct ledger *l, bool end_ready, bool tree_gone);

/* The scribe ended with WSTATUS. */
void ledger_scribe_ended(struct ledger *l, int wstatus);

/* When ledger_step wants to be called again although nothing happens: monotonic ns, -1 never. */
int64_t ledger_deadline(const struct ledger *l);

/* The last act, once everybody has been answered: a scribe that tidies the registry where it needs that. */
void ledger_leave(struct ledger *l);

/* True when the registry cannot be told now: it fails, or `run` has not recorded the start. */
bool ledger_stuck(const struct ledger *l);

/* True when the registry knows all there is to know, or will not have it. */
bool ledger_complete(struct ledger *l, bool tree_gone);

#endif
