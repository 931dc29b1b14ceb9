#include "cmd/start.h"

#include "base/path.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "keep/spawn.h"
#include "task/id.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ID_TRIES 20

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

static int add_row(struct registry *reg, struct task *task, struct err *err)
{
	int r = -EEXIST;

	if (*task->id)
		return registry_add(reg, task, err);
	for (int i = 0; r == -EEXIST && i < ID_TRIES; i++) {
		char id[6];

		r = id_random(err, id);
		if (r < 0)
			return r;
		memcpy(task->id, id, sizeof id);
		r = registry_add(reg, task, err);
	}
	return r;
}

/* What a task can read about itself; the environment goes to the command through the guard. */
static void set_environment(const struct registry *reg, const struct task *task)
{
	setenv("HOB_ID", task->id, 1);
	setenv("HOB_HOME", registry_home(reg), 1);
	setenv("HOB_RUN", task->token, 1);
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

int start_task(struct registry *reg, struct task *task, bool follow, struct launch *ret_launch, struct err *err)
{
	CLEAN_FD int dirfd = -1;
	int r;

	*ret_launch = (struct launch){.sock = -1};
	r = fill_identity(task, err);
	if (r == 0)
		r = add_row(reg, task, err);
	if (r < 0)
		return r;
	set_environment(reg, task);
	r = launch_folder(registry_dirfd(reg), task->id, err, &dirfd);
	if (r == 0)
		r = launch_start(task, registry_home(reg), dirfd, ret_launch, err);
	if (r < 0) {
		record_failure(reg, task, err->text);
		return r;
	}
	task->proc = ret_launch->report.command;
	task->started_ms = ret_launch->report.started_ms;
	task->status = TASK_RUNNING;
	r = registry_started(reg, task->id, task->proc, task->started_ms, err);
	if (r < 0)
		return r;
	return launch_go(ret_launch, follow, err);
}

int start_exit_code(const struct launch *launch)
{
	if (launch->report.code == 0 || launch->report.stage != SPAWN_EXEC)
		return EXIT_HOB;
	return launch->report.code == -ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC;
}
