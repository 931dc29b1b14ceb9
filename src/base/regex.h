/* regex: Perl's regular expressions (PCRE2) over UTF-8 that nobody vouches for, with limits: a match ends, whatever
 * pattern and text are. A regex owns what it was compiled to and the room it matches in, so two threads of work need
 * two of them. Matching with REGEX_JIT allocates nothing; without it PCRE2 may take up to the heap limit. */
#ifndef HOB_BASE_REGEX_H
#define HOB_BASE_REGEX_H

#include <stddef.h>

struct err;
struct regex;

enum regex_flags {
	REGEX_ICASE = 1,  /* upper and lower case are the same, beyond ASCII too */
	REGEX_LINES = 2,  /* ^ and $ also match at newlines within the text; a dot never matches one */
	REGEX_JIT = 4,	  /* machine code, where the system allows; takes some 100 µs and pays from a few lines on */
	REGEX_FRUGAL = 8, /* a tenth of the limits: for a keeper, which must not be held up */
	REGEX_VALID = 16, /* the caller vouches for it that every text is valid UTF-8, which else costs a look */
};

/* Compiles PATTERN; the caller frees it. A bad pattern is -EINVAL with a sentence that shows the place. */
int regex_compile(const char *pattern, unsigned flags, struct err *err, struct regex **ret);

/* Looks for the first match in TEXT that begins at FROM or later (what lies before FROM is context for ^, \b and
 * lookbehinds). 1: RET_FROM and RET_TO are its borders; 0: none; -EOVERFLOW: a limit was hit, and whether it matches
 * is not known; another negative errno: PCRE2 failed. FROM must not lie within a character. Bad UTF-8 in TEXT matches
 * nothing and is no error. */
int regex_match(struct regex *re, const char *text, size_t len, size_t from, size_t *ret_from, size_t *ret_to);

/* Whether a text of many lines may be searched at once (with REGEX_LINES) for lines that match: true when each line
 * that matches by itself then lies within a match that is found, or behind its beginning. False for patterns with
 * lookarounds, possessive quantifiers, \A, \z and the like; also when in doubt. */
int regex_spans_lines(const char *pattern);

/* Frees RE, which may be NULL. */
void regex_free(struct regex *re);

#endif
