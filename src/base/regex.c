#include "base/regex.h"

#include "base/err.h"
#include "base/str.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define MATCH_LIMIT 1000000u /* steps of one match: some 10 ms */
#define DEPTH_LIMIT 100000u
#define HEAP_LIMIT  16384u /* KiB */
#define STACK_MAX   (512u * 1024u)
#define SHOWN_MAX   60u /* bytes of a bad pattern that are shown on each side of the place */

struct regex {
	pcre2_code *code; /* for valid UTF-8 */
	pcre2_code *bad;  /* for any other text, interpreted; NULL with REGEX_VALID */
	pcre2_match_data *data;
	pcre2_match_context *limits;
	pcre2_jit_stack *stack; /* NULL: not compiled to machine code */
};

void regex_free(struct regex *re)
{
	if (!re)
		return;
	pcre2_jit_stack_free(re->stack);
	pcre2_match_context_free(re->limits);
	pcre2_match_data_free(re->data);
	pcre2_code_free(re->code);
	pcre2_code_free(re->bad);
	free(re);
}

/* The place is shown within the pattern: a column would be wrong as soon as the sentence is quoted elsewhere. */
static int tell_place(const char *pattern, int code, size_t at, struct err *err)
{
	size_t len = strlen(pattern), from = 0, shown = at + SHOWN_MAX, chars = 1;
	PCRE2_UCHAR why[200];

	if (at > len)
		at = len;
	for (size_t i = 0; i < at; i++)
		chars += ((unsigned char)pattern[i] & 0xc0) != 0x80;
	if (at > SHOWN_MAX) {
		from = at - SHOWN_MAX;
		while (((unsigned char)pattern[from] & 0xc0) == 0x80)
			from++;
	}
	shown = shown < len ? at + utf8_cut(pattern + at, len - at, SHOWN_MAX) : len;
	if (pcre2_get_error_message(code, why, sizeof why) == PCRE2_ERROR_BADDATA)
		why[0] = '\0';
	return err_set(err, -EINVAL, "bad pattern, character %zu: %s: %s%.*s<-- HERE%.*s%s", chars, (const char *)why,
		       from > 0 ? "…" : "", (int)(at - from), pattern + from, (int)(shown - at), pattern + at,
		       shown < len ? "…" : "");
}

static uint32_t options(unsigned flags)
{
	uint32_t set = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;

	if (flags & REGEX_ICASE)
		set |= PCRE2_CASELESS;
	if (flags & REGEX_LINES)
		set |= PCRE2_MULTILINE;
	return set;
}

static void set_limits(struct regex *re, unsigned flags)
{
	uint32_t part = flags & REGEX_FRUGAL ? 10 : 1;

	pcre2_set_match_limit(re->limits, MATCH_LIMIT / part);
	pcre2_set_depth_limit(re->limits, DEPTH_LIMIT / part);
	pcre2_set_heap_limit(re->limits, HEAP_LIMIT / part);
}

/* Where no machine code is to be had (a system that forbids it), the pattern is interpreted: slower, else the same. */
static void speed_up(struct regex *re)
{
	if (pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE) != 0)
		return;
	re->stack = pcre2_jit_stack_create(32 * 1024, STACK_MAX, NULL);
	if (re->stack)
		pcre2_jit_stack_assign(re->limits, NULL, re->stack);
}

static int compile(const char *pattern, uint32_t set, struct err *err, pcre2_code **ret)
{
	PCRE2_SIZE at = 0;
	int code = 0;

	*ret = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, set, &code, &at, NULL);
	return *ret ? 0 : tell_place(pattern, code, at, err);
}

/* PCRE2's machine code for bad UTF-8 is not used: in 10.42, with that option, \W does not match "é". */
int regex_compile(const char *pattern, unsigned flags, struct err *err, struct regex **ret)
{
	struct regex *re = xcalloc(1, sizeof *re);
	int rc = compile(pattern, options(flags), err, &re->code);

	if (rc == 0 && !(flags & REGEX_VALID))
		rc = compile(pattern, options(flags) | PCRE2_MATCH_INVALID_UTF, err, &re->bad);
	if (rc) {
		regex_free(re);
		return rc;
	}
	re->data = pcre2_match_data_create(1, NULL);
	re->limits = pcre2_match_context_create(NULL);
	if (!re->data || !re->limits) {
		regex_free(re);
		return err_sys(err, -ENOMEM, "cannot compile the pattern");
	}
	set_limits(re, flags);
	if (flags & REGEX_JIT)
		speed_up(re);
	*ret = re;
	return 0;
}

static int failed(int code)
{
	switch (code) {
	case PCRE2_ERROR_NOMATCH:
		return 0;
	case PCRE2_ERROR_MATCHLIMIT:
	case PCRE2_ERROR_DEPTHLIMIT:
	case PCRE2_ERROR_HEAPLIMIT:
	case PCRE2_ERROR_JIT_STACKLIMIT:
	case PCRE2_ERROR_RECURSELOOP:
		return -EOVERFLOW;
	case PCRE2_ERROR_NOMEMORY:
		return -ENOMEM;
	default:
		return -EINVAL;
	}
}

int regex_match(struct regex *re, const char *text, size_t len, size_t from, size_t *ret_from, size_t *ret_to)
{
	PCRE2_SPTR subject = (PCRE2_SPTR)text;
	PCRE2_SIZE *ends;
	int code;

	if (from > len)
		return 0;
	if (!re->bad || utf8_valid(text, len))
		code = pcre2_match(re->code, subject, len, from, PCRE2_NO_UTF_CHECK, re->data, re->limits);
	else
		code = pcre2_match(re->bad, subject, len, from, 0, re->data, re->limits);
	if (code < 0)
		return failed(code);
	ends = pcre2_get_ovector_pointer(re->data);
	*ret_to = ends[1];
	/* \K in a lookahead may put the beginning behind the end. */
	*ret_from = ends[0] < ends[1] ? ends[0] : ends[1];
	return 1;
}

/* ---- which patterns may see many lines at once ---- */

/* "(?" and what follows: only groups without a name or with flags that change nothing about newlines. */
static size_t plain_group(const char *p)
{
	size_t n = strspn(p, "i");

	return p[n] == ':' || (n > 0 && p[n] == ')') ? n + 1 : 0;
}

/* The length of the class whose '[' stands before P; 0: too clever. */
static size_t class_length(const char *p)
{
	size_t n = p[0] == '^' ? 1 : 0;

	n += p[n] == ']';
	while (p[n] && p[n] != ']') {
		if (p[n] == '[' || (p[n] == '\\' && strchr("QEN", p[n + 1])))
			return 0;
		n += p[n] == '\\' ? 2 : 1;
	}
	return p[n] ? n + 1 : 0;
}

/* Escapes that stand for a character, a class of them or the border of a word. */
static int plain_escape(char c)
{
	return (c > 0 && !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) ||
	       (c != '\0' && strchr("dDwWsSbntefra", c) != NULL);
}

int regex_spans_lines(const char *pattern)
{
	const char *p = pattern;
	size_t n = 0;

	for (; *p; p += n) {
		n = 1;
		if (*p == '\\') {
			if (!plain_escape(p[1]))
				return 0;
			n = 2;
		} else if (*p == '[') {
			n = class_length(p + 1);
			if (n++ == 0)
				return 0;
		} else if (p[0] == '(' && p[1] == '?') {
			n = plain_group(p + 2);
			if (n == 0)
				return 0;
			n += 2;
		} else if ((p[0] == '(' && p[1] == '*') || (strchr("+*?}", p[0]) && p[1] == '+')) {
			return 0;
		}
	}
	return 1;
}
