#include "keep/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MESSAGE_MAX 64

static int open_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

/* An address for "ctl" in DIRFD that fits however long the folder's path is. */
static void address_in_folder(struct sockaddr_un *addr, int dirfd)
{
	*addr = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(addr->sun_path, sizeof addr->sun_path, "/proc/self/fd/%d/ctl", dirfd);
}

static int bind_and_listen(const struct sockaddr_un *addr)
{
	int fd = open_socket();

	if (fd < 0)
		return fd;
	unlink(addr->sun_path);
	if (bind(fd, (const struct sockaddr *)addr, sizeof *addr) < 0 || chmod(addr->sun_path, 0600) < 0 ||
	    listen(fd, 64) < 0) {
		int code = -errno;

		close(fd);
		return code;
	}
	return fd;
}

/* The runtime folder must be there and ours alone; else the task's own folder serves. */
static bool private_dir(const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return false;
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 077);
}

int control_listen(const char *dir, const char *token, int dirfd, char ret_path[108])
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int n, fd;

	ret_path[0] = '\0';
	if (dir && private_dir(dir)) {
		n = snprintf(addr.sun_path, sizeof addr.sun_path, "%s/%.16s", dir, token);
		if (n > 0 && (size_t)n < sizeof addr.sun_path) {
			fd = bind_and_listen(&addr);
			if (fd >= 0) {
				memcpy(ret_path, addr.sun_path, (size_t)n + 1);
				return fd;
			}
		}
	}
	address_in_folder(&addr, dirfd);
	return bind_and_listen(&addr);
}

void control_init(struct control *control, int listen_fd)
{
	control->listen_fd = listen_fd;
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		control->clients[i] = -1;
}

int control_poll(const struct control *control, struct pollfd *fds)
{
	int n = 0;

	fds[n++] = (struct pollfd){.fd = control->listen_fd, .events = POLLIN};
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		if (control->clients[i] >= 0)
			fds[n++] = (struct pollfd){.fd = control->clients[i], .events = POLLIN};
	return n;
}

static bool is_us(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && (peer.uid == geteuid() || peer.uid == 0);
}

static void accept_all(struct control *control)
{
	int fd;

	while ((fd = accept4(control->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		int i = 0;

		while (i < CONTROL_CLIENTS && control->clients[i] >= 0)
			i++;
		if (i < CONTROL_CLIENTS && is_us(fd))
			control->clients[i] = fd;
		else
			close(fd);
	}
}

static bool parse_order(const char *text, struct control_order *ret)
{
	char cause[16];
	long long grace;
	int sig;

	if (sscanf(text, "1 kill %d %lld %15s", &sig, &grace, cause) != 3 || sig < 1 || sig > 64 || grace < 0)
		return false;
	if (task_reason_parse(cause, &ret->cause) < 0)
		return false;
	ret->signal = sig;
	ret->grace_ms = grace;
	return true;
}

int control_serve(struct control *control, struct control_order *ret_order)
{
	char text[MESSAGE_MAX];
	int got = 0;

	accept_all(control);
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		ssize_t n;

		if (control->clients[i] < 0)
			continue;
		n = recv(control->clients[i], text, sizeof text - 1, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		text[n > 0 ? n : 0] = '\0';
		if (n > 0 && parse_order(text, ret_order) && send(control->clients[i], "ok", 2, MSG_NOSIGNAL) == 2) {
			got = 1;
			continue;
		}
		close(control->clients[i]);
		control->clients[i] = -1;
	}
	return got;
}

void control_answer(struct control *control, const char *word)
{
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		if (control->clients[i] < 0)
			continue;
		send(control->clients[i], word, strlen(word), MSG_NOSIGNAL | MSG_DONTWAIT);
		close(control->clients[i]);
		control->clients[i] = -1;
	}
}

int control_connect(const struct files_keepers *keepers, int dirfd)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = open_socket();

	if (fd < 0)
		return fd;
	if (*keepers->socket)
		memcpy(addr.sun_path, keepers->socket, sizeof keepers->socket);
	else
		address_in_folder(&addr, dirfd);
	if (connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0) {
		int code = -errno;

		close(fd);
		return code;
	}
	return fd;
}

int control_order(int fd, const struct control_order *order)
{
	char text[MESSAGE_MAX];
	int n = snprintf(text, sizeof text, "1 kill %d %lld %s", order->signal, (long long)order->grace_ms,
			 task_reason_text(order->cause));

	return send(fd, text, (size_t)n, MSG_NOSIGNAL) == n ? 0 : -errno;
}
