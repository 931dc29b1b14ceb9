/* plain: bytes that already are what cleaning would make of them, so that a search may look at them as they are.
 * Pure functions on the caller's bytes; this is where a search of a big log spends its time. */
#ifndef HOB_LOG_PLAIN_H
#define HOB_LOG_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True when BYTES hold nothing but newlines, tabs and printable characters in valid UTF-8. RET_LINES gets the
 * newlines, when it is true. */
bool plain_text(const void *bytes, size_t len, uint64_t *ret_lines);

/* The newlines in BYTES. */
uint64_t plain_lines(const void *bytes, size_t len);

#endif
