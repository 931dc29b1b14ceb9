/* list: the tasks, a line each. */
#include "base/str.h"
#include "base/time.h"
#include "base/words.h"
#include "cmd/cmd.h"
#include "cmd/living.h"
#include "cmd/record.h"
#include "cmd/selectors.h"
#include "cmd/text.h"

#include <stdio.h>
#include <stdlib.h>

enum { OPT_QUIET = SELECTOR_COUNT, OPT_JSON };

struct list_args {
	struct selectors selectors;
	bool quiet, json;
};

static const struct cmd_opt opts[] = {
    SELECTOR_OPTS,
    {"quiet", 'q', NULL, "only the ids"},
    {"json", 0, NULL, "an array of records"},
    {0},
};

static int take(void *arg, int opt, const char *value, struct err *err)
{
	struct list_args *a = arg;

	switch (opt) {
	case OPT_QUIET:
		a->quiet = true;
		return 0;
	case OPT_JSON:
		a->json = true;
		return 0;
	default:
		return selectors_take(&a->selectors, opt, value, err);
	}
}

static void print_json(struct registry *reg, struct task *tasks, size_t n)
{
	json_t *array = json_array();
	char *line;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, record_json(reg, &tasks[i]));
	line = json_line(array);
	puts(line);
	free(line);
}

/* "152K", "1.2G": in five columns whatever it is, so that a table does not move when it is printed again. */
static void add_memory(struct str *out, uint64_t bytes)
{
	static const char units[] = "KMGT";
	double value = (double)bytes / 1024;
	size_t unit = 0;

	while (value >= 1000 && units[unit + 1]) {
		value /= 1024;
		unit++;
	}
	str_addf(out, value < 10 && unit ? "%.1f%c" : "%.0f%c", value, units[unit]);
	while (out->len < 5)
		str_addc(out, ' ');
}

/* What is said of a task beside its record. */
struct row {
	struct str state, tags, cpu, memory, ports;
	char age[32];
};

static void fill_row(struct registry *reg, const struct task *task, struct row *row)
{
	struct living living;

	record_state(task, &row->state);
	time_span(os_now_ms() - task->created_ms, row->age);
	for (char *const *tag = task->tags; tag && *tag; tag++)
		str_addf(&row->tags, "%s%s", tag == task->tags ? "" : ",", *tag);
	living_look(reg, task, &living);
	if (living.n) {
		str_addf(&row->cpu, "%.0f%%", living.usage.cpu_percent);
		add_memory(&row->memory, living.usage.memory);
		living_add_ports(&row->ports, &living.ports);
	}
	if (living.input.kind != QUESTION_NONE)
		str_addf(&row->state, ", waits for %s", record_waits(living.input.kind));
	living_done(&living);
}

static void done_row(struct row *row)
{
	str_done(&row->state);
	str_done(&row->tags);
	str_done(&row->cpu);
	str_done(&row->memory);
	str_done(&row->ports);
}

static void add_cell(struct table *t, const struct str *text)
{
	table_add(t, COLOUR_NONE, text->len ? text->buf : "-");
}

/* LIVING: the columns that only a living task fills are there. */
static void print_rows(const struct task *tasks, const struct row *rows, size_t n, bool living)
{
	static const char *const all[] = {"ID",	 "NAME",  "STATUS", "HOW",     "AGE", "CPU",
					  "MEM", "PORTS", "TAGS",   "COMMAND", NULL};
	static const char *const ended[] = {"ID", "NAME", "STATUS", "HOW", "AGE", "TAGS", "COMMAND", NULL};
	struct table *t = table_new(living ? all : ended);
	CLEAN_STR struct str out = {0};

	for (size_t i = 0; i < n; i++) {
		table_add(t, COLOUR_NONE, tasks[i].id);
		table_add(t, COLOUR_NONE, tasks[i].name ? tasks[i].name : "-");
		table_add(t, text_status_colour(tasks[i].status), task_status_text(tasks[i].status));
		table_add(t, COLOUR_NONE, rows[i].state.buf);
		table_add(t, COLOUR_NONE, rows[i].age);
		if (living) {
			add_cell(t, &rows[i].cpu);
			add_cell(t, &rows[i].memory);
			add_cell(t, &rows[i].ports);
		}
		add_cell(t, &rows[i].tags);
		table_add(t, COLOUR_NONE, tasks[i].command);
	}
	table_print(t, &out);
	fputs(out.buf, stdout);
}

static void print_text(struct registry *reg, const struct task *tasks, size_t n)
{
	struct row *rows = xcalloc(n, sizeof *rows);
	bool living = false;

	for (size_t i = 0; i < n; i++) {
		fill_row(reg, &tasks[i], &rows[i]);
		living = living || rows[i].cpu.len;
	}
	print_rows(tasks, rows, n, living);
	for (size_t i = 0; i < n; i++)
		done_row(&rows[i]);
	free(rows);
}

static int run(struct list_args *a, struct err *err)
{
	CLEAN_REGISTRY struct registry *reg = NULL;
	struct task *tasks = NULL;
	size_t n = 0;
	int r = cmd_open(err, &reg);

	if (r == 0)
		r = registry_select(reg, selectors_get(&a->selectors), err, &tasks, &n);
	if (r < 0)
		return r;
	if (a->json)
		print_json(reg, tasks, n);
	else if (a->quiet)
		for (size_t i = 0; i < n; i++)
			puts(tasks[i].id);
	else if (n)
		print_text(reg, tasks, n);
	else
		fputs("no tasks\n", stderr);
	task_free_all(tasks, n);
	return 0;
}

static int exec(int argc, char **argv, struct err *err)
{
	struct list_args a = {0};
	int r = cmd_options(&cmd_list, argc, argv, false, take, &a, err);

	if (r >= 0 && r < argc)
		r = cmd_usage(err, "list takes no ID ('%s'): hob show %s", argv[r], argv[r]);
	if (r >= 0)
		r = run(&a, err);
	selectors_done(&a.selectors);
	return r;
}

const struct cmd cmd_list = {
    .name = "list",
    .alias = "ls ps",
    .args = "",
    .summary = "list tasks",
    .opts = opts,
    .examples = "hob list --status running       what lives, leftovers too\n"
		"hob list -t server --json       tasks with this tag, for programs\n",
    .exec = exec,
};
