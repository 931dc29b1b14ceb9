/* run: starts a task; and, if asked, waits for it or follows it. */
#include "base/path.h"
#include "cmd/cmd.h"
#include "cmd/record.h"
#include "cmd/run_args.h"
#include "cmd/show.h"
#include "cmd/start.h"
#include "cmd/watch.h"
#include "keep/lost.h"
#include "log/view.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct follower {
	struct registry *reg;
	struct task *task; /* as last read */
	struct launch *launch;
	struct watch watch;
	struct view *view; /* NULL: only waiting */
	int64_t deadline_ns;
	int signal; /* that came; 0: none */
};

static int emit_raw(void *arg, const char *text, size_t len)
{
	int r = path_write(1, text, len);

	(void)arg;
	return r;
}

static int read_again(struct follower *f, struct err *err)
{
	struct task now = {0};
	int r = registry_get(f->reg, f->task->id, err, &now);

	if (r < 0)
		return r;
	task_done(f->task);
	*f->task = now;
	return 0;
}

/* One look: the row first, the log after it, so that nothing written before the end is missed. */
static int look(struct follower *f, struct err *err)
{
	int r = read_again(f, err);

	if (r == 0 && f->view)
		r = view_step(f->view, err);
	return r;
}

/* A signal, or the end of our reader: the task ends with us, or goes on without us. */
static int interrupted(struct follower *f, int sig, bool detach)
{
	bool again = f->signal != 0;

	f->signal = sig;
	if (detach)
		launch_bye(f->launch);
	else
		launch_done(f->launch);
	/* a reader that is gone needs nothing more, and who asks twice will not wait */
	return detach || again || sig == SIGPIPE ? 128 + sig : 0;
}

/* Waits for the task's end. 0 at its end, EXIT_TIMEOUT, 128 + a signal, or a negative errno. */
static int follow(struct follower *f, bool detach, struct err *err)
{
	int r;

	while ((r = look(f, err)) == 0 && !task_ended(f->task->status)) {
		int news = watch_wait(&f->watch, f->reg, f->deadline_ns, f->view ? 1 : -1);

		if (news == WATCH_TIMEOUT)
			return EXIT_TIMEOUT;
		if (news == WATCH_DEATH)
			r = lost_settle(f->reg, err);
		if (news < 0)
			r = interrupted(f, -news, detach);
		if (r != 0)
			return r;
	}
	if (r == -EPIPE)
		return interrupted(f, SIGPIPE, detach);
	return r < 0 && !err->code ? err_sys(err, r, "cannot write the output") : r;
}

static int open_view(struct follower *f, struct err *err)
{
	const struct view_opts raw = {.mode = VIEW_RANGE, .raw = true};
	CLEAN_FD int dirfd = -1;
	int r = lost_open_folder(f->reg, f->task->id, &dirfd);

	if (r < 0)
		return err_sys(err, r, "cannot open the log of task %s", f->task->id);
	f->view = view_open(dirfd, &raw, emit_raw, NULL, err);
	if (!f->view)
		return -EIO;
	signal(SIGPIPE, SIG_IGN);
	return watch_signals(&f->watch, err);
}

static int own_exit_code(const struct task *task)
{
	if (task->signal)
		return 128 + task->signal;
	return task->exit_code >= 0 ? task->exit_code : EXIT_HOB;
}

static int end_follow(struct follower *f, const struct run_args *a, int r, struct err *err)
{
	if (r == 0 && view_finish(f->view, err) == 0) {
		/* what a command left running stays, as it would under a shell */
		if (!f->signal)
			launch_bye(f->launch);
		return own_exit_code(f->task);
	}
	if (r == EXIT_TIMEOUT) {
		launch_bye(f->launch);
		fprintf(stderr, "hob: task %s goes on: hob logs %s, hob kill %s\n", f->task->id, f->task->id,
			f->task->id);
		return EXIT_DONE;
	}
	if (r > 0 && a->detach_on_abort && f->signal != SIGPIPE)
		fprintf(stderr, "hob: task %s goes on: hob logs %s, hob kill %s\n", f->task->id, f->task->id,
			f->task->id);
	return r < 0 ? EXIT_HOB : r;
}

