#include "cmd/waiter.h"

#include "base/path.h"
#include "keep/lost.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

const char *condition_text(enum condition condition)
{
#define X(name, text) text,
	static const char *const texts[] = {CONDITIONS(X)};
#undef X
	return texts[condition];
}

static bool wants_looks(const struct wants *wants)
{
	return wants->input || wants->nports;
}

static bool only_input(const struct wants *wants)
{
	return wants->input && !wants->exit && !wants->nports && !wants->npatterns && wants->idle_ms < 0;
}

/* A task that is kept without any input will not get one. */
static int check_input(struct waiter *w, struct registry *reg, struct err *err)
{
	struct question_source source;
	const struct os_stat *list;
	pid_t keeper;

	if (living_tree(reg, &w->task, &list, &keeper) < 0 || !keeper || question_source(keeper, &source))
		return 0;
	return err_set(err, -EINVAL,
		       "task %s has neither a terminal nor a stdin that could be waited for: "
		       "run it with --pty or --stdin",
		       w->task.id);
}

static int open_log(struct waiter *w, struct registry *reg, const struct wants *wants, struct err *err)
{
	int r = lost_open_folder(reg, w->task.id, &w->dirfd);

	/* a task that never got a folder wrote nothing */
	if (r < 0)
		return r == -ENOENT ? 0 : err_sys(err, r, "cannot open the log of task %s", w->task.id);
	w->log = openat(w->dirfd, "log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (!wants->npatterns)
		return 0;
	return match_open(w->dirfd, wants->since, wants->patterns, wants->npatterns, &w->match, err);
}

int waiter_open(struct waiter *w, struct registry *reg, const char *word, const struct wants *wants,
		struct watch *watch, struct err *err)
{
	int r;

	*w = (struct waiter){.dirfd = -1, .log = -1, .idle_at_ns = -1};
	r = registry_find(reg, word, err, &w->task);
	if (r < 0)
		return r;
	/* watched first, looked at then: nothing falls in between */
	if (living_possible(&w->task))
		watch_task(watch, reg, w->task.id, wants->npatterns > 0);
	r = open_log(w, reg, wants, err);
	if (r == 0 && only_input(wants))
		r = check_input(w, reg, err);
	return r;
}

void waiter_close(struct waiter *w)
{
	match_close(w->match);
	path_close(&w->dirfd);
	path_close(&w->log);
	task_done(&w->task);
}

static int read_task(struct waiter *w, struct registry *reg, struct err *err)
{
	struct task now = {0};
	int r = registry_get(reg, w->task.id, err, &now);

	if (r < 0)
		return r;
	task_done(&w->task);
	w->task = now;
	return 0;
}

static int look_at_log(struct waiter *w, struct err *err)
{
	int r = w->match ? match_step(w->match, err) : 0;

	if (r == 1)
		w->held = WAIT_MATCH;
	return r < 0 ? r : 0;
}

/* Whether the log has grown since this was asked last. */
static bool log_grew(struct waiter *w)
{
	struct stat st;

	if (w->log < 0 || fstat(w->log, &st) < 0 || (uint64_t)st.st_size == w->seen)
		return false;
	w->seen = (uint64_t)st.st_size;
	return true;
}

static void look_for_port(struct waiter *w, const struct wants *wants)
{
	for (size_t i = 0; i < wants->nports && !w->held; i++)
		if (ports_has(&w->ports, wants->ports[i], &w->port))
			w->held = WAIT_PORT;
}

static void look_at_tree(struct waiter *w, struct registry *reg, const struct wants *wants)
{
	struct question_source source;
	const struct os_stat *list;
	pid_t keeper = 0;
	int n = living_tree(reg, &w->task, &list, &keeper);

	pace_looked(&w->pace, os_mono_ns());
	if (n < 0)
		return;
	if (wants->nports && ports_look(&w->ports, list, n))
		pace_news(&w->pace, os_mono_ns());
	look_for_port(w, wants);
	if (w->held || !wants->input || !keeper || !question_source(keeper, &source))
		return;
	w->input = question_look(&source, list, n, w->log, &w->prompt);
	if (w->input.kind != QUESTION_NONE && living_settle(reg, &w->task, w->log, &w->prompt))
		w->input = question_look(&source, list, n, w->log, &w->prompt);
	if (w->input.kind != QUESTION_NONE)
		w->held = WAIT_INPUT;
}

/* Silence counts from the last output, or from the start. */
static void look_at_silence(struct waiter *w, const struct wants *wants)
{
	int64_t since_ms = w->task.started_ms, last_ms, left_ms;
	struct stat st;

	if (w->log >= 0 && fstat(w->log, &st) == 0 && st.st_size > 0) {
		last_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
		since_ms = last_ms > since_ms ? last_ms : since_ms;
	}
	left_ms = since_ms + wants->idle_ms - os_now_ms();
	if (left_ms <= 0)
		w->held = WAIT_IDLE;
	else
		w->idle_at_ns = os_mono_ns() + left_ms * 1000000;
}

/* A server that goes to the background ends well and leaves a process, whose port and prompts are the task's. */
static bool may_still_hold(const struct task *task, const struct wants *wants)
{
	return task->leftover && task->status == TASK_COMPLETED && wants_looks(wants);
}

int waiter_look(struct waiter *w, struct registry *reg, const struct wants *wants, struct watch *watch, bool told,
		struct err *err)
{
	/* asked first, read then: what was written before the end is not missed */
	int r = told ? read_task(w, reg, err) : 0;
	bool ended = task_ended(w->task.status);

	if (r == 0)
		r = look_at_log(w, err);
	if (r < 0 || w->held)
		return r;
	if (wants_looks(wants) && living_possible(&w->task)) {
		if (!wants->npatterns)
			watch_log_once(watch, reg, w->task.id);
		if (log_grew(w))
			pace_news(&w->pace, os_mono_ns());
		if (os_mono_ns() >= w->pace.next_ns)
			look_at_tree(w, reg, wants);
	}
	if (!w->held && !ended && wants->idle_ms >= 0 && os_mono_ns() >= w->idle_at_ns)
		look_at_silence(w, wants);
	if (!w->held && ended && wants->exit)
		w->held = WAIT_EXIT;
	else if (!w->held && ended && !may_still_hold(&w->task, wants))
		w->held = WAIT_ENDED;
	return 0;
}

int64_t waiter_due(const struct waiter *w, const struct wants *wants)
{
	int64_t due = w->idle_at_ns;

	if (wants_looks(wants) && living_possible(&w->task) && (due < 0 || w->pace.next_ns < due))
		due = w->pace.next_ns;
	return due;
}
