#include "log/line.h"

#include "base/str.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define BIG	 65536
#define SKIP_MAX 200 /* "ESC[999C" means the right margin, which is not known here */

/* Columns are bytes as long as all characters are ASCII, else code points. */
struct line {
	char *narrow; /* the columns, or the room where the wide ones are encoded */
	size_t narrow_cap;
	uint32_t *wide;
	size_t wide_cap;
	int is_wide;
	int rewound;   /* the cursor went back and nothing was written since */
	int disturbed; /* something was written over or erased */
	int changed;   /* see line_changed */
	size_t max;
	uint64_t pos;
	uint64_t width; /* columns written; those from MAX on are only counted */
	uint64_t cut_from;
	uint64_t redraws;
};

struct line *line_new(size_t max)
{
	struct line *l = xcalloc(1, sizeof *l);

	l->max = max;
	return l;
}

void line_free(struct line *l)
{
	if (!l)
		return;
	free(l->narrow);
	free(l->wide);
	free(l);
}

void line_reset(struct line *l)
{
	l->is_wide = l->rewound = l->disturbed = l->changed = 0;
	l->pos = l->width = l->cut_from = l->redraws = 0;
}

static size_t grown(size_t cap, size_t need)
{
	if (cap < 128)
		cap = 128;
	while (cap < need)
		cap *= 2;
	return cap;
}

static void room_narrow(struct line *l, size_t need)
{
	if (need <= l->narrow_cap)
		return;
	l->narrow_cap = grown(l->narrow_cap, need);
	l->narrow = xrealloc(l->narrow, l->narrow_cap);
}

static void room_wide(struct line *l, size_t need)
{
	if (need <= l->wide_cap)
		return;
	l->wide_cap = grown(l->wide_cap, need);
	l->wide = xrealloc(l->wide, l->wide_cap * sizeof *l->wide);
}

/* Columns that are kept of the first N. */
static size_t kept(const struct line *l, uint64_t n)
{
	return n < l->max ? (size_t)n : l->max;
}

static void widen(struct line *l)
{
	size_t n = kept(l, l->width);

	if (l->is_wide)
		return;
	room_wide(l, n);
	for (size_t i = 0; i < n; i++)
		l->wide[i] = (unsigned char)l->narrow[i];
	l->is_wide = 1;
}

static void fill(struct line *l, uint64_t from, uint64_t to)
{
	size_t a = kept(l, from), b = kept(l, to);

	if (a >= b)
		return;
	if (!l->is_wide) {
		room_narrow(l, b + 1);
		memset(l->narrow + a, ' ', b - a);
		return;
	}
	room_wide(l, b);
	for (size_t i = a; i < b; i++)
		l->wide[i] = ' ';
}

/* Moves N kept columns from SRC to DST. */
static void shift(struct line *l, size_t dst, size_t src, size_t n)
{
	size_t top = dst > src ? dst + n : src + n;

	if (l->is_wide) {
		room_wide(l, top);
		memmove(l->wide + dst, l->wide + src, n * sizeof *l->wide);
	} else {
		room_narrow(l, top + 1);
		memmove(l->narrow + dst, l->narrow + src, n);
	}
}

/* What every write of N columns begins with. */
static void touch(struct line *l, uint64_t n, uint64_t at)
{
	if (l->pos > l->width) {
		fill(l, l->width, l->pos);
		if (l->pos > l->max && l->width <= l->max)
			l->cut_from = at;
		l->width = l->pos;
	} else if (l->pos < l->width) {
		l->disturbed = 1;
		l->redraws += l->rewound ? 1 : 0;
	}
	l->rewound = 0;
	l->changed = 1;
	if (l->pos <= l->max && l->pos + n > l->max)
		l->cut_from = at + (l->max - l->pos);
}

static void advance(struct line *l, uint64_t n)
{
	l->pos += n;
	if (l->pos > l->width)
		l->width = l->pos;
}

void line_put_ascii(struct line *l, const char *text, size_t len, uint64_t at)
{
	size_t a, n;

	touch(l, len, at);
	a = kept(l, l->pos);
	n = kept(l, l->pos + len) - a;
	if (n > 0 && l->is_wide) {
		room_wide(l, a + n);
		for (size_t i = 0; i < n; i++)
			l->wide[a + i] = (unsigned char)text[i];
	} else if (n > 0) {
		room_narrow(l, a + n + 1);
		memcpy(l->narrow + a, text, n);
	}
	advance(l, len);
}

