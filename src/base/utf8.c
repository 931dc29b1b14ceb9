#include "base/utf8.h"

/* What a lead byte promises: the length, and the range of the second byte that keeps out overlong forms,
 * surrogates and more than U+10FFFF. Length 0: no lead byte. */
struct lead {
	unsigned char len, low, high, bits;
};

static struct lead lead_of(unsigned char b)
{
	if (b < 0x80)
		return (struct lead){1, 0, 0, b};
	if (b < 0xC2 || b > 0xF4)
		return (struct lead){0, 0, 0, 0};
	if (b < 0xE0)
		return (struct lead){2, 0x80, 0xBF, b & 0x1F};
	if (b < 0xF0)
		return (struct lead){3, b == 0xE0 ? 0xA0 : 0x80, b == 0xED ? 0x9F : 0xBF, b & 0x0F};
	return (struct lead){4, b == 0xF0 ? 0x90 : 0x80, b == 0xF4 ? 0x8F : 0xBF, b & 0x07};
}

size_t utf8_next(const void *bytes, size_t len, uint32_t *ret_cp)
{
	const unsigned char *p = bytes;
	struct lead lead = lead_of(p[0]);
	uint32_t cp = lead.bits;

	if (lead.len == 0) {
		*ret_cp = UTF8_BAD;
		return 1;
	}
	for (size_t i = 1; i < lead.len; i++) {
		if (i == len)
			return 0;
		if (p[i] < lead.low || p[i] > lead.high) {
			*ret_cp = UTF8_BAD;
			return i;
		}
		cp = cp << 6 | (p[i] & 0x3F);
		lead.low = 0x80;
		lead.high = 0xBF;
	}
	*ret_cp = cp;
	return lead.len;
}

size_t utf8_put(char out[UTF8_MAX], uint32_t cp)
{
	if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
		cp = UTF8_BAD;
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xC0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xE0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		out[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
	out[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}

int utf8_valid(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	while (len > 0) {
		uint32_t cp;
		size_t n = utf8_next(p, len, &cp);

		/* U+FFFD itself is three bytes long; a bad sequence may be as long, but never begins so. */
		if (n == 0 || (cp == UTF8_BAD && (n != 3 || p[0] != 0xEF)))
			return 0;
		p += n;
		len -= n;
	}
	return 1;
}

size_t utf8_cut(const char *text, size_t len, size_t max)
{
	size_t n = len < max ? len : max;

	if (n == len)
		return n;
	while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
		n--;
	return n;
}

size_t utf8_tail(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	size_t max = len < UTF8_MAX - 1 ? len : UTF8_MAX - 1;

	for (size_t n = 1; n <= max; n++) {
		uint32_t cp;

		if ((p[len - n] & 0xC0) == 0x80)
			continue;
		return utf8_next(p + len - n, n, &cp) == 0 ? n : 0;
	}
	return 0;
}
