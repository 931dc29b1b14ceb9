/* attach: a task's terminal in one's own: what it shows, what it writes from now on, and the keys that it gets.
 * What is shown comes from the log, so nothing that happens to the reader's terminal can hold up the task. */
#include "base/path.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/mirror.h"
#include "cmd/record.h"
#include "cmd/text.h"
#include "cmd/tty.h"
#include "cmd/watch.h"
#include "keep/input.h"
#include "keep/lost.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DETACH	     0x1c /* ctrl-\ */
#define KEYS_MAX     65536
#define READ_BYTES   4096
#define SIZE_MAX_TTY 4096

enum { OWN_STDIN, OWN_INPUT, OWN_OUTPUT, OWN_SIGNALS, OWN_LOG, OWN_COUNT };

struct attach {
	struct registry *reg;
	struct task task; /* as last read */
	int dirfd;
	struct watch watch;
	struct pollfd own[OWN_COUNT];
	struct input input;
	struct mirror mirror;
	struct str keys; /* that the task has not taken yet */
	int cols, rows;	 /* of our terminal */
	bool paused;	 /* what we show, not the task */
	bool ended, detached;
};

/* ---- sizes ---- */

/* The task's terminal gets the size of ours. */
static void fit(struct attach *a)
{
	struct err ignored = {0};
	int cols, rows;

	if (!tty_size(&cols, &rows) || (cols == a->cols && rows == a->rows))
		return;
	a->cols = cols;
	a->rows = rows;
	mirror_rows(&a->mirror, rows);
	/* a keeper that does not answer is no reason to leave: the next size will do */
	input_resize(a->reg, &a->task, cols < SIZE_MAX_TTY ? cols : SIZE_MAX_TTY,
		     rows < SIZE_MAX_TTY ? rows : SIZE_MAX_TTY, &ignored);
}

/* ---- keys ---- */

/* Where in the N bytes the key to detach begins, in any of the forms that terminals send it; N: nowhere. */
static size_t find_detach(const char *bytes, size_t n)
{
	static const char *const forms[] = {"\x1c", "\033[92;5u", "\033[27;5;92~"};
	size_t first = n;

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		const char *at = memmem(bytes, n, forms[i], strlen(forms[i]));

		if (at && (size_t)(at - bytes) < first)
			first = (size_t)(at - bytes);
	}
	return first;
}

/* The keys that stop and start a terminal work on ours, where the task's would have obeyed them: that one would hold
 * up the task. */
static void take_keys(struct attach *a, const char *bytes, size_t n)
{
	struct os_pty_mode mode = {0};

	os_pty_mode(a->input.fd, &mode);
	for (size_t i = 0; i < n; i++) {
		if (a->paused && (bytes[i] == mode.start || mode.any)) {
			a->paused = false;
			if (bytes[i] == mode.start)
				continue;
		}
		if (mode.flow && mode.stop && bytes[i] == mode.stop) {
			a->paused = true;
			continue;
		}
		/* a task that does not read: more would only come too late */
		if (a->keys.len < KEYS_MAX)
			str_addc(&a->keys, bytes[i]);
		else
			tty_put("\a", 1);
	}
}

static int read_keys(struct attach *a)
{
	char bytes[READ_BYTES];
	ssize_t n = read(0, bytes, sizeof bytes);
	size_t len;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0)
		return -SIGHUP;
	len = find_detach(bytes, (size_t)n);
	a->detached = len < (size_t)n;
	take_keys(a, bytes, len);
	return 0;
}

static void give_keys(struct attach *a)
{
	size_t taken = 0;
	int r;

	if (a->keys.len == 0)
		return;
	r = input_write(&a->input, a->keys.buf, a->keys.len, 0, &taken);
	/* nobody has the terminal open: keys are for whoever is there now */
	if (r < 0 && r != -EAGAIN)
		taken = a->keys.len;
	memmove(a->keys.buf, a->keys.buf + taken, a->keys.len - taken);
	a->keys.len -= taken;
}

/* ---- waiting ---- */

