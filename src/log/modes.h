/* modes: which modes a terminal is in after the bytes that it was sent, so that another terminal can be put into them,
 * and taken out of them again. A stream: how the bytes are cut changes nothing.
 * A plain value in the caller's struct; zeroed it is a terminal just switched on. It owns nothing, allocates nothing
 * and knows no text, colours or positions. */
#ifndef HOB_LOG_MODES_H
#define HOB_LOG_MODES_H

#include "log/esc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str;

#define MODES_MAX     48  /* more are forgotten */
#define MODES_SEQ_MAX 128 /* bytes of a sequence that is looked at */

struct modes {
	struct {
		uint32_t number; /* of DEC and xterm */
		bool on;
	} private[MODES_MAX];
	unsigned n;
	bool insert;
	bool keypad;
	uint32_t shape;	      /* of the cursor; 0: the terminal's own */
	uint32_t top, bottom; /* margins; 0: none */
	char sets[2];	      /* which characters G0 and G1 are; 0: ASCII */
	bool shifted;	      /* G1 is used */
	uint32_t keyboards;   /* kitty's: how many were pushed */
	bool other_keys;      /* xterm's modifyOtherKeys */
	struct esc esc;
	char seq[MODES_SEQ_MAX];
	size_t len;
};

/* Takes the next LEN bytes. */
void modes_feed(struct modes *m, const void *bytes, size_t len);

/* Whether the private mode NUMBER is on. */
bool modes_on(const struct modes *m, uint32_t number);

/* Whether the second screen is shown. */
bool modes_alternate(const struct modes *m);

/* Adds what puts a terminal just switched on into these modes, but for the second screen and the origin mode: both
 * move the cursor. Margins move it too. */
void modes_add(const struct modes *m, struct str *out);

/* Adds what takes a terminal out of them, the second screen and the origin mode included. */
void modes_undo(const struct modes *m, struct str *out);

#endif
