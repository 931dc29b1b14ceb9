/* keys: names of keys, and what a terminal like xterm sends when they are pressed.
 * Pure functions on the caller's memory. */
#ifndef HOB_BASE_KEYS_H
#define HOB_BASE_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#define KEYS_MAX 8 /* bytes that one key sends, at most */

/* All names, for people. */
#define KEYS_NAMES                                                                                                     \
	"Enter Tab Escape Up Down Left Right Home End PageUp PageDown Backspace Delete F1 to F12, ctrl-a to ctrl-z, "  \
	"alt-x, or a character"

/* Where a key is pressed. */
struct keys_place {
	bool terminal;	  /* else a pipe, where Enter is a newline */
	bool application; /* the program asked for the other form of the cursor keys (DECCKM) */
};

/* Fills RET with what the key called NAME (in any case; or one character, as it is; or "alt-" and one of these) sends
 * at PLACE, not terminated; returns how many bytes, or -EINVAL. */
int keys_encode(const char *name, struct keys_place place, char ret[KEYS_MAX]);

/* True when what NAME sends depends on the place's `application`. */
bool keys_is_cursor(const char *name);

#endif
