#include "task/task.h"

#include "base/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define X(name, text) text,
static const char *const statuses[] = {TASK_STATUSES(X)};
static const char *const reasons[] = {TASK_REASONS(X)};
static const char *const lifetimes[] = {TASK_LIFETIMES(X)};
#undef X

static int parse(const char *text, const char *const *table, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(text, table[i]) == 0)
			return i;
	return -EINVAL;
}

const char *task_status_text(enum task_status status)
{
	return statuses[status];
}

const char *task_reason_text(enum task_reason reason)
{
	return reasons[reason];
}

const char *task_lifetime_text(enum task_lifetime lifetime)
{
	return lifetimes[lifetime];
}

int task_status_parse(const char *text, enum task_status *ret)
{
	int i = parse(text, statuses, TASK_STATUS_COUNT);

	if (i < 0)
		return i;
	*ret = (enum task_status)i;
	return 0;
}

int task_reason_parse(const char *text, enum task_reason *ret)
{
	int i = parse(text, reasons, TASK_REASON_COUNT);

	if (i < 0)
		return i;
	*ret = (enum task_reason)i;
	return 0;
}

int task_lifetime_parse(const char *text, enum task_lifetime *ret)
{
	int i = parse(text, lifetimes, TASK_LIFETIME_COUNT);

	if (i < 0)
		return i;
	*ret = (enum task_lifetime)i;
	return 0;
}

bool task_ended(enum task_status status)
{
	return status != TASK_PENDING && status != TASK_RUNNING;
}

static enum task_status own_end(int wstatus, enum task_reason *ret_reason)
{
	if (wstatus == -1) {
		*ret_reason = REASON_LOST;
		return TASK_FAILED;
	}
	*ret_reason = WIFSIGNALED(wstatus) ? REASON_SIGNAL : REASON_EXIT;
	return wstatus == 0 ? TASK_COMPLETED : TASK_FAILED;
}

enum task_status task_end_status(int wstatus, enum task_reason cause, enum task_reason *ret_reason, int *ret_code,
				 int *ret_signal)
{
	*ret_code = wstatus != -1 && WIFEXITED(wstatus) ? WEXITSTATUS(wstatus) : -1;
	*ret_signal = wstatus != -1 && WIFSIGNALED(wstatus) ? WTERMSIG(wstatus) : 0;
	if (cause == REASON_NONE)
		return own_end(wstatus, ret_reason);
	*ret_reason = cause;
	return cause == REASON_TIMEOUT || cause == REASON_LOST || cause == REASON_EXEC ? TASK_FAILED : TASK_CANCELLED;
}

void task_done(struct task *task)
{
	free(task->name);
	free(task->command);
	free(task->cwd);
	free(task->project);
	free(task->session);
	free(task->created_by);
	free(task->restart_of);
	free(task->error);
	words_free(task->argv);
	words_free(task->tags);
	words_free(task->prefixes);
	words_free(task->watches);
	*task = (struct task){0};
}

void task_free_all(struct task *tasks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		task_done(&tasks[i]);
	free(tasks);
}
