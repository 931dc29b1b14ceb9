/* line: one line of a terminal: characters in columns and a cursor that may go back and write over them.
 * The line owns its columns, at most MAX of them whatever is written; what lies behind is only counted.
 * A column is one character (code point): wide and combining ones count as one, so a redraw that changes how many of
 * them there are may leave a remnant. It knows nothing of bytes, escapes or files. */
#ifndef HOB_LOG_LINE_H
#define HOB_LOG_LINE_H

#include <stddef.h>
#include <stdint.h>

enum line_erase {
	LINE_ERASE_RIGHT, /* from the cursor to the end */
	LINE_ERASE_LEFT,  /* from the beginning to the cursor, which is blank too */
	LINE_ERASE_ALL,
};

/* An empty line that keeps MAX characters; the caller frees it. */
struct line *line_new(size_t max);

void line_free(struct line *l);

/* Makes the line empty, the cursor at its beginning; keeps the memory. */
void line_reset(struct line *l);

/* Writes at the cursor: LEN characters from 0x20 to 0x7e, or one of any kind. AT is the log's cursor of the first
 * byte, remembered where the part that is not kept begins. */
void line_put_ascii(struct line *l, const char *text, size_t len, uint64_t at);
void line_put(struct line *l, uint32_t cp, uint64_t at);

/* A tab: a character at the end of the line, within it a move to the next multiple of 8. */
void line_tab(struct line *l, uint64_t at);

/* The column the cursor stands in, from 0. */
uint64_t line_column(const struct line *l);

/* Moves the cursor to a column, or by some. It stays on the line; blanks fill what it skips, 200 at the most. */
void line_move_to(struct line *l, uint64_t column);
void line_move_by(struct line *l, int64_t columns);

/* The cursor comes from another line: what is written now over what stands here is a redraw. */
void line_enter(struct line *l, uint64_t column);

void line_erase(struct line *l, enum line_erase what);

/* At the cursor: N characters become blank; are taken out; blanks are put in. */
void line_blank(struct line *l, uint64_t n);
void line_delete(struct line *l, uint64_t n);
void line_insert(struct line *l, uint64_t n);

/* 1 when something was written or erased since the last time this was asked, or since the reset. */
int line_changed(struct line *l);

/* How many columns are kept, and whether the memory for them is more than a line of a terminal ever needs. */
size_t line_size(const struct line *l);
int line_is_big(const struct line *l);

/* 1 when nothing stands on the line. */
int line_empty(const struct line *l);

/* The text, NUL-terminated, in the line's own memory until the next call that changes it. Blanks at the end go
 * where something was written over, since there they only hide what stood before. */
const char *line_text(struct line *l, size_t *ret_len);

/* How many characters stand behind those that are kept; RET_FROM gets the log's cursor of the first. */
uint64_t line_cut(const struct line *l, uint64_t *ret_from);

/* How often writing began again over what stood there. */
uint64_t line_redraws(const struct line *l);

#endif
