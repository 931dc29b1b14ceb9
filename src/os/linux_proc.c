/* linux_proc: what /proc and pidfds tell of processes. The other half of os.h is linux.c. */
#include "os/linux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int linux_read(const char *path, char *ret_text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;

	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		ssize_t n = read(fd, ret_text + len, size - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int code = -errno;

			close(fd);
			return code;
		}
		if (n == 0)
			break;
		len += (size_t)n;
	}
	close(fd);
	ret_text[len] = '\0';
	return (int)len;
}

int os_boot_id(char ret_id[40])
{
	int n = linux_read("/proc/sys/kernel/random/boot_id", ret_id, 40);

	if (n < 0)
		return n;
	ret_id[strcspn(ret_id, "\n")] = '\0';
	return 0;
}

uint64_t os_pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 ? st.st_ino : 0;
}

/* Field 2 of /proc/PID/stat is a name in brackets that may hold anything, brackets included. */
static int parse_stat(const char *text, struct os_stat *ret)
{
	const char *p = strrchr(text, ')');
	unsigned long long start = 0;
	int ppid, pgid, sid, threads;
	char state;

	if (!p || sscanf(p + 1, " %c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d %*d %llu", &state,
			 &ppid, &pgid, &sid, &threads, &start) != 6)
		return -ESRCH;
	/* a first thread that ended is called a zombie, but its process lives on in the others */
	ret->state = state == 'Z' && threads > 1 ? 'S' : state;
	ret->ppid = ppid;
	ret->pgid = pgid;
	ret->sid = sid;
	ret->proc.start = start;
	return 0;
}

int os_stat(pid_t pid, struct os_stat *ret_stat)
{
	char path[40], text[1024];
	struct os_stat found = {.proc.pid = pid};
	struct stat st;
	int n;

	/* an emulator such as qemu-user makes up /proc/self/stat, but not the same of our only thread */
	snprintf(path, sizeof path, pid == getpid() ? "/proc/self/task/%d/stat" : "/proc/%d/stat", (int)pid);
	n = linux_read(path, text, sizeof text);
	if (n <= 0)
		return n == -EACCES ? n : -ESRCH;
	n = parse_stat(text, &found);
	if (n < 0)
		return n;
	found.uid = stat(path, &st) == 0 ? st.st_uid : (uid_t)-1;
	*ret_stat = found;
	return 0;
}

bool os_alive(struct os_proc proc)
{
	struct os_stat st;

	if (proc.pid <= 0 || os_stat(proc.pid, &st) < 0)
		return false;
	return (proc.start == 0 || st.proc.start == proc.start) && st.state != 'Z' && st.state != 'X';
}

struct dirent64_raw {
	uint64_t ino;
	int64_t off;
	unsigned short len;
	unsigned char type;
	char name[];
};

/* opendir would allocate; guard and keeper must not */
int linux_each_number(const char *path, int (*fn)(pid_t n, void *arg), void *arg)
{
	_Alignas(struct dirent64_raw) char buf[4096];
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = 0;

	if (fd < 0)
		return -errno;
	while (!result) {
		long n = syscall(SYS_getdents64, fd, buf, sizeof buf);

		if (n <= 0)
			break;
		for (long at = 0; at < n && !result;) {
			const struct dirent64_raw *d = (const void *)(buf + at);

			at += d->len;
			if (d->name[0] >= '0' && d->name[0] <= '9')
				result = fn((pid_t)atol(d->name), arg);
		}
	}
	close(fd);
	return result;
}

int os_each_process(int (*fn)(pid_t pid, void *arg), void *arg)
{
	return linux_each_number("/proc", fn, arg);
}

struct children {
	pid_t parent;
	pid_t *pids;
	int n, max;
	bool missing; /* the kernel has no children file */
};

static void children_parse(struct children *c, int fd)
{
	char buf[4096];
	pid_t pid = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof buf)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] >= '0' && buf[i] <= '9') {
				pid = pid * 10 + (buf[i] - '0');
			} else if (pid > 0) {
				if (c->n < c->max)
					c->pids[c->n++] = pid;
				pid = 0;
			}
		}
	}
}

static int children_of_thread(pid_t tid, void *arg)
{
	struct children *c = arg;
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)c->parent, (int)tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		c->missing = c->missing || tid == c->parent;
		return 0;
	}
	children_parse(c, fd);
	close(fd);
	return c->n >= c->max;
}

static int child_by_parent(pid_t pid, void *arg)
{
	struct children *c = arg;
	struct os_stat st;

	if (os_stat(pid, &st) == 0 && st.ppid == c->parent && c->n < c->max)
		c->pids[c->n++] = pid;
	return c->n >= c->max;
}

