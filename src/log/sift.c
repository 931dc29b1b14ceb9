#include "log/sift.h"

#include "base/err.h"
#include "base/regex.h"
#include "base/str.h"
#include "log/clean.h"
#include "log/found.h"
#include "log/plain.h"
#include "log/read.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define SLOW_MAX 8 /* blocks that took too many steps as one; then all are searched line by line */

/* ---- one line ---- */

static int give_up(struct search *s, const struct found_line *line)
{
	int rc = s->found ? found_note(s->found, VIEW_GAVE_UP, line->from, line->to, 1) : 0;

	if (rc || ++s->gave_up < SEARCH_GIVE_UP)
		return rc;
	return err_set(s->err, -EOVERFLOW,
		       "the pattern took too many steps on %u lines, the last at cursor %" PRIu64
		       ": make it simpler, without repeats of repeats",
		       s->gave_up, line->from);
}

static int failed(struct search *s, int rc)
{
	return err_sys(s->err, rc, "cannot search");
}

static void last_add(struct search *s, uint64_t from)
{
	struct last *last = &s->last;
	size_t max = s->opts.matches < SIZE_MAX / sizeof *last->from ? (size_t)s->opts.matches : SIZE_MAX / 16;

	/* A ring from MAX on; it grows until then. */
	if (last->seen == last->cap && last->cap < max) {
		last->cap = last->cap ? last->cap * 2 : 64;
		last->cap = last->cap < max ? last->cap : max;
		last->from = xrealloc(last->from, last->cap * sizeof *last->from);
	}
	if (last->cap > 0)
		last->from[last->seen % last->cap] = from;
	last->seen++;
}

static bool wants_no_more(const struct search *s)
{
	return s->opts.mode == SEARCH_FIRST && s->matches >= s->opts.matches;
}

bool sift_full(const struct search *s)
{
	return wants_no_more(s) && s->found && found_wants(s->found) == 0;
}

static int take_match(struct search *s, struct found_line *line, size_t from, size_t to)
{
	line->match_from = from;
	line->match_to = to;
	s->matches++;
	s->untried = line->to;
	if (s->found)
		return found_match(s->found, line);
	last_add(s, line->from);
	return 0;
}

static int take_other(struct search *s, const struct found_line *line)
{
	if (!s->found)
		return 0;
	s->untried = line->to;
	return found_other(s->found, line);
}

/* Tries the pattern on LINE by itself. */
static int try_line(struct search *s, struct found_line *line)
{
	size_t from, to;
	int rc;

	if (sift_full(s))
		return 0;
	if (wants_no_more(s) || line->from < s->first)
		return take_other(s, line);
	rc = regex_match(s->line, line->text, line->len, 0, &from, &to);
	if (rc == -EOVERFLOW)
		return give_up(s, line);
	if (rc < 0)
		return failed(s, rc);
	return rc ? take_match(s, line, from, to) : take_other(s, line);
}

/* ---- lines from the cleaner ---- */

/* The number of the line of the task that FROM lies in: rows may come long after their bytes were fed. */
static uint64_t number_of(const struct search *s, uint64_t from)
{
	for (uint64_t i = 0; s->numbered && i < s->nstarts && i < SIFT_STARTS; i++)
		if (s->starts[(s->newest - i) % SIFT_STARTS] <= from)
			return s->newest - i;
	return 0;
}

static int on_line(void *arg, const struct clean_line *line)
{
	struct search *s = arg;
	struct found_line one = {.text = line->text, .len = line->len, .from = line->from, .to = line->to};
	int rc;

	if (line->kind == CLEAN_SKIPPED)
		return 0;
	if (line->kind != CLEAN_LINE)
		return s->found ? found_note(s->found, line->kind == CLEAN_FREED ? VIEW_FREED : VIEW_LOST, line->from,
					     line->to, 0)
				: 0;
	one.number = number_of(s, line->from);
	rc = try_line(s, &one);
	if (rc == 0 && line->cut > 0 && s->found)
		rc = found_note(s->found, VIEW_UNSEARCHED, line->cut_from, line->cut_to, 0);
	return rc;
}

