#include "cmd/start.h"

#include "base/str.h"
#include "base/words.h"
#include "cmd/cmd.h"
#include "keep/spawn.h"
#include "task/id.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ID_TRIES 20

void start_line(struct task *task, const char *shell, const char *line)
{
	static const char blanks[] = " \t\r\n";
	size_t from = strspn(line, blanks), to = strlen(line);

	while (to > from && strchr(blanks, line[to - 1]))
		to--;
	words_add(&task->argv, shell);
	words_add(&task->argv, "-c");
	words_add(&task->argv, line);
	task->command = xstrndup(line + from, to - from);
}

static int fill_identity(struct task *task, struct err *err)
{
	struct os_stat me;
	int r = id_token(err, task->token);

	if (r < 0)
		return r;
	if ((r = os_boot_id(task->boot)) < 0 || (r = os_stat(getpid(), &me)) < 0)
		return err_sys(err, r, "cannot read /proc, which hob needs");
	task->pidns = os_pid_namespace();
	task->run = me.proc;
	task->created_ms = os_now_ms();
	task->exit_code = -1;
	return 0;
}

static int choose_id(struct task *task, struct err *err)
{
	char id[6];
	int r = id_random(err, id);

	if (r == 0)
		memcpy(task->id, id, sizeof id);
	return r;
}

void start_environment(const struct task *task)
{
	if (!task->pty_cols)
		return;
	setenv("TERM", "xterm-256color", 1);
	/* the terminal has its own */
	unsetenv("COLUMNS");
	unsetenv("LINES");
}

int start_begin(struct task *task, struct launch *ret_launch, struct err *err)
{
	int r = fill_identity(task, err);

	task->random_id = !*task->id;
	if (r == 0 && task->random_id)
		r = choose_id(task, err);
	return r < 0 ? r : launch_begin(task, ret_launch, err);
}

/* A random id that is taken is replaced; all are of one length, so the guard's title has room. */
static int add_row(struct registry *reg, struct task *task, struct err *err)
{
	int r = registry_add(reg, task, err);

	for (int i = 0; r == -EEXIST && task->random_id && i < ID_TRIES; i++) {
		r = choose_id(task, err);
		if (r == 0)
			r = registry_add(reg, task, err);
	}
	return r;
}

static void record_failure(struct registry *reg, const struct task *task, const char *why)
{
	struct ending end = {.wstatus = -1, .cause = REASON_EXEC, .at_ms = os_now_ms(), .error = why};
	struct err ignored = {0};

	if (registry_begin(reg, &ignored) < 0)
		return;
	if (registry_end(reg, task->id, &end, &ignored) < 0)
		registry_rollback(reg);
	else
		registry_commit(reg, &ignored);
}

int start_task(struct registry *reg, struct task *task, bool follow, struct launch *launch, struct err *err)
{
	int r = add_row(reg, task, err);

	if (r < 0)
		return r;
	r = launch_folder(registry_dirfd(reg), task->id, err);
	if (r == 0)
		r = launch_start(launch, task, registry_home(reg), err);
	if (r < 0) {
		record_failure(reg, task, err->text);
		return r;
	}
	task->proc = launch->report.command;
	task->started_ms = launch->report.started_ms;
	task->status = TASK_RUNNING;
	r = registry_started(reg, task->id, task->proc, task->started_ms, err);
	if (r < 0)
		return r;
	return launch_go(launch, follow, err);
}

int start_unlisted(const char *home, int home_fd, struct task *task, struct launch *launch, struct err *err)
{
	int r = launch_folder_new(home_fd, task->id, err);

	for (int i = 0; r == -EEXIST && i < ID_TRIES; i++) {
		r = choose_id(task, err);
		if (r == 0)
			r = launch_folder_new(home_fd, task->id, err);
	}
	if (r < 0)
		return r;
	r = launch_start(launch, task, home, err);
	if (r < 0) {
		if (launch->report.code == 0)
			launch->report.code = -ECHILD;
		launch_folder_remove(home_fd, task->id);
		return r;
	}
	task->proc = launch->report.command;
	task->started_ms = launch->report.started_ms;
	return 0;
}

int start_list(struct registry *reg, struct task *task, struct launch *launch, struct err *err)
{
	int r = 0;

	if (!task->listed)
		r = registry_add(reg, task, err);
	task->listed = task->listed || r == 0;
	if (r == 0)
		r = registry_started(reg, task->id, task->proc, task->started_ms, err);
	if (r == 0) {
		task->status = TASK_RUNNING;
		r = launch_go(launch, false, err);
	}
	return r;
}

int start_exit_code(const struct launch *launch)
{
	if (launch->report.code == 0 || launch->report.stage != SPAWN_EXEC)
		return EXIT_HOB;
	return launch->report.code == -ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC;
}
