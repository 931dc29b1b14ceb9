/* view: a page of a task's log for a reader: the last lines, the first, or a range, clean, within a budget of bytes,
 * with every omission named in the text. It opens `log` and `index` read-only, for the length of the call.
 * The log may grow, be punched or be truncated meanwhile. It never prints, and never shows a hole as data. */
#ifndef HOB_LOG_VIEW_H
#define HOB_LOG_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct str;

#define VIEW_AGENT_BYTES 16384u /* what agents get unless they ask otherwise */
#define VIEW_AGENT_LINES 100u

enum view_mode {
	VIEW_RANGE, /* all of [since, until) */
	VIEW_HEAD,  /* its first LINES lines */
	VIEW_TAIL,  /* its last LINES lines */
};

enum view_time {
	VIEW_TIME_NONE,
	VIEW_TIME_LOCAL, /* each line begins with HH:MM:SS.mmm */
	VIEW_TIME_UTC,
};

struct view_opts {
	enum view_mode mode;
	uint64_t lines;	  /* for head and tail, counted before folding; a tail counts what was written over once */
	uint64_t since;	  /* cursor */
	uint64_t until;	  /* cursor; 0, or one past the end, means the end */
	size_t max_bytes; /* budget of the text; 0: none, and lines are handed on as they are read. Above 1,023 it is
			   * kept strictly: head and tail stay, the middle is named. */
	enum view_time time;
	bool raw;	/* the bytes themselves; what is missing is told in the result only */
	bool name_rest; /* also name what lies before and behind a head or tail */
	bool ended;	/* the task writes no more: half a character at the end is bad, not unfinished */
};

enum view_reason {
	VIEW_LEFT_OUT, /* over the budget, or outside of a head or tail: readable with since and until */
	VIEW_FREED,    /* let go by the log's window: gone */
	VIEW_LOST,     /* never stored, the disk was full: gone */
	VIEW_CUT,      /* the end of a long line: readable */
	VIEW_REDRAWN,  /* what a line showed before it was overwritten: readable with raw */
	/* of a search only */
	VIEW_MATCHES, /* matching lines, over the budget or outside of a head or tail: found again within the range */
	VIEW_UNSEARCHED, /* not looked at: searchable with the range */
	VIEW_GAVE_UP,	 /* lines on which the pattern took too many steps: whether they match is not known */
};

struct view_omission {
	enum view_reason reason;
	uint64_t from; /* cursors */
	uint64_t to;
	uint64_t lines; /* left out, matches, gave up: how many lines, 0 when not known */
	uint64_t count; /* cut: characters; redrawn: redraws; else bytes */
};

struct view_result {
	uint64_t from;	/* where the page begins */
	uint64_t next;	/* end of what was read: the since of the next call */
	uint64_t end;	/* end of the log when it was opened */
	uint64_t lines; /* lines of the task that are shown; a folded one counts as many as it stands for */
	struct view_omission *omitted; /* in order, all that the text names; at most VIEW_OMITTED_MAX */
	size_t nomitted;
};

#define VIEW_OMITTED_MAX 256

/* Gets finished text: whole lines with their newline (raw: any bytes). Anything but 0 stops the view with it. */
typedef int view_emit(void *arg, const char *text, size_t len);

/* A view_emit that adds to the struct str given as ARG. */
int view_to_str(void *arg, const char *text, size_t len);

/* Reads the page that OPTS describes from the task's folder DIRFD. A log that is not there yet is empty. A since
 * beyond the end, or behind until, is -ERANGE with a sentence that names the end. Returns 0, a negative errno, or
 * what EMIT returned. RET is filled on success only, and then given to view_result_done. */
int view_read(int dirfd, const struct view_opts *opts, view_emit *emit, void *arg, struct view_result *ret,
	      struct err *err);

/* Frees the list in RES. */
void view_result_done(struct view_result *res);

/* ---- following: for logs -f and run -f ---- */

/* Like view_read with a range and no budget, but it stays open: each step emits the lines that were completed since
 * the one before (raw: the bytes); see view_holds. The caller waits (inotify on the file `log`) and calls again. */
struct view *view_open(int dirfd, const struct view_opts *opts, view_emit *emit, void *arg, struct err *err);

/* Emits what is new. Returns 0, a negative errno, or what EMIT returned. */
int view_step(struct view *v, struct err *err);

/* Whether the step held lines back because the task is just writing over them (bars of several rows), and emits them
 * as they are: for a pause. What changes later is emitted again. */
bool view_holds(const struct view *v);
int view_settle(struct view *v);

/* Adds to OUT the lines that are not emitted yet, as they stand now: the unfinished one, and those held back. */
void view_peek(const struct view *v, struct str *out);

/* Emits an unfinished last line, when no more will come. */
int view_finish(struct view *v, struct err *err);

/* The cursor behind what was read so far. */
uint64_t view_cursor(const struct view *v);

void view_close(struct view *v);

#endif
