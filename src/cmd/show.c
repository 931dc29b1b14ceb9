#include "cmd/show.h"

#include "base/path.h"
#include "cmd/cmd.h"
#include "cmd/held.h"
#include "cmd/record.h"
#include "keep/lost.h"
#include "log/view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { OPT_LINES, OPT_JSON };

struct show_args {
	int64_t lines;
	bool json;
};

static const struct cmd_opt opts[] = {
    {"lines", 'n', "LINES", "how many of the last lines of output (default 20)"},
    {"json", 0, NULL, "the record, with the output's end as \"output\""},
    {0},
};

static int take(void *arg, int opt, const char *value, struct err *err)
{
	struct show_args *a = arg;

	if (opt == OPT_JSON) {
		a->json = true;
		return 0;
	}
	return cmd_number(value, "the number of lines", 0, err, &a->lines);
}

int show_tail(struct registry *reg, const struct task *task, uint64_t lines, struct str *out, uint64_t *ret_next,
	      struct err *err)
{
	const struct view_opts view = {.mode = VIEW_TAIL,
				       .lines = lines,
				       .max_bytes = VIEW_AGENT_BYTES,
				       .name_rest = true,
				       .ended = task_ended(task->status) && !task->leftover};
	struct view_result result = {0};
	CLEAN_FD int dirfd = -1;
	int r = lost_open_folder(reg, task->id, &dirfd);

	*ret_next = 0;
	/* a task that never got a folder has no output */
	if (r < 0)
		return r == -ENOENT ? 0 : err_sys(err, r, "cannot open the log of task %s", task->id);
	r = view_read(dirfd, &view, view_to_str, out, &result, err);
	if (r < 0)
		return r;
	*ret_next = result.next;
	view_result_done(&result);
	return 0;
}

static void print_json(struct registry *reg, struct task *task, const struct str *output, uint64_t next)
{
	json_t *record = record_json(reg, task);
	struct held held;
	char *line;

	held_look(reg, task, &held);
	json_object_set_new(record, "portHeldBy", held_json(&held));
	held_done(&held);
	json_object_set_new(record, "output", json_textn(output->buf ? output->buf : "", output->len));
	json_object_set_new(record, "cursor", json_integer((json_int_t)next));
	line = json_line(record);
	puts(line);
	free(line);
}

int show_print(struct registry *reg, struct task *task, uint64_t lines, bool json, struct err *err)
{
	CLEAN_STR struct str output = {0};
	CLEAN_STR struct str text = {0};
	struct held held;
	uint64_t next;
	int r = show_tail(reg, task, lines, &output, &next, err);

	if (r < 0)
		return r;
	if (json) {
		print_json(reg, task, &output, next);
		return 0;
	}
	record_text(reg, task, &text);
	if (output.len)
		str_addf(&text, "\n%s", output.buf);
	if (text.len && text.buf[text.len - 1] != '\n')
		str_addc(&text, '\n');
	held_look(reg, task, &held);
	held_text(&held, &text);
	held_done(&held);
	fputs(text.buf, stdout);
	return 0;
}

static int run(const struct show_args *a, const char *word, struct err *err)
{
	CLEAN_REGISTRY struct registry *reg = NULL;
	struct task task = {0};
	int r = cmd_open(err, &reg);

	if (r == 0)
		r = registry_find(reg, word, err, &task);
	if (r == 0)
		r = show_print(reg, &task, (uint64_t)a->lines, a->json, err);
	task_done(&task);
	return r;
}

static int exec(int argc, char **argv, struct err *err)
{
	struct show_args a = {.lines = SHOW_LINES};
	int r = cmd_options(&cmd_show, argc, argv, false, take, &a, err);

	if (r < 0)
		return r;
	if (argc - r != 1)
		return cmd_usage(err, "show takes one ID: hob list shows them");
	return run(&a, argv[r], err);
}

const struct cmd cmd_show = {
    .name = "show",
    .args = "ID",
    .summary = "everything about one task, and its last output",
    .opts = opts,
    .examples = "hob show web             by name, id, or the front of an id\n"
		"hob show web --json      for programs\n",
    .exec = exec,
};
