#include "cmd/record.h"

#include "base/path.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cmd/text.h"
#include "keep/files.h"
#include "keep/lost.h"
#include "keep/tree.h"
#include "log/index.h"
#include "log/size.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

char *record_command_of(pid_t pid)
{
	char line[201];
	int n = os_cmdline(pid, line, sizeof line);

	if (n <= 0)
		return xstrdup("?");
	while (n > 0 && line[n - 1] == '\0')
		n--;
	for (int i = 0; i < n; i++)
		if (line[i] == '\0')
			line[i] = ' ';
	line[n] = '\0';
	line[utf8_cut(line, (size_t)n, (size_t)n)] = '\0';
	return xstrdup(line);
}

static bool may_live(const struct task *task)
{
	return !task_ended(task->status) || task->leftover;
}

void record_living(struct registry *reg, const struct task *task, struct record_living *ret)
{
	struct files_keepers keepers = {0};
	const struct os_stat *list;
	CLEAN_FD int dirfd = -1;
	struct tree tree;
	int n;

	*ret = (struct record_living){0};
	if (!may_live(task) || lost_open_folder(reg, task->id, &dirfd) < 0)
		return;
	ret->kept = files_kept(dirfd);
	if (!ret->kept || !lost_is_here(task) || files_read_keepers(dirfd, &keepers) < 0)
		return;
	tree = (struct tree){.guard = keepers.guard, .keeper = keepers.keeper, .command = task->proc};
	n = tree_list(&tree, &list);
	ret->total = (size_t)n;
	ret->procs = xcalloc(RECORD_PROCS, sizeof *ret->procs);
	for (int i = 0; i < n && ret->n < RECORD_PROCS; i++) {
		ret->procs[ret->n].pid = list[i].proc.pid;
		ret->procs[ret->n++].command = record_command_of(list[i].proc.pid);
	}
}

void record_living_done(struct record_living *living)
{
	for (size_t i = 0; i < living->n; i++)
		free(living->procs[i].command);
	free(living->procs);
	*living = (struct record_living){0};
}

void record_measure(struct registry *reg, struct task *task)
{
	CLEAN_FD int dirfd = -1;
	struct size size;

	if (!may_live(task) || lost_open_folder(reg, task->id, &dirfd) < 0 || size_of_log(dirfd, &size) < 0)
		return;
	task->output_bytes = size.bytes;
	task->lines = size.lines;
	task->lost = size.lost;
}

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static json_t *number_or_null(int64_t value, bool present)
{
	return present ? json_integer(value) : json_null();
}

const char *record_signal(int sig, char buf[16])
{
	const char *name = sigabbrev_np(sig);

	if (name)
		snprintf(buf, 16, "SIG%s", name);
	else
		snprintf(buf, 16, "signal %d", sig);
	return buf;
}

void record_pty_size(struct registry *reg, const struct task *task, int *ret_cols, int *ret_rows)
{
	CLEAN_FD int dirfd = -1;
	struct index index = {0};

	*ret_cols = task->pty_cols;
	*ret_rows = task->pty_rows;
	if (!task->pty_cols || lost_open_folder(reg, task->id, &dirfd) < 0)
		return;
	if (index_load(dirfd, &index, NULL) == 0 && index.nterms) {
		*ret_cols = (int)index.terms[index.nterms - 1].cols;
		*ret_rows = (int)index.terms[index.nterms - 1].rows;
	}
	index_done(&index);
}

static void set_input(json_t *o, struct registry *reg, const struct task *task)
{
	json_t *size = json_object();
	int cols, rows;

	record_pty_size(reg, task, &cols, &rows);
	set(size, "cols", json_integer(cols));
	set(size, "rows", json_integer(rows));
	set(o, "pty", task->pty_cols ? size : json_null());
	if (!task->pty_cols)
		json_decref(size);
	set(o, "stdin", json_boolean(task->stdin_pipe));
}

