#include "log/search.h"

#include "base/err.h"
#include "base/regex.h"
#include "base/str.h"
#include "log/clean.h"
#include "log/found.h"
#include "log/read.h"
#include "log/sift.h"

#include <stdlib.h>

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
	int rc = sift_begin(s, s->opts.since, err);

	if (rc == 0)
		rc = sift_to(s, s->to);
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
		rc = sift_begin(s, from, err);
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
		rc = sift_to(s, s->to);
	if (rc == 0)
		rc = clean_finish(s->clean, s->opts.ended && s->at == reader_end(s->reader));
	s->res.next = s->at;
	if (rc == 0 && sift_full(s))
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
		rc = sift_to(s, reader_end(s->reader));
	if (rc == 0)
		rc = clean_flush(s->clean);
	return rc ? rc : found_flush(s->found);
}

bool search_holds(const struct search *s)
{
	return clean_holds(s->clean);
}

int search_settle(struct search *s)
{
	int rc = clean_settle(s->clean);

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
