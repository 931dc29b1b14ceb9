/* keeper: the process beside a command that moves its output, tells its story and ends its tree.
 * Runs as a child of the guard on the hold it inherited; all its own state lies in static memory, so a killed keeper
 * costs nothing that is not on disk or in the shared page. It never opens the database (see scribe). */
#ifndef HOB_KEEP_KEEPER_H
#define HOB_KEEP_KEEPER_H

#include "keep/hold.h"

/* How keeper_run ends; the first and the second are exit codes for the guard. */
enum keeper_end {
	KEEPER_DONE,	  /* nothing is left to keep */
	KEEPER_UNSTARTED, /* the command could not be started; `run` was told */
	KEEPER_BROKEN,	  /* its own fault: the guard may start another */
	KEEPER_PROMOTED,  /* the guard is dead: the caller is the guard now */
};

/* What the keeper (or guard) tells `hob run` once: the command runs, or why not. Of a task that is not listed it also
 * tells the command's end, and again when its leftovers are gone. */
struct keeper_report {
	int code;  /* 0, or a negative errno */
	int stage; /* enum spawn_stage, where code is not 0 */
	struct os_proc command;
	int64_t started_ms;
	bool ended, leftover;
	int wstatus;	 /* -1: unknown */
	uint64_t output; /* all that was written before is in the log */
};

/* Lets go of the keeper's lock, once the promoted process holds the guard's. */
void keeper_release(void);

/* Keeps the task of HOLD. Returns in the keeper's process only. */
enum keeper_end keeper_run(struct hold *hold);

#endif
