/* linux_wait: what processes have open, and what their threads sleep on: /proc/PID/fd, fdinfo, syscall and mem. */
#include "os/linux.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define PTS_MAJOR  136 /* admin-guide/devices.txt */
#define SET_MAX	   256 /* members of a set that are looked at */
#define SELECT_MAX 1024

/* ---- descriptors ---- */

/* The terminal whose master FD of PID is: proc(5) tells its number. */
static uint64_t terminal_of_master(pid_t pid, int fd)
{
	char path[48], text[512], *line;
	unsigned n;

	snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", (int)pid, fd);
	if (linux_read(path, text, sizeof text) <= 0 || !(line = strstr(text, "tty-index:")) ||
	    sscanf(line, "tty-index: %u", &n) != 1)
		return 0;
	return makedev(PTS_MAJOR, n);
}

static void name_device(pid_t pid, struct os_file *file, dev_t rdev)
{
	pid_t foreground;

	if (rdev == makedev(5, 2)) {
		file->kind = OS_FILE_MASTER;
		file->id = terminal_of_master(pid, file->fd);
	} else if (rdev == makedev(5, 0)) {
		file->kind = OS_FILE_TERMINAL;
		os_terminal_of(pid, &file->id, &foreground);
	} else if (major(rdev) == PTS_MAJOR || major(rdev) == 4) {
		file->kind = OS_FILE_TERMINAL;
		file->id = rdev;
	}
}

int os_file(pid_t pid, int fd, struct os_file *ret)
{
	struct os_file file = {.fd = fd};
	struct stat link, st;
	char path[48];

	snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
	if (lstat(path, &link) < 0 || stat(path, &st) < 0)
		return errno == EPERM ? -EACCES : -errno;
	/* the link's own permissions tell how the descriptor was opened */
	file.writes = link.st_mode & S_IWUSR;
	if (S_ISFIFO(st.st_mode))
		file.kind = OS_FILE_PIPE;
	else if (S_ISSOCK(st.st_mode))
		file.kind = OS_FILE_SOCKET;
	else if (S_ISCHR(st.st_mode))
		name_device(pid, &file, st.st_rdev);
	if (file.kind == OS_FILE_PIPE || file.kind == OS_FILE_SOCKET)
		file.id = st.st_ino;
	*ret = file;
	return 0;
}

struct each_file {
	pid_t pid;
	int (*fn)(const struct os_file *file, void *arg);
	void *arg;
};

static int on_file(int fd, void *arg)
{
	const struct each_file *each = arg;
	struct os_file file;

	return os_file(each->pid, fd, &file) == 0 ? each->fn(&file, each->arg) : 0;
}

int os_each_file(pid_t pid, int (*fn)(const struct os_file *file, void *arg), void *arg)
{
	struct each_file each = {.pid = pid, .fn = fn, .arg = arg};
	char path[40];
	int r;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	r = linux_each_number(path, on_file, &each);
	return r == -EPERM ? -EACCES : r;
}

/* ---- terminals ---- */

