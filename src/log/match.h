/* match: a log that is watched for a line that fits a pattern, across blocks and pieces as they come, also in the
 * unfinished last line. A match owns its reader and what it found; the patterns stay the caller's. It never waits:
 * the caller steps it when the log has grown. */
#ifndef HOB_LOG_MATCH_H
#define HOB_LOG_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct match;
struct regex;

struct match_found {
	char *line;    /* the line, clean */
	uint64_t from; /* cursors of the line; of an unfinished one, TO is how far it was read */
	uint64_t to;
};

/* Watches the log in folder DIRFD, which must stay open, from cursor SINCE on, for any of the N patterns RES. A SINCE
 * beyond the end is -ERANGE with a sentence. */
int match_open(int dirfd, uint64_t since, struct regex *const *res, size_t n, struct match **ret, struct err *err);

/* Looks at what is new: 1 when a line fits (and from then on), 0 when none does yet, or a negative errno; -EOVERFLOW:
 * a pattern hit its limits. */
int match_step(struct match *m, struct err *err);

/* What was found; the match's. */
const struct match_found *match_result(const struct match *m);

void match_close(struct match *m);

#endif
