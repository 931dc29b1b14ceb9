/* caller: `hob run`, or the link that stands in for a shell, at the other end of the socket HOLD_RUN. It is told of the
 * start; its words are obeyed; and while nothing is listed, it is told of the end and decides what becomes of the task.
 * Borrows the hold, whose socket is closed once there is nothing more to hear. Never waits, never allocates. */
#ifndef HOB_KEEP_CALLER_H
#define HOB_KEEP_CALLER_H

#include "keep/hold.h"

#include <stdbool.h>
#include <stdint.h>

struct caller {
	struct hold *hold;
	bool end_told;	/* of the command, that is not listed; */
	bool gone_told; /* and of all that it left running */
};

void caller_init(struct caller *c, struct hold *hold);

/* The command runs, or (CODE, STAGE) why not. */
void caller_report(struct caller *c, int code, int stage);

/* Takes one word, or notices that the caller is gone. True when the registry is to be asked whether it knows of the
 * start: who died before it said so may have listed the task just before. */
bool caller_hear(struct caller *c);

/* The registry knows of no start (UNKNOWN: or does not tell): an unlisted command goes with a caller that died, at
 * once, as it would with a shell that is killed with its group. */
void caller_follow(struct caller *c, bool unknown);

/* Tells the caller of an unlisted command how it ended, and again when nothing that it left runs any more (GONE). END:
 * all that was written until then is in the log before it. */
void caller_tell_end(struct caller *c, bool gone, uint64_t end);

/* True when the caller of an unlisted command has copied so much less than END, up to which there is something
 * to copy, that the writer is to wait. */
bool caller_behind(const struct caller *c, uint64_t end);

#endif