static void set_spec(json_t *o, const struct task *task)
{
	set(o, "command", json_text(task->command));
	set(o, "argv", json_words(task->argv));
	set(o, "cwd", json_text(task->cwd));
	set(o, "project", json_text(task->project));
	set(o, "tags", json_words(task->tags));
	set(o, "sessionId", json_text(task->session));
	set(o, "createdBy", json_text(task->created_by));
	set(o, "lifetime", json_string(task_lifetime_text(task->lifetime)));
	set(o, "global", json_boolean(task->lifetime == LIFETIME_APP));
}

static void set_rules(json_t *o, const struct task *task)
{
	json_t *rules = json_array();

	for (char *const *rule = task->watches; rule && *rule; rule++) {
		json_t *one = json_object();

		set(one, "pattern", json_text(*rule + 1));
		set(one, "once", json_boolean(**rule == TASK_WATCH_ONCE));
		json_array_append_new(rules, one);
	}
	set(o, "watch", rules);
	set(o, "idleAfterMs", number_or_null(task->idle_after_ms, task->idle_after_ms > 0));
	set(o, "portEvent", json_boolean(task->port_event));
	set(o, "inputEvent", json_boolean(task->input_event));
}

static void set_end(json_t *o, const struct task *task)
{
	char buf[16];

	set(o, "startedAt", json_time(task->started_ms));
	set(o, "completedAt", json_time(task->completed_ms));
	set(o, "exitCode", number_or_null(task->exit_code, task->exit_code >= 0));
	set(o, "signal", json_text(task->signal ? record_signal(task->signal, buf) : NULL));
	set(o, "error", json_text(task->error));
}

static void set_output(json_t *o, const struct task *task)
{
	set(o, "outputBytes", json_integer((json_int_t)task->output_bytes));
	set(o, "cursor", json_integer((json_int_t)task->output_bytes));
	set(o, "lines", json_integer((json_int_t)task->lines));
	set(o, "lost", json_integer((json_int_t)task->lost));
	set(o, "log", json_string(task->copied ? "copied" : "spliced"));
}

static void set_living(json_t *o, struct registry *reg, const struct task *task)
{
	static const char *const later[] = {"ports", "cpuPercent", "memoryBytes", "waitingFor"};
	json_t *procs = json_array();
	struct record_living living;

	record_living(reg, task, &living);
	for (size_t i = 0; i < sizeof later / sizeof *later; i++)
		set(o, later[i], json_null());
	for (size_t i = 0; i < living.n; i++) {
		json_t *proc = json_object();

		set(proc, "pid", json_integer(living.procs[i].pid));
		set(proc, "command", json_text(living.procs[i].command));
		json_array_append_new(procs, proc);
	}
	set(o, "processes", living.kept ? procs : json_null());
	if (!living.kept)
		json_decref(procs);
	set(o, "leftover", json_boolean(task->leftover && living.n));
	record_living_done(&living);
}

json_t *record_json(struct registry *reg, struct task *task)
{
	json_t *o = json_object();

	record_measure(reg, task);
	set(o, "id", json_string(task->id));
	set(o, "name", json_text(task->name));
	set(o, "status", json_string(task_status_text(task->status)));
	set(o, "reason", task->reason == REASON_NONE ? json_null() : json_string(task_reason_text(task->reason)));
	set_spec(o, task);
	set_rules(o, task);
	set(o, "pid", number_or_null(task->proc.pid, task->proc.pid > 0));
	set_end(o, task);
	set_output(o, task);
	set_input(o, reg, task);
	set_living(o, reg, task);
	set(o, "restartOf", json_text(task->restart_of));
	return o;
}

void record_state(const struct task *task, struct str *out)
{
	char span[32], buf[16];

	if (!task_ended(task->status)) {
		time_span(os_now_ms() - (task->started_ms ? task->started_ms : task->created_ms), span);
		str_addf(out, "for %s", span);
		return;
	}
	if (task->signal)
		str_add(out, record_signal(task->signal, buf));
	else if (task->exit_code >= 0)
		str_addf(out, "exit %d", task->exit_code);
	else
		str_add(out, task->reason == REASON_EXEC ? "not started" : "exit code unknown");
	switch (task->reason) {
	case REASON_EXIT:
	case REASON_SIGNAL:
	case REASON_EXEC:
		break;
	default:
		str_addf(out, ", %s", task_reason_text(task->reason));
	}
	if (task->leftover)
		str_add(out, ", leftover");
}

