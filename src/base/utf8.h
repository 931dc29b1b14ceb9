/* utf8: decoding, checking and cutting of UTF-8 that nobody vouches for.
 * Works on the caller's bytes and owns nothing; no locale is asked.
 * It never reads past LEN and never takes a surrogate, an overlong form or more than U+10FFFF for valid. */
#ifndef HOB_BASE_UTF8_H
#define HOB_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_BAD 0xFFFDu /* what a bad byte is shown as: EF BF BD */
#define UTF8_MAX 4	 /* bytes of the longest character */

/* Decodes the character at the front of BYTES (LEN >= 1) and returns how many bytes it takes. Bad bytes give
 * UTF8_BAD, one for each maximal part of a character, as the Unicode standard advises. Returns 0 when the bytes
 * are the beginning of a character whose rest is not there yet. */
size_t utf8_next(const void *bytes, size_t len, uint32_t *ret_cp);

/* Writes CP and returns its length; a value that is no character is written as UTF8_BAD. */
size_t utf8_put(char out[UTF8_MAX], uint32_t cp);

/* 1 when all of BYTES is valid UTF-8, else 0. */
int utf8_valid(const void *bytes, size_t len);

/* The longest length <= MAX at which valid TEXT may be cut without splitting a character. */
size_t utf8_cut(const char *text, size_t len, size_t max);

/* How many bytes at the end of BYTES are the beginning of a character whose rest is missing (0 to 3). */
size_t utf8_tail(const void *bytes, size_t len);

#endif
