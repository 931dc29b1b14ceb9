/* wait: until a task ends, or all of them. */
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/record.h"
#include "cmd/show.h"
#include "cmd/watch.h"
#include "keep/lost.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_LINES 10

enum { OPT_EXIT, OPT_ALL, OPT_TIMEOUT, OPT_JSON };

struct wait_args {
	struct registry *reg;
	struct task *tasks;
	size_t n;
	int64_t timeout_ms; /* -1: none */
	bool all, json;
};

static const struct cmd_opt opts[] = {
    {"exit", 0, NULL, "until its command ends (the default)"},
    {"all", 0, NULL, "until it holds for every task given, not for any"},
    {"timeout", 0, "DUR", "at most so long: exit code 4"},
    {"json", 0, NULL,
     "id, condition, cursor and last lines; an array with --all, or when the time is over for several"},
    {0},
};

static int take(void *arg, int opt, const char *value, struct err *err)
{
	struct wait_args *a = arg;

	switch (opt) {
	case OPT_EXIT:
		return 0;
	case OPT_ALL:
		a->all = true;
		return 0;
	case OPT_TIMEOUT:
		return cmd_duration(value, "--timeout", err, &a->timeout_ms);
	default:
		a->json = true;
		return 0;
	}
}

static int find_all(struct wait_args *a, char **words, struct err *err)
{
	size_t max = 0;
	int r = 0;

	while (words[max])
		max++;
	a->tasks = xcalloc(max, sizeof *a->tasks);
	for (; r == 0 && a->n < max; a->n++)
		r = registry_find(a->reg, words[a->n], err, &a->tasks[a->n]);
	return r;
}

/* Reads all tasks again; *RET_ENDED gets how many have ended. */
static int look(struct wait_args *a, struct err *err, size_t *ret_ended)
{
	*ret_ended = 0;
	for (size_t i = 0; i < a->n; i++) {
		struct task now = {0};
		int r = registry_get(a->reg, a->tasks[i].id, err, &now);

		if (r < 0)
			return r;
		task_done(&a->tasks[i]);
		a->tasks[i] = now;
		*ret_ended += task_ended(now.status);
	}
	return 0;
}

static json_t *answer_json(struct wait_args *a, const struct task *task, const char *condition, struct err *err)
{
	CLEAN_STR struct str text = {0};
	json_t *o = json_object(), *lines = json_array();
	uint64_t cursor = 0;
	char *line, *rest;

	show_tail(a->reg, task, WAIT_LINES, &text, &cursor, err);
	rest = text.buf;
	while (rest && (line = strsep(&rest, "\n")))
		if (*line || (rest && *rest))
			json_array_append_new(lines, json_text(line));
	json_object_set_new(o, "id", json_string(task->id));
	json_object_set_new(o, "condition", json_string(condition));
	json_object_set_new(o, "cursor", json_integer((json_int_t)cursor));
	json_object_set_new(o, "lines", lines);
	return o;
}

static int answer_text(struct wait_args *a, const struct task *task, const char *condition, struct err *err)
{
	CLEAN_STR struct str state = {0};
	CLEAN_STR struct str text = {0};
	uint64_t cursor = 0;
	int r = show_tail(a->reg, task, WAIT_LINES, &text, &cursor, err);

	record_state(task, &state);
	printf("%s %s: %s, %s, cursor %llu\n%s", task->id, condition, task_status_text(task->status), state.buf,
	       (unsigned long long)cursor, text.buf ? text.buf : "");
	if (text.len && text.buf[text.len - 1] != '\n')
		putchar('\n');
	return r;
}

/* The answer names the first task for which the condition holds; with --all, or at a time-out, every task. */
static int answer(struct wait_args *a, bool timed_out, struct err *err)
{
	json_t *array = json_array(), *out = array;
	bool every = a->all || timed_out;
	char *line;
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->n; i++) {
		bool ended = task_ended(a->tasks[i].status);
		const char *condition = ended ? "exit" : "timeout";

		if (!ended && !every)
			continue;
		if (a->json)
			json_array_append_new(array, answer_json(a, &a->tasks[i], condition, err));
		else
			r = answer_text(a, &a->tasks[i], condition, err);
		if (!every)
			break;
	}
	if (a->json) {
		if (!(a->all || (timed_out && a->n > 1)) && json_array_size(array))
			out = json_incref(json_array_get(array, 0));
		line = json_line(out);
		puts(line);
		free(line);
		if (out == array)
			return r;
	}
	json_decref(array);
	return r;
}

static int wait_for_tasks(struct wait_args *a, struct err *err)
{
	int64_t deadline = a->timeout_ms >= 0 ? os_mono_ns() + a->timeout_ms * 1000000 : -1;
	struct watch w;
	size_t ended = 0;
	int r = watch_open(&w, a->reg, err), news = WATCH_NEWS;

	for (size_t i = 0; r == 0 && i < a->n; i++)
		if (!task_ended(a->tasks[i].status))
			watch_task(&w, a->reg, a->tasks[i].id, false);
	while (r == 0) {
		r = look(a, err, &ended);
		if (r < 0 || (a->all ? ended == a->n : ended > 0) || news == WATCH_TIMEOUT)
			break;
		news = watch_wait(&w, a->reg, deadline, -1);
		if (news == WATCH_DEATH)
			r = lost_settle(a->reg, err);
	}
	watch_close(&w);
	if (r < 0)
		return r;
	r = answer(a, news == WATCH_TIMEOUT, err);
	return r < 0 ? r : (a->all ? ended == a->n : ended > 0) ? EXIT_DONE : EXIT_TIMEOUT;
}

static int exec(int argc, char **argv, struct err *err)
{
	struct wait_args a = {.timeout_ms = -1};
	int r = cmd_options(&cmd_wait, argc, argv, false, take, &a, err), first = r;

	if (r < 0)
		return r;
	if (first == argc)
		return cmd_usage(err, "wait wants an ID: hob list shows them");
	r = cmd_open(err, &a.reg);
	if (r == 0)
		r = find_all(&a, argv + first, err);
	if (r == 0)
		r = wait_for_tasks(&a, err);
	task_free_all(a.tasks, a.n);
	registry_close(a.reg);
	return r;
}

const struct cmd cmd_wait = {
    .name = "wait",
    .args = "ID...",
    .summary = "wait until a task ends",
    .opts = opts,
    .examples = "hob wait build                        until it ends\n"
		"hob wait a b --all --timeout 1m       both, at most a minute\n",
    .exec = exec,
};
