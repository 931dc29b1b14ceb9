#include "log/clean.h"

#include "base/str.h"
#include "base/utf8.h"
#include "log/esc.h"

#include <string.h>

/* One character of a name: breaks and tabs become a space, other controls go. */
static void text_put(struct str *out, uint32_t cp)
{
	char buf[UTF8_MAX];

	if (cp == '\n' || cp == '\t' || cp == '\r')
		cp = ' ';
	if (cp >= 0x20 && (cp < 0x7f || cp > 0x9f))
		str_addn(out, buf, utf8_put(buf, cp));
}

static void text_trim(struct str *out, size_t begin)
{
	size_t from = begin;

	while (out->len > begin && out->buf[out->len - 1] == ' ')
		out->len--;
	while (from < out->len && out->buf[from] == ' ')
		from++;
	if (from > begin)
		memmove(out->buf + begin, out->buf + from, out->len - from);
	out->len -= from - begin;
	out->buf[out->len] = '\0';
}

void clean_text(struct str *out, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	size_t begin = out->len;
	struct esc esc = {0};

	str_addn(out, "", 0);
	while (len > 0) {
		uint32_t cp = *p;
		size_t n = 1;

		if (esc.state != ESC_NONE) {
			n = esc_byte(&esc, *p) == ESC_NOT_IT ? 0 : 1;
		} else if (*p == ESC_BYTE) {
			esc_begin(&esc);
		} else {
			n = utf8_next(p, len, &cp);
			text_put(out, n ? cp : UTF8_BAD);
			n = n ? n : len;
		}
		p += n;
		len -= n;
	}
	text_trim(out, begin);
}