int os_children(pid_t pid, pid_t *ret_pids, int max)
{
	struct children c = {.parent = pid, .pids = ret_pids, .max = max};
	char path[40];
	int r;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	r = linux_each_number(path, children_of_thread, &c);
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	if (c.missing && kill(pid, 0) == 0) {
		/* a kernel without CONFIG_PROC_CHILDREN: every process is asked for its parent */
		c.n = 0;
		os_each_process(child_by_parent, &c);
	}
	return c.n;
}

int os_cmdline(pid_t pid, char *ret_line, size_t size)
{
	char path[40];

	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	return linux_read(path, ret_line, size);
}

int os_name(pid_t pid, char ret_name[16])
{
	char path[40], text[32];
	int n;

	snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	n = linux_read(path, text, sizeof text);
	if (n < 0)
		return n;
	snprintf(ret_name, 16, "%.*s", (int)strcspn(text, "\n"), text);
	return 0;
}

bool os_environ_has(pid_t pid, const char *entry)
{
	char path[40], buf[4096];
	size_t len = strlen(entry), at = 0;
	bool matching = true, found = false;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (!found && (n = read(fd, buf, sizeof buf)) > 0) {
		for (ssize_t i = 0; i < n && !found; i++) {
			if (buf[i] == '\0') {
				found = matching && at == len;
				matching = true;
				at = 0;
				continue;
			}
			matching = matching && at < len && entry[at] == buf[i];
			at++;
		}
	}
	close(fd);
	return found || (matching && at == len);
}

int os_pidfd(struct os_proc proc)
{
	struct os_stat st;
	int fd = (int)syscall(SYS_pidfd_open, proc.pid, 0);

	if (fd < 0)
		return -errno;
	/* asked after the open: from here on the number cannot change hands unseen */
	if (os_stat(proc.pid, &st) < 0 || (proc.start && st.proc.start != proc.start)) {
		close(fd);
		return -ESRCH;
	}
	return fd;
}

int os_pidfd_signal(int pidfd, int sig)
{
	return syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) == 0 ? 0 : -errno;
}

/* <linux/pidfd.h> of Debian 12 predates this; the layout is the kernel's first version of the struct. */
struct pidfd_info_raw {
	uint64_t mask, cgroupid;
	uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	int32_t exit_code;
};
#define PIDFD_GET_INFO_RAW  _IOWR(0xFF, 11, struct pidfd_info_raw)
#define PIDFD_INFO_EXIT_RAW (1ull << 3)

/* All four user ids of PID are ours, or we are root: only then the kernel tells us its exit_code and not 0. */
static bool is_readable(pid_t pid)
{
	char path[40], text[2048], *line;
	unsigned uid[4];

	if (geteuid() == 0)
		return true;
	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	if (linux_read(path, text, sizeof text) <= 0 || !(line = strstr(text, "\nUid:")) ||
	    sscanf(line, " Uid: %u %u %u %u", &uid[0], &uid[1], &uid[2], &uid[3]) != 4)
		return false;
	for (int i = 0; i < 4; i++)
		if (uid[i] != geteuid())
			return false;
	return true;
}

/* Field 52 of /proc/PID/stat, the last, of a zombie. */
static int zombie_status(struct os_proc proc, int *ret_status)
{
	char path[40], text[1024], *last;
	struct os_stat st = {0};

	snprintf(path, sizeof path, "/proc/%d/stat", (int)proc.pid);
	if (!is_readable(proc.pid) || linux_read(path, text, sizeof text) <= 0 || parse_stat(text, &st) < 0 ||
	    st.proc.start != proc.start || st.state != 'Z')
		return -ESRCH;
	last = strrchr(text, ' ');
	if (!last)
		return -ESRCH;
	*ret_status = atoi(last + 1);
	return 0;
}

static int reaped_status(int pidfd, int *ret_status)
{
	struct pidfd_info_raw info = {.mask = PIDFD_INFO_EXIT_RAW};

	if (ioctl(pidfd, PIDFD_GET_INFO_RAW, &info) < 0)
		return errno == ESRCH ? -EAGAIN : -ENOSYS;
	if (!(info.mask & PIDFD_INFO_EXIT_RAW))
		return -EAGAIN;
	*ret_status = info.exit_code;
	return 0;
}

int os_foreign_status(struct os_proc proc, int pidfd, int *ret_status)
{
	return zombie_status(proc, ret_status) == 0 ? 0 : reaped_status(pidfd, ret_status);
}
