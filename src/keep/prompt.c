#include "keep/prompt.h"

#include "base/path.h"
#include "base/utf8.h"
#include "log/esc.h"

#include <string.h>
#include <sys/stat.h>

#define TAIL_MAX   8192
#define SCREEN_MAX (1024 * 1024)

/* A line in the making. */
struct making {
	struct prompt *out;
	struct esc esc;
	char line[PROMPT_MAX];
	size_t len;
	bool returned; /* the cursor is back at the line's beginning: what comes replaces it */
	bool reverse, all_reverse, last_reverse;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Keeps the line as the last one, unless it is blank. */
static void keep_line(struct making *m, bool open)
{
	size_t from = 0, to = m->len;

	while (from < to && is_blank(m->line[from]))
		from++;
	while (to > from && is_blank(m->line[to - 1]))
		to--;
	if (from == to)
		return;
	m->out->len = utf8_cut(m->line + from, to - from, sizeof m->out->text - 1);
	memcpy(m->out->text, m->line + from, m->out->len);
	m->out->text[m->out->len] = '\0';
	m->out->open = open;
	m->last_reverse = m->all_reverse;
}

static void clear(struct making *m)
{
	m->len = 0;
	m->returned = false;
	m->all_reverse = true;
}

static void new_line(struct making *m)
{
	keep_line(m, false);
	clear(m);
	m->out->open = false;
}

static void put(struct making *m, const char *bytes, size_t n)
{
	if (m->returned)
		clear(m);
	if (m->len + n > sizeof m->line)
		return;
	memcpy(m->line + m->len, bytes, n);
	m->len += n;
	m->all_reverse = m->all_reverse && m->reverse;
}

static void rub_out(struct making *m)
{
	while (m->len && (m->line[--m->len] & 0xc0) == 0x80)
		;
}

static void apply(struct making *m)
{
	uint32_t n = esc_param(&m->esc, 0, 0);

	if (!m->esc.csi || m->esc.private)
		return;
	switch (m->esc.final) {
	case 'm':
		m->reverse = n == 7 || (m->reverse && n != 0 && n != 27);
		break;
	case 'C':
		put(m, " ", 1);
		break;
	case 'G':
		m->returned = n <= 1;
		break;
	case 'K':
		if (n == 2 || (n == 0 && m->returned))
			clear(m);
		break;
	case 'J':
		if (n >= 2 || m->returned)
			clear(m);
		break;
	case 'A':
	case 'B':
	case 'E':
	case 'F':
	case 'H':
	case 'f':
		new_line(m);
		break;
	default:
		break;
	}
}

static void take_byte(struct making *m, unsigned char b)
{
	switch (b) {
	case ESC_BYTE:
		esc_begin(&m->esc);
		break;
	case '\n':
		new_line(m);
		break;
	case '\r':
		m->returned = true;
		break;
	case '\b':
		rub_out(m);
		break;
	case '\t':
		put(m, " ", 1);
		break;
	default:
		break;
	}
}

static void take(struct making *m, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len;) {
		unsigned char b = (unsigned char)bytes[i];
		enum esc_result r = m->esc.state == ESC_NONE ? ESC_NOT_IT : esc_byte(&m->esc, b);
		char character[UTF8_MAX];
		uint32_t cp;
		size_t n;

		if (r == ESC_ENDED)
			apply(m);
		n = r != ESC_NOT_IT || b < 0x20 || b == 0x7f ? 1 : utf8_next(bytes + i, len - i, &cp);
		if (r == ESC_NOT_IT && (b < 0x20 || b == 0x7f))
			take_byte(m, b);
		else if (r == ESC_NOT_IT && n)
			put(m, character, utf8_put(character, cp));
		i += n ? n : len - i;
	}
}

static bool is_status(const struct making *m)
{
	const char *text = m->out->text;

	return m->last_reverse || strcmp(text, ":") == 0 || strcmp(text, "(END)") == 0 ||
	       strncmp(text, "--More--", 8) == 0;
}

void prompt_read(int log_fd, int64_t now_ms, struct prompt *ret)
{
	struct making m = {.out = ret, .all_reverse = true};
	char tail[TAIL_MAX], *begin = tail;
	struct stat st;
	off_t from;
	ssize_t n;

	*ret = (struct prompt){0};
	if (fstat(log_fd, &st) < 0)
		return;
	ret->end = (uint64_t)st.st_size;
	ret->age_ms = now_ms - (int64_t)st.st_mtim.tv_sec * 1000 - st.st_mtim.tv_nsec / 1000000;
	from = st.st_size > TAIL_MAX ? st.st_size - TAIL_MAX : 0;
	n = path_read_at(log_fd, tail, sizeof tail, from);
	if (n <= 0)
		return;
	/* a tail begins in the middle of something: what comes before its first newline is left out */
	if (from && memchr(tail, '\n', (size_t)n))
		begin = (char *)memchr(tail, '\n', (size_t)n) + 1;
	take(&m, begin, (size_t)(tail + n - begin));
	keep_line(&m, true);
	ret->status = ret->open && is_status(&m);
}

/* What the last "ESC [ ? MODE h" or "l" within TEXT says: 1 on, 0 off, -1 there is none. */
static int last_switch(const char *text, size_t len, const char *const *modes)
{
	const char *p = text + len;

	while ((p = memrchr(text, '[', (size_t)(p - text)))) {
		for (size_t i = 0; modes[i]; i++) {
			size_t n = strlen(modes[i]);

			if (p + n + 2 < text + len && p[1] == '?' && memcmp(p + 2, modes[i], n) == 0 &&
			    (p[n + 2] == 'h' || p[n + 2] == 'l'))
				return p[n + 2] == 'h';
		}
	}
	return -1;
}

bool prompt_draws(int log_fd)
{
	static const char *const screens[] = {"1049", "1047", "47", NULL}, *const cursors[] = {"25", NULL};
	int screen = -1, cursor = -1;
	char block[TAIL_MAX];
	struct stat st;
	off_t to, low;

	if (fstat(log_fd, &st) < 0)
		return false;
	low = st.st_size > SCREEN_MAX ? st.st_size - SCREEN_MAX : 0;
	for (to = st.st_size; to > low && (screen < 0 || cursor < 0);) {
		off_t from = to > low + TAIL_MAX ? to - TAIL_MAX : low;
		ssize_t n = path_read_at(log_fd, block, (size_t)(to - from), from);

		if (n > 0 && screen < 0)
			screen = last_switch(block, (size_t)n, screens);
		if (n > 0 && cursor < 0)
			cursor = last_switch(block, (size_t)n, cursors);
		/* blocks overlap by a switch's length */
		to = from > low ? from + 8 : low;
	}
	return screen == 1 || cursor == 0;
}
