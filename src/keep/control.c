#include "keep/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_NS 2000000000ll

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

static void drop(struct control *control, int client)
{
	close(control->clients[client]);
	control->clients[client] = -1;
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

/* A free place; where there is none, that of somebody who has nothing to wait for. -1: all wait. */
static int find_place(struct control *control)
{
	int idle = -1;

	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		if (control->clients[i] < 0)
			return i;
		if (idle < 0 && !control->waiting[i])
			idle = i;
	}
	if (idle >= 0)
		drop(control, idle);
	return idle;
}

static void accept_all(struct control *control)
{
	int fd;

	while ((fd = accept4(control->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		int place = is_us(fd) ? find_place(control) : -1;

		if (place < 0) {
			close(fd);
			continue;
		}
		control->clients[place] = fd;
		control->waiting[place] = false;
	}
}

static bool parse_kill(const char *text, struct control_order *ret)
{
	char cause[16];
	long long grace;
	int sig;

	if (sscanf(text, "1 kill %d %lld %15s", &sig, &grace, cause) != 3 || sig < 1 || sig > 64 || grace < 0)
		return false;
	if (task_reason_parse(cause, &ret->cause) < 0)
		return false;
	ret->word = CONTROL_KILL;
	ret->signal = sig;
	ret->grace_ms = grace;
	return true;
}

static bool parse_size(const char *text, struct control_order *ret)
{
	int cols, rows;
	char rest;

	if (sscanf(text, "1 size %d %d%c", &cols, &rows, &rest) != 2 || cols < 1 || rows < 1 ||
	    cols > CONTROL_SIZE_MAX || rows > CONTROL_SIZE_MAX)
		return false;
	ret->word = CONTROL_SIZE;
	ret->cols = cols;
	ret->rows = rows;
	return true;
}

bool control_parse(const char *text, struct control_order *ret)
{
	if (strcmp(text, "1 input") == 0 || strcmp(text, "1 eof") == 0) {
		ret->word = text[2] == 'i' ? CONTROL_INPUT : CONTROL_EOF;
		return true;
	}
	return parse_kill(text, ret) || parse_size(text, ret);
}

/* One packet, and a descriptor with it unless FD is negative. */
static bool say(int to, const char *word, int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} room = {0};
	struct iovec text = {.iov_base = (char *)(uintptr_t)word, .iov_len = strlen(word)};
	struct msghdr msg = {.msg_iov = &text, .msg_iovlen = 1};

	if (fd >= 0) {
		struct cmsghdr *head;

		msg.msg_control = room.bytes;
		msg.msg_controllen = sizeof room.bytes;
		head = CMSG_FIRSTHDR(&msg);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(head), &fd, sizeof fd);
	}
	return sendmsg(to, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)text.iov_len;
}

int control_serve(struct control *control, struct control_order *ret_order)
{
	char text[CONTROL_TEXT_MAX];

	accept_all(control);
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		ssize_t n;

		if (control->clients[i] < 0)
			continue;
		n = recv(control->clients[i], text, sizeof text - 1, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		text[n > 0 ? n : 0] = '\0';
		if (n <= 0 || !control_parse(text, ret_order)) {
			drop(control, i);
			continue;
		}
		ret_order->client = i;
		if (ret_order->word != CONTROL_KILL)
			return 1;
		control_reply(control, i, "ok", -1);
		if (control->clients[i] < 0)
			continue;
		control->waiting[i] = true;
		return 1;
	}
	return 0;
}

void control_reply(struct control *control, int client, const char *word, int fd)
{
	if (!say(control->clients[client], word, fd))
		drop(control, client);
}

void control_answer(struct control *control, const char *word)
{
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		if (control->clients[i] < 0)
			continue;
		if (control->waiting[i])
			say(control->clients[i], word, -1);
		drop(control, i);
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
	char text[CONTROL_TEXT_MAX];
	int n = snprintf(text, sizeof text, "1 kill %d %lld %s", order->signal, (long long)order->grace_ms,
			 task_reason_text(order->cause));

	return send(fd, text, (size_t)n, MSG_NOSIGNAL) == n ? 0 : -errno;
}

/* Waits for the answer: a word, and a descriptor where RET_FD is not NULL. */
static int hear(int fd, char word[CONTROL_TEXT_MAX], int *ret_fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} room;
	struct iovec text = {.iov_base = word, .iov_len = CONTROL_TEXT_MAX - 1};
	struct msghdr msg = {
	    .msg_iov = &text, .msg_iovlen = 1, .msg_control = room.bytes, .msg_controllen = sizeof room.bytes};
	struct pollfd news = {.fd = fd, .events = POLLIN};
	int64_t until = os_mono_ns() + PATIENCE_NS;
	struct cmsghdr *head;
	ssize_t n;
	int r;

	while ((r = os_wait(&news, 1, until)) == -EINTR)
		;
	if (r <= 0)
		return r < 0 ? r : -ETIMEDOUT;
	n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n <= 0)
		return -ECONNRESET;
	word[n] = '\0';
	head = CMSG_FIRSTHDR(&msg);
	if (ret_fd && head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(head), sizeof *ret_fd);
	return 0;
}

static int ask(int fd, const char *order, char word[CONTROL_TEXT_MAX], int *ret_fd)
{
	int r;

	if (send(fd, order, strlen(order), MSG_NOSIGNAL) < 0)
		return -ECONNRESET;
	r = hear(fd, word, ret_fd);
	if (r < 0)
		return r;
	return strcmp(word, "none") == 0 ? -ENOTTY : strcmp(word, "ended") == 0 ? -EPIPE : 0;
}

int control_input(int fd, int *ret_fd, uint64_t *ret_cursor)
{
	char word[CONTROL_TEXT_MAX];
	unsigned long long cursor;
	int got = -1, r = ask(fd, "1 input", word, &got);

	if (r == 0 && (got < 0 || sscanf(word, "input %llu", &cursor) != 1))
		r = -ECONNRESET;
	if (r < 0) {
		if (got >= 0)
			close(got);
		return r;
	}
	*ret_fd = got;
	*ret_cursor = cursor;
	return 0;
}

static int want_ok(int fd, const char *order)
{
	char word[CONTROL_TEXT_MAX];
	int r = ask(fd, order, word, NULL);

	return r == 0 && strcmp(word, "ok") != 0 ? -ECONNRESET : r;
}

int control_eof(int fd)
{
	return want_ok(fd, "1 eof");
}

int control_size(int fd, int cols, int rows)
{
	char text[CONTROL_TEXT_MAX];

	snprintf(text, sizeof text, "1 size %d %d", cols, rows);
	return want_ok(fd, text);
}
