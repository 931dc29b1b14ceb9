#include "keep/kill.h"

#include "base/path.h"
#include "base/str.h"
#include "keep/control.h"
#include "keep/direct.h"
#include "keep/lost.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define SILENCE_NS	200000000ll  /* a keeper that says nothing for so long is done without … */
#define SILENCE_EACH_NS 5000000ll    /* … and a crowd gets more time */
#define PATIENCE_NS	2000000000ll /* beyond the grace */
#define BATCH		512

enum state { ST_DONE, ST_ASKED, ST_ENDING, ST_SILENT };

struct victim {
	const struct task *task;
	struct kill_answer *answer;
	enum state state;
	int fd;
	int64_t grace_ms;
	int64_t give_up_ns;
};

static void raise_fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static size_t batch_size(void)
{
	struct rlimit limit;
	size_t most = BATCH;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < BATCH + 32)
		most = limit.rlim_cur > 40 ? (size_t)limit.rlim_cur - 32 : 8;
	return most;
}

/* Gives the order to the task's keeper. A task that nobody keeps has nothing to end. */
static void ask(struct registry *reg, struct victim *v, const struct kill_wish *wish)
{
	struct control_order order = {
	    .word = CONTROL_KILL, .signal = wish->signal, .grace_ms = v->grace_ms, .cause = wish->cause};
	struct files_keepers keepers = {0};
	CLEAN_FD int dirfd = -1;

	v->state = ST_DONE;
	v->fd = -1;
	/* its keepers may still be about to leave: that is no life */
	if (task_ended(v->task->status) && !v->task->leftover)
		return;
	if (lost_open_folder(reg, v->task->id, &dirfd) < 0 || (v->task->status != TASK_PENDING && !files_kept(dirfd)))
		return;
	v->answer->lived = true;
	v->state = ST_SILENT;
	if (files_read_keepers(dirfd, &keepers) < 0)
		return;
	v->fd = control_connect(&keepers, dirfd);
	if (v->fd >= 0 && control_order(v->fd, &order) == 0)
		v->state = ST_ASKED;
}

/* What is left of a task, as far as it can be seen from here. */
static void look_what_is_left(struct registry *reg, struct victim *v)
{
	struct files_keepers keepers = {0};
	const struct os_stat *list;
	CLEAN_FD int dirfd = -1;
	struct tree tree = {.command = v->task->proc, .token = v->task->token};
	int n;

	if (!lost_is_here(v->task) || lost_open_folder(reg, v->task->id, &dirfd) < 0)
		return;
	if (files_kept(dirfd) && files_read_keepers(dirfd, &keepers) == 0) {
		tree.guard = keepers.guard;
		tree.keeper = keepers.keeper;
	}
	n = tree_list(&tree, &list);
	v->answer->nleft = n;
	memcpy(v->answer->left, list, (size_t)(n < KILL_LEFT_MAX ? n : KILL_LEFT_MAX) * sizeof *list);
}

