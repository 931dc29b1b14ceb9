#include "log/esc.h"

#define PARAM_MAX 99999u

void esc_begin(struct esc *e)
{
	*e = (struct esc){.state = ESC_BEGUN};
}

static enum esc_result end(struct esc *e, unsigned char final)
{
	e->state = ESC_NONE;
	e->final = (char) final;
	return ESC_ENDED;
}

static enum esc_result give_up(struct esc *e)
{
	e->state = ESC_NONE;
	e->final = 0;
	return ESC_NOT_IT;
}

static enum esc_result more(struct esc *e, enum esc_state state)
{
	e->state = state;
	return ESC_MORE;
}

static enum esc_result begun_byte(struct esc *e, unsigned char b)
{
	switch (b) {
	case '[':
		e->csi = 1;
		return more(e, ESC_CSI);
	case ']': /* OSC */
	case 'P': /* DCS */
	case 'X': /* SOS */
	case '^': /* PM */
	case '_': /* APC */
	case 'k': /* the title as screen and tmux have it */
		return more(e, ESC_STRING);
	default:
		if (b >= 0x20 && b <= 0x2f) {
			e->between = (char)b;
			return more(e, ESC_BETWEEN);
		}
		return b >= 0x30 && b <= 0x7e ? end(e, b) : give_up(e);
	}
}

static enum esc_result between_byte(struct esc *e, unsigned char b)
{
	if (e->len > ESC_CSI_MAX)
		return give_up(e);
	if (b >= 0x20 && b <= 0x2f)
		return ESC_MORE;
	return b >= 0x30 && b <= 0x7e ? end(e, b) : give_up(e);
}

static void csi_digit(struct esc *e, uint32_t digit)
{
	uint32_t *param;

	if (e->nparam == 0)
		e->param[e->nparam++] = 0;
	if (e->nparam > ESC_PARAMS)
		return;
	param = &e->param[e->nparam - 1];
	*param = *param * 10 + digit;
	if (*param > PARAM_MAX)
		*param = PARAM_MAX;
}

static void csi_separator(struct esc *e)
{
	if (e->nparam == 0)
		e->param[e->nparam++] = 0;
	if (e->nparam < ESC_PARAMS)
		e->param[e->nparam] = 0;
	if (e->nparam <= ESC_PARAMS)
		e->nparam++;
}

static enum esc_result csi_byte(struct esc *e, unsigned char b)
{
	if (e->len > ESC_CSI_MAX)
		return give_up(e);
	if (b >= 0x40 && b <= 0x7e)
		return end(e, b);
	if (b < 0x20 || b > 0x7e)
		return give_up(e);
	if (b >= '0' && b <= '9')
		csi_digit(e, b - (uint32_t)'0');
	else if (b == ';' || b == ':')
		csi_separator(e);
	else
		e->private = 1;
	return ESC_MORE;
}

static enum esc_result string_byte(struct esc *e, unsigned char b)
{
	if (b == 0x07 || b == 0x18 || b == 0x1a)
		return end(e, 0);
	if (b == '\n' || e->len > ESC_STRING_MAX)
		return give_up(e);
	return ESC_MORE;
}

enum esc_result esc_byte(struct esc *e, unsigned char b)
{
	e->len++;
	if (e->state == ESC_STRING_END) {
		if (b == '\\')
			return end(e, 0);
		esc_begin(e);
		return b == ESC_BYTE ? ESC_MORE : esc_byte(e, b);
	}
	if (b == ESC_BYTE && e->state == ESC_STRING)
		return more(e, ESC_STRING_END);
	if (b == ESC_BYTE) {
		esc_begin(e);
		return ESC_MORE;
	}
	if ((b == 0x18 || b == 0x1a) && e->state != ESC_STRING)
		return end(e, 0);
	switch (e->state) {
	case ESC_BEGUN:
		return begun_byte(e, b);
	case ESC_BETWEEN:
		return between_byte(e, b);
	case ESC_CSI:
		return csi_byte(e, b);
	case ESC_STRING:
		return string_byte(e, b);
	case ESC_NONE:
	case ESC_STRING_END:
		break;
	}
	return give_up(e);
}

uint32_t esc_param(const struct esc *e, uint32_t i, uint32_t when_absent)
{
	if (i >= e->nparam || i >= ESC_PARAMS || e->param[i] == 0)
		return when_absent;
	return e->param[i];
}
