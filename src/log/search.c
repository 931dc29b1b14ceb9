#include "log/search.h"

#include "base/err.h"
#include "base/regex.h"
#include "base/str.h"
#include "log/clean.h"
#include "log/found.h"
#include "log/plain.h"
#include "log/read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define STARTS	 256 /* lines whose beginning is remembered, since the cleaner may hold rows back */
#define SLOW_MAX 8   /* blocks that took too many steps as one; then all are searched line by line */

/* The last matches so far, by their cursors; for SEARCH_LAST, which searches once to find them, then to show them. */
struct last {
	uint64_t *from;
	size_t cap;
	uint64_t seen;
};

struct search {
	struct search_opts opts;
	struct view_result res;
	struct reader *reader;
	struct regex *line;  /* for a line by itself */
	struct regex *block; /* for many at once; NULL: this pattern cannot */
	unsigned slow;	     /* blocks that took too many steps */
	unsigned gave_up;    /* lines that did */
	struct clean *clean;
	struct found *found; /* NULL: only counts into LAST */
	struct last last;
	uint64_t at;		 /* searched so far */
	uint64_t to;		 /* up to here for now */
	uint64_t number;	 /* of the line at AT */
	bool numbered;		 /* … is known */
	bool mid_line;		 /* AT lies within a line, which the cleaner has begun */
	uint64_t starts[STARTS]; /* where line number - i began, at [(number - i) % STARTS]; only of lines cleaned */
	uint64_t newest;	 /* the number among them that is greatest */
	uint64_t nstarts;
	uint64_t matches;
	uint64_t first;	  /* cursor: matches before it do not count */
	uint64_t untried; /* behind the last match when no more are wanted */
	struct err *err;
};

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

