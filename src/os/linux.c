/* linux: time, descriptors, pipes, locks and watches. Processes are in linux_proc.c. */
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <signal.h>

int64_t os_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t os_mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int os_random(void *bytes, size_t len)
{
	return getentropy(bytes, len) == 0 ? 0 : -errno;
}

int os_adopt_orphans(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 ? 0 : -errno;
}

void os_title(char *begin, size_t size, const char *const *words)
{
	char name[16] = "";
	size_t at = 0;

	/* in place, so that a word that stays is there all the time: others look while it changes */
	for (; *words; words++) {
		size_t len = strlen(*words) + 1;

		if (at + len > size)
			break;
		memcpy(begin + at, *words, len);
		at += len;
		if (strlen(name) + len + 1 < sizeof name) {
			strcat(name, *name ? "-" : "");
			strcat(name, *words);
		}
	}
	memset(begin + at, 0, size - at);
	prctl(PR_SET_NAME, name, 0, 0, 0);
}

int os_signal_fd(const int *sigs)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (; *sigs; sigs++)
		sigaddset(&set, *sigs);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

void os_signal_drain(int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof info) > 0)
		;
}

int os_poke_fd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

void os_poke(int fd)
{
	uint64_t one = 1;

	(void)!write(fd, &one, sizeof one);
}

void os_poke_drain(int fd)
{
	uint64_t sum;

	(void)!read(fd, &sum, sizeof sum);
}

int os_wait(struct pollfd *fds, nfds_t n, int64_t deadline_ns)
{
	struct timespec ts, *timeout = NULL;
	int r;

	if (deadline_ns >= 0) {
		int64_t left = deadline_ns - os_mono_ns();

		if (left < 0)
			left = 0;
		ts.tv_sec = left / 1000000000;
		ts.tv_nsec = left % 1000000000;
		timeout = &ts;
	}
	r = ppoll(fds, n, timeout, NULL);
	return r < 0 ? -errno : r;
}

ssize_t os_move(int pipe_fd, int fd, uint64_t offset, size_t len)
{
	loff_t at = (loff_t)offset;
	ssize_t n = splice(pipe_fd, NULL, fd, &at, len, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	return n < 0 ? -errno : n;
}

ssize_t os_pipe_move(int from, int to, size_t len)
{
	ssize_t n = splice(from, NULL, to, NULL, len, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	return n < 0 ? -errno : n;
}

int os_punch(int fd, uint64_t from, uint64_t to)
{
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)(to - from)) < 0)
		return -errno;
	return 0;
}

int os_pipe_resize(int fd, int bytes)
{
	int r = fcntl(fd, F_SETPIPE_SZ, bytes);

	return r < 0 ? -errno : r;
}

int os_pipe_fill(int fd)
{
	int n = 0;

	return ioctl(fd, FIONREAD, &n) < 0 ? -errno : n;
}

int os_socket_fill(int fd)
{
	int n = 0;

	return ioctl(fd, SIOCOUTQ, &n) < 0 ? -errno : n;
}

int os_lock(int fd, int n)
{
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = n, .l_len = 1};

	return fcntl(fd, F_OFD_SETLKW, &fl) == 0 ? 0 : -errno;
}

bool os_locked(int fd, int n)
{
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = n, .l_len = 1};

	return fcntl(fd, F_OFD_GETLK, &fl) == 0 && fl.l_type != F_UNLCK;
}

int os_watch_new(void)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

int os_watch_modified(int watch_fd, const char *path)
{
	int r = inotify_add_watch(watch_fd, path, IN_MODIFY);

	return r < 0 ? -errno : r;
}

int os_watch_once(int watch_fd, const char *path)
{
	int r = inotify_add_watch(watch_fd, path, IN_MODIFY | IN_ONESHOT);

	return r < 0 ? -errno : r;
}

int os_watch_closed(int watch_fd, const char *path)
{
	int r = inotify_add_watch(watch_fd, path, IN_CLOSE_WRITE);

	return r < 0 ? -errno : r;
}

bool os_watch_take(int watch_fd, int number)
{
	_Alignas(struct inotify_event) char buf[4096];
	bool found = false;
	ssize_t n;

	while ((n = read(watch_fd, buf, sizeof buf)) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *event = (const void *)(buf + at);

			found = found || event->wd == number || event->mask & IN_Q_OVERFLOW;
			at += (ssize_t)(sizeof *event + event->len);
		}
	}
	return found;
}

void os_watch_drain(int watch_fd)
{
	os_watch_take(watch_fd, 0);
}

void os_watch_leave(int watch_fd)
{
	if (fork() == 0) {
		syscall(SYS_close_range, 0, watch_fd - 1, 0);
		syscall(SYS_close_range, watch_fd + 1, ~0u, 0);
		_exit(0);
	}
	close(watch_fd);
}

int os_memory_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int os_cloexec_from(int first)
{
	return syscall(SYS_close_range, first, ~0u, CLOSE_RANGE_CLOEXEC) == 0 ? 0 : -errno;
}
