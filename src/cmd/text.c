#include "cmd/text.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SHORT_CHARS 2000

bool text_coloured(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(1) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

static void escape_one(struct str *out, uint32_t cp)
{
	switch (cp) {
	case '\n':
		str_add(out, "\\n");
		return;
	case '\t':
		str_add(out, "\\t");
		return;
	case '\r':
		str_add(out, "\\r");
		return;
	default:
		str_addf(out, cp < 0x100 ? "\\x%02x" : "\\u%04x", cp);
	}
}

/* Controls, and what would turn the direction of a line round. */
static bool is_harmful(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || (cp >= 0x202a && cp <= 0x202e) ||
	       (cp >= 0x2066 && cp <= 0x2069) || cp == 0x2028 || cp == 0x2029;
}

void text_escape(struct str *out, const char *text)
{
	size_t len = strlen(text);

	while (len) {
		uint32_t cp = UTF8_BAD;
		char buf[UTF8_MAX];
		size_t n = utf8_next(text, len, &cp);

		if (n == 0)
			n = len;
		if (is_harmful(cp))
			escape_one(out, cp);
		else
			str_addn(out, buf, utf8_put(buf, cp));
		text += n;
		len -= n;
	}
}

char *text_safe(const char *text)
{
	struct str out = {0};

	if (text)
		text_escape(&out, text);
	return str_take(&out);
}

/* Columns of a terminal that TEXT takes; a character counts as one. */
static size_t width_of(const char *text)
{
	size_t len = strlen(text), width = 0;

	while (len) {
		uint32_t cp;
		size_t n = utf8_next(text, len, &cp);

		text += n ? n : len;
		len -= n ? n : len;
		width++;
	}
	return width;
}

/* Cuts TEXT to WIDTH characters, the last of which says so. */
static void cut(char **text, size_t width)
{
	char *p = *text;
	size_t len = strlen(p);

	for (size_t i = 0; i + 1 < width && len; i++) {
		uint32_t cp;
		size_t n = utf8_next(p, len, &cp);

		p += n;
		len -= n;
	}
	*p = '\0';
	p = xasprintf("%s…", *text);
	free(*text);
	*text = p;
}

char *text_short(const char *text)
{
	char *safe = text_safe(text);

	if (width_of(safe) > SHORT_CHARS)
		cut(&safe, SHORT_CHARS);
	return safe;
}

void text_colour(struct str *out, enum colour colour, const char *text)
{
	static const char *const codes[] = {"", "31", "32", "33", "2", "1"};

	if (colour == COLOUR_NONE || !text_coloured())
		str_add(out, text);
	else
		str_addf(out, "\033[%sm%s\033[0m", codes[colour], text);
}

enum colour text_status_colour(enum task_status status)
{
	switch (status) {
	case TASK_RUNNING:
		return COLOUR_GREEN;
	case TASK_FAILED:
		return COLOUR_RED;
	case TASK_PENDING:
	case TASK_CANCELLED:
		return COLOUR_YELLOW;
	default:
		return COLOUR_NONE;
	}
}

struct cell {
	char *text;
	size_t width;
	enum colour colour;
};

struct table {
	size_t columns, n, cap;
	struct cell *cells;
};

struct table *table_new(const char *const *headings)
{
	struct table *t = xcalloc(1, sizeof *t);

	while (headings[t->columns])
		t->columns++;
	for (size_t i = 0; i < t->columns; i++)
		table_add(t, COLOUR_BOLD, headings[i]);
	return t;
}

void table_add(struct table *t, enum colour colour, const char *text)
{
	struct cell *cell;

	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 32;
		t->cells = xrealloc(t->cells, t->cap * sizeof *t->cells);
	}
	cell = &t->cells[t->n++];
	cell->text = text_short(text);
	cell->width = width_of(cell->text);
	cell->colour = colour;
}

static size_t terminal_width(void)
{
	struct winsize size;

	return isatty(1) && ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 0;
}

static void shorten(struct cell *cell, size_t width)
{
	cut(&cell->text, width);
	cell->width = width;
}

static void print_row(const struct table *t, struct cell *row, const size_t *widths, size_t terminal, struct str *out)
{
	size_t used = 0;

	for (size_t c = 0; c < t->columns; c++) {
		bool last = c + 1 == t->columns;

		if (last && terminal && used + row[c].width > terminal && terminal > used + 8)
			shorten(&row[c], terminal - used);
		text_colour(out, row[c].colour, row[c].text);
		if (last)
			break;
		for (size_t i = row[c].width; i < widths[c] + 2; i++)
			str_addc(out, ' ');
		used += widths[c] + 2;
	}
	while (out->len && out->buf[out->len - 1] == ' ')
		out->buf[--out->len] = '\0';
	str_addc(out, '\n');
}

void table_print(struct table *t, struct str *out)
{
	size_t *widths = xcalloc(t->columns, sizeof *widths), terminal = terminal_width();

	for (size_t i = 0; i < t->n; i++)
		if (t->cells[i].width > widths[i % t->columns])
			widths[i % t->columns] = t->cells[i].width;
	for (size_t i = 0; i < t->n; i += t->columns)
		print_row(t, t->cells + i, widths, terminal, out);
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i].text);
	free(t->cells);
	free(widths);
	free(t);
}
