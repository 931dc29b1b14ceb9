#include "cmd/watch.h"

#include "base/path.h"
#include "base/str.h"
#include "keep/files.h"
#include "keep/lost.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define POLL_NS 1000000000ll /* between looks where there is no inotify */

int watch_open(struct watch *w, struct registry *reg, struct err *err)
{
	CLEAN_FREE char *bell = xasprintf("/proc/self/fd/%d/bell", registry_dirfd(reg));
	int r;

	memset(w, 0, sizeof *w);
	w->signals = -1;
	w->fd = os_watch_new();
	r = w->bell = w->fd < 0 ? w->fd : os_watch_closed(w->fd, bell);
	if (r >= 0)
		return 0;
	path_close(&w->fd);
	(void)err;
	fprintf(stderr, "hob: no inotify here (%s): looking once a second instead\n", strerror(-r));
	return 0;
}

static void open_keepers(struct watch *w, struct registry *reg, int i)
{
	struct files_keepers keepers = {0};
	CLEAN_FD int dirfd = -1;

	path_close(&w->tasks[i].pidfds[0]);
	path_close(&w->tasks[i].pidfds[1]);
	if (lost_open_folder(reg, w->tasks[i].id, &dirfd) < 0 || files_read_keepers(dirfd, &keepers) < 0)
		return;
	w->tasks[i].pidfds[0] = os_pidfd(keepers.guard);
	w->tasks[i].pidfds[1] = os_pidfd(keepers.keeper);
}

void watch_task(struct watch *w, struct registry *reg, const char *id, bool log)
{
	CLEAN_FD int dirfd = -1;

	if (log && w->fd >= 0 && lost_open_folder(reg, id, &dirfd) == 0) {
		CLEAN_FREE char *path = xasprintf("/proc/self/fd/%d/log", dirfd);

		os_watch_modified(w->fd, path);
	}
	if (w->ntasks == WATCH_TASKS)
		return;
	snprintf(w->tasks[w->ntasks].id, sizeof w->tasks[0].id, "%s", id);
	w->tasks[w->ntasks].pidfds[0] = w->tasks[w->ntasks].pidfds[1] = -1;
	open_keepers(w, reg, w->ntasks++);
}

void watch_log_once(struct watch *w, struct registry *reg, const char *id)
{
	CLEAN_FREE char *path = NULL;
	CLEAN_FD int dirfd = -1;

	if (w->fd < 0 || lost_open_folder(reg, id, &dirfd) < 0)
		return;
	path = xasprintf("/proc/self/fd/%d/log", dirfd);
	os_watch_once(w->fd, path);
}

int watch_signals(struct watch *w, struct err *err)
{
	static const int sigs[] = {SIGINT, SIGTERM, SIGHUP, 0};
	sigset_t set;

	sigemptyset(&set);
	for (const int *sig = sigs; *sig; sig++)
		sigaddset(&set, *sig);
	sigprocmask(SIG_BLOCK, &set, NULL);
	w->signals = os_signal_fd(sigs);
	return w->signals < 0 ? err_sys(err, w->signals, "cannot wait for signals") : 0;
}

static int which_signal(void)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, SIGINT) ? SIGINT : sigismember(&pending, SIGTERM) ? SIGTERM : SIGHUP;
}

/* A keeper that died: its successor is watched from now on. */
static bool renew(struct watch *w, struct registry *reg, const struct pollfd *fds)
{
	bool died = false;

	for (int i = 0; i < w->ntasks; i++) {
		if (fds[2 * i].revents || fds[2 * i + 1].revents) {
			open_keepers(w, reg, i);
			died = true;
		}
	}
	return died;
}

int watch_wait(struct watch *w, struct registry *reg, int64_t deadline_ns, int hangup)
{
	struct pollfd fds[3 + 2 * WATCH_TASKS + WATCH_OWN];
	int n = 3, r, sig;
	bool polling = w->fd < 0, rung;

	if (polling && (deadline_ns < 0 || deadline_ns > os_mono_ns() + POLL_NS))
		deadline_ns = os_mono_ns() + POLL_NS;
	fds[0] = (struct pollfd){.fd = w->fd, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = w->signals, .events = POLLIN};
	fds[2] = (struct pollfd){.fd = hangup, .events = 0};
	for (int i = 0; i < w->ntasks; i++)
		for (int j = 0; j < 2; j++)
			fds[n++] = (struct pollfd){.fd = w->tasks[i].pidfds[j], .events = POLLIN};
	for (int i = 0; i < w->nown; i++)
		fds[n + i] = w->own[i];
	do
		r = os_wait(fds, (nfds_t)n + (nfds_t)w->nown, deadline_ns);
	while (r == -EINTR);
	for (int i = 0; i < w->nown; i++)
		w->own[i].revents = fds[n + i].revents;
	if (r == 0)
		return polling ? WATCH_DEATH : WATCH_TIMEOUT;
	if (fds[1].revents) {
		sig = which_signal();
		os_signal_drain(w->signals);
		return -sig;
	}
	if (fds[2].revents & (POLLERR | POLLHUP))
		return -SIGPIPE;
	rung = fds[0].revents && os_watch_take(w->fd, w->bell);
	if (renew(w, reg, fds + 3))
		return WATCH_DEATH;
	return rung ? WATCH_NEWS : fds[0].revents ? WATCH_LOG : WATCH_OWNS;
}

void watch_close(struct watch *w)
{
	path_close(&w->fd);
	path_close(&w->signals);
	for (int i = 0; i < w->ntasks; i++) {
		path_close(&w->tasks[i].pidfds[0]);
		path_close(&w->tasks[i].pidfds[1]);
	}
}

void watch_leave(struct watch *w)
{
	/* first, so that a reader sees the end although a child lives on for a moment */
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	if (w->fd >= 0)
		os_watch_leave(w->fd);
	w->fd = -1;
	watch_close(w);
}
