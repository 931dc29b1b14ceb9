#include "log/view.h"

#include "base/err.h"
#include "base/str.h"
#include "log/clean.h"
#include "log/note.h"
#include "log/page.h"
#include "log/read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WORK_MAX  (16u * 1024u * 1024u) /* bytes looked at for a tail, or for the end of a page whose head is full */
#define ALIGN_MAX (1024u * 1024u)	/* … and how far ahead a line may begin after a skip */

#define BLANKS_MAX 3

struct view {
	struct view_opts opts;
	struct view_result res;
	struct reader *reader;
	struct clean *clean; /* NULL when raw */
	struct page *page;
	struct str text; /* the line in the making */
	uint64_t at;	 /* read so far */
	uint64_t raw;	 /* bytes handed on as they are */
	bool skipped;	 /* the middle was not read */
	bool mid_line;	 /* the page begins within a line */
	bool dropping;	 /* reading lines before those of the tail: */
	uint64_t drop;	 /* so many more */
	view_emit *emit;
	void *arg;
};

int view_to_str(void *arg, const char *text, size_t len)
{
	str_addn(arg, text, len);
	return 0;
}

void view_result_done(struct view_result *res)
{
	free(res->omitted);
	*res = (struct view_result){0};
}

uint64_t view_cursor(const struct view *v)
{
	return v->at;
}

void view_close(struct view *v)
{
	if (!v)
		return;
	reader_close(v->reader);
	clean_free(v->clean);
	page_free(v->page);
	str_done(&v->text);
	view_result_done(&v->res);
	free(v);
}

/* ---- lines become text ---- */

static void add_omission(struct view *v, struct page_item *item, enum view_reason reason, uint64_t from, uint64_t to,
			 uint64_t count)
{
	struct view_omission *om = &item->omitted[item->nomitted++];

	*om = (struct view_omission){.reason = reason, .from = from, .to = to, .count = count};
	str_addc(&v->text, ' ');
	note_add(&v->text, om);
}

/* What was overwritten is named when it was as much as a line may be long: not for each spinner. */
static bool hides_much(const struct clean_line *line)
{
	uint64_t shown = line->len * line->times + line->cut;

	return line->redraws > 0 && line->drawn_to - line->drawn_from > shown + CLEAN_LINE_MAX;
}

/* A few blank lines are shorter than the words for them. */
static void add_times(struct view *v, const struct clean_line *line)
{
	if (line->len > 0 || line->times > BLANKS_MAX)
		note_add_times(&v->text, line->times);
	else
		str_addn(&v->text, "\n\n", line->times - 1);
}

static int add_text(struct view *v, const struct clean_line *line)
{
	struct page_item item = {.from = line->from, .to = line->to, .lines = line->times};

	str_reset(&v->text);
	if (v->opts.time != VIEW_TIME_NONE)
		reader_add_time(v->reader, line->to, v->opts.time == VIEW_TIME_UTC, &v->text);
	str_addn(&v->text, line->text, line->len);
	if (line->times > 1)
		add_times(v, line);
	if (line->cut > 0)
		add_omission(v, &item, VIEW_CUT, line->cut_from, line->cut_to, line->cut);
	if (hides_much(line))
		add_omission(v, &item, VIEW_REDRAWN, line->drawn_from, line->drawn_to, line->redraws);
	str_addc(&v->text, '\n');
	item.text = v->text.buf;
	item.len = v->text.len;
	return page_add(v->page, &item);
}

static int add_note(struct view *v, enum view_reason reason, uint64_t from, uint64_t to)
{
	struct view_omission om = {.reason = reason, .from = from, .to = to, .count = to - from};

	if (from == to)
		return 0;
	if (reason == VIEW_LEFT_OUT)
		reader_lines(v->reader, from, to, &om.lines);
	if (v->opts.raw) {
		page_record(&v->res, &om);
		return 0;
	}
	return page_add_note(v->page, &om);
}

