#include "log/seq.h"

#include <string.h>

#define NUMBERS_MAX 15u /* of a control sequence; libvterm 0.1.4 has room for 16 and does not look */
#define DIGITS_MAX  5u

bool seq_is(const char *seq, size_t len, const char *is)
{
	return len == strlen(is) && memcmp(seq, is, len) == 0;
}

bool seq_has_mode(const struct esc *esc, uint32_t mode)
{
	if ((esc->final != 'h' && esc->final != 'l') || !esc->private)
		return false;
	/* what esc has no room for is not known */
	for (uint32_t i = 0; i < esc->nparam; i++)
		if (i >= ESC_PARAMS || esc_param(esc, i, 0) == mode)
			return true;
	return false;
}

static bool is_sound(const char *seq, size_t len)
{
	unsigned numbers = 1, digits = 0;

	for (size_t i = 2; i < len; i++) {
		digits = seq[i] >= '0' && seq[i] <= '9' ? digits + 1 : 0;
		numbers += seq[i] == ';' || seq[i] == ':';
		if (digits > DIGITS_MAX || numbers > NUMBERS_MAX)
			return false;
	}
	return true;
}

/* Titles, links and colours; pictures, requests and the like are for others. */
static enum seq_kind kind_of_string(const char *seq, size_t len)
{
	if (seq[1] != ']')
		return SEQ_NOTHING;
	for (size_t i = 2; i + 2 < len; i++)
		if ((unsigned char)seq[i] < 0x20)
			return SEQ_NOTHING;
	return SEQ_PEN;
}

static enum seq_kind kind_of_mode(const struct esc *esc, const char *seq)
{
	static const uint32_t harmless[] = {1, 12, 25, 1000, 1002, 1003, 1004, 1006, 2004, 2026};

	if (seq[2] != '?' || esc->nparam != 1)
		return SEQ_SCREEN;
	for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
		if (esc_param(esc, 0, 0) == harmless[i])
			return SEQ_PEN;
	return SEQ_SCREEN;
}

static enum seq_kind kind_of_csi(const struct esc *esc, const char *seq, size_t len)
{
	if (!is_sound(seq, len))
		return SEQ_NOTHING;
	if (esc->final == 'h' || esc->final == 'l')
		return kind_of_mode(esc, seq);
	if (esc->private)
		return SEQ_SCREEN;
	switch (esc->final) {
	case 'm':
		return SEQ_PEN;
	case 'K':
		return esc->nparam <= 1 ? SEQ_LINE : SEQ_SCREEN;
	case 'b':
		return SEQ_REPEAT;
	default:
		return SEQ_SCREEN;
	}
}

enum seq_kind seq_kind(const struct esc *esc, const char *seq, size_t len)
{
	unsigned char last = (unsigned char)seq[len - 1];

	if (len < 2 || last == 0x18 || last == 0x1a)
		return SEQ_NOTHING;
	if (esc->csi)
		return kind_of_csi(esc, seq, len);
	return strchr("]PX^_k", seq[1]) ? kind_of_string(seq, len) : SEQ_SCREEN;
}

size_t seq_read(const char *bytes, size_t len, enum seq_kind *ret)
{
	struct esc esc;
	size_t n = 1;

	esc_begin(&esc);
	while (n < len && esc_byte(&esc, (unsigned char)bytes[n]) == ESC_MORE)
		n++;
	n += n < len;
	*ret = seq_kind(&esc, bytes, n);
	return n;
}
