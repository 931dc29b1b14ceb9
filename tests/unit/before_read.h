/* before_read: what happens to a log between a reader's decision and its read, on demand. */
#ifndef HOB_TEST_BEFORE_READ_H
#define HOB_TEST_BEFORE_READ_H

#include <sys/syscall.h>
#include <unistd.h>

static void (*before_read)(void);
static int reads_until; /* reads of the log that pass before it happens */

ssize_t pread(int fd, void *buf, size_t n, off_t at)
{
	void (*hook)(void) = before_read;

	if (hook && n > 64 && reads_until-- == 0) { /* not the index's header */
		before_read = NULL;
		reads_until = 0;
		hook();
	}
	return syscall(SYS_pread64, fd, buf, n, at);
}

#endif
