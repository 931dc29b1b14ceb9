#include "log/lines.h"

#include "base/str.h"
#include "log/line.h"
#include "log/rows.h"

#include <stdlib.h>
#include <string.h>

struct lines {
	bool fold;
	clean_emit *emit;
	void *arg;
	int stopped;		 /* what emit returned */
	struct clean_line drawn; /* redraws not told yet, and where they are */
	struct str held_text;
	struct clean_line held; /* waits for an identical neighbour; times 0: none */
};

struct lines *lines_new(bool fold, clean_emit *emit, void *arg)
{
	struct lines *l = xcalloc(1, sizeof *l);

	l->fold = fold;
	l->emit = emit;
	l->arg = arg;
	return l;
}

void lines_free(struct lines *l)
{
	if (!l)
		return;
	str_done(&l->held_text);
	free(l);
}

int lines_stopped(const struct lines *l)
{
	return l->stopped;
}

void lines_emit(struct lines *l, const struct clean_line *line)
{
	if (!l->stopped)
		l->stopped = l->emit(l->arg, line);
}

void lines_flush(struct lines *l)
{
	l->held.text = l->held_text.buf;
	if (l->held.times > 0)
		lines_emit(l, &l->held);
	l->held.times = 0;
}

static bool repeats(const struct lines *l, const struct clean_line *now)
{
	const struct clean_line *held = &l->held;

	return held->times > 0 && !held->rest && held->cut == 0 && now->cut == 0 && held->len == now->len &&
	       memcmp(l->held_text.buf, now->text, now->len) == 0;
}

/* Rows that were drawn in turns overlap, and a follower may get them in any order. */
static void unite(uint64_t *from, uint64_t *to, uint64_t more_from, uint64_t more_to)
{
	*from = more_from < *from ? more_from : *from;
	*to = more_to > *to ? more_to : *to;
}

static void add_repeat(struct clean_line *held, const struct clean_line *now)
{
	held->times++;
	held->complete = now->complete;
	unite(&held->from, &held->to, now->from, now->to);
	if (now->redraws == 0)
		return;
	if (held->redraws == 0)
		held->drawn_from = now->drawn_from;
	held->redraws += now->redraws;
	unite(&held->drawn_from, &held->drawn_to, now->drawn_from, now->drawn_to);
}

/* Hands on a line, or holds it until the next one shows whether it repeats. */
static void hand_on(struct lines *l, const struct clean_line *now)
{
	if (!l->fold) {
		lines_emit(l, now);
		return;
	}
	if (repeats(l, now)) {
		add_repeat(&l->held, now);
		return;
	}
	lines_flush(l);
	l->held = *now;
	str_reset(&l->held_text);
	str_addn(&l->held_text, now->text, now->len);
}

bool lines_is_line(const struct row *row)
{
	return !line_empty(row->line) || (row->ended && !row->rest);
}

/* Is there text below row I that was drawn before the redraws noted were over? */
static bool drawn_with_next(const struct lines *l, struct rows *rows, size_t i)
{
	while (++i < rows_count(rows)) {
		const struct row *row = rows_at(rows, i);

		if (!row->shown && !line_empty(row->line))
			return row->from < l->drawn.to;
	}
	return false;
}

/* Adds the redraws of ROW to those of the rows above that were drawn together with it. */
static void note_redraws(struct lines *l, struct row *row)
{
	uint64_t redraws = line_redraws(row->line) + row->wiped - row->told;

	if (redraws > 0 && l->drawn.redraws == 0)
		l->drawn.from = row->from;
	if (l->drawn.redraws == 0 || row->to > l->drawn.to)
		l->drawn.to = row->to;
	l->drawn.redraws += redraws;
	row->told += redraws;
}

static struct clean_line line_of(const struct row *row)
{
	struct clean_line now = {
	    .kind = CLEAN_LINE,
	    .from = row->from,
	    .to = row->to,
	    .times = 1,
	    .cut_from = row->from,
	    .cut_to = row->to,
	    .complete = row->ended,
	    .rest = row->rest,
	};

	now.text = line_text(row->line, &now.len);
	now.cut = line_cut(row->line, &now.cut_from);
	if (now.cut_from < now.from)
		now.cut_from = now.from;
	return now;
}

/* The newline alone of a line that was shown before is not a line. */
static bool is_rest_of_nothing(const struct clean_line *now)
{
	return now->rest && now->len == 0 && now->cut == 0;
}

static void tell_redraws(struct lines *l, struct clean_line *now)
{
	now->redraws = l->drawn.redraws;
	now->drawn_from = l->drawn.from;
	now->drawn_to = l->drawn.to;
	l->drawn.redraws = 0;
}

void lines_show(struct lines *l, struct rows *rows, size_t i)
{
	struct row *row = rows_at(rows, i);
	struct clean_line now;

	if (row->shown)
		return;
	row->shown = true;
	note_redraws(l, row);
	if (!lines_is_line(row))
		return;
	now = line_of(row);
	if (is_rest_of_nothing(&now))
		return;
	now.complete |= i + 1 < rows_count(rows);
	if (l->drawn.redraws > 0 && now.len > 0 && !drawn_with_next(l, rows, i))
		tell_redraws(l, &now);
	hand_on(l, &now);
}

void lines_end(struct lines *l, struct rows *rows)
{
	const struct row *last = rows_at(rows, rows_count(rows) - 1);
	struct row *row = rows_elsewhere(rows);
	struct clean_line now;

	if (row) {
		note_redraws(l, row);
		now = line_of(row);
		now.from = now.from < last->from ? last->from : now.from; /* in the order of the lines */
		now.to = now.to < now.from ? now.from : now.to;
		now.cut_from = now.cut_from < now.from ? now.from : now.cut_from;
		now.cut_to = now.to;
		tell_redraws(l, &now);
		hand_on(l, &now);
	}
	lines_flush(l);
	l->drawn.redraws = 0;
}
