/* linux_net: sockets that listen: asked of the kernel (sock_diag(7)) in our own network namespace, in another one read
 * from the tables below /proc/PID/net. Those cost some milliseconds, whatever is in them. */
#include "os/linux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
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
		/* room for more that was not used: this is the end, and asking for it would cost as much again */
		bool last = held + (size_t)n < sizeof buf - 512;

		buf[held + (size_t)n] = '\0';
		if (!take_lines(t, buf, &held) || last)
			break;
	}
	close(fd);
	return 0;
}

/* ---- asking the kernel ---- */

static int send_request(int fd, int family)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 what;
	} ask = {
	    .head = {.nlmsg_len = sizeof ask,
		     .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	    .what = {.sdiag_family = (uint8_t)family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = 1 << LISTENS},
	};

	return send(fd, &ask, sizeof ask, 0) == (ssize_t)sizeof ask ? 0 : -errno;
}

/* Takes what one datagram holds. 1: more come; 0: that was all; or a negative errno. */
static int take_answer(struct table *t, const char *buf, size_t len)
{
	const struct nlmsghdr *head = (const void *)buf;

	for (; NLMSG_OK(head, len); head = NLMSG_NEXT(head, len)) {
		const struct inet_diag_msg *socket = NLMSG_DATA(head);

		if (head->nlmsg_type == NLMSG_DONE)
			return 0;
		if (head->nlmsg_type == NLMSG_ERROR)
			return -ENOTSUP;
		if (t->n < t->max)
			t->list[t->n++] =
			    (struct os_listener){.inode = socket->idiag_inode, .port = ntohs(socket->id.idiag_sport)};
	}
	return 1;
}

static int ask_family(struct table *t, int fd, int family)
{
	_Alignas(struct nlmsghdr) char buf[16384];
	int r = send_request(fd, family);

	if (r < 0)
		return r;
	do {
		ssize_t n = recv(fd, buf, sizeof buf, 0);

		r = n < 0 ? -errno : take_answer(t, buf, (size_t)n);
	} while (r == 1);
	return r;
}

static int ask_kernel(struct table *t)
{
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG), r;

	if (fd < 0)
		return -errno;
	r = ask_family(t, fd, AF_INET);
	if (r == 0)
		r = ask_family(t, fd, AF_INET6);
	close(fd);
	return r;
}

int os_listeners(pid_t pid, struct os_listener *ret, int max)
{
	struct table t = {.list = ret, .max = max};
	int r4, r6;

	if (os_net_namespace(pid) == os_net_namespace(getpid()) && ask_kernel(&t) == 0)
		return t.n;
	t.n = 0;
	r4 = read_table(&t, pid, "tcp");
	r6 = read_table(&t, pid, "tcp6");
	return r4 < 0 && r6 < 0 ? r4 : t.n;
}

uint64_t os_net_namespace(pid_t pid)
{
	char path[40];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}
