/* scan: finds marker lines and lines that match a rule in a task's output, whatever the pieces it comes in, and counts
 * newlines. The struct is the keeper's; it holds one line's front at most. It never reads a file, stores nothing, and
 * can be stopped after each line: a new one that begins at its mark tells the same. */
#ifndef HOB_KEEP_SCAN_H
#define HOB_KEEP_SCAN_H

#include "keep/hold.h"
#include "keep/notes.h"

/* Enough of a line for the longest prefix hob takes, the longest message, and white space to trim. */
#define SCAN_PREFIX_MAX 256
#define SCAN_LINE_MAX	(SCAN_PREFIX_MAX + EVENT_MESSAGE_MAX + 256)

struct rules;

struct scan {
	const char *prefixes; /* NPREFIXES strings, one behind the other; borrowed */
	int nprefixes;
	struct rules *rules;	/* borrowed; NULL: none */
	uint64_t spent;		/* rules that have matched once and were to be told once */
	uint64_t failed;	/* rules that hit their limits, which was told */
	uint64_t at;		/* everything before was scanned */
	uint64_t lines;		/* newlines before `at` */
	uint64_t line_start;	/* of the line `at` is in */
	uint64_t held_start;	/* of what is held of it */
	bool inside;		/* that line is known to raise nothing, or was told already */
	bool cut;		/* the line is longer than what is held of it */
	bool force;		/* a note without room is dropped and counted, instead of waiting */
	bool crowded;		/* more lines match than can be told: only rules that are told once are asked */
	struct hold_mark crowd; /* while they do: where that began, which stays the mark until it is told */
	uint64_t dropped;	/* notes without room */
	int64_t until_ns;	/* when rules have had their share of time (monotonic); 0: no limit */
	bool late;		/* … and they have: the scan stopped for that */
	unsigned looks;
	size_t held;
	char line[SCAN_LINE_MAX];
};

/* Begins at MARK. RULES may be NULL. */
void scan_init(struct scan *scan, const char *prefixes, int nprefixes, struct rules *rules, struct hold_mark mark);

/* Scans BYTES, which lie at scan->at. Stops early when NOTES has no room for what a line raises, or (late) when time
 * is up; returns how many bytes it took. */
size_t scan_feed(struct scan *scan, const char *bytes, size_t len, struct notes *notes);

/* The output ends here (for now): a line without its newline counts. False when NOTES has no room. */
bool scan_finish(struct scan *scan, struct notes *notes);

/* N bytes were lost unread: the scan goes on behind them, in the middle of some line. */
void scan_skip(struct scan *scan, uint64_t n);

/* More lines match than can be told: from here on they are let go by. It ends when the caller, who has told that, makes
 * `crowded` false. */
void scan_crowd_begin(struct scan *scan);

/* True while lines are held against rules, which takes time. */
bool scan_asks_rules(const struct scan *scan);

/* Where a new keeper would have to begin, were every note stored. */
struct hold_mark scan_mark(const struct scan *scan);

/* All that begins before this cursor was told, or raised nothing, or goes by. */
uint64_t scan_told(const struct scan *scan);

#endif