/* Names bytes that were not read: those that are there as left out, and the gaps among them as what they are. */
static int name_range(struct view *v, uint64_t from, uint64_t to)
{
	struct reader_piece gap;
	int rc = 0;

	while (rc == 0 && reader_missing(v->reader, from, to, &gap)) {
		rc = add_note(v, VIEW_LEFT_OUT, from, gap.from);
		if (rc == 0)
			rc = add_note(v, gap.kind == READER_FREED ? VIEW_FREED : VIEW_LOST, gap.from, gap.to);
		from = gap.to;
	}
	return rc ? rc : add_note(v, VIEW_LEFT_OUT, from, to);
}

static int add_line(struct view *v, const struct clean_line *line)
{
	switch (line->kind) {
	case CLEAN_FREED:
		return add_note(v, VIEW_FREED, line->from, line->to);
	case CLEAN_LOST:
		return add_note(v, VIEW_LOST, line->from, line->to);
	case CLEAN_SKIPPED:
		return name_range(v, line->from, line->to);
	case CLEAN_LINE:
		break;
	}
	return add_text(v, line);
}

/* The first line of a tail that was read from further back. */
static int begin_tail(struct view *v, uint64_t from)
{
	v->dropping = false;
	v->res.from = from;
	return v->opts.name_rest ? name_range(v, v->opts.since, from) : 0;
}

static int on_line(void *arg, const struct clean_line *line)
{
	struct clean_line shown = *line;
	struct view *v = arg;
	int rc = 0;

	if (v->dropping) {
		if (line->kind != CLEAN_LINE)
			return 0; /* named with all that lies before */
		if (line->times <= v->drop) {
			v->drop -= line->times;
			return 0;
		}
		shown.times -= v->drop;
		rc = begin_tail(v, line->from);
	}
	return rc ? rc : add_line(v, &shown);
}

/* ---- which bytes ---- */

static int choose_range(struct view *v, uint64_t *ret_from, uint64_t *ret_to, struct err *err)
{
	uint64_t from = v->opts.since, to;
	int rc = reader_range(v->reader, from, v->opts.until, &to, err);

	if (rc == 0 && v->opts.mode == VIEW_TAIL)
		rc = reader_tail(v->reader, from, to, v->opts.lines, WORK_MAX, &from, err);
	if (rc == 0 && v->opts.mode == VIEW_HEAD)
		rc = reader_head(v->reader, from, to, v->opts.lines, WORK_MAX, &to, err);
	if (rc)
		return rc;
	*ret_from = from;
	*ret_to = to;
	return 0;
}

/* ---- reading ---- */

static int take_piece(struct view *v, const struct reader_piece *piece)
{
	size_t len = (size_t)(piece->to - piece->from);

	if (piece->kind == READER_DATA && v->clean)
		return clean_feed(v->clean, piece->bytes, len);
	if (piece->kind == READER_DATA) {
		v->raw += len;
		return v->emit(v->arg, (const char *)piece->bytes, len);
	}
	if (!v->clean)
		return add_note(v, piece->kind == READER_FREED ? VIEW_FREED : VIEW_LOST, piece->from, piece->to);
	return clean_gap(v->clean, piece->from, piece->to, piece->kind == READER_FREED ? CLEAN_FREED : CLEAN_LOST);
}

/* The head is full, and there is more than anybody will see. */
static bool has_dull_middle(const struct view *v, uint64_t to)
{
	return v->page && page_wants_tail(v->page) && !v->skipped && to - v->at > 2u * WORK_MAX;
}

/* Goes on near the end, at the beginning of a line, and names what lies between. */
static int skip_middle(struct view *v, uint64_t to, struct err *err)
{
	uint64_t near;
	int rc = reader_tail(v->reader, v->at, to, UINT64_MAX, WORK_MAX, &near, err);

	if (rc == 0)
		rc = reader_head(v->reader, near, to, 1, ALIGN_MAX, &near, err);
	if (rc == 0)
		rc = clean_gap(v->clean, v->at, near, CLEAN_SKIPPED);
	if (rc == 0)
		v->at = near;
	v->skipped = true;
	return rc;
}