void line_put(struct line *l, uint32_t cp, uint64_t at)
{
	if (cp < 0x80) {
		char c = (char)cp;

		line_put_ascii(l, &c, 1, at);
		return;
	}
	touch(l, 1, at);
	if (l->pos < l->max) {
		widen(l);
		room_wide(l, (size_t)l->pos + 1);
		l->wide[l->pos] = cp;
	}
	advance(l, 1);
}

uint64_t line_column(const struct line *l)
{
	return l->pos;
}

void line_tab(struct line *l, uint64_t at)
{
	uint64_t stop = (l->pos | 7) + 1;

	if (l->pos >= l->width)
		line_put(l, '\t', at);
	else
		l->pos = stop < l->width ? stop : l->width;
}

void line_move_to(struct line *l, uint64_t column)
{
	if (column < l->pos)
		l->rewound = 1;
	l->pos = column < l->width + SKIP_MAX ? column : l->width + SKIP_MAX;
}

void line_move_by(struct line *l, int64_t columns)
{
	uint64_t back = (uint64_t)-columns;

	if (columns >= 0)
		line_move_to(l, l->pos + (uint64_t)columns);
	else
		line_move_to(l, back < l->pos ? l->pos - back : 0);
}

void line_enter(struct line *l, uint64_t column)
{
	l->pos = 0;
	line_move_to(l, column);
	l->rewound = 1;
}

static void truncate_at(struct line *l, uint64_t column)
{
	if (column < l->width)
		l->width = column;
}

void line_erase(struct line *l, enum line_erase what)
{
	if (l->width == 0)
		return;
	l->disturbed = l->changed = 1;
	if (what == LINE_ERASE_LEFT) {
		if (l->pos + 1 < l->width)
			fill(l, 0, l->pos + 1);
		else
			l->width = 0;
		return;
	}
	if (what == LINE_ERASE_ALL || l->pos == 0) {
		l->redraws++;
		l->rewound = 0;
	}
	truncate_at(l, what == LINE_ERASE_ALL ? 0 : l->pos);
}

void line_blank(struct line *l, uint64_t n)
{
	if (l->pos >= l->width)
		return;
	l->disturbed = l->changed = 1;
	if (n < l->width - l->pos)
		fill(l, l->pos, l->pos + n);
	else
		truncate_at(l, l->pos);
}

void line_delete(struct line *l, uint64_t n)
{
	size_t dst = kept(l, l->pos), end = kept(l, l->width);

	if (l->pos >= l->width)
		return;
	l->disturbed = l->changed = 1;
	if (n >= l->width - l->pos) {
		truncate_at(l, l->pos);
		return;
	}
	if (n < end - dst)
		shift(l, dst, dst + (size_t)n, end - dst - (size_t)n);
	l->width -= n;
	/* What comes in from behind the kept columns is not known. */
	fill(l, n < end - dst ? end - n : dst, l->width);
}

void line_insert(struct line *l, uint64_t n)
{
	size_t src = kept(l, l->pos), end = kept(l, l->width);

	if (l->pos >= l->width)
		return;
	l->disturbed = l->changed = 1;
	if (n > SKIP_MAX)
		n = SKIP_MAX;
	if (src < l->max && n < l->max - src)
		shift(l, src + (size_t)n, src, kept(l, end + n) - src - (size_t)n);
	fill(l, l->pos, l->pos + n);
	l->width += n;
}

int line_changed(struct line *l)
{
	int changed = l->changed;

	l->changed = 0;
	return changed;
}

size_t line_size(const struct line *l)
{
	return kept(l, l->width);
}

int line_is_big(const struct line *l)
{
	return l->narrow_cap > BIG || l->wide_cap > BIG / sizeof *l->wide;
}

int line_empty(const struct line *l)
{
	return l->width == 0;
}

static size_t encode(struct line *l, size_t n)
{
	size_t len = 0;

	room_narrow(l, n * UTF8_MAX + 1);
	for (size_t i = 0; i < n; i++)
		len += utf8_put(l->narrow + len, l->wide[i]);
	return len;
}

const char *line_text(struct line *l, size_t *ret_len)
{
	size_t n = kept(l, l->width);

	if (l->is_wide)
		n = encode(l, n);
	room_narrow(l, n + 1);
	if (l->disturbed && l->width <= l->max)
		while (n > 0 && l->narrow[n - 1] == ' ')
			n--;
	if (!l->is_wide && l->width <= l->max)
		l->width = n; /* the NUL must not stand in a column */
	l->narrow[n] = '\0';
	*ret_len = n;
	return l->narrow;
}

uint64_t line_cut(const struct line *l, uint64_t *ret_from)
{
	if (l->width <= l->max)
		return 0;
	*ret_from = l->cut_from;
	return l->width - l->max;
}

uint64_t line_redraws(const struct line *l)
{
	return l->redraws;
}
