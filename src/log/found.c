#include "log/found.h"

#include "base/str.h"
#include "base/utf8.h"
#include "log/clean.h"
#include "log/note.h"
#include "log/page.h"
#include "log/read.h"

#include <stdlib.h>
#include <string.h>

#define LEAD_PART 4 /* of a long line, this part of what is shown lies before the match */

/* A copy of a line. */
struct copy {
	struct found_line line;
	struct str text;
	uint64_t times;
	bool match;
};

struct found {
	struct search_opts opts;
	const struct reader *reader;
	struct page *page;
	struct copy held;    /* waits for an identical neighbour; times 0: none */
	struct copy *before; /* the ring of what may become context */
	size_t first, n;
	uint64_t after;	 /* lines to be shown behind the last match */
	uint64_t last;	 /* cursor behind the line shown last */
	bool shown;	 /* there is one */
	struct str text; /* the line in the making */
	struct str item;
};

static size_t line_max(size_t budget)
{
	size_t part = budget / 8;

	if (part == 0 || part > CLEAN_LINE_MAX)
		return CLEAN_LINE_MAX;
	return part > 16 ? part : 16;
}

struct found *found_new(const struct search_opts *opts, const struct reader *reader, view_emit *emit, void *arg,
			struct view_result *res)
{
	static const unsigned head_percent[] = {[SEARCH_ALL] = 50, [SEARCH_FIRST] = 67, [SEARCH_LAST] = 33};
	struct found *f = xcalloc(1, sizeof *f);

	f->opts = *opts;
	f->reader = reader;
	f->page = page_new(opts->max_bytes, head_percent[opts->mode], emit, arg, res);
	if (opts->context > 0)
		f->before = xcalloc(opts->context, sizeof *f->before);
	return f;
}

void found_free(struct found *f)
{
	if (!f)
		return;
	for (size_t i = 0; f->before && i < f->opts.context; i++)
		str_done(&f->before[i].text);
	free(f->before);
	str_done(&f->held.text);
	str_done(&f->text);
	str_done(&f->item);
	page_free(f->page);
	free(f);
}

/* ---- the text of one line ---- */

/* How many bytes the first N characters of TEXT take; RET gets how many characters there are, N at most. */
static size_t chars(const char *text, size_t len, size_t n, size_t *ret)
{
	size_t at = 0, seen = 0;

	while (at < len && seen < n) {
		do
			at++;
		while (at < len && ((unsigned char)text[at] & 0xc0) == 0x80);
		seen++;
	}
	*ret = seen;
	return at;
}

static void add_cut(struct found *f, struct page_item *item, const struct found_line *line, size_t from, size_t to)
{
	struct view_omission *om = &item->omitted[item->nomitted++];
	size_t count;

	chars(line->text + from, to - from, SIZE_MAX, &count);
	*om = (struct view_omission){.reason = VIEW_CUT, .from = line->from, .to = line->to, .count = count};
	if (line->exact) {
		om->to = line->from + to;
		om->from = line->from + from;
	}
	note_add(&f->text, om);
}

/* The text of LINE, or of a long one the part around its match. */
static void add_text(struct found *f, struct page_item *item, const struct found_line *line)
{
	size_t max = line_max(f->opts.max_bytes), seen, from = 0, to = line->len;

	if (to > max)
		to = chars(line->text, line->len, max, &seen);
	if (to < line->len && line->match_to > to) {
		from = line->match_from > max / LEAD_PART ? line->match_from - max / LEAD_PART : 0;
		while (from > 0 && ((unsigned char)line->text[from] & 0xc0) == 0x80)
			from--;
		to = from + chars(line->text + from, line->len - from, max, &seen);
	}
	if (from > 0) {
		add_cut(f, item, line, 0, from);
		str_addc(&f->text, ' ');
	}
	str_addn(&f->text, line->text + from, to - from);
	if (to < line->len) {
		str_addc(&f->text, ' ');
		add_cut(f, item, line, to, line->len);
	}
}

/* What printf does, at a tenth of its cost: millions of lines may match. */
static void add_number(struct str *out, uint64_t n)
{
	char digits[20];
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + n % 10);
	while (n /= 10);
	str_addn(out, digits + at, sizeof digits - at);
}

