/* seq: one whole escape sequence: what it may do to a terminal, and whether it is fit for one.
 * Looks at the caller's bytes only; it owns and applies nothing. */
#ifndef HOB_LOG_SEQ_H
#define HOB_LOG_SEQ_H

#include "log/esc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum seq_kind {
	SEQ_NOTHING, /* no terminal shows it, or not this one, or it is out of all proportion */
	SEQ_LINE,    /* changes the cursor's line only */
	SEQ_PEN,     /* changes how later text looks, or a title, or a mode: neither text nor cursor */
	SEQ_REPEAT,  /* repeats the last character */
	SEQ_SCREEN,  /* may do anything */
};

/* The kind of the sequence that is the LEN bytes at SEQ and was read by ESC, to its end. */
enum seq_kind seq_kind(const struct esc *esc, const char *seq, size_t len);

/* Reads the sequence at the front of BYTES, which is whole and begins with ESC_BYTE; returns its length. */
size_t seq_read(const char *bytes, size_t len, enum seq_kind *ret);

/* Whether SEQ is exactly the string IS. */
bool seq_is(const char *seq, size_t len, const char *is);

/* Whether the control sequence read by ESC sets (h) or resets (l) the terminal's own mode MODE, or may do so. */
bool seq_has_mode(const struct esc *esc, uint32_t mode);

#endif
