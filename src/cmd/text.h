/* text: what people see: aligned columns, colour on a terminal only, nothing that could harm one.
 * Tables own copies of their cells. Everything is printed to stdout by whoever calls. */
#ifndef HOB_CMD_TEXT_H
#define HOB_CMD_TEXT_H

#include "base/str.h"
#include "task/task.h"

enum colour { COLOUR_NONE, COLOUR_RED, COLOUR_GREEN, COLOUR_YELLOW, COLOUR_DIM, COLOUR_BOLD };

/* Whether stdout is a terminal that wants colour (NO_COLOR, TERM=dumb: no). */
bool text_coloured(void);

/* Adds TEXT to OUT with control characters written as \n, \t, \x1b, and bad UTF-8 as U+FFFD. */
void text_escape(struct str *out, const char *text);

/* A fresh, escaped copy of TEXT; "" for NULL. */
char *text_safe(const char *text);

/* The same, cut after 2,000 characters, the last of which says so: a command may have 64 MiB. */
char *text_short(const char *text);

/* Wraps TEXT in COLOUR where stdout is coloured. */
void text_colour(struct str *out, enum colour colour, const char *text);

/* The colour of a status. */
enum colour text_status_colour(enum task_status status);

struct table;

/* A table with these NULL-terminated headings. */
struct table *table_new(const char *const *headings);

/* Adds a cell, cut as by text_short, to the row at hand; the row is full when it has as many cells as there are
 * headings. */
void table_add(struct table *t, enum colour colour, const char *text);

/* Prints to OUT, columns two blanks apart, the last cut at the terminal's width if stdout is one; frees T. */
void table_print(struct table *t, struct str *out);

#endif