static void format_text(const struct search_line *line, struct str *out)
{
	char mark = line->match ? ':' : '-';

	if (line->divided)
		str_add(out, "--\n");
	if (line->number > 0)
		add_number(out, line->number);
	else
		str_addc(out, '?');
	str_addc(out, mark);
	add_number(out, line->from);
	str_addc(out, mark);
	str_addn(out, line->text, line->len);
	if (line->times > 1)
		note_add_times(out, line->times);
	str_addc(out, '\n');
}

static int show(struct found *f, const struct copy *copy)
{
	const struct found_line *line = &copy->line;
	struct page_item item = {.from = line->from, .to = line->to, .reason = VIEW_MATCHES};
	struct search_line out = {
	    .number = line->number,
	    .from = line->from,
	    .to = line->to,
	    .times = copy->times,
	    .match = copy->match,
	    .divided = f->opts.context > 0 && f->shown && line->from > f->last,
	};

	str_reset(&f->text);
	str_reset(&f->item);
	if (f->opts.time != VIEW_TIME_NONE)
		reader_add_time(f->reader, line->to, f->opts.time == VIEW_TIME_UTC, &f->text);
	add_text(f, &item, line);
	out.text = f->text.buf ? f->text.buf : "";
	out.len = f->text.len;
	if (f->opts.format)
		f->opts.format(f->opts.format_arg, &out, &f->item);
	else
		format_text(&out, &f->item);
	item.text = f->item.buf;
	item.len = f->item.len;
	item.lines = copy->match ? copy->times : 0;
	f->last = line->to;
	f->shown = true;
	return page_add(f->page, &item);
}

/* ---- which lines ---- */

int found_flush(struct found *f)
{
	int rc = f->held.times > 0 ? show(f, &f->held) : 0;

	f->held.times = 0;
	return rc;
}

static void copy_line(struct copy *copy, const struct found_line *line, bool match)
{
	str_reset(&copy->text);
	str_addn(&copy->text, line->text, line->len);
	copy->line = *line;
	copy->line.text = copy->text.buf ? copy->text.buf : "";
	copy->times = 1;
	copy->match = match;
}

/* Shows LINE as soon as it is known how often it repeats. */
static int hand_on(struct found *f, const struct found_line *line, bool match)
{
	struct copy *held = &f->held;
	int rc;

	if (held->times > 0 && held->match == match && held->line.to == line->from && held->line.len == line->len &&
	    memcmp(held->line.text, line->text, line->len) == 0) {
		held->times++;
		held->line.to = line->to;
		return 0;
	}
	rc = found_flush(f);
	copy_line(held, line, match);
	return rc;
}

int found_match(struct found *f, const struct found_line *line)
{
	int rc = 0;

	for (; f->n > 0 && rc == 0; f->n--) {
		rc = hand_on(f, &f->before[f->first].line, false);
		f->first = (f->first + 1) % f->opts.context;
	}
	f->after = f->opts.context;
	return rc ? rc : hand_on(f, line, true);
}

int found_other(struct found *f, const struct found_line *line)
{
	if (f->after > 0) {
		f->after--;
		return hand_on(f, line, false);
	}
	if (f->opts.context == 0)
		return 0;
	copy_line(&f->before[(f->first + f->n) % f->opts.context], line, false);
	if (f->n < f->opts.context)
		f->n++;
	else
		f->first = (f->first + 1) % f->opts.context;
	return 0;
}

uint64_t found_wants(const struct found *f)
{
	return f->after;
}

int found_note(struct found *f, enum view_reason reason, uint64_t from, uint64_t to, uint64_t lines)
{
	struct view_omission om = {.reason = reason, .from = from, .to = to, .lines = lines, .count = to - from};
	int rc = found_flush(f);

	f->n = 0;
	f->after = 0;
	if (rc || from == to)
		return rc;
	return page_add_note(f->page, &om);
}

int found_finish(struct found *f)
{
	int rc = found_flush(f);

	return rc ? rc : page_finish(f->page);
}
