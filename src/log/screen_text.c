#include "log/screen.h"

#include "base/str.h"
#include "base/utf8.h"

#include <string.h>

static const struct screen_cell *cell_at(const struct screen *s, unsigned row, unsigned col)
{
	return &s->cells[(size_t)row * s->cols + col];
}

static bool same_style(const struct screen_style *a, const struct screen_style *b)
{
	return a->flags == b->flags && a->fg == b->fg && a->bg == b->bg;
}

static bool is_plain(const struct screen_style *style)
{
	return same_style(style, &(struct screen_style){0});
}

/* Whether a blank of this style can be told from the background. */
static bool is_seen(const struct screen_style *style)
{
	return style->bg != 0 || (style->flags & (SCREEN_REVERSE | SCREEN_UNDERLINE | SCREEN_STRIKE)) != 0;
}

unsigned screen_width(const struct screen *s, unsigned row, bool styled)
{
	for (unsigned col = s->cols; col > 0; col--) {
		const struct screen_cell *cell = cell_at(s, row, col - 1);

		if (cell->width == 0 || (cell->chars[0] != 0 && cell->chars[0] != ' ') ||
		    (styled && is_seen(&cell->style)))
			return col;
	}
	return 0;
}

unsigned screen_height(const struct screen *s)
{
	unsigned rows = s->rows;

	while (rows > 0 && screen_width(s, rows - 1, false) == 0)
		rows--;
	return rows;
}

static void add_cell(const struct screen_cell *cell, struct str *out)
{
	char buf[UTF8_MAX];

	if (cell->width == 0)
		return;
	if (cell->chars[0] == 0)
		str_addc(out, ' ');
	for (int i = 0; i < SCREEN_CHARS && cell->chars[i]; i++) {
		uint32_t cp = cell->chars[i];

		/* the sieve lets none through; what a terminal may make of the others is not ours */
		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			cp = UTF8_BAD;
		str_addn(out, buf, utf8_put(buf, cp));
	}
}

void screen_row(const struct screen *s, unsigned row, struct str *out)
{
	unsigned width = screen_width(s, row, false);

	str_add(out, "");
	for (unsigned col = 0; col < width; col++)
		add_cell(cell_at(s, row, col), out);
}

static void add_colour(struct str *out, unsigned base, uint32_t colour)
{
	uint32_t n = colour & 0xffffff;

	if (colour & SCREEN_RGB)
		str_addf(out, ";%u;2;%u;%u;%u", base + 8, n >> 16, n >> 8 & 255, n & 255);
	else if ((colour & SCREEN_INDEX) && n < 8)
		str_addf(out, ";%u", base + n);
	else if ((colour & SCREEN_INDEX) && n < 16)
		str_addf(out, ";%u", base + 60 + n - 8);
	else if (colour & SCREEN_INDEX)
		str_addf(out, ";%u;5;%u", base + 8, n);
}

void screen_style_add(struct str *out, const struct screen_style *style)
{
	static const char *const codes[] = {";1", ";3", ";4", ";7", ";5", ";9"};

	if (is_plain(style))
		return;
	str_add(out, "\033[0");
	for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++)
		if (style->flags & 1u << i)
			str_add(out, codes[i]);
	add_colour(out, 30, style->fg);
	add_colour(out, 40, style->bg);
	str_addc(out, 'm');
}

void screen_draw(const struct screen *s, unsigned row, struct str *out)
{
	unsigned width = screen_width(s, row, true);
	struct screen_style now = {0};

	str_add(out, "");
	for (unsigned col = 0; col < width; col++) {
		const struct screen_cell *cell = cell_at(s, row, col);

		if (cell->width > 0 && !same_style(&now, &cell->style)) {
			if (is_plain(&cell->style))
				str_add(out, "\033[0m");
			screen_style_add(out, &cell->style);
			now = cell->style;
		}
		add_cell(cell, out);
	}
	if (!is_plain(&now))
		str_add(out, "\033[0m");
}

/* The last thing done, as modes and margins move the cursor. In origin mode its rows count from the upper margin. */
static void paint_cursor(const struct screen *s, struct str *out)
{
	unsigned row = s->row + 1;

	if (modes_on(&s->modes, 6)) {
		str_add(out, "\033[?6h");
		row -= s->modes.top > 0 && s->modes.top <= row ? s->modes.top - 1 : 0;
	}
	str_addf(out, "\033[%u;%uH", row, s->col + 1);
}

void screen_paint(const struct screen *s, struct str *out)
{
	if (s->alternate)
		str_add(out, "\033[?1049h");
	/* a terminal that is smaller cuts the rows */
	str_add(out, "\033[?7l\033[m\033[H\033[2J");
	for (unsigned row = 0; row < s->rows; row++) {
		if (screen_width(s, row, true) == 0)
			continue;
		str_addf(out, "\033[%u;1H", row + 1);
		screen_draw(s, row, out);
	}
	str_add(out, "\033[?7h");
	if (s->title)
		str_addf(out, "\033]2;%s\033\\", s->title);
	modes_add(&s->modes, out);
	screen_style_add(out, &s->pen);
	paint_cursor(s, out);
}

bool screen_run_next(const struct screen *s, unsigned row, unsigned from, struct screen_run *ret)
{
	unsigned width = screen_width(s, row, true), end;
	const struct screen_style *style;

	while (from < width && is_plain(&cell_at(s, row, from)->style))
		from++;
	if (from >= width)
		return false;
	style = &cell_at(s, row, from)->style;
	end = from + 1;
	while (end < width && same_style(style, &cell_at(s, row, end)->style))
		end++;
	*ret = (struct screen_run){.col = from, .cols = end - from, .style = *style};
	return true;
}
