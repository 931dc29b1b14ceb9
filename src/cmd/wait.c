/* wait: until something holds of a task: its end, a line of output, a port, silence, a question. */
#include "base/path.h"
#include "base/regex.h"
#include "base/str.h"
#include "base/words.h"
#include "cmd/cmd.h"
#include "cmd/held.h"
#include "cmd/record.h"
#include "cmd/text.h"
#include "cmd/waiter.h"
#include "keep/lost.h"
#include "log/view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_LINES 10
/* Output that comes in drops is looked at this often at the most. */
#define GATHER_NS 1000000

enum { OPT_EXIT, OPT_MATCH, OPT_PORT, OPT_IDLE, OPT_INPUT, OPT_ALL, OPT_SINCE, OPT_TIMEOUT, OPT_JSON };

struct wait_args {
	struct registry *reg;
	struct wants wants;
	struct waiter *waiters;
	size_t n;
	int64_t timeout_ms; /* -1: none */
	int64_t since;	    /* -1: from the start */
	bool all, json;
};

static const struct cmd_opt opts[] = {
    {"exit", 0, NULL, "until its command ends (the default)"},
    {"match", 0, "REGEX", "until a line of its output fits, also the unfinished last one"},
    {"port", 0, "[=N]", "until it listens on TCP port N, or on any"},
    {"idle", 0, "DUR", "until it has written nothing for so long"},
    {"input", 0, NULL, "until it waits for somebody to type"},
    {"all", 0, NULL, "until something holds for every task given, not for any"},
    {"since", 0, "CURSOR", "match only what comes after (default: the whole log)"},
    {"timeout", 0, "DUR", "at most so long: exit code 4"},
    {"json", 0, NULL, "id, condition, cursor and last lines; an array with --all, or when nothing holds for several"},
    {0},
};

static int add_pattern(struct wants *wants, const char *text, struct err *err)
{
	struct regex *re;
	int r = regex_compile(text, REGEX_JIT, err, &re);

	if (r < 0)
		return err_wrap(err, "--match");
	wants->patterns = xrealloc(wants->patterns, (wants->npatterns + 1) * sizeof(void *));
	wants->patterns[wants->npatterns++] = re;
	return 0;
}

static int add_port(struct wants *wants, const char *text, struct err *err)
{
	int64_t number = 0;

	if (text && (cmd_number(text, "--port", 1, err, &number) < 0 || number > UINT16_MAX))
		return cmd_usage(err, "--port '%s' is no port: 1 to 65535", text);
	wants->ports = xrealloc(wants->ports, (wants->nports + 1) * sizeof *wants->ports);
	wants->ports[wants->nports++] = (uint16_t)number;
	return 0;
}

static int take(void *arg, int opt, const char *value, struct err *err)
{
	struct wait_args *a = arg;

	switch (opt) {
	case OPT_EXIT:
		a->wants.exit = true;
		return 0;
	case OPT_MATCH:
		return add_pattern(&a->wants, value, err);
	case OPT_PORT:
		return add_port(&a->wants, value, err);
	case OPT_IDLE:
		return cmd_duration(value, "--idle", err, &a->wants.idle_ms);
	case OPT_INPUT:
		a->wants.input = true;
		return 0;
	case OPT_ALL:
		a->all = true;
		return 0;
	case OPT_SINCE:
		return cmd_number(value, "--since", 0, err, &a->since);
	case OPT_TIMEOUT:
		return cmd_duration(value, "--timeout", err, &a->timeout_ms);
	default:
		a->json = true;
		return 0;
	}
}

static int check(struct wait_args *a, int ids, struct err *err)
{
	struct wants *wants = &a->wants;

	if (!ids)
		return cmd_usage(err, "wait wants an ID: hob list shows them");
	if (a->since >= 0 && !wants->npatterns)
		return cmd_usage(err, "--since goes with --match");
	if (a->since >= 0 && ids > 1)
		return cmd_usage(err, "--since is a cursor of one task: wait for them one by one");
	wants->since = a->since >= 0 ? (uint64_t)a->since : 0;
	wants->exit = wants->exit || (!wants->npatterns && !wants->nports && !wants->input && wants->idle_ms < 0);
	return 0;
}

/* ---- the answer ---- */

/* The last lines before CURSOR (0: before the end), clean and bounded; *RET_NEXT is the cursor behind them. */
static int read_lines(const struct waiter *w, uint64_t cursor, struct str *out, uint64_t *ret_next, struct err *err)
{
	const struct view_opts view = {.mode = VIEW_TAIL,
				       .lines = WAIT_LINES,
				       .until = cursor,
				       .max_bytes = VIEW_AGENT_BYTES,
				       .name_rest = true,
				       .ended = !living_possible(&w->task)};
	struct view_result result = {0};
	int r;

	*ret_next = 0;
	if (w->dirfd < 0)
		return 0;
	r = view_read(w->dirfd, &view, view_to_str, out, &result, err);
	if (r == 0)
		*ret_next = result.next;
	view_result_done(&result);
	return r;
}