static const int own_signals[] = {SIGWINCH, SIGTSTP, SIGCONT, 0};

static int catch_signals(struct attach *a, struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	for (const int *sig = own_signals; *sig; sig++)
		sigaddset(&set, *sig);
	sigprocmask(SIG_BLOCK, &set, NULL);
	a->own[OWN_SIGNALS].fd = os_signal_fd(own_signals);
	signal(SIGPIPE, SIG_IGN);
	if (a->own[OWN_SIGNALS].fd < 0)
		return err_sys(err, a->own[OWN_SIGNALS].fd, "cannot wait for signals");
	return watch_signals(&a->watch, err);
}

/* Our terminal changed its size, or we are to stop, or were stopped and go on. */
static int take_signal(struct attach *a, struct err *err)
{
	bool again = false;
	sigset_t pending;
	int r = 0;

	sigpending(&pending);
	os_signal_drain(a->own[OWN_SIGNALS].fd);
	if (sigismember(&pending, SIGTSTP)) {
		tty_leave();
		raise(SIGSTOP);
		again = true;
	}
	/* a shell may have changed the terminal meanwhile */
	if (again || sigismember(&pending, SIGCONT)) {
		os_signal_drain(a->own[OWN_SIGNALS].fd);
		tty_leave();
		r = tty_enter(err);
		if (r == 0)
			r = mirror_paint(&a->mirror, &a->task, err);
	}
	fit(a);
	return r;
}

static void set_own(struct attach *a)
{
	bool wants = !a->paused && mirror_has_room();

	a->own[OWN_STDIN].fd = 0;
	a->own[OWN_STDIN].events = POLLIN;
	a->own[OWN_INPUT].fd = a->keys.len > 0 ? a->input.fd : -1;
	a->own[OWN_INPUT].events = POLLOUT;
	a->own[OWN_OUTPUT].fd = tty_waiting() > 0 ? tty_fd() : -1;
	a->own[OWN_OUTPUT].events = POLLOUT;
	a->own[OWN_SIGNALS].events = POLLIN;
	/* what is written while nobody sees it wakes nobody */
	a->own[OWN_LOG].events = wants ? POLLIN : 0;
	a->watch.own = a->own;
	a->watch.nown = OWN_COUNT;
}

static int read_row(struct attach *a, struct err *err)
{
	struct task now = {0};
	int r = registry_get(a->reg, a->task.id, err, &now);

	if (r < 0)
		return r;
	task_done(&a->task);
	a->task = now;
	a->ended = task_ended(now.status);
	if (a->ended)
		a->paused = false;
	return 0;
}

/* Waits, and takes what came. 0, 128 + a signal, or a negative errno. */
static int turn(struct attach *a, struct err *err)
{
	int news, r = 0;

	set_own(a);
	news = watch_wait(&a->watch, a->reg, -1, -1);
	if (news < 0)
		return 128 - news;
	if (news == WATCH_DEATH)
		r = lost_settle(a->reg, err);
	if (r == 0 && news != WATCH_OWNS)
		r = read_row(a, err);
	if (a->own[OWN_LOG].revents)
		os_watch_drain(a->own[OWN_LOG].fd);
	if (r == 0 && a->own[OWN_SIGNALS].revents)
		r = take_signal(a, err);
	if (r == 0 && a->own[OWN_STDIN].revents)
		r = read_keys(a) < 0 ? 128 + SIGHUP : 0;
	give_keys(a);
	return r;
}

static int stay(struct attach *a, struct err *err)
{
	int r = read_row(a, err);

	while (r == 0 && !a->detached) {
		r = a->paused ? mirror_flush(&a->mirror) : mirror_pump(&a->mirror, &a->task, err);
		if (r < 0 && !err->code)
			return 128 + SIGHUP;
		if (r == 0 && a->ended && mirror_is_even(&a->mirror))
			break;
		if (r == 0)
			r = turn(a, err);
	}
	return r;
}

/* ---- the command ---- */

