#include "keep/files.h"

#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Each record is a line padded with blanks to RECORD bytes: readable with cat, and of one length for ever. */
#define RECORD 160

static int write_record(int fd, int slot, const char *text)
{
	char line[RECORD];
	size_t len = strnlen(text, RECORD - 1);

	memset(line, ' ', RECORD);
	memcpy(line, text, len);
	line[RECORD - 1] = '\n';
	return pwrite(fd, line, RECORD, slot * (off_t)RECORD) == RECORD ? 0 : -EIO;
}

static int read_record(int fd, int slot, char ret_text[RECORD])
{
	if (path_read_at(fd, ret_text, RECORD, slot * (off_t)RECORD) != RECORD)
		return -ENODATA;
	ret_text[RECORD - 1] = '\0';
	return 0;
}

static int make_file(int dirfd, const char *name, int slots)
{
	CLEAN_FD int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : 0;

	for (int i = 0; r == 0 && i < slots; i++)
		r = write_record(fd, i, "-");
	return r;
}

int files_make(int dirfd)
{
	int r = make_file(dirfd, "log", 0);

	if (r == 0)
		r = make_file(dirfd, "exit", 1);
	if (r == 0)
		r = make_file(dirfd, "lock", 3);
	return r;
}

int files_write_exit(int fd, int wstatus, int64_t at_ms, enum task_reason cause)
{
	char text[RECORD];

	snprintf(text, sizeof text, "status %d at %lld cause %s.", wstatus, (long long)at_ms, task_reason_text(cause));
	return write_record(fd, 0, text);
}

int files_read_exit(int dirfd, int *ret_wstatus, int64_t *ret_at_ms, enum task_reason *ret_cause)
{
	CLEAN_FD int fd = openat(dirfd, "exit", O_RDONLY | O_CLOEXEC);
	char text[RECORD], word[16] = "";
	enum task_reason cause;
	long long at;
	int status;

	if (fd < 0 || read_record(fd, 0, text) < 0)
		return -ENODATA;
	if (sscanf(text, "status %d at %lld cause %15[^. ]", &status, &at, word) < 2)
		return -ENODATA;
	if (task_reason_parse(word, &cause) < 0)
		return -ENODATA;
	*ret_wstatus = status;
	*ret_at_ms = at;
	*ret_cause = cause;
	return 0;
}

static int write_slot(int dirfd, int slot, const char *text)
{
	CLEAN_FD int fd = openat(dirfd, "lock", O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : write_record(fd, slot, text);
}

static int write_proc(int dirfd, int slot, struct os_proc proc)
{
	char text[RECORD];

	snprintf(text, sizeof text, "%d %llu", (int)proc.pid, (unsigned long long)proc.start);
	return write_slot(dirfd, slot, text);
}

int files_write_guard(int dirfd, struct os_proc guard, const char *socket)
{
	char text[RECORD];
	int r = write_proc(dirfd, 0, guard);

	if (r < 0)
		return r;
	snprintf(text, sizeof text, "socket %s", *socket ? socket : "ctl");
	return write_slot(dirfd, 2, text);
}

int files_write_keeper(int dirfd, struct os_proc keeper)
{
	return write_proc(dirfd, 1, keeper);
}

static struct os_proc read_proc(int fd, int slot)
{
	unsigned long long start = 0;
	char text[RECORD];
	int pid = 0;

	if (read_record(fd, slot, text) < 0 || sscanf(text, "%d %llu", &pid, &start) != 2)
		return (struct os_proc){0};
	return (struct os_proc){.pid = pid, .start = start};
}

int files_read_keepers(int dirfd, struct files_keepers *ret)
{
	CLEAN_FD int fd = openat(dirfd, "lock", O_RDONLY | O_CLOEXEC);
	char text[RECORD], path[108] = "";

	if (fd < 0)
		return -errno;
	*ret = (struct files_keepers){.guard = read_proc(fd, 0), .keeper = read_proc(fd, 1)};
	if (read_record(fd, 2, text) == 0 && sscanf(text, "socket %107[^\n]", path) == 1) {
		for (size_t n = strlen(path); n && path[n - 1] == ' '; n--)
			path[n - 1] = '\0';
		if (strcmp(path, "ctl") != 0)
			memcpy(ret->socket, path, sizeof path);
	}
	return 0;
}

bool files_kept(int dirfd)
{
	CLEAN_FD int fd = openat(dirfd, "lock", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && (os_locked(fd, FILES_LOCK_GUARD) || os_locked(fd, FILES_LOCK_KEEPER));
}