/* A keeper's word. An end of the connection without one: it died, or finished just then. */
static void hear(struct registry *reg, struct victim *v, const struct kill_wish *wish)
{
	char word[16];
	ssize_t n = recv(v->fd, word, sizeof word - 1, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	word[n > 0 ? n : 0] = '\0';
	if (strcmp(word, "ok") == 0) {
		v->state = ST_ENDING;
		return;
	}
	path_close(&v->fd);
	v->state = ST_DONE;
	if (strcmp(word, "left") == 0)
		look_what_is_left(reg, v);
	else if (strcmp(word, "gone") != 0)
		ask(reg, v, wish);
}

static bool waits(const struct victim *v)
{
	return v->state == ST_ASKED || v->state == ST_ENDING;
}

/* Listens to all keepers until each has answered for good, or was silent for too long. */
static void listen_to_all(struct registry *reg, struct victim *v, size_t n, const struct kill_wish *wish)
{
	int64_t silence = os_mono_ns() + SILENCE_NS + (int64_t)n * SILENCE_EACH_NS;
	struct pollfd *fds = xcalloc(n, sizeof *fds);
	size_t waiting = n;

	while (waiting) {
		int64_t now = os_mono_ns(), at = -1;

		waiting = 0;
		for (size_t i = 0; i < n; i++) {
			int64_t due = v[i].state == ST_ASKED ? silence : v[i].give_up_ns;

			if (waits(&v[i]) && now >= due) {
				path_close(&v[i].fd);
				v[i].state = ST_SILENT;
			}
			fds[i] = (struct pollfd){.fd = waits(&v[i]) ? v[i].fd : -1, .events = POLLIN};
			waiting += waits(&v[i]);
			if (waits(&v[i]) && (at < 0 || due < at))
				at = due;
		}
		if (!waiting || os_wait(fds, n, at) < 0)
			continue;
		for (size_t i = 0; i < n; i++)
			if (fds[i].revents)
				hear(reg, &v[i], wish);
	}
	free(fds);
}

static void wake(struct os_proc proc)
{
	CLEAN_FD int fd = os_pidfd(proc);

	if (fd >= 0)
		os_pidfd_signal(fd, SIGCONT);
}

static void wait_for_end(struct os_proc proc, int64_t deadline_ns)
{
	CLEAN_FD int fd = os_pidfd(proc);
	struct pollfd ended = {.fd = fd, .events = POLLIN};

	if (fd >= 0)
		os_wait(&ended, 1, deadline_ns);
}

/* No keeper answers: the tree is signalled from here, and whoever of the two is merely stopped goes on after. */
static int end_directly(struct registry *reg, struct victim *v, const struct kill_wish *wish, struct err *err)
{
	struct files_keepers keepers = {0};
	struct tree tree = {.command = v->task->proc, .token = v->task->token};
	const struct os_stat *left;
	CLEAN_FD int dirfd = -1;
	struct err unsaid = {0};
	int r = registry_cancel(reg, v->task->id, wish->cause, &unsaid), n;

	/* a wish that a full disk has no room for is fulfilled all the same */
	if (r < 0 && r != -ENOSPC && r != -EFBIG) {
		*err = unsaid;
		return r;
	}
	if (!lost_is_here(v->task))
		return 0;
	if (lost_open_folder(reg, v->task->id, &dirfd) == 0 && files_kept(dirfd) &&
	    files_read_keepers(dirfd, &keepers) == 0) {
		tree.guard = keepers.guard;
		tree.keeper = keepers.keeper;
	}
	n = direct_end(&tree, wish->signal, os_mono_ns() < v->give_up_ns ? v->grace_ms : 0, &left);
	v->answer->nleft = n;
	memcpy(v->answer->left, left, (size_t)(n < KILL_LEFT_MAX ? n : KILL_LEFT_MAX) * sizeof *left);
	wake(keepers.guard);
	wake(keepers.keeper);
	/* they end once the end is recorded: the answer is to be the same as if they had given it */
	if (n == 0)
		wait_for_end(keepers.guard, os_mono_ns() + PATIENCE_NS);
	return 0;
}

static int kill_batch(struct registry *reg, struct victim *v, size_t n, const struct kill_wish *wish, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		v[i].give_up_ns = os_mono_ns() + v[i].grace_ms * 1000000 + PATIENCE_NS;
		ask(reg, &v[i], wish);
	}
	listen_to_all(reg, v, n, wish);
	for (size_t i = 0; i < n; i++) {
		if (v[i].state == ST_SILENT && r == 0)
			r = end_directly(reg, &v[i], wish, err);
		path_close(&v[i].fd);
	}
	return r;
}

int kill_tasks(struct registry *reg, const struct task *tasks, size_t n, const struct kill_wish *wish,
	       struct kill_answer **ret_answers, struct err *err)
{
	struct kill_answer *answers = xcalloc(n, sizeof *answers);
	struct victim *victims = xcalloc(n, sizeof *victims);
	size_t most;
	int r = 0;

	raise_fd_limit();
	most = batch_size();
	for (size_t i = 0; i < n; i++)
		victims[i] = (struct victim){.task = &tasks[i],
					     .answer = &answers[i],
					     .fd = -1,
					     .grace_ms = wish->grace_ms >= 0 ? wish->grace_ms : tasks[i].grace_ms};
	for (size_t i = 0; r == 0 && i < n; i += most)
		r = kill_batch(reg, victims + i, n - i < most ? n - i : most, wish, err);
	free(victims);
	*ret_answers = answers;
	return r;
}
