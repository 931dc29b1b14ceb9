/* search: the lines of a log that match a pattern, as a reader would see them: clean, numbered, within a budget, and
 * with everything named that was not shown or not searched. It opens `log` and `index` read-only.
 * The pattern sees clean lines, one by one, of up to SEARCH_LINE_MAX characters; blocks of plain text are searched as
 * they lie in the file. The log may grow, be punched or be truncated meanwhile. It never prints. */
#ifndef HOB_LOG_SEARCH_H
#define HOB_LOG_SEARCH_H

#include "log/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct search;
struct str;

#define SEARCH_LINE_MAX	   (1024u * 1024u)
#define SEARCH_CONTEXT_MAX 1000u
#define SEARCH_GIVE_UP	   32u /* so many lines may take too many steps; then the search ends with a sentence */

/* One line that is shown. */
struct search_line {
	const char *text; /* cut at CLEAN_LINE_MAX characters, with the sentence that says so */
	size_t len;
	uint64_t number; /* from 1, as the task wrote them; 0: not known, part of the log before it is gone */
	uint64_t from;	 /* cursors; of all repeats when folded */
	uint64_t to;
	uint64_t times; /* identical neighbours that this stands for */
	bool match;	/* false: context */
	bool divided;	/* lines between the one shown before and this one are not shown, and context was asked for */
};

/* Adds LINE to OUT as it is to be shown, with a newline. */
typedef void search_format(void *arg, const struct search_line *line, struct str *out);

enum search_mode {
	SEARCH_ALL,
	SEARCH_FIRST, /* the first MATCHES matches; what lies behind is not searched */
	SEARCH_LAST,  /* the last MATCHES */
};

struct search_opts {
	const char *pattern;
	bool icase;
	enum search_mode mode;
	uint64_t matches;
	uint64_t context; /* lines before and after each match, SEARCH_CONTEXT_MAX at most */
	uint64_t since;	  /* cursor */
	uint64_t until;	  /* cursor; 0, or one past the end, means the end */
	size_t max_bytes; /* as in view_opts; sentences count too, and begin with "[…" */
	enum view_time time;
	bool ended;
	search_format *format; /* NULL: as grep -nb does, NUMBER:CURSOR:TEXT, context with '-', groups divided by -- */
	void *format_arg;
};

struct search_result {
	struct view_result page; /* lines: matching lines shown */
	uint64_t matches;	 /* matching lines found between page.from and page.next */
};

/* Searches the log in folder DIRFD. A log that is not there yet is empty. Errors: -EINVAL, a bad pattern, and the
 * sentence shows the place; -ERANGE as view_read; -EOVERFLOW, SEARCH_GIVE_UP; another negative errno; what EMIT
 * returned. RET is filled on success only, and then given to search_result_done. */
int search_read(int dirfd, const struct search_opts *opts, view_emit *emit, void *arg, struct search_result *ret,
		struct err *err);

void search_result_done(struct search_result *res);

/* ---- following: as view_open and its kin. MODE may be SEARCH_LAST: it then begins with those ---- */

int search_open(int dirfd, const struct search_opts *opts, view_emit *emit, void *arg, struct search **ret,
		struct err *err);
int search_step(struct search *s, struct err *err);
int search_finish(struct search *s, struct err *err);
bool search_holds(const struct search *s);
int search_settle(struct search *s);

/* How many matching lines were found so far. */
uint64_t search_matches(const struct search *s);

void search_close(struct search *s);

#endif
