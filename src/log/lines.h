/* lines: rows of a terminal become lines for a reader: folded, and with the redraws of rows that were drawn together
 * told once, on the last of them.
 * It owns the text that folding holds back; rows stay the caller's. It never asks why a row is shown now. */
#ifndef HOB_LOG_LINES_H
#define HOB_LOG_LINES_H

#include "log/clean.h"

#include <stdbool.h>
#include <stddef.h>

struct row;
struct rows;

/* The caller frees it. FOLD: identical neighbours become one line. */
struct lines *lines_new(bool fold, clean_emit *emit, void *arg);

void lines_free(struct lines *l);

/* A row that nothing stands on is a line when a newline ended it, unless it is the end of one that was shown. */
bool lines_is_line(const struct row *row);

/* Shows row I of ROWS, unless it was shown as it is, or is no line. */
void lines_show(struct lines *l, struct rows *rows, size_t i);

/* No more of these rows will come: shows the row elsewhere, if anything stands on it, behind all others, and emits
 * what folding holds back. */
void lines_end(struct lines *l, struct rows *rows);

/* Emits what folding holds back. */
void lines_flush(struct lines *l);

/* Emits something that is no text; flush first. */
void lines_emit(struct lines *l, const struct clean_line *line);

/* What EMIT returned when it stopped all this; 0 as a rule. */
int lines_stopped(const struct lines *l);

#endif
