#include "log/match.h"

#include "base/err.h"
#include "base/regex.h"
#include "base/str.h"
#include "log/clean.h"
#include "log/esc.h"
#include "log/read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_CHARS 65536 /* characters of a line that are looked at: its first … */
#define OPEN_MAX_BYTES 65536 /* … or of an unfinished one, which is read anew at each step, its last */

struct match {
	struct reader *reader;
	struct clean *clean;
	struct regex *const *res;
	size_t nres;
	uint64_t since;
	uint64_t at;	 /* read so far */
	uint64_t done;	 /* behind the last line that was complete */
	uint64_t peeked; /* how far the unfinished line was looked at */
	struct match_found found;
};

void match_close(struct match *m)
{
	if (!m)
		return;
	reader_close(m->reader);
	clean_free(m->clean);
	free(m->found.line);
	free(m);
}

const struct match_found *match_result(const struct match *m)
{
	return &m->found;
}

/* Looks at one line; 1 when it fits. */
static int try_line(struct match *m, const struct clean_line *line)
{
	for (size_t i = 0; i < m->nres; i++) {
		size_t from, to;
		int r = regex_match(m->res[i], line->text, line->len, 0, &from, &to);

		if (r == 0)
			continue;
		if (r == 1)
			m->found.line = xstrndup(line->text, line->len);
		m->found.from = line->from;
		m->found.to = line->to;
		return r;
	}
	return 0;
}

static int on_complete(void *arg, const struct clean_line *line)
{
	struct match *m = arg;

	m->done = line->to;
	return line->kind == CLEAN_LINE ? try_line(m, line) : 0;
}

static int on_unfinished(void *arg, const struct clean_line *line)
{
	return line->kind == CLEAN_LINE && line->len ? try_line(arg, line) : 0;
}

/* Feeds [*AT, TO) to CLEAN. 0, 1 when a line fits, or a negative errno. */
static int feed(struct match *m, struct clean *clean, uint64_t *at, uint64_t to, struct err *err)
{
	int r = 0;

	while (r == 0 && *at < to) {
		struct reader_piece piece;

		r = reader_next(m->reader, *at, to, &piece, err);
		if (r < 0 || piece.to == *at)
			break;
		*at = piece.to;
		if (piece.kind == READER_DATA)
			r = clean_feed(clean, piece.bytes, (size_t)(piece.to - piece.from));
		else
			r = clean_gap(clean, piece.from, piece.to,
				      piece.kind == READER_FREED ? CLEAN_FREED : CLEAN_LOST);
	}
	return r;
}

/* Where reading begins so that SINCE is understood, should it lie within an escape or a character: behind the newline
 * before it, or as far back as an escape may reach; never before a gap. */
static int find_lead(struct match *m, uint64_t *ret, struct err *err)
{
	uint64_t low = m->since > ESC_STRING_MAX ? m->since - ESC_STRING_MAX : 0;
	struct reader_piece piece;
	const unsigned char *newline;
	int r;

	while (low < m->since && reader_missing(m->reader, low, m->since, &piece))
		low = piece.to;
	*ret = low;
	if (low == m->since)
		return 0;
	r = reader_next(m->reader, low, m->since, &piece, err);
	if (r < 0 || piece.kind != READER_DATA || piece.to != m->since)
		return r;
	newline = memrchr(piece.bytes, '\n', (size_t)(piece.to - low));
	if (newline)
		*ret = low + (uint64_t)(newline - piece.bytes) + 1;
	return 0;
}

int match_open(int dirfd, uint64_t since, struct regex *const *res, size_t n, struct match **ret, struct err *err)
{
	struct match *m = xcalloc(1, sizeof *m);
	struct clean_opts opts = {.line_max = LINE_MAX_CHARS, .from = since};
	int r;

	m->res = res;
	m->nres = n;
	m->since = since;
	r = reader_open(dirfd, &m->reader, err);
	if (r == 0 && since > reader_end(m->reader))
		r = err_set(err, -ERANGE, "cursor %" PRIu64 " is beyond the end of the log, which is %" PRIu64, since,
			    reader_end(m->reader));
	if (r == 0)
		r = find_lead(m, &opts.start, err);
	if (r < 0) {
		match_close(m);
		return r;
	}
	m->at = m->done = opts.start;
	m->clean = clean_new(&opts, on_complete, m);
	*ret = m;
	return 0;
}

/* The line that has no end yet, cleaned for itself: the cleaner that goes on is not disturbed. */
static int try_unfinished(struct match *m, struct err *err)
{
	struct clean_opts opts = {.line_max = LINE_MAX_CHARS, .start = m->done, .from = m->since};
	struct clean *clean;
	uint64_t at;
	int r;

	if (m->at == m->peeked || m->at <= m->done || m->at <= m->since)
		return 0;
	m->peeked = m->at;
	if (m->at - opts.start > OPEN_MAX_BYTES)
		opts.start = m->at - OPEN_MAX_BYTES;
	if (opts.from < opts.start)
		opts.from = opts.start;
	at = opts.start;
	clean = clean_new(&opts, on_unfinished, m);
	r = feed(m, clean, &at, m->at, err);
	if (r == 0)
		r = clean_finish(clean, false);
	clean_free(clean);
	return r;
}

int match_step(struct match *m, struct err *err)
{
	int r;

	if (m->found.line)
		return 1;
	r = reader_refresh(m->reader, err);
	if (r == 0)
		r = feed(m, m->clean, &m->at, reader_end(m->reader), err);
	/* rows that may be gone back to have been on the screen, too: nobody waits until they cannot */
	if (r == 0)
		r = clean_flush(m->clean);
	if (r == 0)
		r = clean_settle(m->clean);
	if (r == 0)
		r = try_unfinished(m, err);
	if (r == -EOVERFLOW)
		err_set(err, r, "the pattern is too costly for the line at cursor %" PRIu64 ": make it simpler",
			m->found.from);
	return r;
}
