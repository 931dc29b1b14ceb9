/* linux_net: sockets that listen, from the tables of a process' network namespace. */
#include "os/linux.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LISTENS 0x0a

struct table {
	struct os_listener *list;
	int n, max;
};

/* "  0: 0100007F:0BB8 00000000:0000 0A … uid timeout inode …" False behind the last socket that listens: the kernel
 * puts those first. */
static bool take_line(struct table *t, const char *line)
{
	unsigned port, state;
	uint64_t inode;

	if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*u %*u %" SCNu64, &port, &state, &inode) != 3)
		return true;
	if (state != LISTENS || t->n == t->max)
		return false;
	t->list[t->n++] = (struct os_listener){.inode = inode, .port = (uint16_t)port};
	return true;
}

/* Takes the whole lines of BUF; *HELD is what remains. */
static bool take_lines(struct table *t, char *buf, size_t *held)
{
	char *line = buf, *end;
	bool more = true;

	while (more && (end = strchr(line, '\n'))) {
		*end = '\0';
		more = take_line(t, line);
		line = end + 1;
	}
	*held = strlen(line);
	memmove(buf, line, *held + 1);
	return more;
}

static int read_table(struct table *t, pid_t pid, const char *name)
{
	char path[48], buf[4096];
	size_t held = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/net/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((n = read(fd, buf + held, sizeof buf - 1 - held)) > 0) {
		buf[held + (size_t)n] = '\0';
		if (!take_lines(t, buf, &held) || held == sizeof buf - 1)
			break;
	}
	close(fd);
	return 0;
}

int os_listeners(pid_t pid, struct os_listener *ret, int max)
{
	struct table t = {.list = ret, .max = max};
	int r4 = read_table(&t, pid, "tcp"), r6 = read_table(&t, pid, "tcp6");

	return r4 < 0 && r6 < 0 ? r4 : t.n;
}

uint64_t os_net_namespace(pid_t pid)
{
	char path[40];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}
