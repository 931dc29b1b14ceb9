#include "cmd/record.h"

#include "base/path.h"
#include "base/time.h"
#include "cmd/living.h"
#include "cmd/text.h"
#include "keep/lost.h"
#include "log/index.h"
#include "log/size.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

void record_measure(struct registry *reg, struct task *task)
{
	CLEAN_FD int dirfd = -1;
	struct size size;

	if (!living_possible(task) || lost_open_folder(reg, task->id, &dirfd) < 0 || size_of_log(dirfd, &size) < 0)
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

/* As -o takes it; the kernel's start time tells it from who gets the same number later. */
static json_t *owner_or_null(struct os_proc owner)
{
	return owner.pid > 0 ? json_sprintf("%d:%llu", (int)owner.pid, (unsigned long long)owner.start) : json_null();
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
	set(o, "owner", owner_or_null(task->owner));
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

static json_t *processes(const struct living *living)
{
	json_t *procs = json_array();

	for (size_t i = 0; i < living->n; i++) {
		json_t *proc = json_object();

		set(proc, "pid", json_integer(living->procs[i].pid));
		set(proc, "command", json_text(living->procs[i].command));
		json_array_append_new(procs, proc);
	}
	return procs;
}

static json_t *port_numbers(const struct ports *ports)
{
	json_t *numbers = json_array();

	for (int i = 0; i < ports->n; i++)
		json_array_append_new(numbers, json_integer(ports->list[i].number));
	return numbers;
}

/* As much as can be told. */
static double tenths(double percent)
{
	return (double)(int64_t)(percent * 10 + 0.5) / 10;
}

static void set_living(json_t *o, struct registry *reg, const struct task *task)
{
	struct living living;
	bool waits;

	living_look(reg, task, &living);
	waits = living.input.kind != QUESTION_NONE;
	set(o, "ports", living.seen ? port_numbers(&living.ports) : json_null());
	set(o, "cpuPercent", living.seen ? json_real(tenths(living.usage.cpu_percent)) : json_null());
	set(o, "cpuMs", number_or_null((int64_t)living.usage.cpu_ms, living.seen));
	set(o, "memoryBytes", number_or_null((int64_t)living.usage.memory, living.seen));
	set(o, "processes", living.kept ? processes(&living) : json_null());
	set(o, "leftover", json_boolean(task->leftover && living.n));
	set(o, "waitingFor", waits ? json_string(question_kind_text(living.input.kind)) : json_null());
	set(o, "prompt", waits ? json_textn(living.prompt.text, living.prompt.len) : json_null());
	living_done(&living);
}

json_t *record_json(struct registry *reg, struct task *task)
{
	json_t *o = json_object();

	record_measure(reg, task);
	set(o, "id", json_string(task->id));
	set(o, "name", json_text(task->name));
	set(o, "status", json_string(task_status_text(task->status)));
	set(o, "reason", task->reason == REASON_NONE ? json_null() : json_string(task_reason_text(task->reason)));
	set(o, "ending",
	    task_ended(task->status) || task->ending == REASON_NONE ? json_null()
								    : json_string(task_reason_text(task->ending)));
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

const char *record_waits(enum question_kind kind)
{
	static const char *const words[] = {"nothing", "keys", "a line", "a password"};

	_Static_assert(sizeof words / sizeof *words == QUESTION_KIND_COUNT, "a kind of input was added");
	return words[kind];
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

static void add_use(struct str *out, const struct living *living)
{
	CLEAN_STR struct str ports = {0};
	char memory[32];

	if (!living->n)
		return;
	time_bytes(living->usage.memory, memory);
	str_addf(out, "%-9s %.1f%% CPU, %s\n", "uses", living->usage.cpu_percent, memory);
	living_add_ports(&ports, &living->ports);
	add_line(out, "ports", ports.buf);
	if (living->input.kind == QUESTION_NONE)
		return;
	str_addf(out, "%-9s %s", "waits for", record_waits(living->input.kind));
	if (living->prompt.len) {
		CLEAN_FREE char *safe = text_safe(living->prompt.text);

		str_addf(out, ": %s", safe);
	}
	str_addc(out, '\n');
}

static void add_living(struct str *out, struct registry *reg, const struct task *task)
{
	struct living living;

	living_look(reg, task, &living);
	add_use(out, &living);
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
	living_done(&living);
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
	CLEAN_FREE char *command = text_short(task->command);
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
	str_addf(out, "%-9s %s\n", "command", command);
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
