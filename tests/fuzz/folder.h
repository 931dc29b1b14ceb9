/* folder: the task folder in memory-backed storage that the harnesses of files share. One per process. */
#ifndef HOB_FUZZ_FOLDER_H
#define HOB_FUZZ_FOLDER_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder_path[64];
static int folder_fd = -1;

static void folder_remove(void)
{
	unlinkat(folder_fd, "index", 0);
	unlinkat(folder_fd, "index.new", 0);
	unlinkat(folder_fd, "log", 0);
	rmdir(folder_path);
}

static int folder(void)
{
	if (folder_fd >= 0)
		return folder_fd;
	snprintf(folder_path, sizeof folder_path, "%s/hob-fuzz-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	if (!mkdtemp(folder_path))
		abort();
	folder_fd = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder_fd < 0)
		abort();
	atexit(folder_remove);
	return folder_fd;
}

static void folder_put(const char *name, const uint8_t *data, size_t size)
{
	int fd = openat(folder(), name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

#endif
