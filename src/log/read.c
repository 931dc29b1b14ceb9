#include "log/read.h"

#include "base/err.h"
#include "base/str.h"
#include "log/esc.h"
#include "log/index.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COUNT_MAX (4u * 1024u * 1024u) /* bytes that are read to count the lines behind a mark */

struct reader {
	int dirfd;
	int fd; /* -1: there is no log yet */
	uint64_t end;
	int64_t changed_ms; /* when the log was last written */
	struct index index;
	uint64_t lost; /* of it as it was loaded: what it says now may be read before its records are */
	unsigned char block[READER_BLOCK];
};

void reader_close(struct reader *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	index_done(&r->index);
	free(r);
}

/* The size comes before the index, so that every hole below it is in the index already. */
static int look(struct reader *r, struct err *err)
{
	struct stat st;
	int rc;

	if (r->fd < 0)
		r->fd = openat(r->dirfd, "log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (r->fd < 0 && errno == ENOENT)
		return 0;
	if (r->fd < 0) {
		rc = -errno;
		return err_sys(err, rc, "cannot open the log");
	}
	if (fstat(r->fd, &st) != 0) {
		rc = -errno;
		return err_sys(err, rc, "cannot look at the log");
	}
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EBADF, "the log is not a file");
	r->end = (uint64_t)st.st_size;
	r->changed_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	return 0;
}

static void count_lost_end(struct reader *r)
{
	size_t n = r->index.nlosses;

	if (n > 0 && r->index.losses[n - 1].to > r->end)
		r->end = r->index.losses[n - 1].to;
}

int reader_open(int dirfd, struct reader **ret, struct err *err)
{
	struct reader *r = xmalloc(sizeof *r);
	int rc;

	*r = (struct reader){.dirfd = dirfd, .fd = -1};
	rc = look(r, err);
	if (rc == 0)
		rc = index_load(dirfd, &r->index, err);
	/* Without its index a log is still a log: no times, and what is missing reads as nothing. */
	if (rc == -EBADMSG)
		rc = 0;
	if (rc) {
		reader_close(r);
		return rc;
	}
	r->lost = r->index.lost;
	count_lost_end(r);
	*ret = r;
	return 0;
}

int reader_refresh(struct reader *r, struct err *err)
{
	struct index fresh;
	int rc = look(r, err);

	if (rc || index_refresh(r->dirfd, &r->index) != 0)
		return rc;
	if (r->index.lost != r->lost && index_load(r->dirfd, &fresh, err) == 0) {
		index_done(&r->index);
		r->index = fresh;
		r->lost = fresh.lost;
	}
	count_lost_end(r);
	return 0;
}

uint64_t reader_end(const struct reader *r)
{
	return r->end;
}

int reader_range(const struct reader *r, uint64_t since, uint64_t until, uint64_t *ret, struct err *err)
{
	uint64_t to = until && until < r->end ? until : r->end;

	if (since > r->end)
		return err_set(err, -ERANGE, "cursor %" PRIu64 " is beyond the end of the log, which is %" PRIu64,
			       since, r->end);
	if (since > to)
		return err_set(err, -ERANGE, "until %" PRIu64 " is before since %" PRIu64 "; the log ends at %" PRIu64,
			       to, since, r->end);
	*ret = to;
	return 0;
}

static struct reader_piece cut_piece(enum reader_kind kind, uint64_t a, uint64_t b, uint64_t from, uint64_t to)
{
	return (struct reader_piece){.kind = kind, .from = a > from ? a : from, .to = b < to ? b : to};
}

bool reader_missing(const struct reader *r, uint64_t from, uint64_t to, struct reader_piece *ret)
{
	const struct index *ix = &r->index;
	const struct index_loss *loss = index_loss_at(ix, from);
	struct reader_piece freed = {.from = UINT64_MAX}, lost = {.from = UINT64_MAX};

	if (from >= to)
		return false;
	if (ix->freed_from < ix->freed_to && ix->freed_from < to && ix->freed_to > from)
		freed = cut_piece(READER_FREED, ix->freed_from, ix->freed_to, from, to);
	if (loss && loss->from < to)
		lost = cut_piece(READER_LOST, loss->from, loss->to, from, to);
	if (freed.from <= lost.from) {
		*ret = freed;
	} else {
		*ret = lost;
		if (ret->to > freed.from)
			ret->to = freed.from;
	}
	return ret->from < ret->to;
}

