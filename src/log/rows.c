#include "log/rows.h"

#include "base/str.h"
#include "log/line.h"

#include <stdlib.h>

struct rows {
	struct row ring[ROWS_MAX];
	size_t first, n;
	size_t cur;
	int64_t base; /* the number of row 0: keeps its meaning while rows come and go */
	bool saved;
	int64_t saved_row;
	uint64_t saved_column;
	struct row elsewhere;
	uint32_t elsewhere_number;
	bool away;
	uint64_t arrived; /* where in the log the cursor came to its row */
	size_t line_max;
	size_t weight; /* of all rows */
};

static struct row *row(struct rows *r, size_t i)
{
	return &r->ring[(r->first + i) % ROWS_MAX];
}

/* Makes a slot of the ring an empty row, with the line it had. */
static void begin(struct rows *r, struct row *slot, uint64_t from)
{
	struct line *line = slot->line;

	if (line && line_is_big(line)) {
		line_free(line);
		line = NULL;
	}
	if (!line)
		line = line_new(r->line_max);
	line_reset(line);
	*slot = (struct row){.line = line, .from = from, .to = from};
}

void rows_reset(struct rows *r, uint64_t at)
{
	r->first = r->cur = 0;
	r->n = 1;
	r->base = 0;
	r->saved = r->away = false;
	r->arrived = at;
	r->weight = 0;
	begin(r, row(r, 0), at);
	begin(r, &r->elsewhere, at);
}

struct rows *rows_new(size_t line_max, uint64_t at)
{
	struct rows *r = xcalloc(1, sizeof *r);

	r->line_max = line_max;
	rows_reset(r, at);
	return r;
}

void rows_free(struct rows *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < ROWS_MAX; i++)
		line_free(r->ring[i].line);
	line_free(r->elsewhere.line);
	free(r);
}

size_t rows_count(const struct rows *r)
{
	return r->n;
}

bool rows_full(const struct rows *r)
{
	return r->n == ROWS_MAX || (r->weight > ROWS_COLUMNS && r->n > 1);
}

struct row *rows_at(struct rows *r, size_t i)
{
	return row(r, i);
}

struct row *rows_now(struct rows *r)
{
	return r->away ? &r->elsewhere : row(r, r->cur);
}

size_t rows_below(const struct rows *r)
{
	return r->n - 1 - r->cur;
}

void rows_note(struct rows *r, uint64_t at)
{
	struct row *now = rows_now(r);

	if (!line_changed(now->line))
		return;
	now->to = at;
	if (now->shown)
		now->from = r->arrived;
	now->shown = false;
	if (line_empty(now->line))
		now->ended = false;
}

void rows_drop(struct rows *r)
{
	r->weight -= row(r, 0)->weight;
	r->first = (r->first + 1) % ROWS_MAX;
	r->n--;
	r->cur -= r->cur > 0; /* it may wait there for a row elsewhere */
	r->base++;
}

/* The cursor comes to row I. An empty last row begins only here. */
static void enter(struct rows *r, size_t i, uint64_t column, uint64_t at)
{
	struct row *to = row(r, i);

	r->away = false;
	r->cur = i;
	r->arrived = at;
	if (i + 1 == r->n && !to->ended && !to->rest && line_empty(to->line))
		to->from = to->to = at;
	line_enter(to->line, column);
}

void rows_add(struct rows *r, uint64_t at)
{
	struct row *last = row(r, r->n - 1);

	rows_note(r, at);
	r->weight += line_size(last->line) - last->weight;
	last->weight = line_size(last->line);
	begin(r, row(r, r->n++), at);
	enter(r, r->n - 1, 0, at);
}

/* An empty row above all. */
static void put_above(struct rows *r)
{
	uint64_t from = row(r, 0)->from;

	r->first = (r->first + ROWS_MAX - 1) % ROWS_MAX;
	r->n++;
	r->cur++;
	r->base--;
	begin(r, row(r, 0), from);
}

void rows_up(struct rows *r, size_t n, uint64_t column, uint64_t at)
{
	rows_note(r, at);
	while (r->cur < n && r->n < ROWS_MAX)
		put_above(r);
	enter(r, r->cur < n ? 0 : r->cur - n, column, at);
}

void rows_down(struct rows *r, size_t n, uint64_t column, uint64_t at)
{
	size_t below = rows_below(r);

	rows_note(r, at);
	enter(r, r->cur + (n < below ? n : below), column, at);
}

/* What stands on FROM goes; its redraws are told with those of TO. */
static void wipe(struct row *to, const struct row *from, uint64_t at)
{
	to->wiped += line_redraws(from->line) + from->wiped - from->told + !line_empty(from->line);
	to->to = at;
}

void rows_cut(struct rows *r, uint64_t at)
{
	struct row *now = row(r, r->cur);

	for (size_t i = r->cur + 1; i < r->n; i++) {
		wipe(now, row(r, i), at);
		r->weight -= row(r, i)->weight;
	}
	r->n = r->cur + 1;
	if (line_empty(r->elsewhere.line))
		return;
	wipe(now, &r->elsewhere, at);
	begin(r, &r->elsewhere, at);
}

void rows_save(struct rows *r)
{
	if (r->away)
		return;
	r->saved = true;
	r->saved_row = r->base + (int64_t)r->cur;
	r->saved_column = line_column(row(r, r->cur)->line);
}

bool rows_restore(struct rows *r, uint64_t at)
{
	int64_t i = r->saved_row - r->base;

	if (!r->saved || i < 0 || i >= (int64_t)r->n)
		return false;
	rows_note(r, at);
	enter(r, (size_t)i, r->saved_column, at);
	return true;
}

bool rows_leave(struct rows *r, uint32_t number, uint64_t column, uint64_t at)
{
	struct row *to = &r->elsewhere;

	if (r->away || !r->saved || r->saved_row != r->base + (int64_t)r->cur ||
	    r->saved_column != line_column(row(r, r->cur)->line))
		return false;
	rows_note(r, at);
	if (r->elsewhere_number != number || line_empty(to->line))
		begin(r, to, at);
	r->elsewhere_number = number;
	r->away = true;
	r->arrived = at;
	line_enter(to->line, column);
	return true;
}

bool rows_away(const struct rows *r)
{
	return r->away;
}

void rows_land(struct rows *r, uint64_t at)
{
	struct row *last = row(r, r->n), was;

	rows_note(r, at);
	was = r->elsewhere;
	if (was.from < row(r, r->n - 1)->from)
		was.from = row(r, r->n - 1)->from;
	if (was.to < was.from)
		was.to = was.from;
	begin(r, last, at);
	r->elsewhere.line = last->line;
	begin(r, &r->elsewhere, at);
	*last = was;
	r->cur = r->n++;
	r->away = false;
}

struct row *rows_elsewhere(struct rows *r)
{
	return line_empty(r->elsewhere.line) ? NULL : &r->elsewhere;
}
