/* list: the tasks, a line each. */
#include "base/str.h"
#include "base/time.h"
#include "base/words.h"
#include "cmd/cmd.h"
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

static void print_text(struct task *tasks, size_t n)
{
	static const char *const headings[] = {"ID", "NAME", "STATUS", "HOW", "AGE", "TAGS", "COMMAND", NULL};
	struct table *t = table_new(headings);
	CLEAN_STR struct str out = {0};

	for (size_t i = 0; i < n; i++) {
		CLEAN_STR struct str state = {0};
		CLEAN_STR struct str tags = {0};
		char age[32];

		record_state(&tasks[i], &state);
		time_span(os_now_ms() - tasks[i].created_ms, age);
		for (char *const *tag = tasks[i].tags; tag && *tag; tag++)
			str_addf(&tags, "%s%s", tag == tasks[i].tags ? "" : ",", *tag);
		table_add(t, COLOUR_NONE, tasks[i].id);
		table_add(t, COLOUR_NONE, tasks[i].name ? tasks[i].name : "-");
		table_add(t, text_status_colour(tasks[i].status), task_status_text(tasks[i].status));
		table_add(t, COLOUR_NONE, state.buf);
		table_add(t, COLOUR_NONE, age);
		table_add(t, COLOUR_NONE, tags.len ? tags.buf : "-");
		table_add(t, COLOUR_NONE, tasks[i].command);
	}
	table_print(t, &out);
	fputs(out.buf, stdout);
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
		print_text(tasks, n);
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