/* Where the missing range that holds OFFSET begins. */
static uint64_t gap_begin(const struct reader *r, uint64_t offset)
{
	const struct index_loss *loss = index_loss_at(&r->index, offset);

	if (offset >= r->index.freed_from && offset < r->index.freed_to)
		return r->index.freed_from;
	return loss && loss->from <= offset ? loss->from : offset;
}

static int read_block(struct reader *r, uint64_t from, uint64_t to, size_t *ret, struct err *err)
{
	uint64_t want = to - from;
	ssize_t n = 0;

	if (want > READER_BLOCK)
		want = READER_BLOCK;
	if (r->fd >= 0)
		do
			n = pread(r->fd, r->block, want, (off_t)from);
		while (n < 0 && errno == EINTR);
	if (n < 0) {
		int rc = -errno;

		return err_sys(err, rc, "cannot read the log");
	}
	*ret = (size_t)n;
	return 0;
}

int reader_next(struct reader *r, uint64_t from, uint64_t to, struct reader_piece *ret, struct err *err)
{
	struct reader_piece missing;
	uint64_t limit = to;
	size_t n;
	int rc;

	if (reader_missing(r, from, to, &missing)) {
		if (missing.from == from) {
			*ret = missing;
			return 0;
		}
		limit = missing.from;
	}
	rc = read_block(r, from, limit, &n, err);
	if (rc)
		return rc;
	/* The window may have moved over these bytes while they were read. It says so before it punches. */
	if (n > 0 && index_refresh(r->dirfd, &r->index) == 0 && reader_missing(r, from, from + n, &missing)) {
		if (missing.from == from) {
			*ret = missing;
			return 0;
		}
		n = (size_t)(missing.from - from);
	}
	*ret = (struct reader_piece){READER_DATA, from, from + n, r->block};
	return 0;
}

/* Walks back from the N-th newline before the end of the block; returns where the line behind it begins, or NULL. */
static const unsigned char *nth_back(const unsigned char *p, size_t len, uint64_t *n)
{
	while (len > 0) {
		const unsigned char *nl = memrchr(p, '\n', len);

		if (!nl)
			return NULL;
		if (*n == 0)
			return nl + 1;
		(*n)--;
		len = (size_t)(nl - p);
	}
	return NULL;
}

/* Holes are skipped where they are known; one that is not reads as NUL and holds no newline either. */
int reader_tail(struct reader *r, uint64_t from, uint64_t to, uint64_t n, uint64_t max_back, uint64_t *ret,
		struct err *err)
{
	uint64_t seen = 0, at = to;
	bool last = true;

	while ((n > 0 || !last) && at > from && seen < max_back) {
		uint64_t block = max_back - seen < READER_BLOCK ? max_back - seen : READER_BLOCK;
		uint64_t low = at - from > block ? at - block : from;
		struct reader_piece missing;
		const unsigned char *begin;
		size_t len;
		int rc;

		if (reader_missing(r, at - 1, at, &missing)) {
			at = gap_begin(r, at - 1);
			at = at > from ? at : from;
			continue;
		}
		rc = read_block(r, low, at, &len, err);
		if (rc)
			return rc;
		/* The newline at the very end closes the last line and begins none. */
		if (last && (len < at - low || r->block[len - 1] != '\n'))
			n--;
		last = false;
		begin = nth_back(r->block, len, &n);
		if (begin) {
			*ret = low + (uint64_t)(begin - r->block);
			return 0;
		}
		seen += at - low;
		at = low;
	}
	*ret = at;
	return 0;
}

/* Walks over N newlines; returns where the last of them ends, or the end. */
static size_t nth_ahead(const unsigned char *p, size_t len, uint64_t *n)
{
	size_t at = 0;

	while (at<len && * n> 0) {
		const unsigned char *nl = memchr(p + at, '\n', len - at);

		if (!nl)
			return len;
		at = (size_t)(nl - p) + 1;
		(*n)--;
	}
	return at;
}

