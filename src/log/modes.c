#include "log/modes.h"

#include "base/str.h"

#include <string.h>

#define NUMBERS_MAX 16

static bool is_alternate(uint32_t number)
{
	return number == 47 || number == 1047 || number == 1049;
}

/* What a terminal just switched on has. */
static bool is_default(uint32_t number)
{
	return number == 7 || number == 25;
}

/* Modes that are none to come back to: VT52, 132 columns, a saved cursor, a picture in the making. */
static bool is_passing(uint32_t number)
{
	return number == 2 || number == 3 || number == 1048 || number == 2026;
}

static void set(struct modes *m, uint32_t number, bool on)
{
	unsigned i = 0;

	while (i < m->n && m->private[i].number != number)
		i++;
	if (i == MODES_MAX)
		return;
	m->private[i].number = number;
	m->private[i].on = on;
	m->n += i == m->n;
}

bool modes_on(const struct modes *m, uint32_t number)
{
	for (unsigned i = 0; i < m->n; i++)
		if (m->private[i].number == number)
			return m->private[i].on;
	return is_default(number);
}

bool modes_alternate(const struct modes *m)
{
	return modes_on(m, 47) || modes_on(m, 1047) || modes_on(m, 1049);
}

/* ---- reading ---- */

/* The numbers of a control sequence, from its byte AT on; returns how many. */
static unsigned numbers(const struct modes *m, size_t at, uint32_t ret[NUMBERS_MAX])
{
	unsigned n = 1;

	memset(ret, 0, NUMBERS_MAX * sizeof *ret);
	for (; at + 1 < m->len && n <= NUMBERS_MAX; at++) {
		char c = m->seq[at];

		if (c >= '0' && c <= '9' && ret[n - 1] < 100000)
			ret[n - 1] = ret[n - 1] * 10 + (uint32_t)(c - '0');
		else if (c == ';')
			n++;
	}
	return n < NUMBERS_MAX ? n : NUMBERS_MAX;
}

static void take_private(struct modes *m, bool on)
{
	uint32_t values[NUMBERS_MAX];
	unsigned n = numbers(m, 3, values);

	for (unsigned i = 0; i < n; i++) {
		/* there is one second screen, whoever calls it what */
		if (is_alternate(values[i])) {
			set(m, 47, false);
			set(m, 1047, false);
			set(m, 1049, on);
		} else if (!is_passing(values[i])) {
			set(m, values[i], on);
		}
	}
}

static void take_keyboard(struct modes *m, char how, uint32_t n)
{
	if (how == '>' && m->keyboards < 100)
		m->keyboards++;
	else if (how == '<')
		m->keyboards -= n == 0 ? m->keyboards > 0 : n < m->keyboards ? n : m->keyboards;
}

/* The soft reset. */
static void reset(struct modes *m)
{
	m->insert = m->keypad = m->shifted = false;
	m->top = m->bottom = 0;
	m->sets[0] = m->sets[1] = 0;
	set(m, 1, false);
	set(m, 6, false);
	set(m, 25, true);
}

static void take_csi(struct modes *m)
{
	char lead = m->len > 3 ? m->seq[2] : 0, before = m->seq[m->len - 2];
	uint32_t first = esc_param(&m->esc, 0, 0);

	switch (m->esc.final) {
	case 'h':
	case 'l':
		if (lead == '?')
			take_private(m, m->esc.final == 'h');
		else if (!m->esc.private && first == 4)
			m->insert = m->esc.final == 'h';
		break;
	case 'p':
		if (before == '!')
			reset(m);
		break;
	case 'q':
		if (before == ' ')
			m->shape = first;
		break;
	case 'r':
		if (!m->esc.private) {
			m->top = first;
			m->bottom = esc_param(&m->esc, 1, 0);
		}
		break;
	case 'u':
		take_keyboard(m, lead, first);
		break;
	case 'm':
		if (lead == '>' && first == 4)
			m->other_keys = esc_param(&m->esc, 1, 0) != 0;
		break;
	default:
		break;
	}
}

