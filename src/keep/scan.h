/* scan: finds marker lines in a task's output, whatever the pieces it comes in, and counts newlines.
 * The struct is the keeper's; it holds one line's front at most. It never reads a file and stores nothing. */
#ifndef HOB_KEEP_SCAN_H
#define HOB_KEEP_SCAN_H

#include "keep/hold.h"
#include "keep/notes.h"

/* Enough of a line for the longest prefix hob takes, the longest message, and white space to trim. */
#define SCAN_PREFIX_MAX 256
#define SCAN_LINE_MAX	(SCAN_PREFIX_MAX + EVENT_MESSAGE_MAX + 256)

struct scan {
	const char *prefixes; /* NPREFIXES strings, one behind the other; borrowed */
	int nprefixes;
	uint64_t at;	     /* everything before was scanned */
	uint64_t lines;	     /* newlines before `at` */
	uint64_t line_start; /* of the line `at` is in */
	bool inside;	     /* that line is known to be no marker, or was told already */
	bool cut;	     /* the line is longer than what is held of it */
	bool force;	     /* a note without room is dropped and counted, instead of waiting */
	uint64_t dropped;
	size_t held;
	char line[SCAN_LINE_MAX];
};

/* Begins at MARK. */
void scan_init(struct scan *scan, const char *prefixes, int nprefixes, struct hold_mark mark);

/* Scans BYTES, which lie at scan->at. Stops early when NOTES has no room for a marker's message; returns how many
 * bytes it took. */
size_t scan_feed(struct scan *scan, const char *bytes, size_t len, struct notes *notes);

/* The output ends here (for now): a marker line without its newline counts. False when NOTES has no room. */
bool scan_finish(struct scan *scan, struct notes *notes);

/* N bytes were lost unread: the scan goes on behind them, in the middle of some line. */
void scan_skip(struct scan *scan, uint64_t n);

/* Where a new keeper would have to begin, were every note stored. */
struct hold_mark scan_mark(const struct scan *scan);

#endif