/* What was found reads up to where it was found; everything else, as far as the log goes. */
static uint64_t cursor_of(const struct waiter *w)
{
	return w->held == WAIT_MATCH ? match_result(w->match)->to : 0;
}

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static json_t *lines_json(struct str *text)
{
	json_t *lines = json_array();
	char *rest = text->buf, *line;

	while (rest && (line = strsep(&rest, "\n")))
		if (*line || (rest && *rest))
			json_array_append_new(lines, json_text(line));
	return lines;
}

static void set_end(json_t *o, struct wait_args *a, const struct task *task)
{
	struct held held;
	char buf[16];

	held_look(a->reg, task, &held);
	set(o, "reason", json_string(task_reason_text(task->reason)));
	set(o, "exitCode", task->exit_code >= 0 ? json_integer(task->exit_code) : json_null());
	set(o, "signal", json_text(task->signal ? record_signal(task->signal, buf) : NULL));
	set(o, "portHeldBy", held_json(&held));
	held_done(&held);
}

static void set_found(json_t *o, const struct waiter *w)
{
	if (w->held == WAIT_MATCH)
		set(o, "match", json_text(match_result(w->match)->line));
	if (w->held == WAIT_PORT)
		set(o, "port", json_integer(w->port));
	if (w->input.kind == QUESTION_NONE)
		return;
	set(o, "waitingFor", json_string(question_kind_text(w->input.kind)));
	set(o, "prompt", json_textn(w->prompt.text, w->prompt.len));
}

static int answer_json(struct wait_args *a, const struct waiter *w, json_t *out, struct err *err)
{
	CLEAN_STR struct str text = {0};
	json_t *o = json_object();
	uint64_t cursor;
	int r = read_lines(w, cursor_of(w), &text, &cursor, err);

	set(o, "id", json_string(w->task.id));
	set(o, "condition", json_text(w->held == WAIT_NONE ? NULL : condition_text(w->held)));
	set(o, "status", json_string(task_status_text(w->task.status)));
	set(o, "cursor", json_integer((json_int_t)cursor));
	set(o, "lines", lines_json(&text));
	set_found(o, w);
	if (task_ended(w->task.status))
		set_end(o, a, &w->task);
	json_array_append_new(out, o);
	return r;
}

/* "web port 3000: running, for 3s, cursor 81" */
static void add_heading(const struct waiter *w, uint64_t cursor, struct str *out)
{
	str_addf(out, "%s %s", w->task.id, w->held == WAIT_NONE ? "not yet" : condition_text(w->held));
	if (w->held == WAIT_PORT)
		str_addf(out, " %u", w->port);
	str_addf(out, ": %s, ", task_status_text(w->task.status));
	record_state(&w->task, out);
	if (w->input.kind != QUESTION_NONE)
		str_addf(out, ", waits for %s", record_waits(w->input.kind));
	str_addf(out, ", cursor %llu\n", (unsigned long long)cursor);
}

static int answer_text(struct wait_args *a, const struct waiter *w, struct err *err)
{
	CLEAN_STR struct str lines = {0};
	CLEAN_STR struct str out = {0};
	struct held held;
	uint64_t cursor;
	int r = read_lines(w, cursor_of(w), &lines, &cursor, err);

	add_heading(w, cursor, &out);
	str_addn(&out, lines.buf ? lines.buf : "", lines.len);
	if (out.buf[out.len - 1] != '\n')
		str_addc(&out, '\n');
	held_look(a->reg, &w->task, &held);
	held_text(&held, &out);
	held_done(&held);
	fputs(out.buf, stdout);
	return r;
}

/* The first task for which something holds; with EVERY, all of them. */
static int answer(struct wait_args *a, bool every, struct err *err)
{
	json_t *array = json_array(), *out = array;
	char *line;
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->n; i++) {
		struct waiter *w = &a->waiters[i];

		if (!every && (w->held == WAIT_NONE || w->held == WAIT_ENDED))
			continue;
		r = a->json ? answer_json(a, w, array, err) : answer_text(a, w, err);
		if (!every)
			break;
	}
	if (a->json && r == 0) {
		if (!a->all && json_array_size(array) == 1)
			out = json_array_get(array, 0);
		line = json_line(json_incref(out));
		puts(line);
		free(line);
	}
	json_decref(array);
	return r;
}

/* ---- waiting ---- */

static int look(struct wait_args *a, struct watch *watch, bool told, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->n; i++)
		if (a->waiters[i].held == WAIT_NONE)
			r = waiter_look(&a->waiters[i], a->reg, &a->wants, watch, told, err);
	return r;
}