static void take_sequence(struct modes *m)
{
	if (m->esc.csi) {
		take_csi(m);
	} else if (m->len == 2 && m->seq[1] == 'c') {
		*m = (struct modes){0};
	} else if (m->len == 2 && (m->seq[1] == '=' || m->seq[1] == '>')) {
		m->keypad = m->seq[1] == '=';
	} else if (m->len == 3 && (m->seq[1] == '(' || m->seq[1] == ')')) {
		m->sets[m->seq[1] == ')'] = m->seq[2] == 'B' ? '\0' : m->seq[2];
	}
}

static bool take_byte(struct modes *m, unsigned char b)
{
	enum esc_result result = esc_byte(&m->esc, b);

	if (result == ESC_NOT_IT)
		return false;
	/* an ESC within a sequence begins another */
	if (m->esc.len <= 1) {
		m->seq[0] = ESC_BYTE;
		m->len = 1;
	}
	if (m->esc.len > 0 && m->len < sizeof m->seq)
		m->seq[m->len++] = (char)b;
	if (result == ESC_ENDED && m->len == m->esc.len + 1u && b != 0x18 && b != 0x1a)
		take_sequence(m);
	return true;
}

/* Text up to what matters here: an escape, or a change between G0 and G1. */
static size_t take_text(struct modes *m, const unsigned char *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] != ESC_BYTE && p[n] != 0x0e && p[n] != 0x0f)
		n++;
	if (n == len)
		return n;
	if (p[n] == ESC_BYTE) {
		esc_begin(&m->esc);
		m->seq[0] = ESC_BYTE;
		m->len = 1;
	} else {
		m->shifted = p[n] == 0x0e;
	}
	return n + 1;
}

void modes_feed(struct modes *m, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	while (len > 0) {
		size_t n = 1;

		if (m->esc.state != ESC_NONE)
			n = take_byte(m, *p) ? 1 : 0;
		else
			n = take_text(m, p, len);
		p += n;
		len -= n;
	}
}

/* ---- writing ---- */

void modes_add(const struct modes *m, struct str *out)
{
	for (unsigned i = 0; i < m->n; i++) {
		uint32_t number = m->private[i].number;

		if (!is_alternate(number) && number != 6)
			str_addf(out, "\033[?%u%c", number, m->private[i].on ? 'h' : 'l');
	}
	if (m->insert)
		str_add(out, "\033[4h");
	if (m->keypad)
		str_add(out, "\033=");
	if (m->shape)
		str_addf(out, "\033[%u q", m->shape);
	if (m->top || m->bottom)
		str_addf(out, "\033[%u;%ur", m->top ? m->top : 1, m->bottom ? m->bottom : 9999);
	for (int i = 0; i < 2; i++)
		if (m->sets[i])
			str_addf(out, "\033%c%c", i ? ')' : '(', m->sets[i]);
	if (m->shifted)
		str_addc(out, 0x0e);
}

void modes_undo(const struct modes *m, struct str *out)
{
	for (unsigned i = 0; i < m->n; i++) {
		uint32_t number = m->private[i].number;

		if (!is_alternate(number) && m->private[i].on != is_default(number))
			str_addf(out, "\033[?%u%c", number, is_default(number) ? 'h' : 'l');
	}
	if (m->insert)
		str_add(out, "\033[4l");
	if (m->keypad)
		str_add(out, "\033>");
	if (m->shape)
		str_add(out, "\033[0 q");
	if (m->top || m->bottom)
		str_add(out, "\033[r");
	if (m->sets[0] || m->sets[1])
		str_add(out, "\033(B\033)B");
	if (m->shifted)
		str_addc(out, 0x0f);
	if (m->keyboards)
		str_addf(out, "\033[<%uu", m->keyboards);
	if (m->other_keys)
		str_add(out, "\033[>4;0m");
	if (modes_alternate(m))
		str_add(out, "\033[?1049l");
}
