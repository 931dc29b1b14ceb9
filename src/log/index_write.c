#include "log/index.h"

#include "base/err.h"
#include "base/path.h"
#include "log/index_format.h"
#include "log/index_halve.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define RETRY_MS 1000

/* The codes that mean: no room, for the disk, the user or the process. */
static int is_full(int rc)
{
	return rc == -ENOSPC || rc == -EDQUOT || rc == -EFBIG;
}

/* A full disk costs marks; it is nobody's error. */
static int forgive_full(int rc)
{
	return is_full(rc) ? 0 : rc;
}

static int pwrite_all(int fd, const unsigned char *bytes, size_t len, uint64_t at)
{
	ssize_t n;

	do
		n = pwrite(fd, bytes, len, (off_t)at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	/* The disk filled up in the middle. What stands there is overwritten by the next record. */
	return (size_t)n == len ? 0 : -ENOSPC;
}

static int write_header(struct index_writer *w)
{
	unsigned char bytes[INDEX_HEADER];
	struct index_header h = index_writer_header(w);
	int rc;

	index_header_encode(bytes, &h);
	rc = pwrite_all(w->fd, bytes, sizeof bytes, 0);
	if (rc == 0)
		w->headed = 1;
	return rc;
}

static int make_room(struct index_writer *w, int64_t time_ms)
{
	int rc;

	if (w->size + INDEX_RECORD <= INDEX_MAX)
		return 0;
	/* A copy of the whole file at every mark would be the price of a full disk. */
	if (time_ms < w->retry_ms && w->retry_ms - time_ms <= RETRY_MS)
		return -ENOSPC;
	rc = index_halve(w);
	if (rc)
		w->retry_ms = time_ms + RETRY_MS;
	return rc;
}

static int append(struct index_writer *w, const struct index_record *r)
{
	unsigned char bytes[INDEX_RECORD];
	int rc = w->headed ? 0 : write_header(w);

	if (rc == 0)
		rc = make_room(w, r->time_ms);
	if (rc)
		return rc;
	index_record_encode(bytes, r);
	rc = pwrite_all(w->fd, bytes, sizeof bytes, w->size);
	if (rc == 0)
		w->size += INDEX_RECORD;
	return rc;
}

static int append_mark(struct index_writer *w, const struct index_mark *m)
{
	struct index_record r = {.type = INDEX_MARK, .end = m->end, .time_ms = m->time_ms, .lines = m->lines};
	int rc = append(w, &r);

	if (rc == 0)
		w->last = *m;
	return rc;
}

static int has_open_loss(const struct index_writer *w)
{
	return w->loss.from < w->loss.to;
}

/* Makes a record of the open loss. The record comes first: a kill in between leaves the loss in both places, the next
 * writer records it twice, and readers count it once. */
static int commit_loss(struct index_writer *w)
{
	struct index_record r = {
	    .type = INDEX_LOSS,
	    .end = w->loss.to,
	    .time_ms = w->loss.time_ms,
	    .lines = w->loss.to - w->loss.from,
	};
	int rc;

	if (!has_open_loss(w))
		return 0;
	rc = append(w, &r);
	if (rc)
		return rc;
	w->loss = (struct index_loss){0};
	return write_header(w);
}

static int is_due(const struct index_writer *w, uint64_t end, int64_t time_ms)
{
	if (w->last.end == 0)
		return 1;
	if (end - w->last.end >= (uint64_t)INDEX_BYTES << w->res)
		return 1;
	/* A clock set back is told at once, or the marks would be silent until it caught up. */
	return time_ms < w->last.time_ms || time_ms - w->last.time_ms >= (int64_t)INDEX_MS << w->res;
}

/* The mark that was not due, when the next one comes so late that its time would be wrong for those bytes. */
static int append_pending(struct index_writer *w, int64_t before_ms)
{
	struct index_mark m = w->pending;

	if (m.end <= w->last.end || m.time_ms > before_ms)
		return 0;
	w->pending = (struct index_mark){0};
	return append_mark(w, &m);
}

int index_mark(struct index_writer *w, uint64_t end, int64_t time_ms, uint64_t lines)
{
	struct index_mark m = {end, time_ms, lines};
	int rc = 0;

	if (w->fd < 0 || end <= w->last.end)
		return 0;
	if (end > w->loss.to)
		rc = commit_loss(w);
	if (rc == 0 && is_due(w, end, time_ms)) {
		rc = append_pending(w, time_ms - ((int64_t)INDEX_MS << w->res));
		if (rc == 0)
			rc = append_mark(w, &m);
	}
	w->pending = w->last.end < end ? m : (struct index_mark){0};
	return forgive_full(rc);
}

int index_loss(struct index_writer *w, uint64_t from, uint64_t to, int64_t time_ms)
{
	int rc = 0;

	if (w->fd < 0 || from >= to)
		return 0;
	w->lost += to - from;
	if (has_open_loss(w) && from > w->loss.to)
		rc = commit_loss(w);
	if (!has_open_loss(w))
		w->loss = (struct index_loss){from, to, time_ms};
	else if (to > w->loss.to)
		w->loss.to = to;
	if (rc == 0 || is_full(rc))
		rc = write_header(w);
	return forgive_full(rc);
}

int index_size(struct index_writer *w, uint64_t at, int64_t time_ms, unsigned cols, unsigned rows)
{
	struct index_record r = {.type = INDEX_SIZE, .a = (uint16_t)cols, .b = rows, .end = at, .time_ms = time_ms};

	return w->fd < 0 ? 0 : forgive_full(append(w, &r));
}

int index_freed(struct index_writer *w, uint64_t from, uint64_t to)
{
	if (w->fd < 0)
		return -EBADF;
	w->freed_from = from;
	w->freed_to = to;
	return write_header(w);
}

int index_flush(struct index_writer *w)
{
	return w->fd < 0 ? 0 : forgive_full(append_pending(w, INT64_MAX));
}

void index_close(struct index_writer *w)
{
	index_flush(w);
	if (w->fd >= 0)
		close(w->fd);
	*w = (struct index_writer){.dirfd = -1, .fd = -1};
}

/* Takes over what an earlier writer left in its header. */
static void adopt_header(struct index_writer *w, const struct index_header *h)
{
	w->headed = 1;
	w->res = h->res;
	w->lost = h->lost;
	w->freed_from = h->freed_from;
	w->freed_to = h->freed_to;
	w->loss = (struct index_loss){h->loss_from, h->loss_to, h->loss_ms};
}

/* Takes over one record; returns 0 when it cannot be one, and the file is good only up to it. */
static int adopt_record(struct index_writer *w, const struct index_record *r)
{
	if (r->type == 0)
		return 0;
	if (r->type == INDEX_MARK) {
		if (r->end < w->last.end || r->lines < w->last.lines)
			return 0;
		w->last = (struct index_mark){r->end, r->time_ms, r->lines};
	}
	return 1;
}

static int adopt_records(struct index_writer *w)
{
	unsigned char chunk[INDEX_CHUNK];

	for (w->size = INDEX_HEADER; w->size + INDEX_RECORD <= INDEX_MAX;) {
		int64_t n = path_read_at(w->fd, chunk, sizeof chunk, (off_t)w->size);

		if (n < 0)
			return (int)n;
		for (int64_t i = 0; i + INDEX_RECORD <= n; i += INDEX_RECORD) {
			struct index_record r;

			index_record_decode(chunk + i, &r);
			if (!adopt_record(w, &r))
				return 0;
			w->size += INDEX_RECORD;
		}
		if (n < (int64_t)sizeof chunk)
			return 0;
	}
	return 0;
}

/* Reads what is there and cuts off what is not whole; what is no index is begun anew. */
static int adopt(struct index_writer *w)
{
	unsigned char bytes[INDEX_HEADER];
	struct index_header h;
	int64_t n = path_read_at(w->fd, bytes, sizeof bytes, 0);
	int rc = n < INDEX_HEADER ? -EBADMSG : index_header_decode(bytes, &h);

	if (n < 0)
		return (int)n;
	if (rc == -ENOTSUP)
		return rc;
	w->size = INDEX_HEADER;
	if (rc == 0) {
		adopt_header(w, &h);
		rc = adopt_records(w);
		if (rc)
			return rc;
	}
	if (ftruncate(w->fd, w->headed ? (off_t)w->size : 0) != 0)
		return -errno;
	return forgive_full(write_header(w));
}

int index_open_write(int dirfd, struct index_writer *w, struct err *err)
{
	int rc;

	*w = (struct index_writer){.dirfd = dirfd, .fd = -1};
	unlinkat(dirfd, INDEX_TEMP, 0);
	w->fd = openat(dirfd, INDEX_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (w->fd < 0) {
		rc = -errno;
		return err_sys(err, rc, "cannot open the index of the log for writing");
	}
	rc = adopt(w);
	if (rc == 0)
		return 0;
	close(w->fd);
	*w = (struct index_writer){.dirfd = -1, .fd = -1};
	if (rc == -ENOTSUP)
		return err_set(err, rc, "the index of the log was written by a newer hob");
	return err_sys(err, rc, "cannot continue the index of the log");
}
