/* keypad: which form of the cursor keys the program on a terminal asked for, found in what it wrote.
 * Looks back from a cursor for the last sequence that says so; owns nothing. */
#ifndef HOB_LOG_KEYPAD_H
#define HOB_LOG_KEYPAD_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYPAD_BACK (64u * 1024u * 1024u) /* no farther */

/* Whether application mode (DECCKM) is on where the log in DIRFD reaches cursor AT. What is missing from the log is
 * passed over. */
int keypad_read(int dirfd, uint64_t at, bool *ret_application, struct err *err);

/* The last word on it in BYTES: 1 on, 0 off, -1 none. */
int keypad_last(const char *bytes, size_t len);

#endif