/* EXIT_DONE or EXIT_ENDED once that is decided, EXIT_TIMEOUT while it is not. */
static int decide(const struct wait_args *a)
{
	size_t held = 0, ended = 0;

	for (size_t i = 0; i < a->n; i++) {
		held += a->waiters[i].held != WAIT_NONE && a->waiters[i].held != WAIT_ENDED;
		ended += a->waiters[i].held == WAIT_ENDED;
	}
	if (a->all ? held == a->n : held > 0)
		return EXIT_DONE;
	return (a->all ? ended > 0 : ended == a->n) ? EXIT_ENDED : EXIT_TIMEOUT;
}

static int64_t next_due(const struct wait_args *a, int64_t deadline)
{
	for (size_t i = 0; i < a->n; i++) {
		int64_t due = a->waiters[i].held == WAIT_NONE ? waiter_due(&a->waiters[i], &a->wants) : -1;

		if (due >= 0 && (deadline < 0 || due < deadline))
			deadline = due;
	}
	return deadline;
}

/* What timed out may be waiting for somebody who does not know. */
static void time_out(struct wait_args *a)
{
	for (size_t i = 0; i < a->n; i++) {
		struct waiter *w = &a->waiters[i];
		struct living living;

		if (w->held != WAIT_NONE)
			continue;
		w->held = WAIT_TIMEOUT;
		living_look(a->reg, &w->task, &living);
		w->input = living.input;
		w->prompt = living.prompt;
		living_done(&living);
	}
}

/* Waits until it is decided, or time is over: EXIT_DONE, EXIT_ENDED, EXIT_TIMEOUT, or a negative errno. */
static int wait_for_tasks(struct wait_args *a, struct watch *watch, struct err *err)
{
	int64_t deadline = a->timeout_ms >= 0 ? os_mono_ns() + a->timeout_ms * 1000000 : -1;
	bool told = true, over = false;
	int r = 0;

	for (;;) {
		int64_t looked = os_mono_ns();
		int code, news;

		r = look(a, watch, told || over, err);
		code = decide(a);
		if (r < 0 || over || code != EXIT_TIMEOUT)
			return r < 0 ? r : code;
		news = watch_wait(watch, a->reg, next_due(a, deadline), -1);
		if (news == WATCH_LOG)
			os_wait(NULL, 0, looked + GATHER_NS);
		if (news == WATCH_DEATH && (r = lost_settle(a->reg, err)) < 0)
			return r;
		told = news == WATCH_NEWS || news == WATCH_DEATH;
		over = deadline >= 0 && os_mono_ns() >= deadline;
	}
}

static int open_all(struct wait_args *a, char **words, size_t n, struct watch *watch, struct err *err)
{
	int r = watch_open(watch, a->reg, err);

	a->waiters = xcalloc(n, sizeof *a->waiters);
	while (r == 0 && a->n < n) {
		r = waiter_open(&a->waiters[a->n], a->reg, words[a->n], &a->wants, watch, err);
		a->n++;
	}
	return r;
}

static int run(struct wait_args *a, char **words, size_t n, struct err *err)
{
	struct watch watch;
	int r = open_all(a, words, n, &watch, err), told = 0;

	if (r == 0)
		r = wait_for_tasks(a, &watch, err);
	if (r == EXIT_TIMEOUT)
		time_out(a);
	if (r >= 0)
		told = answer(a, a->all || r != EXIT_DONE, err);
	if (r >= 0 && told == 0)
		told = cmd_flush(err);
	if (r < 0 || told < 0)
		watch_close(&watch);
	else
		watch_leave(&watch);
	return told < 0 ? told : r;
}

static int exec(int argc, char **argv, struct err *err)
{
	struct wait_args a = {.timeout_ms = -1, .since = -1, .wants.idle_ms = -1};
	int r = cmd_options(&cmd_wait, argc, argv, false, take, &a, err), first = r;

	if (r >= 0)
		r = check(&a, argc - first, err);
	if (r == 0)
		r = cmd_open(err, &a.reg);
	if (r == 0)
		r = run(&a, argv + first, (size_t)(argc - first), err);
	for (size_t i = 0; i < a.n; i++)
		waiter_close(&a.waiters[i]);
	for (size_t i = 0; i < a.wants.npatterns; i++)
		regex_free(a.wants.patterns[i]);
	free(a.waiters);
	free(a.wants.patterns);
	free(a.wants.ports);
	registry_close(a.reg);
	return r == -ERANGE ? EXIT_USAGE : r;
}

const struct cmd cmd_wait = {
    .name = "wait",
    .args = "ID...",
    .summary = "wait until a task ends, writes, listens, falls silent or asks",
    .opts = opts,
    .examples = "hob wait build                        until it ends\n"
		"hob wait web --port --match 'rror'    until it listens, or says why not\n"
		"hob wait a b --all --timeout 1m       both, at most a minute\n",
    .exec = exec,
};
