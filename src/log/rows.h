/* rows: the last rows of a terminal, which a program may still go back to and write over, and the cursor's place.
 * The rows own their lines, at most ROWS_MAX of them; the caller takes the oldest away before another one is added
 * to rows that are full.
 * Positions AT are cursors of the log. Nothing here knows bytes, escapes or files. */
#ifndef HOB_LOG_ROWS_H
#define HOB_LOG_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line;

#define ROWS_MAX     64		/* a power of two */
#define ROWS_COLUMNS (1u << 20) /* where rows are longer than on any terminal, so many in all, and the last ones */

struct row {
	struct line *line;
	uint64_t from;	/* where the row begins in the log; never less than that of the row above */
	uint64_t to;	/* behind what changed it last */
	uint64_t wiped; /* redraws of the rows that stood below and were erased */
	size_t weight;	/* columns, when the row below it was added */
	uint64_t told;	/* redraws that were told when it was shown before */
	bool rest;	/* it began before the bytes wanted, or in a gap */
	bool ended;	/* by a newline: a line, also when nothing stands on it */
	bool shown;	/* as it is now */
};

/* One empty row that begins at AT; the caller frees it. Lines keep LINE_MAX characters. */
struct rows *rows_new(size_t line_max, uint64_t at);

void rows_free(struct rows *r);

/* Forgets everything: again one empty row that begins at AT. */
void rows_reset(struct rows *r, uint64_t at);

size_t rows_count(const struct rows *r);

/* The oldest row must go before another one is added. */
bool rows_full(const struct rows *r);

/* Row I, from 0, the oldest. */
struct row *rows_at(struct rows *r, size_t i);

/* The cursor's row, and how many are below it. */
struct row *rows_now(struct rows *r);
size_t rows_below(const struct rows *r);

/* Notes that what was written so far belongs to the cursor's row. The others note it whenever the cursor goes. */
void rows_note(struct rows *r, uint64_t at);

/* Takes the oldest away. The cursor must be below it, or elsewhere. */
void rows_drop(struct rows *r);

/* Adds an empty row at the bottom and goes to its beginning. There must be room. */
void rows_add(struct rows *r, uint64_t at);

/* Goes up or down N rows, but not below the last one. Where nothing is known above, empty rows are put in, as long as
 * there is room. */
void rows_up(struct rows *r, size_t n, uint64_t column, uint64_t at);
void rows_down(struct rows *r, size_t n, uint64_t column, uint64_t at);

/* Takes all rows below the cursor's away, the one elsewhere too. The cursor must not be there. */
void rows_cut(struct rows *r, uint64_t at);

/* Keeps the cursor's place, and goes back to it: false when it is gone, or was never kept. */
void rows_save(struct rows *r);
bool rows_restore(struct rows *r, uint64_t at);

/* ---- the row elsewhere: one that is written by its number, with the cursor's place kept meanwhile ---- */

/* Goes there; false when the cursor's place was not just kept. What stands on it stays only if it has this number. */
bool rows_leave(struct rows *r, uint32_t number, uint64_t column, uint64_t at);

/* The cursor is there. */
bool rows_away(const struct rows *r);

/* Makes the row elsewhere, where the cursor is, the last one. There must be room. */
void rows_land(struct rows *r, uint64_t at);

/* The row elsewhere, or NULL when nothing stands on it. */
struct row *rows_elsewhere(struct rows *r);

#endif