static void remember_start(struct search *s)
{
	s->starts[s->number % SIFT_STARTS] = s->at;
	s->newest = s->number;
	s->nstarts++;
}

/* Hands bytes to the cleaner, and counts the lines among them. */
static int feed(struct search *s, const unsigned char *p, size_t len)
{
	int rc = 0;

	if (clean_cursor(s->clean) != s->at)
		rc = clean_gap(s->clean, clean_cursor(s->clean), s->at, CLEAN_SKIPPED);
	while (rc == 0 && len > 0) {
		const unsigned char *nl = memchr(p, '\n', len);
		size_t n = nl ? (size_t)(nl - p) + 1 : len;

		if (!s->mid_line)
			remember_start(s);
		rc = clean_feed(s->clean, p, n);
		s->at += n;
		s->mid_line = !nl;
		s->number += nl ? 1 : 0;
		p += n;
		len -= n;
	}
	return rc;
}

/* ---- blocks of plain text, as they lie in the file ---- */

/* A block in the making: whole lines, plain. */
struct block {
	const char *text;
	size_t len;
	uint64_t from;
	uint64_t number; /* of the line at DONE */
	size_t done;
};

/* The line at FROM, which must be the beginning of one. */
static struct found_line line_at(const struct search *s, const struct block *b, size_t from, uint64_t number)
{
	const char *nl = memchr(b->text + from, '\n', b->len - from);

	return (struct found_line){
	    .text = b->text + from,
	    .len = (size_t)(nl - (b->text + from)),
	    .from = b->from + from,
	    .to = b->from + (uint64_t)(nl - b->text) + 1,
	    .number = s->numbered ? number : 0,
	    .exact = true,
	};
}

static size_t line_begin(const struct block *b, size_t at)
{
	const char *nl = at > 0 ? memrchr(b->text, '\n', at) : NULL;

	return nl ? (size_t)(nl - b->text) + 1 : 0;
}

/* Goes over lines that do not match, up to TO: only those that may be context are looked at. */
static int pass_over(struct search *s, struct block *b, size_t to)
{
	size_t near = to;
	int rc = 0;

	while (rc == 0 && s->found && b->done < to && found_wants(s->found) > 0) {
		struct found_line line = line_at(s, b, b->done, b->number++);

		b->done += line.len + 1;
		rc = take_other(s, &line);
	}
	b->number += plain_lines(b->text + b->done, to - b->done);
	for (uint64_t i = 0; s->found && i < s->opts.context && near > b->done; i++) {
		near = line_begin(b, near - 1);
		b->number--;
	}
	b->done = s->found ? near : to;
	while (rc == 0 && s->found && b->done < to && s->opts.context > 0) {
		struct found_line line = line_at(s, b, b->done, b->number++);

		b->done += line.len + 1;
		rc = take_other(s, &line);
	}
	b->done = to;
	return rc;
}

/* Every line of a block by itself. */
static int each_line(struct search *s, struct block *b)
{
	int rc = 0;

	while (rc == 0 && b->done < b->len && !sift_full(s)) {
		struct found_line line = line_at(s, b, b->done, b->number++);

		b->done += line.len + 1;
		rc = try_line(s, &line);
	}
	return rc;
}

/* Where a match may lie, looking from DONE on. A match that runs on into other lines only says where to look. */
static int next_match(struct search *s, struct block *b, size_t *ret_from, size_t *ret_to)
{
	size_t begin = b->done;
	int rc;

	if (b->from < s->first && s->first - b->from > begin)
		begin = s->first - b->from < b->len ? line_begin(b, (size_t)(s->first - b->from)) : b->len;
	rc = regex_match(s->block, b->text + begin, b->len - begin, 0, ret_from, ret_to);
	*ret_from += begin;
	*ret_to += begin;
	return rc == 1 && *ret_from == b->len ? 0 : rc;
}

static int take_candidate(struct search *s, struct block *b, size_t from, size_t to)
{
	size_t begin = line_begin(b, from);
	struct found_line line;
	int rc = pass_over(s, b, begin);

	if (rc)
		return rc;
	line = line_at(s, b, begin, b->number++);
	b->done = begin + line.len + 1;
	if (to <= begin + line.len)
		return take_match(s, &line, from - begin, to - begin);
	return try_line(s, &line);
}

