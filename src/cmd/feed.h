/* feed: what a follower of a log that wants JSON is told: objects of lines that are whole, and of what stands behind
 * them and may still change, as a bar that grows does.
 * Owns its texts; the view that it reads is the caller's. Prints to stdout, and never more often than FEED_NS. */
#ifndef HOB_CMD_FEED_H
#define HOB_CMD_FEED_H

#include "log/view.h"

#include <stdbool.h>
#include <stdint.h>

#define FEED_NS 50000000 /* between two objects */

/* A new feed of what stands from the cursor SINCE on; the caller frees it. */
struct feed *feed_new(uint64_t since);

void feed_free(struct feed *f);

/* A view_emit for the view, with the feed as its ARG. Prints when very much has come together. */
int feed_emit(void *arg, const char *text, size_t len);

/* Prints what VIEW has emitted since the step before, and what it has not emitted yet, if anything of it is new. */
void feed_step(struct feed *f, const struct view *view);

/* The monotonic time from which on the next object may be printed. */
int64_t feed_due(const struct feed *f);

#endif