static int open_terminal(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int os_terminal_open(pid_t pid, int fd)
{
	char path[48];

	snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
	return open_terminal(path);
}

int os_terminal_find(uint64_t id)
{
	char path[40];
	struct stat st;
	int fd;

	if (major(id) != PTS_MAJOR)
		return -ENOENT;
	snprintf(path, sizeof path, "/dev/pts/%u", minor(id));
	fd = open_terminal(path);
	if (fd >= 0 && (fstat(fd, &st) < 0 || st.st_rdev != id)) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

int os_terminal_of(pid_t pid, uint64_t *ret_id, pid_t *ret_foreground)
{
	char path[40], text[1024], *p;
	int tty, foreground;

	*ret_id = 0;
	*ret_foreground = 0;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (linux_read(path, text, sizeof text) <= 0 || !(p = strrchr(text, ')')) ||
	    sscanf(p + 1, " %*c %*d %*d %*d %d %d", &tty, &foreground) != 2)
		return -ESRCH;
	/* proc(5): the minor number is in bits 31 to 20 and 7 to 0 */
	if (tty)
		*ret_id = makedev((unsigned)tty >> 8 & 0xfff, ((unsigned)tty & 0xff) | ((unsigned)tty >> 12 & 0xfff00));
	*ret_foreground = foreground;
	return 0;
}

/* ---- what a thread sleeps on ---- */

struct awaited {
	pid_t pid;
	int (*fn)(int fd, bool alone, void *arg);
	void *arg;
	int code; /* why nothing is known, when it is so */
};

struct call {
	long number;
	uint64_t arg[6];
};

/* Reads LEN bytes of PID's memory at ADDRESS; how many, or -1. */
static ssize_t read_memory(pid_t pid, uint64_t address, void *ret, size_t len)
{
	char path[40];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = pread(fd, ret, len, (off_t)address);
	close(fd);
	return n;
}

static int in_poll(const struct awaited *a, uint64_t address, uint64_t n)
{
	struct pollfd set[SET_MAX];
	ssize_t got = n ? read_memory(a->pid, address, set, (n < SET_MAX ? n : SET_MAX) * sizeof *set) : 0;
	int r = 0;

	for (size_t i = 0; got > 0 && i < (size_t)got / sizeof *set && !r; i++)
		if (set[i].fd >= 0 && set[i].events & (POLLIN | POLLRDNORM))
			r = a->fn(set[i].fd, false, a->arg);
	return r;
}

static int in_select(const struct awaited *a, uint64_t n, uint64_t address)
{
	unsigned long set[SELECT_MAX / (8 * sizeof(long))] = {0};
	const size_t bits = 8 * sizeof *set;
	int r = 0;

	if (n > SELECT_MAX)
		n = SELECT_MAX;
	if (!address || read_memory(a->pid, address, set, (n + bits - 1) / bits * sizeof *set) <= 0)
		return 0;
	for (size_t fd = 0; fd < n && !r; fd++)
		if (set[fd / bits] >> fd % bits & 1)
			r = a->fn((int)fd, false, a->arg);
	return r;
}

/* "tfd:        5 events:       1d data: …", a line a member */
static int in_epoll(const struct awaited *a, int epoll)
{
	char path[48], text[SET_MAX * 96], *line = text;
	int r = 0;

	snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", (int)a->pid, epoll);
	if (linux_read(path, text, sizeof text) <= 0)
		return 0;
	while (!r && (line = strstr(line, "tfd:"))) {
		unsigned events;
		int fd;

		if (sscanf(line, "tfd: %d events: %x", &fd, &events) == 2 && events & (EPOLLIN | EPOLLRDNORM))
			r = a->fn(fd, false, a->arg);
		line += 4;
	}
	return r;
}

/* Which calls wait for something to read; aarch64 has only the newer half of them. */
static int in_call(const struct awaited *a, const struct call *c)
{
	switch (c->number) {
	case SYS_read:
	case SYS_readv:
	case SYS_pread64:
	case SYS_preadv:
	case SYS_preadv2:
	case SYS_splice:
	case SYS_tee:
		return a->fn((int)c->arg[0], true, a->arg);
	case SYS_sendfile:
		return a->fn((int)c->arg[1], true, a->arg);
#ifdef SYS_poll
	case SYS_poll:
#endif
	case SYS_ppoll:
		return in_poll(a, c->arg[0], c->arg[1]);
	case SYS_restart_syscall:
		/* a poll that was stopped and went on; nothing else that restarts has as little in this place */
		return c->arg[1] <= SET_MAX ? in_poll(a, c->arg[0], c->arg[1]) : 0;
#ifdef SYS_select
	case SYS_select:
#endif
	case SYS_pselect6:
		return in_select(a, c->arg[0], c->arg[1]);
#ifdef SYS_epoll_wait
	case SYS_epoll_wait:
#endif
	case SYS_epoll_pwait:
#ifdef SYS_epoll_pwait2
	case SYS_epoll_pwait2:
#endif
		return in_epoll(a, (int)c->arg[0]);
	default:
		return 0;
	}
}

/* Who waits for a reader's data sleeps interruptibly. One in state D is merely held up on its way into the call, or out
 * of it: a terminal's reader, say, until the kernel has brought it what was typed. */
static bool is_held_up(const struct awaited *a, int tid)
{
	char path[64], text[512], *p;

	snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)a->pid, tid);
	return linux_read(path, text, sizeof text) <= 0 || !(p = strrchr(text, ')')) || p[1] != ' ' || p[2] == 'D' ||
	       p[2] == 'R';
}

static int in_thread(int tid, void *arg)
{
	struct awaited *a = arg;
	struct call c;
	char path[64], text[256];
	int n;

	snprintf(path, sizeof path, "/proc/%d/task/%d/syscall", (int)a->pid, tid);
	n = linux_read(path, text, sizeof text);
	if (n < 0) {
		a->code = n == -EPERM || n == -EACCES ? -EACCES : n == -ENOENT && tid == a->pid ? -ENOSYS : a->code;
		return 0;
	}
	/* "running", or the number, six arguments and two pointers */
	if (sscanf(text, "%ld %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64, &c.number,
		   &c.arg[0], &c.arg[1], &c.arg[2], &c.arg[3], &c.arg[4], &c.arg[5]) != 7 ||
	    is_held_up(a, tid))
		return 0;
	return in_call(a, &c);
}

int os_each_awaited(pid_t pid, int (*fn)(int fd, bool alone, void *arg), void *arg)
{
	struct awaited a = {.pid = pid, .fn = fn, .arg = arg};
	char path[40];
	int r;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	r = linux_each_number(path, in_thread, &a);
	if (r == -ENOENT)
		return -ESRCH;
	return r ? r : a.code;
}
