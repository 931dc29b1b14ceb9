/* found: what a search shows: the lines that match and those around them, in groups, as text within a budget.
 * It is told every line that matches and as many of the others as it wants, in order; it keeps copies of the few that
 * may still be shown, and hands finished text to a page. It reads nothing and knows no pattern. */
#ifndef HOB_LOG_FOUND_H
#define HOB_LOG_FOUND_H

#include "log/search.h"
#include "log/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct found;
struct reader;

struct found_line {
	const char *text; /* clean, no newline */
	size_t len;
	uint64_t from; /* cursors, newline included */
	uint64_t to;
	uint64_t number;   /* from 1; 0: not known */
	bool exact;	   /* TEXT is the bytes at FROM themselves */
	size_t match_from; /* of a match: its borders in TEXT */
	size_t match_to;
};

/* A new one, which the caller frees; RES must be zeroed and outlive it, as must READER (asked for times only). */
struct found *found_new(const struct search_opts *opts, const struct reader *reader, view_emit *emit, void *arg,
			struct view_result *res);

void found_free(struct found *f);

/* A line that matches, and one that does not. Each returns 0 or what EMIT returned. */
int found_match(struct found *f, const struct found_line *line);
int found_other(struct found *f, const struct found_line *line);

/* How many of the next lines that do not match will be shown in any case. Of those behind them, the last
 * opts.context before a match must be told too; no others need to be. */
uint64_t found_wants(const struct found *f);

/* Names what is not shown; lines on both sides of it are no neighbours. */
int found_note(struct found *f, enum view_reason reason, uint64_t from, uint64_t to, uint64_t lines);

/* Hands on what folding holds back: for followers. */
int found_flush(struct found *f);

/* Hands on everything left. */
int found_finish(struct found *f);

#endif
