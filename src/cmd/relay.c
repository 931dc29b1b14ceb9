#include "cmd/relay.h"

#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define TELL_BYTES   (4 * 1024 * 1024)
#define LEFTOVERS_NS 100000000ll /* what ends so soon was no background job, but the rest of a pipeline */
#define FORGET_NS    500000000ll
#define HELD_BYTES   (48 * 1024)
#define LOOK_NS	     1000000ll
#define LOOK_MAX_NS  16000000ll
#define UNREAD_NS    10000000000ll
#define PIPE_BYTES   4096 /* a pipe that can be written takes so much without waiting */

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, 0};

int relay_open(struct relay *r, struct launch *launch)
{
	struct stat st;

	*r = (struct relay){.launch = launch, .folder = -1, .signals = -1, .until = UINT64_MAX};
	r->watch = os_watch_new();
	r->socket = fstat(1, &st) == 0 && S_ISSOCK(st.st_mode);
	return r->watch < 0 ? r->watch : 0;
}

/* From now on they come by a descriptor; what the caller ignores, the command ignores, too. */
static int take_signals(void)
{
	int taken[sizeof signals / sizeof *signals] = {0}, n = 0;
	sigset_t set;

	sigemptyset(&set);
	for (const int *sig = signals; *sig; sig++) {
		struct sigaction now;

		if (sigaction(*sig, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
			continue;
		sigaddset(&set, *sig);
		taken[n++] = *sig;
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	return os_signal_fd(taken);
}

int relay_begin(struct relay *r, int home_fd, const char *id)
{
	CLEAN_FREE char *name = xasprintf("tasks/%s", id);
	CLEAN_FREE char *path = NULL;
	struct err ignored = {0};

	signal(SIGPIPE, SIG_IGN);
	r->signals = take_signals();
	r->folder = openat(home_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->folder < 0)
		return -errno;
	if (reader_open(r->folder, &r->log, &ignored) < 0)
		return -EIO;
	path = xasprintf("/proc/self/fd/%d/log", r->folder);
	return os_watch_modified(r->watch, path) < 0 ? -EIO : r->signals < 0 ? r->signals : 0;
}

static void tell_copied(struct relay *r)
{
	char word[32];

	if (r->at - r->told < TELL_BYTES)
		return;
	snprintf(word, sizeof word, "copied %llu", (unsigned long long)r->at);
	launch_say(r->launch, word);
	r->told = r->at;
}

/* What is in the log and not written yet: its next piece. What the disk had no room for is passed over. */
static void fill(struct relay *r)
{
	struct reader_piece piece;
	struct err ignored = {0};
	uint64_t end;

	if (r->len || r->at >= r->until)
		return;
	reader_refresh(r->log, &ignored);
	end = reader_end(r->log) < r->until ? reader_end(r->log) : r->until;
	while (r->at < end && reader_next(r->log, r->at, end, &piece, &ignored) == 0 && piece.from < piece.to) {
		if (piece.kind == READER_DATA) {
			r->bytes = piece.bytes;
			r->len = (size_t)(piece.to - piece.from);
			return;
		}
		r->lost += piece.to - piece.from;
		r->at = piece.to;
		/* there may be nothing behind it, and a new keeper does not know that it is a loss */
		tell_copied(r);
	}
	/* the file could not even be lengthened */
	if (r->ended && !r->leftover && r->at < r->until) {
		r->lost += r->until - r->at;
		r->at = r->until;
	}
}

/* Writes what goes without waiting: how much, or -EPIPE when nobody reads. */
static ssize_t put(const struct relay *r, const void *bytes, size_t len)
{
	ssize_t n = r->socket ? send(1, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL)
			      : write(1, bytes, len < PIPE_BYTES ? len : PIPE_BYTES);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return n;
}

static int drain(struct relay *r)
{
	ssize_t n = put(r, r->bytes, r->len);

	if (n < 0)
		return (int)n;
	r->bytes += n;
	r->len -= (size_t)n;
	r->at += (uint64_t)n;
	if (n > 0)
		r->midline = r->bytes[-1] != '\n';
	tell_copied(r);
	return 0;
}

static bool hear(struct relay *r)
{
	struct keeper_report report;
	int n;

	while ((n = launch_hear(r->launch, &report)) == 0) {
		if (!report.ended)
			continue;
		r->ended = true;
		r->leftover = report.leftover;
		r->wstatus = report.wstatus;
		r->until = report.leftover ? UINT64_MAX : report.output;
	}
	return n != -ECHILD;
}

/* The caller wants the command to end. */
static void pass_on(struct relay *r, int sig)
{
	char word[32];

	snprintf(word, sizeof word, "abort %d", sig);
	launch_say(r->launch, word);
	r->signal = sig;
}

static int pending_signal(void)
{
	sigset_t pending;

	sigpending(&pending);
	for (const int *sig = signals; *sig; sig++)
		if (sigismember(&pending, *sig))
			return *sig;
	return SIGTERM;
}

/* No more is copied than there is now. */
static void stop_here(struct relay *r)
{
	struct err ignored = {0};

	if (r->until != UINT64_MAX)
		return;
	reader_refresh(r->log, &ignored);
	r->until = reader_end(r->log);
}

/* There was something to write, and nobody reads it: for the command, too, that is the end. */
static void give_up(struct relay *r)
{
	r->gone = true;
	r->at += r->len;
	r->len = 0;
	r->until = r->at;
	if (!r->signal)
		pass_on(r, SIGPIPE);
}

/* One wait. 0, or RELAY_LOST and RELAY_TWICE. */
static enum relay_end wait_and_serve(struct relay *r, int64_t deadline_ns)
{
	struct pollfd fds[] = {
	    {.fd = r->launch->sock, .events = POLLIN},
	    {.fd = r->watch, .events = POLLIN},
	    {.fd = r->signals, .events = POLLIN},
	    {.fd = r->gone && !r->len ? -1 : 1, .events = r->len ? POLLOUT : 0},
	};

	os_wait(fds, 4, deadline_ns);
	if (fds[2].revents) {
		int sig = pending_signal();

		os_signal_drain(r->signals);
		if (r->signal)
			return RELAY_TWICE;
		pass_on(r, sig);
	}
	if (fds[1].revents)
		os_watch_drain(r->watch);
	if (fds[0].revents && !hear(r))
		return RELAY_LOST;
	if (fds[3].revents && !r->len)
		r->gone = true;
	else if (fds[3].revents && drain(r) < 0)
		give_up(r);
	return RELAY_ENDED;
}

enum relay_end relay_run(struct relay *r, int64_t deadline_ns)
{
	int64_t settled_ns = -1;

	if (!r->ended)
		r->until = UINT64_MAX;
	for (;;) {
		int64_t now = os_mono_ns(), at = r->signal ? -1 : deadline_ns;
		enum relay_end end;

		if (r->ended && r->leftover) {
			settled_ns = settled_ns < 0 ? now + LEFTOVERS_NS : settled_ns;
			at = settled_ns;
		}
		if (at >= 0 && now >= at)
			stop_here(r);
		fill(r);
		if (!r->len && r->ended && !r->leftover && r->at >= r->until)
			return RELAY_ENDED;
		if (!r->len && at >= 0 && now >= at)
			return r->ended ? RELAY_ENDED : RELAY_LATE;
		end = wait_and_serve(r, r->until != UINT64_MAX && at >= 0 ? -1 : at);
		if (end != RELAY_ENDED)
			return end;
	}
}

void relay_say(struct relay *r, const char *line)
{
	CLEAN_FREE char *text = xasprintf("%s%s\n", r->midline ? "\n" : "", line);
	size_t len = strlen(text), at = 0;

	while (at < len) {
		struct pollfd fds[] = {{.fd = 1, .events = POLLOUT}, {.fd = r->signals, .events = POLLIN}};
		ssize_t n;

		os_wait(fds, 2, -1);
		n = fds[0].revents ? put(r, text + at, len - at) : 0;
		if (n < 0 || fds[1].revents)
			return;
		at += (size_t)n;
	}
	r->midline = false;
}

/* False when there is no more reason to stay: a signal, or nobody reads. */
static bool stay(const struct relay *r, int64_t until_ns)
{
	struct pollfd fds[] = {{.fd = 1, .events = 0}, {.fd = r->signals, .events = POLLIN}};

	return os_wait(fds, 2, until_ns) == 0;
}

void relay_linger(const struct relay *r, int64_t ms)
{
	int64_t give_up = os_mono_ns() + UNREAD_NS, step = LOOK_NS;

	if (ms == 0 || r->at <= HELD_BYTES || r->signal)
		return;
	/* that a pipe was emptied wakes nobody: it has to be looked at */
	while ((r->socket ? os_socket_fill(1) : os_pipe_fill(1)) > 0) {
		int64_t now = os_mono_ns();

		if (now >= give_up || !stay(r, now + step))
			return;
		step = step * 2 < LOOK_MAX_NS ? step * 2 : LOOK_MAX_NS;
	}
	stay(r, os_mono_ns() + ms * 1000000);
}

void relay_forget(struct relay *r)
{
	int64_t until = os_mono_ns() + FORGET_NS;
	struct keeper_report report;
	struct pollfd fd = {.fd = r->launch->sock, .events = POLLIN};

	launch_say(r->launch, "forget");
	while (launch_hear(r->launch, &report) != -ECHILD && os_wait(&fd, 1, until) > 0)
		;
}

void relay_close(struct relay *r)
{
	reader_close(r->log);
	r->log = NULL;
	path_close(&r->folder);
	path_close(&r->watch);
	path_close(&r->signals);
}
