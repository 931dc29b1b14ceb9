/* term: what text, controls and escape sequences do to the last rows of a terminal.
 * It owns its rows. Each row that becomes too old to be gone back to is shown to the caller before it goes.
 * Positions AT are cursors of the log. It decodes no bytes, emits no lines and knows no width: nothing wraps. */
#ifndef HOB_LOG_TERM_H
#define HOB_LOG_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct esc;
struct rows;

/* The oldest row, which is about to go. */
typedef void term_leave(void *arg);

/* A terminal with one empty row that begins at AT; lines keep LINE_MAX characters. SINGLE: it never has a second row,
 * and shows the one when the cursor would leave it. The caller frees it. */
struct term *term_new(size_t line_max, bool single, uint64_t at, term_leave *leave, void *arg);

void term_free(struct term *t);

/* Begins anew with one empty row; half of what it knew is gone. */
void term_reset(struct term *t, uint64_t at);

struct rows *term_rows(struct term *t);

/* How many rows above the last one the stream is just going back to. */
size_t term_reach(const struct term *t);

/* Writes characters from 0x20 to 0x7e, or one above 0x7f; AT is the cursor of its first byte. C1 controls are dropped
 * and not obeyed: they come from text that was encoded twice, not from programs. */
void term_put_ascii(struct term *t, const unsigned char *text, size_t len, uint64_t at);
void term_put(struct term *t, uint32_t cp, uint64_t at);

/* Obeys a byte below 0x20 (ESC aside), or DEL; an escape sequence that ended. AT is the cursor behind it. */
void term_control(struct term *t, unsigned char b, uint64_t at);
void term_escape(struct term *t, const struct esc *esc, uint64_t at);

#endif
