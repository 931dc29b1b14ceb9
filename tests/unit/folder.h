/* folder: what unit tests of reading share: a task's folder, empty for each test, and its log.
 * For tests only; every function fails the test that calls it when something is wrong. */
#ifndef HOB_TEST_FOLDER_H
#define HOB_TEST_FOLDER_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log/index.h"

#define MIB (1024u * 1024u)

static int dir = -1;

static inline int folder_enter(void **state)
{
	char path[] = "/tmp/hob-test-folder-XXXXXX";

	if (!mkdtemp(path))
		return -1;
	*state = strdup(path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

/* Removes log and index. */
static inline void folder_empty(void)
{
	unlinkat(dir, "log", 0);
	unlinkat(dir, INDEX_FILE, 0);
}

static inline int folder_leave(void **state)
{
	folder_empty();
	close(dir);
	rmdir(*state);
	free(*state);
	return 0;
}

static inline void put_log(const void *bytes, size_t len)
{
	int fd = openat(dir, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static inline void put_text(const char *text)
{
	put_log(text, strlen(text));
}

#endif