int reader_head(struct reader *r, uint64_t from, uint64_t to, uint64_t n, uint64_t max_ahead, uint64_t *ret,
		struct err *err)
{
	uint64_t seen = 0, at = from;

	while (at < to && n > 0 && seen < max_ahead) {
		uint64_t left = max_ahead - seen;
		struct reader_piece piece;
		size_t len;
		int rc;

		if (reader_missing(r, at, to, &piece) && piece.from == at) {
			at = piece.to;
			continue;
		}
		rc = reader_next(r, at, to - at > left ? at + left : to, &piece, err);
		if (rc)
			return rc;
		if (piece.to == at)
			break;
		len = (size_t)(piece.to - at);
		if (piece.kind == READER_DATA)
			len = nth_ahead(piece.bytes, len, &n);
		seen += len;
		at += len;
	}
	*ret = at;
	return 0;
}

static bool count_lines(struct reader *r, uint64_t from, uint64_t to, uint64_t *ret)
{
	if (from < to && to - from > COUNT_MAX)
		return false;
	while (from < to) {
		uint64_t n = UINT64_MAX;
		size_t len;

		if (read_block(r, from, to, &len, NULL) != 0 || len == 0)
			return false;
		nth_ahead(r->block, len, &n);
		*ret += UINT64_MAX - n;
		from += len;
	}
	return true;
}

bool reader_lines(struct reader *r, uint64_t from, uint64_t to, uint64_t *ret)
{
	const struct index_mark *first = index_mark_at(&r->index, from);
	uint64_t last_end, last_lines = index_lines_at(&r->index, to, &last_end);
	uint64_t lines = 0;
	bool known;

	if (!first || first->end > last_end) {
		known = count_lines(r, from, to, &lines);
	} else {
		known = count_lines(r, from, first->end, &lines) && count_lines(r, last_end, to, &lines);
		lines += last_lines - first->lines;
	}
	*ret = known ? lines : 0;
	return known;
}

/* A mark before AT, or the log's beginning, counts when nothing between them is missing; else one behind AT may. */
bool reader_lines_before(struct reader *r, uint64_t at, uint64_t *ret)
{
	const struct index_mark *next = index_mark_at(&r->index, at);
	struct reader_piece gap;
	uint64_t end, before = index_lines_at(&r->index, at, &end), between = 0;

	if (!reader_missing(r, end, at, &gap) && count_lines(r, end, at, &between)) {
		*ret = before + between;
		return true;
	}
	between = 0;
	if (!next || reader_missing(r, at, next->end, &gap) || !count_lines(r, at, next->end, &between) ||
	    between > next->lines)
		return false;
	*ret = next->lines - between;
	return true;
}

int reader_lead(struct reader *r, uint64_t from, uint64_t *ret, struct err *err)
{
	uint64_t low = from > ESC_STRING_MAX ? from - ESC_STRING_MAX : 0;
	struct reader_piece piece;
	const unsigned char *nl;
	int rc;

	while (low < from && reader_missing(r, low, from, &piece))
		low = piece.to;
	*ret = from;
	if (low == from)
		return 0;
	rc = reader_next(r, low, from, &piece, err);
	if (rc || piece.kind != READER_DATA || piece.to != from)
		return rc;
	nl = memrchr(piece.bytes, '\n', (size_t)(from - low));
	*ret = nl ? low + (uint64_t)(nl - piece.bytes) + 1 : low;
	return 0;
}

bool reader_time_at(const struct reader *r, uint64_t offset, int64_t *ret_ms)
{
	if (index_time_at(&r->index, offset, ret_ms) == 0)
		return true;
	/* Behind the last mark lies only what came just before the log fell silent. */
	*ret_ms = r->changed_ms;
	return r->fd >= 0;
}

void reader_add_time(const struct reader *r, uint64_t offset, bool utc, struct str *out)
{
	struct tm tm;
	int64_t ms;
	time_t s;

	if (!reader_time_at(r, offset, &ms) || ms < 0) {
		str_add(out, "--:--:--.--- ");
		return;
	}
	s = (time_t)(ms / 1000);
	if (utc)
		gmtime_r(&s, &tm);
	else
		localtime_r(&s, &tm);
	str_addf(out, "%02d:%02d:%02d.%03d ", tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(ms % 1000));
}
