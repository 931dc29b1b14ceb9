#include "log/plain.h"

#include "base/utf8.h"

#include <string.h>

/* 16 bytes side by side: the compiler makes one instruction of each operator on every machine that has them. */
typedef unsigned char lanes __attribute__((vector_size(16)));

#define LANES	  sizeof(lanes)
#define COUNT_MAX 255 /* what a lane can count */

static lanes load(const unsigned char *p)
{
	lanes v;

	memcpy(&v, p, sizeof v);
	return v;
}

static uint64_t sum(lanes v)
{
	uint64_t n = 0;

	for (size_t i = 0; i < LANES; i++)
		n += v[i];
	return n;
}

static bool any(lanes v)
{
	uint64_t halves[2];

	memcpy(halves, &v, sizeof halves);
	return (halves[0] | halves[1]) != 0;
}

/* The lanes of V that are neither newline, tab nor from 0x20 to 0x7e; NEWLINES gets those that are one. */
static lanes odd_lanes(lanes v, lanes *newlines)
{
	*newlines = (lanes)(v == '\n');
	return ~(*newlines | (lanes)(v == '\t') | (lanes)(v - ' ' <= (unsigned char)('~' - ' ')));
}

/* Looks at up to COUNT_MAX whole lanes; returns the bytes seen, adds their newlines, and says in RET_ODD whether one of
 * them is odd. */
static size_t look(const unsigned char *p, size_t len, uint64_t *lines, bool *ret_odd)
{
	size_t n = len / LANES < COUNT_MAX ? len / LANES * LANES : COUNT_MAX * LANES;
	lanes count = {0}, odd = {0}, newlines;

	for (size_t i = 0; i < n; i += LANES) {
		odd |= odd_lanes(load(p + i), &newlines);
		count -= newlines;
	}
	*lines += sum(count);
	*ret_odd = any(odd);
	return n;
}

/* Whether the character at the front is plain; RET gets its length. */
static bool plain_char(const unsigned char *p, size_t len, size_t *ret)
{
	uint32_t cp;

	*ret = utf8_next(p, len, &cp);
	/* bad bytes decode to U+FFFD, as does U+FFFD itself */
	if (*ret == 0 || (cp == UTF8_BAD && (*ret != 3 || p[0] != 0xef || p[1] != 0xbf)))
		return false;
	return (cp >= ' ' || cp == '\n' || cp == '\t') && (cp < 0x7f || cp > 0x9f);
}

/* The rest of a block, and whatever is not ASCII: character by character, up to LIMIT bytes. Returns the bytes seen,
 * 0 when one of them is not plain. */
static size_t walk(const unsigned char *p, size_t len, size_t limit, uint64_t *lines)
{
	size_t n = 0, step;

	for (; n < limit; n += step) {
		uint64_t here = 0;
		bool odd;

		step = limit - n >= LANES ? look(p + n, LANES, &here, &odd) : 0;
		if (step > 0 && !odd) {
			*lines += here;
			continue;
		}
		if (!plain_char(p + n, len - n, &step))
			return 0;
		*lines += p[n] == '\n';
	}
	return n;
}

bool plain_text(const void *bytes, size_t len, uint64_t *ret_lines)
{
	const unsigned char *p = bytes;
	uint64_t lines = 0;

	while (len > 0) {
		uint64_t here = 0;
		bool odd = false;
		size_t n = look(p, len, &here, &odd);

		if (n == 0 || odd) {
			here = 0;
			n = walk(p, len, n ? n : len, &here);
			if (n == 0)
				return false;
		}
		lines += here;
		p += n;
		len -= n;
	}
	*ret_lines = lines;
	return true;
}

uint64_t plain_lines(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint64_t lines = 0;
	size_t n;
	bool odd;

	for (; (n = look(p, len, &lines, &odd)) > 0; len -= n)
		p += n;
	for (; len > 0; len--)
		lines += *p++ == '\n';
	return lines;
}