static int check(const struct task *task, struct err *err)
{
	CLEAN_STR struct str state = {0};

	if (!task->pty_cols)
		return err_set(err, -ENOTTY,
			       "task %s has no terminal, it was not started with --pty: hob logs -f %s follows it",
			       task->id, task->id);
	if (!task_ended(task->status))
		return 0;
	record_state(task, &state);
	return err_set(err, -ENODATA, "task %s has ended (%s): hob screen %s shows its terminal", task->id, state.buf,
		       task->id);
}

static int watch_log(struct attach *a)
{
	CLEAN_FREE char *path = xasprintf("/proc/self/fd/%d/log", a->dirfd);
	int fd = os_watch_new();

	/* without: the watch itself looks once a second, and has said so */
	if (fd >= 0)
		os_watch_modified(fd, path);
	a->own[OWN_LOG].fd = fd;
	return 0;
}

static int open_all(struct attach *a, const char *word, struct err *err)
{
	int r = cmd_open(err, &a->reg);

	if (r == 0)
		r = registry_find(a->reg, word, err, &a->task);
	if (r == 0)
		r = check(&a->task, err);
	if (r == 0)
		r = cmd_folder(a->reg, a->task.id, err, &a->dirfd);
	if (r == 0)
		r = input_open(a->reg, &a->task, err, &a->input);
	if (r == 0)
		r = watch_open(&a->watch, a->reg, err);
	if (r == 0) {
		watch_task(&a->watch, a->reg, a->task.id, false);
		r = watch_log(a);
	}
	return r;
}

static void close_all(struct attach *a)
{
	mirror_close(&a->mirror);
	watch_close(&a->watch);
	path_close(&a->own[OWN_SIGNALS].fd);
	path_close(&a->own[OWN_LOG].fd);
	path_close(&a->dirfd);
	input_close(&a->input);
	str_done(&a->keys);
	task_done(&a->task);
	registry_close(a->reg);
}

/* One line that says how it went. */
static void tell(const struct attach *a)
{
	CLEAN_FREE char *name = text_safe(a->task.name ? a->task.name : a->task.id);
	CLEAN_STR struct str state = {0};

	if (a->ended) {
		record_state(&a->task, &state);
		printf("[%s ended: %s, %s]\n", name, task_status_text(a->task.status), state.buf);
	} else {
		printf("[detached; %s goes on: hob attach %s]\n", name, a->task.id);
	}
}

static int run(struct attach *a, const char *word, struct err *err)
{
	int r;

	if (!isatty(0) || !isatty(1))
		return err_set(err, -ENOTTY,
			       "attach wants a terminal as stdin and stdout: without one hob logs -f "
			       "follows a task, and hob send gives it input");
	r = open_all(a, word, err);
	if (r == 0)
		r = catch_signals(a, err);
	if (r == 0)
		r = tty_enter(err);
	if (r < 0)
		return r;
	a->mirror.dirfd = a->dirfd;
	mirror_rows(&a->mirror, 0);
	fit(a);
	r = mirror_paint(&a->mirror, &a->task, err);
	if (r == 0)
		r = stay(a, err);
	tty_leave();
	if (r != 0)
		return r;
	tell(a);
	return a->detached || a->task.status == TASK_COMPLETED ? EXIT_DONE : EXIT_FAILED;
}

static int exec(int argc, char **argv, struct err *err)
{
	struct attach a = {.dirfd = -1, .input = INPUT_NONE, .own[OWN_SIGNALS].fd = -1, .own[OWN_LOG].fd = -1};
	int r = cmd_options(&cmd_attach, argc, argv, false, NULL, NULL, err);

	a.watch.fd = a.watch.signals = -1;
	if (r < 0)
		return r;
	if (argc - r != 1)
		return cmd_usage(err, "attach takes one ID: hob list shows them");
	r = run(&a, argv[r], err);
	close_all(&a);
	return r == -ENODATA ? EXIT_ENDED : r;
}

const struct cmd cmd_attach = {
    .name = "attach",
    .args = "ID",
    .summary = "a task's terminal in your own; ctrl-\\ detaches",
    .examples = "hob attach repl                 type and look; ctrl-\\ leaves it running\n",
    .exec = exec,
};