/* The bytes that may still be handed on as they are; a clean page keeps its budget elsewhere. */
static uint64_t raw_left(const struct view *v)
{
	return v->opts.raw && v->opts.max_bytes ? v->opts.max_bytes - v->raw : UINT64_MAX;
}

/* Reads from V's place up to TO. A log that was truncated meanwhile ends earlier. */
static int read_to(struct view *v, uint64_t to, struct err *err)
{
	while (v->at < to && raw_left(v) > 0) {
		struct reader_piece piece;
		int rc;

		rc = has_dull_middle(v, to) ? skip_middle(v, to, err) : 0;
		if (rc)
			return rc;
		rc = reader_next(v->reader, v->at, to, &piece, err);
		if (rc)
			return rc;
		if (piece.to == v->at)
			break;
		if (piece.kind == READER_DATA && piece.to - piece.from > raw_left(v))
			piece.to = piece.from + raw_left(v);
		v->at = piece.to;
		rc = take_piece(v, &piece);
		if (rc)
			return rc;
	}
	return 0;
}

static size_t line_max(const struct view_opts *opts)
{
	size_t part = opts->max_bytes / 8;

	if (part == 0 || part > CLEAN_LINE_MAX)
		return CLEAN_LINE_MAX;
	return part > 16 ? part : 16;
}

static int finish_clean(struct view *v)
{
	return clean_finish(v->clean, v->opts.ended && v->at == reader_end(v->reader));
}

static int count_line(void *arg, const struct clean_line *line)
{
	uint64_t *count = arg;

	*count += line->kind == CLEAN_LINE ? line->times : 0;
	return 0;
}

/* How many lines [FROM, TO) has once all redraws are done. */
static int count_lines(struct view *v, uint64_t from, uint64_t to, uint64_t *ret, struct err *err)
{
	struct clean_opts opts = {.line_max = 16, .from = from};
	int rc = reader_lead(v->reader, from, &opts.start, err);

	if (rc)
		return rc;
	*ret = 0;
	v->clean = clean_new(&opts, count_line, ret);
	v->at = opts.start;
	rc = read_to(v, to, err);
	if (rc == 0)
		rc = finish_clean(v);
	clean_free(v->clean);
	v->clean = NULL;
	return rc;
}

/* Lines that were written over count once: a tail of many redraws begins further back. */
static int widen_tail(struct view *v, uint64_t to, uint64_t *from, struct err *err)
{
	uint64_t begin = *from, written = v->opts.lines, got = 0;
	int rc = count_lines(v, begin, to, &got, err);

	while (rc == 0 && got < v->opts.lines && written < UINT64_MAX / 8) {
		uint64_t before = begin;

		written *= 8;
		rc = reader_tail(v->reader, v->opts.since, to, written, WORK_MAX, &begin, err);
		if (rc || begin == before)
			break;
		rc = count_lines(v, begin, to, &got, err);
	}
	v->dropping = got > v->opts.lines && begin < *from;
	v->drop = v->dropping ? got - v->opts.lines : 0;
	*from = begin;
	return rc;
}

/* Readies the cleaner for what begins at FROM, with what leads to it already fed. */
static int begin_clean(struct view *v, uint64_t from, size_t budget, struct err *err)
{
	struct clean_opts opts = {.fold = true, .line_max = line_max(&v->opts), .from = from};
	int rc = reader_lead(v->reader, from, &opts.start, err);

	if (rc)
		return rc;
	v->page = page_new(budget, v->opts.mode == VIEW_HEAD ? 67 : 33, v->emit, v->arg, &v->res);
	v->clean = clean_new(&opts, on_line, v);
	v->at = opts.start;
	v->mid_line = opts.start < from;
	return read_to(v, from, err);
}

/* A head or tail was asked for, so what lies around it is no omission; what could not be reached is one. */
static bool names_before(const struct view *v)
{
	return v->opts.name_rest || (v->opts.mode == VIEW_TAIL && v->opts.lines > 0 && v->mid_line);
}

static bool names_after(const struct view *v)
{
	return v->opts.name_rest || (v->opts.mode == VIEW_HEAD && v->at - v->res.from >= WORK_MAX);
}

