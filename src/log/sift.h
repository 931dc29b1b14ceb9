/* sift: one pass of a search over a range of the log: every line is tried, in a block of plain text or by itself when
 * the cleaner hands it on, and what comes of it is told to found, or only counted.
 * The struct is the search's, which owns all that it holds; only search.c includes this. */
#ifndef HOB_LOG_SIFT_H
#define HOB_LOG_SIFT_H

#include "log/search.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIFT_STARTS 256 /* lines whose beginning is remembered, since the cleaner may hold rows back */

/* The last matches so far, by their cursors; for SEARCH_LAST, which searches once to find them, then to show them. */
struct last {
	uint64_t *from;
	size_t cap;
	uint64_t seen;
};

struct search {
	struct search_opts opts;
	struct view_result res;
	struct reader *reader;
	struct regex *line;  /* for a line by itself */
	struct regex *block; /* for many at once; NULL: this pattern cannot */
	unsigned slow;	     /* blocks that took too many steps */
	unsigned gave_up;    /* lines that did */
	struct clean *clean;
	struct found *found; /* NULL: only counts into LAST */
	struct last last;
	uint64_t at;		      /* searched so far */
	uint64_t to;		      /* up to here for now */
	uint64_t number;	      /* of the line at AT */
	bool numbered;		      /* … is known */
	bool mid_line;		      /* AT lies within a line, which the cleaner has begun */
	uint64_t starts[SIFT_STARTS]; /* where line N, if the cleaner got it, began: at N % SIFT_STARTS */
	uint64_t newest;	      /* the last N among them, of NSTARTS in a row */
	uint64_t nstarts;
	uint64_t matches;
	uint64_t first;	  /* cursor: matches before it do not count */
	uint64_t untried; /* behind the last match when no more are wanted */
	struct err *err;
};

/* Stands at FROM, with what leads to it already fed. */
int sift_begin(struct search *s, uint64_t from, struct err *err);

/* Searches from S's place up to TO. A log that was truncated meanwhile ends earlier. */
int sift_to(struct search *s, uint64_t to);

/* Whether nothing more can be shown: the first matches were all that was wanted. */
bool sift_full(const struct search *s);

#endif