/* Whether nothing more can be shown. */
static bool full(const struct search *s)
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

	if (full(s))
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
	for (uint64_t i = 0; s->numbered && i < s->nstarts && i < STARTS; i++)
		if (s->starts[(s->newest - i) % STARTS] <= from)
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
	s->starts[s->number % STARTS] = s->at;
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

	while (rc == 0 && b->done < b->len && !full(s)) {
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

	while (rc == 0 && b->done < b->len && !full(s)) {
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

/* Searches from S's place up to TO. A log that was truncated meanwhile ends earlier. */
static int search_to(struct search *s, uint64_t to)
{
	int rc = 0;

	while (rc == 0 && s->at < to && !full(s)) {
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

/* ---- beginning and end ---- */

void search_close(struct search *s)
{
	if (!s)
		return;
	reader_close(s->reader);
	regex_free(s->line);
	regex_free(s->block);
	clean_free(s->clean);
	found_free(s->found);
	free(s->last.from);
	free(s->res.omitted);
	free(s);
}

/* A search of DIRFD that stands nowhere yet. */
static int search_new(int dirfd, const struct search_opts *opts, struct search **ret, struct err *err)
{
	struct search *s = xcalloc(1, sizeof *s);
	unsigned flags = REGEX_JIT | REGEX_VALID | (opts->icase ? REGEX_ICASE : 0u);
	int rc = regex_compile(opts->pattern, flags, err, &s->line);

	s->opts = *opts;
	if (s->opts.context > SEARCH_CONTEXT_MAX)
		s->opts.context = SEARCH_CONTEXT_MAX;
	if (rc == 0 && regex_spans_lines(opts->pattern))
		rc = regex_compile(opts->pattern, flags | REGEX_LINES, err, &s->block);
	if (rc == 0)
		rc = reader_open(dirfd, &s->reader, err);
	if (rc == 0)
		rc = reader_range(s->reader, opts->since, opts->until, &s->to, err);
	if (rc == 0)
		*ret = s;
	else
		search_close(s);
	return rc;
}

/* Stands at FROM, with what leads to it already fed. */
static int begin_at(struct search *s, uint64_t from, struct err *err)
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

/* Where the line begins that lies N lines before the one at FROM, but not before SINCE. */
static int lines_back(struct search *s, uint64_t from, uint64_t n, uint64_t *ret, struct err *err)
{
	return reader_tail(s->reader, s->opts.since, from, n + 1, UINT64_MAX, ret, err);
}

/* For SEARCH_LAST: where the first match to be shown lies, found by a search that shows nothing. RET_LEFT gets the
 * matches before it. */
static int find_first(struct search *s, uint64_t *ret_left, struct err *err)
{
	uint64_t seen, n = s->opts.matches;
	int rc = begin_at(s, s->opts.since, err);

	if (rc == 0)
		rc = search_to(s, s->to);
	if (rc == 0)
		rc = clean_finish(s->clean, false);
	seen = s->last.seen;
	*ret_left = seen > n ? seen - n : 0;
	if (n == 0)
		s->first = s->to;
	else if (seen > n)
		s->first = s->last.from[seen % n];
	return rc;
}

/* Stands where showing begins, and names the matches left out before. */
static int begin(struct search *s, view_emit *emit, void *arg, struct err *err)
{
	uint64_t from = s->opts.since, left = 0;
	int rc = s->opts.mode == SEARCH_LAST ? find_first(s, &left, err) : 0;

	if (rc == 0 && s->first > from)
		rc = lines_back(s, s->first, s->opts.context, &from, err);
	if (rc)
		return rc;
	s->gave_up = s->slow = 0;
	s->found = found_new(&s->opts, s->reader, emit, arg, &s->res);
	s->res.from = s->opts.since;
	s->res.end = reader_end(s->reader);
	if (left > 0)
		rc = found_note(s->found, VIEW_MATCHES, s->opts.since, s->first, left);
	if (rc == 0)
		rc = begin_at(s, from, err);
	s->matches += left;
	return rc;
}

/* Names what lies behind the first matches, when those were all that was wanted. */
static int end_first(struct search *s)
{
	uint64_t next = s->matches > 0 ? s->untried : s->opts.since;

	s->res.next = next;
	return next < s->to ? found_note(s->found, VIEW_UNSEARCHED, next, s->to, 0) : 0;
}

static int search_all(struct search *s, view_emit *emit, void *arg, struct err *err)
{
	int rc = begin(s, emit, arg, err);

	if (rc == 0)
		rc = search_to(s, s->to);
	if (rc == 0)
		rc = clean_finish(s->clean, s->opts.ended && s->at == reader_end(s->reader));
	s->res.next = s->at;
	if (rc == 0 && full(s))
		rc = end_first(s);
	return rc ? rc : found_finish(s->found);
}

int search_read(int dirfd, const struct search_opts *opts, view_emit *emit, void *arg, struct search_result *ret,
		struct err *err)
{
	struct search *s;
	int rc = search_new(dirfd, opts, &s, err);

	if (rc)
		return rc;
	rc = search_all(s, emit, arg, err);
	if (rc == 0) {
		*ret = (struct search_result){.page = s->res, .matches = s->matches};
		s->res = (struct view_result){0};
	}
	search_close(s);
	return rc;
}

void search_result_done(struct search_result *res)
{
	view_result_done(&res->page);
	res->matches = 0;
}

/* ---- following ---- */

int search_open(int dirfd, const struct search_opts *opts, view_emit *emit, void *arg, struct search **ret,
		struct err *err)
{
	struct search_opts all = *opts;
	struct search *s = NULL;
	int rc;

	all.max_bytes = 0; /* what goes on has no end to keep a tail for */
	rc = search_new(dirfd, &all, &s, err);
	if (rc == 0)
		rc = begin(s, emit, arg, err);
	if (rc == 0)
		*ret = s;
	else
		search_close(s);
	return rc;
}

int search_step(struct search *s, struct err *err)
{
	int rc = reader_refresh(s->reader, err);

	s->err = err;
	if (rc == 0)
		rc = search_to(s, reader_end(s->reader));
	if (rc == 0)
		rc = clean_flush(s->clean);
	return rc ? rc : found_flush(s->found);
}

int search_finish(struct search *s, struct err *err)
{
	int rc = search_step(s, err);

	if (rc == 0)
		rc = clean_finish(s->clean, true);
	return rc ? rc : found_finish(s->found);
}

uint64_t search_matches(const struct search *s)
{
	return s->matches;
}
