#include "log/index.h"

#include "base/err.h"
#include "base/path.h"
#include "base/str.h"
#include "log/index_format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void free_bytes(unsigned char **bytes)
{
	free(*bytes);
}

static int open_index(int dirfd)
{
	int fd = openat(dirfd, INDEX_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

/* The whole file, or as much of it as an index may have. Returns the bytes or a negative errno. */
static int64_t slurp(int dirfd, unsigned char **ret)
{
	int fd __attribute__((cleanup(close_fd))) = open_index(dirfd);
	unsigned char *bytes;
	int64_t n;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	bytes = xmalloc(INDEX_MAX);
	n = path_read_at(fd, bytes, INDEX_MAX, 0);
	if (n <= 0)
		free(bytes);
	else
		*ret = bytes;
	return n;
}

static void add_mark(struct index *ix, const struct index_record *r)
{
	const struct index_mark *last = ix->nmarks ? &ix->marks[ix->nmarks - 1] : NULL;

	if (last && (r->end < last->end || r->lines < last->lines))
		return;
	ix->marks[ix->nmarks++] = (struct index_mark){r->end, r->time_ms, r->lines};
}

static void add_loss(struct index *ix, uint64_t from, uint64_t to, int64_t time_ms)
{
	struct index_loss *last = ix->nlosses ? &ix->losses[ix->nlosses - 1] : NULL;

	if (from >= to || to > INT64_MAX || (last && from < last->from))
		return;
	if (last && from <= last->to)
		last->to = to > last->to ? to : last->to;
	else
		ix->losses[ix->nlosses++] = (struct index_loss){from, to, time_ms};
}

static void add_term(struct index *ix, const struct index_record *r)
{
	if (ix->nterms && r->end < ix->terms[ix->nterms - 1].at)
		return;
	ix->terms[ix->nterms++] = (struct index_term){r->end, r->time_ms, r->a, r->b};
}

static void add_record(struct index *ix, const struct index_record *r)
{
	switch (r->type) {
	case INDEX_MARK:
		add_mark(ix, r);
		break;
	case INDEX_LOSS:
		if (r->lines <= r->end)
			add_loss(ix, r->end - r->lines, r->end, r->time_ms);
		break;
	case INDEX_SIZE:
		add_term(ix, r);
		break;
	default: /* of a later hob, or nothing */
		break;
	}
}

/* Makes room for the records of each type, and one loss more for the header's. */
static void make_room(struct index *ix, const unsigned char *records, size_t n)
{
	size_t count[UINT8_MAX + 1] = {0};

	for (size_t i = 0; i < n; i++)
		count[records[i * INDEX_RECORD]]++;
	ix->marks = xcalloc(count[INDEX_MARK], sizeof *ix->marks);
	ix->losses = xcalloc(count[INDEX_LOSS] + 1, sizeof *ix->losses);
	ix->terms = xcalloc(count[INDEX_SIZE], sizeof *ix->terms);
}

static void parse(struct index *ix, const struct index_header *h, const unsigned char *records, size_t n)
{
	make_room(ix, records, n);
	for (size_t i = 0; i < n; i++) {
		struct index_record r;

		index_record_decode(records + i * INDEX_RECORD, &r);
		add_record(ix, &r);
	}
	add_loss(ix, h->loss_from, h->loss_to, h->loss_ms);
	ix->freed_from = h->freed_from;
	ix->freed_to = h->freed_to;
	ix->lost = h->lost;
	ix->res = h->res;
}

int index_load(int dirfd, struct index *ix, struct err *err)
{
	unsigned char *bytes __attribute__((cleanup(free_bytes))) = NULL;
	struct index_header h;
	int64_t n;
	int rc;

	*ix = (struct index){0};
	n = slurp(dirfd, &bytes);
	if (n < 0)
		return err_sys(err, (int)n, "cannot read the index of the log");
	if (n < INDEX_HEADER)
		return 0;
	rc = index_header_decode(bytes, &h);
	if (rc == -ENOTSUP)
		return err_set(err, rc,
			       "the index of the log was written by a newer hob (format %u, this one reads %u)",
			       bytes[8] + bytes[9] * 256u, INDEX_VERSION);
	if (rc)
		return err_set(err, rc, "the index of the log is damaged");
	parse(ix, &h, bytes + INDEX_HEADER, (size_t)(n - INDEX_HEADER) / INDEX_RECORD);
	return 0;
}

int index_refresh(int dirfd, struct index *ix)
{
	int fd __attribute__((cleanup(close_fd))) = open_index(dirfd);
	unsigned char bytes[INDEX_HEADER];
	struct index_header h;
	int64_t n;
	int rc;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	n = path_read_at(fd, bytes, sizeof bytes, 0);
	if (n < INDEX_HEADER)
		return n < 0 ? (int)n : 0;
	rc = index_header_decode(bytes, &h);
	if (rc)
		return rc;
	ix->freed_from = h.freed_from;
	ix->freed_to = h.freed_to;
	ix->lost = h.lost;
	return 0;
}

/* How many marks have an end below OFFSET, or at it when INCLUDING. */
static size_t marks_before(const struct index *ix, uint64_t offset, int including)
{
	size_t low = 0, high = ix->nmarks;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ix->marks[mid].end < offset || (including && ix->marks[mid].end == offset))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct index_mark *index_mark_at(const struct index *ix, uint64_t offset)
{
	size_t i = marks_before(ix, offset, 0);

	return i < ix->nmarks ? &ix->marks[i] : NULL;
}

int index_time_at(const struct index *ix, uint64_t offset, int64_t *ret_ms)
{
	const struct index_mark *m = index_mark_at(ix, offset);

	if (!m)
		return -ENOENT;
	*ret_ms = m->time_ms;
	return 0;
}

uint64_t index_lines_at(const struct index *ix, uint64_t offset, uint64_t *ret_at)
{
	size_t i = marks_before(ix, offset, 1);

	*ret_at = i ? ix->marks[i - 1].end : 0;
	return i ? ix->marks[i - 1].lines : 0;
}

const struct index_loss *index_loss_at(const struct index *ix, uint64_t offset)
{
	size_t low = 0, high = ix->nlosses;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ix->losses[mid].to <= offset)
			low = mid + 1;
		else
			high = mid;
	}
	return low < ix->nlosses ? &ix->losses[low] : NULL;
}

void index_done(struct index *ix)
{
	free(ix->marks);
	free(ix->losses);
	free(ix->terms);
	*ix = (struct index){0};
}
