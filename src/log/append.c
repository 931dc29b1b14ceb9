#include "log/append.h"

#include "os/os.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FULL_PAUSE_NS 100000000 /* a full disk is tried again ten times a second, and only while output comes */
#define COPY_BYTES    16384

int append_open(struct append *a, int fd, uint64_t max, struct index_writer *index)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	*a = (struct append){.fd = fd, .end = (uint64_t)st.st_size, .max = max, .index = index};
	if (index->loss.to > a->end)
		a->end = index->loss.to;
	return 0;
}

/* A disk that fails, or went read-only, takes no more either: its error will not pass by asking again at once. */
static bool is_full(ssize_t code)
{
	return code < 0 && code != -EAGAIN && code != -EINTR && code != -ENOMEM;
}

/* A file system without splice: through memory, and a kill between the two steps costs what was read. */
static ssize_t copy(struct append *a, int pipe_fd, size_t len)
{
	char buf[COPY_BYTES];
	ssize_t n = read(pipe_fd, buf, len < sizeof buf ? len : sizeof buf);
	int r;

	if (n <= 0)
		return n < 0 ? -errno : 0;
	r = append_write(a, buf, (size_t)n);
	if (r < 0)
		append_lose(a, (uint64_t)n);
	return n;
}

ssize_t append_move(struct append *a, int pipe_fd, size_t len)
{
	ssize_t n;

	if (a->retry_ns && os_mono_ns() < a->retry_ns)
		return -ENOSPC;
	if (a->copying)
		return copy(a, pipe_fd, len);
	n = os_move(pipe_fd, a->fd, a->end, len);
	if (n == -EINVAL) {
		a->copying = true;
		return copy(a, pipe_fd, len);
	}
	if (is_full(n)) {
		a->retry_ns = os_mono_ns() + FULL_PAUSE_NS;
		return -ENOSPC;
	}
	if (n > 0) {
		a->retry_ns = 0;
		a->end += (uint64_t)n;
	}
	return n;
}

int append_write(struct append *a, const void *bytes, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t w = pwrite(a->fd, (const char *)bytes + done, n - done, (off_t)(a->end + done));

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0) {
			/* all or nothing, so that the caller's count of what is lost stays simple */
			int code = -errno;

			(void)!ftruncate(a->fd, (off_t)a->end);
			a->retry_ns = os_mono_ns() + FULL_PAUSE_NS;
			return is_full(code) ? -ENOSPC : code;
		}
		done += (size_t)w;
	}
	a->end += n;
	return 0;
}

void append_lose(struct append *a, uint64_t n)
{
	uint64_t from = a->end;

	a->end += n;
	index_loss(a->index, from, a->end, os_now_ms());
	/* the file's length tells readers where the log ends; growing it takes no room */
	(void)!ftruncate(a->fd, (off_t)a->end);
}

void append_window(struct append *a, uint64_t safe)
{
	uint64_t from = a->index->freed_to > APPEND_HEAD ? a->index->freed_to : APPEND_HEAD;
	uint64_t to;

	if (a->no_punch || a->end < a->max + APPEND_HEAD)
		return;
	to = a->end - a->max;
	to = (to < safe ? to : safe) / APPEND_STEP * APPEND_STEP;
	if (to <= from)
		return;
	/* told first, so that no reader takes the hole for zeros that the task wrote; what cannot be told stays */
	if (index_freed(a->index, APPEND_HEAD, to) < 0)
		return;
	if (os_punch(a->fd, from, to) < 0)
		a->no_punch = true;
}
