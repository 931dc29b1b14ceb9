/* restart: ends a task if it lives and starts what it was asked to be as a new one. */
#include "base/path.h"
#include "base/str.h"
#include "base/words.h"
#include "cmd/cmd.h"
#include "cmd/record.h"
#include "cmd/start.h"
#include "keep/kill.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_JSON };

static const struct cmd_opt opts[] = {
    {"json", 0, NULL, "answer with the new record"},
    {0},
};

static int take(void *arg, int opt, const char *value, struct err *err)
{
	(void)opt;
	(void)value;
	(void)err;
	*(bool *)arg = true;
	return 0;
}

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

/* What OLD was asked to be, as a task that was never started. */
static struct task same_again(const struct task *old)
{
	return (struct task){
	    .name = copy(old->name),
	    .command = copy(old->command),
	    .cwd = copy(old->cwd),
	    .project = copy(old->project),
	    .session = copy(old->session),
	    .created_by = copy(old->created_by),
	    .restart_of = xstrdup(old->id),
	    .argv = words_copy(old->argv),
	    .tags = words_copy(old->tags),
	    .prefixes = words_copy(old->prefixes),
	    .watches = words_copy(old->watches),
	    .lifetime = old->lifetime,
	    .timeout_ms = old->timeout_ms,
	    .grace_ms = old->grace_ms,
	    .log_max = old->log_max,
	    .idle_after_ms = old->idle_after_ms,
	    .port_event = old->port_event,
	    .input_event = old->input_event,
	    .stdin_pipe = old->stdin_pipe,
	    .pty_cols = old->pty_cols,
	    .pty_rows = old->pty_rows,
	    .owner = old->owner,
	};
}

/* Nothing that runs is ended for a start that cannot be: the caller's PATH may be another, a folder gone. */
static int check_living(const struct task *old, const struct task *task, struct err *err)
{
	const char *token = getenv("HOB_RUN");

	if (task_ended(old->status) && !old->leftover)
		return 0;
	if (token && strcmp(token, old->token) == 0)
		return err_set(err, -EPERM,
			       "task %s cannot be restarted from inside, where this command ends with it: call hob "
			       "restart from elsewhere",
			       old->id);
	return launch_check(task, err);
}

/* What outlives its owner also starts anew without it. */
static void forget_dead_owner(struct task *task)
{
	CLEAN_FD int owner = -1;

	if (task->lifetime != LIFETIME_DETACHED || !task->owner.pid)
		return;
	owner = os_pidfd(task->owner);
	if (owner == -ESRCH)
		task->owner = (struct os_proc){0};
}

static int end_old(struct registry *reg, const struct task *old, struct err *err)
{
	const struct kill_wish wish = {.signal = SIGTERM, .grace_ms = -1, .cause = REASON_REQUEST};
	struct kill_answer *answer = NULL;
	int r = kill_tasks(reg, old, 1, &wish, &answer, err);

	if (r == 0 && answer->nleft)
		r = err_set(err, -EPERM, "task %s has processes that could not be ended: hob kill %s names them",
			    old->id, old->id);
	free(answer);
	return r;
}

static int start_again(struct registry *reg, const struct task *old, struct task *task, struct launch *launch,
		       struct err *err)
{
	int r;

	forget_dead_owner(task);
	r = check_living(old, task, err);
	if (r == 0)
		r = end_old(reg, old, err);
	if (r == 0) {
		start_environment(task);
		r = start_begin(task, launch, err);
	}
	if (r == 0)
		r = start_task(reg, task, false, launch, err);
	if (r == -ESRCH || r == -EINVAL || r == -ENOENT)
		r = -EIO; /* of the command, not of our arguments */
	return r;
}

static int run(const char *word, bool json, struct err *err)
{
	CLEAN_REGISTRY struct registry *reg = NULL;
	struct launch launch = LAUNCH_NONE;
	struct task old = {0}, task = {0};
	int r = cmd_open(err, &reg);

	if (r == 0)
		r = registry_find(reg, word, err, &old);
	if (r == 0) {
		task = same_again(&old);
		r = start_again(reg, &old, &task, &launch, err);
	}
	if (r == 0 && json) {
		char *line = json_line(record_json(reg, &task));

		puts(line);
		free(line);
	} else if (r == 0) {
		puts(task.id);
	}
	launch_done(&launch);
	task_done(&task);
	task_done(&old);
	return r;
}

static int exec(int argc, char **argv, struct err *err)
{
	bool json = false;
	int r = cmd_options(&cmd_restart, argc, argv, false, take, &json, err);

	if (r < 0)
		return r;
	if (argc - r != 1)
		return cmd_usage(err, "restart takes one ID: hob list shows them");
	return run(argv[r], json, err);
}

const struct cmd cmd_restart = {
    .name = "restart",
    .args = "ID",
    .summary = "end a task if it lives, and start it anew",
    .opts = opts,
    .examples = "hob restart web       same name and command, new id; the old one keeps its log\n",
    .exec = exec,
};