static int search_block(struct search *s, struct block *b)
{
	int rc = 0;

	while (rc == 0 && b->done < b->len && !sift_full(s)) {
		size_t from = 0, to = 0;

		if (!s->block || wants_no_more(s))
			return each_line(s, b);
		rc = next_match(s, b, &from, &to);
		if (rc == 0)
			return s->found && s->opts.context > 0 ? pass_over(s, b, b->len) : 0;
		if (rc == -EOVERFLOW && ++s->slow == SLOW_MAX) {
			regex_free(s->block);
			s->block = NULL;
		}
		if (rc == -EOVERFLOW)
			return each_line(s, b);
		rc = rc < 0 ? failed(s, rc) : take_candidate(s, b, from, to);
	}
	return rc;
}

static int take_block(struct search *s, const unsigned char *p, size_t len, uint64_t lines)
{
	struct block b = {.text = (const char *)p, .len = len, .from = s->at, .number = s->number};
	int rc = 0;

	/* rows that the cleaner still holds come first */
	if (clean_cursor(s->clean) == s->at)
		rc = clean_gap(s->clean, s->at, s->at, CLEAN_SKIPPED);
	if (rc == 0)
		rc = search_block(s, &b);
	s->at += len;
	s->number += lines;
	s->nstarts = 0;
	return rc;
}

/* ---- reading ---- */

static int take_gap(struct search *s, const struct reader_piece *piece)
{
	int rc = clean_gap(s->clean, piece->from, piece->to, piece->kind == READER_FREED ? CLEAN_FREED : CLEAN_LOST);
	uint64_t before;

	s->at = piece->to;
	s->numbered = reader_lines_before(s->reader, s->at, &before);
	s->number = s->numbered ? before + 1 : 1;
	s->nstarts = 0;
	/* What follows is the rest of a line, as a rule; the cleaner knows. */
	s->mid_line = true;
	remember_start(s);
	return rc;
}

static int take_data(struct search *s, const unsigned char *p, size_t len)
{
	const unsigned char *nl = s->mid_line ? memchr(p, '\n', len) : memrchr(p, '\n', len);
	size_t whole = nl ? (size_t)(nl - p) + 1 : len;
	uint64_t lines;

	if (!s->mid_line && nl && plain_text(p, whole, &lines))
		return take_block(s, p, whole, lines);
	return feed(s, p, whole);
}

int sift_to(struct search *s, uint64_t to)
{
	int rc = 0;

	while (rc == 0 && s->at < to && !sift_full(s)) {
		struct reader_piece piece;

		rc = reader_next(s->reader, s->at, to, &piece, s->err);
		if (rc)
			return rc;
		if (piece.to == s->at)
			break;
		if (piece.kind == READER_DATA)
			rc = take_data(s, piece.bytes, (size_t)(piece.to - piece.from));
		else
			rc = take_gap(s, &piece);
	}
	return rc;
}

int sift_begin(struct search *s, uint64_t from, struct err *err)
{
	struct clean_opts opts = {.line_max = SEARCH_LINE_MAX, .from = from};
	uint64_t before;
	int rc = reader_lead(s->reader, from, &opts.start, err);

	if (rc)
		return rc;
	clean_free(s->clean);
	s->clean = clean_new(&opts, on_line, s);
	s->err = err;
	s->at = opts.start;
	s->numbered = reader_lines_before(s->reader, s->at, &before);
	s->number = s->numbered ? before + 1 : 1;
	s->nstarts = 0;
	s->matches = 0;
	s->mid_line = s->at < from;
	if (s->mid_line)
		remember_start(s);
	while (rc == 0 && s->at < from) {
		struct reader_piece piece;

		rc = reader_next(s->reader, s->at, from, &piece, err);
		if (rc == 0 && (piece.kind != READER_DATA || piece.to == s->at))
			break;
		if (rc == 0)
			rc = feed(s, piece.bytes, (size_t)(piece.to - piece.from));
	}
	return rc;
}