static int end_wait(struct follower *f, const struct run_args *a, int r, struct err *err)
{
	int shown;

	if (r < 0)
		return r;
	shown = show_print(f->reg, f->task, SHOW_LINES, a->json, err);
	if (shown < 0)
		return shown;
	return r == EXIT_TIMEOUT ? r : f->task->status == TASK_COMPLETED ? EXIT_DONE : EXIT_FAILED;
}

static int stay(struct registry *reg, struct run_args *a, struct launch *launch, struct err *err)
{
	struct follower f = {.reg = reg, .task = &a->task, .launch = launch, .deadline_ns = -1};
	int r = watch_open(&f.watch, reg, err);

	if (r == 0)
		watch_task(&f.watch, reg, a->task.id, a->follow);
	if (r == 0 && a->follow)
		r = open_view(&f, err);
	if (a->wait && a->wait_ms >= 0)
		f.deadline_ns = os_mono_ns() + a->wait_ms * 1000000;
	if (r == 0)
		r = follow(&f, a->detach_on_abort, err);
	r = a->follow ? end_follow(&f, a, r, err) : end_wait(&f, a, r, err);
	view_close(f.view);
	watch_close(&f.watch);
	return r;
}

static void print_started(struct registry *reg, const struct run_args *a)
{
	struct task task = {0};
	struct err ignored = {0};
	char *line;

	if (!a->json || registry_get(reg, a->task.id, &ignored, &task) < 0) {
		puts(a->task.id);
		return;
	}
	line = json_line(record_json(reg, &task));
	puts(line);
	free(line);
	task_done(&task);
}

static int run(struct run_args *a, struct err *err)
{
	CLEAN_REGISTRY struct registry *reg = NULL;
	struct launch launch = LAUNCH_NONE;
	CLEAN_FREE char *home = NULL;
	int r = path_home(err, &home);

	if (r == 0) {
		run_args_environment(a);
		r = start_begin(&a->task, &launch, err);
	}
	/* lost tasks are left to those who look at tasks: a start has no use for them, and is to be fast */
	if (r == 0)
		r = registry_open(home, err, &reg);
	if (r == 0)
		r = start_task(reg, &a->task, a->follow && !a->detach_on_abort, &launch, err);
	if (r < 0)
		r = a->follow ? start_exit_code(&launch) : cmd_exit_code(r) == EXIT_NO_TASK ? EXIT_FAILED : r;
	else if (a->wait || a->follow)
		r = stay(reg, a, &launch, err);
	else
		print_started(reg, a);
	launch_done(&launch);
	return r;
}

static int exec(int argc, char **argv, struct err *err)
{
	struct run_args a = {0};
	int r = run_args_parse(&a, argc, argv, err);

	if (r == 0)
		r = run(&a, err);
	else if (a.follow && r != -EINVAL)
		r = EXIT_HOB;
	run_args_done(&a);
	/* an exec error is not bad usage, whatever the kernel calls it */
	return r == -EINVAL && err->code != -EINVAL ? EXIT_FAILED : r;
}

const struct cmd cmd_run = {
    .name = "run",
    .args = "COMMAND ARG... | -c 'LINE' | -c -",
    .summary = "start a task, print its id",
    .opts = run_opts,
    .examples = "hob run -n web -t server -- npm run dev    a server\n"
		"hob run -c 'make && make test'             a shell's line\n"
		"hob run --watch 'error|warn' -- make       an event for each line that matches\n"
		"hob run --wait=30s -- make                 its record at its end, or after 30 s\n"
		"hob run -f -- make                         in the foreground, ended with it\n",
    .exec = exec,
};
