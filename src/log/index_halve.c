#include "log/index_halve.h"

#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

_Static_assert(INDEX_CHUNK % INDEX_RECORD == 0, "a chunk is whole records");

#define MANY ((INDEX_MAX / INDEX_RECORD) / 4) /* records of a type that may stay as they are */

struct source {
	int fd;
	uint64_t at, end;
	unsigned char chunk[INDEX_CHUNK];
	size_t next, have;
};

struct sink {
	int fd;
	uint64_t size;
	unsigned char chunk[INDEX_CHUNK];
	size_t have;
};

/* What is known before the copy, and what waits in it for its neighbour (type 0: nothing). */
struct merge {
	uint32_t marks, losses, sizes;
	unsigned near; /* losses merge when fewer than 2^near bytes lie between; 0: none do */
	struct index_record mark, loss, size;
	int loss_merged; /* LOSS is two already: merging is two by two, or equal gaps would make them all one */
};

struct index_header index_writer_header(const struct index_writer *w)
{
	return (struct index_header){
	    .res = (uint16_t)w->res,
	    .freed_from = w->freed_from,
	    .freed_to = w->freed_to,
	    .lost = w->lost,
	    .loss_from = w->loss.from,
	    .loss_to = w->loss.to,
	    .loss_ms = w->loss.time_ms,
	};
}

/* 1 and the next record, 0 at the end, or a negative errno. */
static int read_record(struct source *r, struct index_record *ret)
{
	if (r->next == r->have) {
		uint64_t left = r->end - r->at;
		int64_t n = path_read_at(r->fd, r->chunk, left < INDEX_CHUNK ? left : INDEX_CHUNK, (off_t)r->at);

		if (n < 0)
			return (int)n;
		r->next = 0;
		r->have = (size_t)n - (size_t)n % INDEX_RECORD;
		r->at += r->have;
		if (r->have == 0)
			return 0;
	}
	index_record_decode(r->chunk + r->next, ret);
	r->next += INDEX_RECORD;
	return 1;
}

static int flush_chunk(struct sink *out)
{
	size_t done = 0;

	while (done < out->have) {
		ssize_t n = pwrite(out->fd, out->chunk + done, out->have - done, (off_t)(out->size + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		done += (size_t)n;
	}
	out->size += out->have;
	out->have = 0;
	return 0;
}

static int write_record(struct sink *out, const struct index_record *r)
{
	int rc = out->have + INDEX_RECORD > INDEX_CHUNK ? flush_chunk(out) : 0;

	if (rc)
		return rc;
	index_record_encode(out->chunk + out->have, r);
	out->have += INDEX_RECORD;
	return 0;
}

/* The smallest N with GAP < 2^N. */
static unsigned bits(uint64_t gap)
{
	unsigned n = 0;

	for (; gap; gap >>= 1)
		n++;
	return n;
}

static uint64_t gap_between(const struct index_record *a, const struct index_record *b)
{
	uint64_t from = b->end - (b->lines < b->end ? b->lines : b->end);

	return from > a->end ? from - a->end : 0;
}

/* Counts, and chooses the distance within which half of the losses have their next. */
static int survey(struct source *in, struct merge *m)
{
	uint32_t at_distance[65] = {0}, within = 0;
	struct index_record r, last = {0};
	int rc;

	while ((rc = read_record(in, &r)) > 0) {
		m->marks += r.type == INDEX_MARK;
		m->sizes += r.type == INDEX_SIZE;
		if (r.type != INDEX_LOSS)
			continue;
		if (m->losses++ > 0)
			at_distance[bits(gap_between(&last, &r))]++;
		last = r;
	}
	if (m->losses <= MANY)
		return rc;
	for (m->near = 0; m->near < 64 && (within += at_distance[m->near]) < m->losses / 2;)
		m->near++;
	/* A distance of 0 bits is none: they touch. */
	if (m->near == 0)
		m->near = 1;
	return rc;
}

/* Of COUNT records of a type, one waits in WAITING for the next, which takes its place. */
static int put_later(struct index_record *waiting, uint32_t count, struct sink *out, const struct index_record *r)
{
	if (count <= MANY)
		return write_record(out, r);
	if (waiting->type == 0) {
		*waiting = *r;
		return 0;
	}
	waiting->type = 0;
	return write_record(out, r);
}

static int put_loss(struct merge *m, struct sink *out, const struct index_record *r)
{
	struct index_record before = m->loss;

	if (m->near == 0)
		return write_record(out, r);
	m->loss = *r;
	if (before.type == 0)
		return 0;
	if (!m->loss_merged && bits(gap_between(&before, r)) <= m->near) {
		m->loss.lines = r->end - (before.end - before.lines);
		m->loss_merged = 1;
		return 0;
	}
	m->loss_merged = 0;
	return write_record(out, &before);
}

static int put(struct merge *m, struct sink *out, const struct index_record *r)
{
	switch (r->type) {
	case INDEX_MARK:
		return put_later(&m->mark, m->marks, out, r);
	case INDEX_LOSS:
		return put_loss(m, out, r);
	case INDEX_SIZE:
		return put_later(&m->size, m->sizes, out, r);
	default:
		return 0;
	}
}

/* What still waits for a neighbour stays as it is: the newest mark above all. */
static int put_waiting(struct merge *m, struct sink *out)
{
	const struct index_record *all[] = {&m->loss, &m->size, &m->mark};
	int rc = 0;

	for (int i = 0; i < 3 && rc == 0; i++)
		if (all[i]->type)
			rc = write_record(out, all[i]);
	return rc ? rc : flush_chunk(out);
}

static int copy(const struct index_writer *w, int fd, struct index_writer *ret)
{
	struct index_header h = index_writer_header(w);
	struct source in = {.fd = w->fd, .at = INDEX_HEADER, .end = w->size};
	struct sink out = {.fd = fd};
	struct merge m = {0};
	struct index_record r;
	int rc = survey(&in, &m);

	if (rc < 0)
		return rc;
	if (m.marks > MANY && h.res < INDEX_RES_MAX)
		h.res++;
	index_header_encode(out.chunk, &h);
	out.have = INDEX_HEADER;
	in.at = INDEX_HEADER;
	in.next = in.have = 0;
	while ((rc = read_record(&in, &r)) > 0) {
		rc = put(&m, &out, &r);
		if (rc)
			return rc;
	}
	if (rc == 0)
		rc = put_waiting(&m, &out);
	ret->fd = fd;
	ret->size = out.size;
	ret->res = h.res;
	return rc;
}

int index_halve(struct index_writer *w)
{
	struct index_writer next = *w;
	int fd, rc;

	unlinkat(w->dirfd, INDEX_TEMP, 0);
	fd = openat(w->dirfd, INDEX_TEMP, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	rc = copy(w, fd, &next);
	if (rc == 0 && renameat(w->dirfd, INDEX_TEMP, w->dirfd, INDEX_FILE) != 0)
		rc = -errno;
	if (rc) {
		close(fd);
		unlinkat(w->dirfd, INDEX_TEMP, 0);
		return rc;
	}
	close(w->fd);
	*w = next;
	return 0;
}