static int read_clean(struct view *v, uint64_t from, uint64_t to, uint64_t until, struct err *err)
{
	int rc = 0;

	if (v->opts.mode == VIEW_TAIL && v->opts.lines > 0)
		rc = widen_tail(v, to, &from, err);
	v->res.from = from;
	if (rc == 0)
		rc = begin_clean(v, from, v->opts.max_bytes, err);
	if (rc == 0 && !v->dropping && names_before(v))
		rc = name_range(v, v->opts.since, from);
	if (rc == 0)
		rc = read_to(v, to, err);
	if (rc == 0)
		rc = finish_clean(v);
	if (rc == 0 && names_after(v) && v->at < until)
		rc = name_range(v, v->at, until);
	return rc ? rc : page_finish(v->page);
}

/* The bytes themselves. A tail keeps its end, everything else its beginning, and then NEXT says where to go on. */
static int read_raw(struct view *v, uint64_t from, uint64_t to, struct err *err)
{
	uint64_t begin = from;
	int rc = 0;

	if (v->opts.max_bytes && v->opts.mode == VIEW_TAIL)
		rc = reader_tail(v->reader, from, to, UINT64_MAX, v->opts.max_bytes, &begin, err);
	if (rc == 0)
		rc = name_range(v, from, begin);
	v->at = begin;
	return rc ? rc : read_to(v, to, err);
}

static struct view *view_new(const struct view_opts *opts, view_emit *emit, void *arg)
{
	struct view *v = xcalloc(1, sizeof *v);

	v->opts = *opts;
	v->emit = emit;
	v->arg = arg;
	return v;
}

static int read_page(struct view *v, int dirfd, struct err *err)
{
	uint64_t from, to, until;
	int rc = reader_open(dirfd, &v->reader, err);

	if (rc == 0)
		rc = choose_range(v, &from, &to, err);
	if (rc)
		return rc;
	reader_range(v->reader, v->opts.since, v->opts.until, &until, NULL);
	v->res.from = from;
	v->res.end = reader_end(v->reader);
	rc = v->opts.raw ? read_raw(v, from, to, err) : read_clean(v, from, to, until, err);
	v->res.next = v->at;
	return rc;
}

int view_read(int dirfd, const struct view_opts *opts, view_emit *emit, void *arg, struct view_result *ret,
	      struct err *err)
{
	struct view *v = view_new(opts, emit, arg);
	int rc = read_page(v, dirfd, err);

	if (rc == 0) {
		*ret = v->res;
		v->res = (struct view_result){0};
	}
	view_close(v);
	return rc;
}

/* ---- following ---- */

struct view *view_open(int dirfd, const struct view_opts *opts, view_emit *emit, void *arg, struct err *err)
{
	struct view *v = view_new(opts, emit, arg);
	uint64_t from, to;
	int rc = reader_open(dirfd, &v->reader, err);

	v->opts.max_bytes = 0; /* what goes on has no end to keep a tail for */
	if (rc == 0)
		rc = choose_range(v, &from, &to, err);
	if (rc == 0 && v->opts.raw)
		v->at = from;
	else if (rc == 0)
		rc = begin_clean(v, from, 0, err);
	if (rc == 0)
		return v;
	view_close(v);
	return NULL;
}

int view_step(struct view *v, struct err *err)
{
	int rc = reader_refresh(v->reader, err);

	if (rc == 0)
		rc = read_to(v, reader_end(v->reader), err);
	if (rc == 0 && v->clean)
		rc = clean_flush(v->clean);
	return rc;
}

bool view_holds(const struct view *v)
{
	return v->clean && clean_holds(v->clean);
}

int view_settle(struct view *v)
{
	return v->clean ? clean_settle(v->clean) : 0;
}

void view_peek(const struct view *v, struct str *out)
{
	if (v->clean)
		clean_peek(v->clean, out);
}

int view_finish(struct view *v, struct err *err)
{
	int rc = view_step(v, err);

	return rc || !v->clean ? rc : clean_finish(v->clean, true);
}
