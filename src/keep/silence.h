/* silence: a task with --idle-after that has written nothing for so long raises `idle`, once a silence.
 * When output was last seen stands in the shared page, so a keeper's death neither ends a silence nor begins one; the
 * scribe sees to it that one silence is told once. It costs one wake-up a silence. */
#ifndef HOB_KEEP_SILENCE_H
#define HOB_KEEP_SILENCE_H

#include "keep/capture.h"

struct silence {
	bool told;	   /* by this keeper */
	uint64_t told_end; /* which one: the log's end at that time */
};

/* Looks at the log's end; adds the note when its silence has lasted. A task that ended, or that somebody is ending, is
 * not idle. */
void silence_step(struct silence *s, struct capture *c);

/* When silence_step wants to be called although nothing happens: monotonic ns, -1 never. */
int64_t silence_deadline(const struct silence *s, const struct capture *c);

#endif