static void add_line(struct str *out, const char *label, const char *text)
{
	CLEAN_FREE char *safe = text_safe(text);

	if (*safe)
		str_addf(out, "%-9s %s\n", label, safe);
}

static void add_times(struct str *out, const struct task *task)
{
	char from[32], to[32];

	if (task->started_ms) {
		time_iso(task->started_ms, from);
		add_line(out, "started", from);
	}
	if (task->completed_ms) {
		time_iso(task->completed_ms, to);
		add_line(out, "ended", to);
	}
}

static void add_output(struct str *out, const struct task *task)
{
	char bytes[32], lost[32];

	time_bytes(task->output_bytes, bytes);
	str_addf(out, "%-9s %s, %llu line%s", "output", bytes, (unsigned long long)task->lines,
		 task->lines == 1 ? "" : "s");
	if (task->lost) {
		time_bytes(task->lost, lost);
		str_addf(out, ", %s lost while the disk was full", lost);
	}
	if (task->copied)
		str_add(out, ", log: copied");
	str_addc(out, '\n');
}

static void add_input(struct str *out, struct registry *reg, const struct task *task)
{
	int cols, rows;

	record_pty_size(reg, task, &cols, &rows);
	if (task->pty_cols)
		str_addf(out, "%-9s %dx%d\n", "terminal", cols, rows);
	if (task->stdin_pipe)
		str_addf(out, "%-9s a pipe\n", "stdin");
}

static void add_living(struct str *out, struct registry *reg, const struct task *task)
{
	struct record_living living;

	record_living(reg, task, &living);
	for (size_t i = 0; i < living.n; i++) {
		CLEAN_FREE char *safe = text_safe(living.procs[i].command);

		str_addf(out, "%-9s %d %s\n",
			 i		  ? ""
			 : task->leftover ? "leftover"
					  : "processes",
			 (int)living.procs[i].pid, safe);
	}
	if (living.total > living.n)
		str_addf(out, "%-9s … and %zu more\n", "", living.total - living.n);
	record_living_done(&living);
}

static void add_rules(struct str *out, const struct task *task)
{
	char span[32];

	for (char *const *rule = task->watches; rule && *rule; rule++) {
		CLEAN_FREE char *text = xasprintf("%s%s", **rule == TASK_WATCH_ONCE ? "once: " : "", *rule + 1);

		add_line(out, rule == task->watches ? "watch" : "", text);
	}
	if (task->idle_after_ms) {
		time_span(task->idle_after_ms, span);
		str_addf(out, "%-9s after %s\n", "idle", span);
	}
	if (task->port_event || task->input_event)
		add_line(out, "raises", !task->input_event ? "port" : task->port_event ? "port, input" : "input");
}

void record_text(struct registry *reg, struct task *task, struct str *out)
{
	CLEAN_STR struct str state = {0};
	char number[32];

	record_measure(reg, task);
	str_addf(out, "%-9s %s\n", "id", task->id);
	add_line(out, "name", task->name);
	str_addf(out, "%-9s ", "status");
	text_colour(out, text_status_colour(task->status), task_status_text(task->status));
	record_state(task, &state);
	str_addf(out, ", %s\n", state.buf);
	add_line(out, "error", task->error);
	add_line(out, "command", task->command);
	add_line(out, "cwd", task->cwd);
	for (char *const *tag = task->tags; tag && *tag; tag++)
		add_line(out, tag == task->tags ? "tags" : "", *tag);
	add_line(out, "session", task->session);
	str_addf(out, "%-9s %s\n", "lifetime", task_lifetime_text(task->lifetime));
	snprintf(number, sizeof number, "%d", (int)task->proc.pid);
	add_line(out, "pid", task->proc.pid ? number : "");
	add_rules(out, task);
	add_times(out, task);
	add_output(out, task);
	add_input(out, reg, task);
	add_living(out, reg, task);
	add_line(out, "restarts", task->restart_of);
}
