#include "log/size.h"

#include "base/path.h"
#include "log/index.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static uint64_t count_lines(int fd, uint64_t from, uint64_t to)
{
	char buf[16384];
	uint64_t lines = 0;

	while (from < to) {
		size_t want = to - from < sizeof buf ? (size_t)(to - from) : sizeof buf;
		ssize_t n = path_read_at(fd, buf, want, (off_t)from);

		if (n <= 0)
			break;
		for (const char *p = buf; (p = memchr(p, '\n', (size_t)(buf + n - p))); p++)
			lines++;
		from += (uint64_t)n;
	}
	return lines;
}

int size_of_log(int dirfd, struct size *ret)
{
	CLEAN_FD int fd = openat(dirfd, "log", O_RDONLY | O_CLOEXEC);
	struct index ix = {0};
	struct stat st;
	uint64_t at = 0;

	*ret = (struct size){0};
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	ret->bytes = (uint64_t)st.st_size;
	/* without an index the lines are counted in what is there */
	index_load(dirfd, &ix, NULL);
	if (ix.nlosses && ix.losses[ix.nlosses - 1].to > ret->bytes)
		ret->bytes = ix.losses[ix.nlosses - 1].to;
	ret->lines = index_lines_at(&ix, ret->bytes, &at);
	ret->lines += count_lines(fd, at, ret->bytes);
	ret->lost = ix.lost;
	index_done(&ix);
	return 0;
}
