/* screen: the terminal of a task as it looks now: its log replayed through libvterm, with the sizes it had.
 * A struct screen owns its cells and its title until screen_done. It opens `log` and `index` read-only for the length
 * of the call; the log may grow, be punched or be truncated meanwhile. Where bytes are missing it says so and shows
 * what came after them. Nothing here prints. */
#ifndef HOB_LOG_SCREEN_H
#define HOB_LOG_SCREEN_H

#include "log/modes.h"
#include "log/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct str;

#define SCREEN_COLS_MIN 2u /* a smaller or larger terminal is shown as one of these */
#define SCREEN_COLS_MAX 1024u
#define SCREEN_ROWS_MAX 512u
#define SCREEN_CHARS	6 /* code points of a cell: a character and what combines with it */

/* Of a log that keeps more, the front and this much of the end are replayed, and the middle counts as missing. */
#define SCREEN_FRONT_MAX (1024u * 1024u)
#define SCREEN_BACK_MAX	 (80u * 1024u * 1024u)

/* How a cell looks. Equal bytes look the same. */
struct screen_style {
	uint32_t flags; /* SCREEN_BOLD … */
	uint32_t fg;	/* 0: the terminal's own; SCREEN_INDEX | number; SCREEN_RGB | 0xrrggbb */
	uint32_t bg;
};

enum {
	SCREEN_BOLD = 1,
	SCREEN_ITALIC = 2,
	SCREEN_UNDERLINE = 4,
	SCREEN_REVERSE = 8,
	SCREEN_BLINK = 16,
	SCREEN_STRIKE = 32,
};

#define SCREEN_INDEX 0x1000000u
#define SCREEN_RGB   0x2000000u

struct screen_cell {
	uint32_t chars[SCREEN_CHARS]; /* 0-terminated when shorter; none: blank */
	uint32_t width;		      /* columns: 1 or 2; 0: the cell is covered by the one before it */
	struct screen_style style;
};

struct screen {
	unsigned cols, rows;
	struct screen_cell *cells; /* row by row */
	unsigned row, col;	   /* of the cursor, from 0 */
	bool visible;		   /* the cursor */
	bool alternate;		   /* the second screen, which programs of the whole screen use */
	char *title;		   /* one harmless line; NULL: none */
	struct screen_style pen;   /* how what comes next will look */
	struct modes modes;
	uint64_t cursor;	  /* of the log: what lies before it was replayed */
	uint64_t settled;	  /* … and before this one no sequence or character is unfinished */
	uint64_t from;		  /* what is shown was written from here on */
	struct view_omission gap; /* what is missing before that; from and to are equal when nothing is */
};

/* Replays the log in the task's folder DIRFD. COLS and ROWS are the size until the first recorded one; 0: a log
 * without any recorded size is -ENOTTY. RET is filled on success only, and then given to screen_done. */
int screen_replay(int dirfd, unsigned cols, unsigned rows, struct screen *ret, struct err *err);

/* Frees what S owns and empties it. */
void screen_done(struct screen *s);

/* ---- screen_text.c: how it is written down ---- */

/* How many rows there are up to the last that shows anything. */
unsigned screen_height(const struct screen *s);

/* How many columns of ROW there are up to the last that shows anything: a character, or (STYLED) a background, a line
 * below or through it. */
unsigned screen_width(const struct screen *s, unsigned row, bool styled);

/* Adds ROW to OUT: valid UTF-8 without any control character, without blanks at its end and without a newline. */
void screen_row(const struct screen *s, unsigned row, struct str *out);

/* Adds ROW to OUT with the sequences (SGR) that make it look as it does; it begins and ends with the plain style. */
void screen_draw(const struct screen *s, unsigned row, struct str *out);

/* Adds what makes a terminal of the same size, in the modes of one just switched on, look and behave as S: cleared and
 * painted, with its title, its modes and its pen. */
void screen_paint(const struct screen *s, struct str *out);

/* Adds the sequence that changes the plain style to STYLE. */
void screen_style_add(struct str *out, const struct screen_style *style);

/* A stretch of a row with one style that is not the plain one. */
struct screen_run {
	unsigned col, cols;
	struct screen_style style;
};

/* The first run of ROW that begins at or behind column FROM. Returns whether there is one. */
bool screen_run_next(const struct screen *s, unsigned row, unsigned from, struct screen_run *ret);

#endif
