/* rules: the patterns of --watch and --watch-once, and whether a line of output matches one.
 * Compiled when the keeper starts and only where the task has some; from then on a line costs no memory. The struct
 * owns patterns, machine code and the room a line is cleaned in; which rules are spent is the caller's to remember. */
#ifndef HOB_KEEP_RULES_H
#define HOB_KEEP_RULES_H

#include "task/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RULES_MAX     64 /* a bit each */
#define RULES_GIVE_UP 100

struct err;
struct rules;

/* What a line is to the rules. */
struct rules_finding {
	bool matched;
	const char
	    *text; /* what matched, as a person reads it; at most EVENT_MESSAGE_MAX bytes, good until the next look */
	size_t len;
	bool cut;	 /* … because there was more of it */
	uint64_t spent;	 /* the rules told once that have matched now */
	uint64_t failed; /* those that hit their limits: whether they match is not known, and counts as no. One that
			  * did RULES_GIVE_UP times is not asked again */
};

/* Whether PATTERN is a regular expression; -EINVAL with a sentence that shows the place. */
int rules_check(const char *pattern, struct err *err);

/* Compiles the N rules in WATCHES (see TASK_WATCH_EACH), one string behind the other, which are copied. *RET is NULL
 * when there are none. */
int rules_open(const char *watches, int n, struct rules **ret);

/* A bit for each rule; and for each that is told once. */
uint64_t rules_all(const struct rules *rules);
uint64_t rules_once(const struct rules *rules);

/* The pattern of rule I. */
const char *rules_pattern(const struct rules *rules, int i);

/* Holds a LINE without its newline, at most LINE_MAX bytes of it, against all rules but those SPENT. What counts is
 * the line as it stands when it is over: escape sequences removed, carriage returns and backspaces applied. */
void rules_look(struct rules *rules, const char *line, size_t len, uint64_t spent, struct rules_finding *ret);

/* Frees RULES, which may be NULL. */
void rules_close(struct rules *rules);

#endif
