/* screen: the terminal of a task as it looks now. */
#include "log/screen.h"

#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/omitted.h"
#include "cmd/text.h"
#include "log/note.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX (64u * 1024u) /* of rows; the upper ones are left out */
#define RUNS_MAX 1000u	       /* of attributes */

static const struct cmd_opt opts[] = {
    {"json", 0, NULL, "one object: text, position, sizes, title, attributes, what is missing"},
    {0},
};

static int take(void *arg, int opt, const char *value, struct err *err)
{
	bool *json = arg;

	(void)opt;
	(void)value;
	(void)err;
	*json = true;
	return 0;
}

typedef void draw_row(const struct screen *s, unsigned row, struct str *out);

/* The first row that is shown: as many of the last ones as the budget takes. */
static unsigned first_row(const struct screen *s, draw_row *draw)
{
	unsigned row = screen_height(s);
	size_t len = 0;

	for (; row > 0; row--) {
		CLEAN_STR struct str text = {0};

		draw(s, row - 1, &text);
		len += text.len + 1;
		if (len > TEXT_MAX)
			break;
	}
	return row;
}

static void add_rows(const struct screen *s, unsigned first, draw_row *draw, struct str *out)
{
	str_add(out, "");
	for (unsigned row = first; row < screen_height(s); row++) {
		draw(s, row, out);
		str_addc(out, '\n');
	}
}

/* ---- for people ---- */

static void add_state(const struct task *task, const struct screen *s, struct str *out)
{
	CLEAN_FREE char *title = text_safe(s->title);

	str_addf(out, "[terminal %ux%u, cursor at row %u, column %u%s%s", s->cols, s->rows, s->row + 1, s->col + 1,
		 s->visible ? "" : ", hidden", s->alternate ? "; alternate screen" : "");
	if (s->title)
		str_addf(out, "; title \"%s\"", title);
	if (task_ended(task->status))
		str_addf(out, "; %s", task_status_text(task->status));
	str_addf(out, "; log cursor %" PRIu64 "]\n", s->cursor);
}

static void print_text(const struct task *task, const struct screen *s)
{
	draw_row *draw = text_coloured() ? screen_draw : screen_row;
	unsigned first = first_row(s, draw);
	CLEAN_STR struct str out = {0};

	if (s->gap.from < s->gap.to) {
		note_add(&out, &s->gap);
		str_addc(&out, '\n');
	}
	if (first > 0)
		str_addf(&out, "[… %u row%s left out: over %u KiB …]\n", first, first == 1 ? "" : "s", TEXT_MAX / 1024);
	add_rows(s, first, draw, &out);
	add_state(task, s, &out);
	fwrite(out.buf, 1, out.len, stdout);
}

/* ---- for programs ---- */

/* A number of the palette, "#rrggbb", or nothing for the terminal's own. */
static void set_colour(json_t *o, const char *key, uint32_t colour)
{
	char hex[16];

	if (colour & SCREEN_INDEX) {
		json_object_set_new(o, key, json_integer((json_int_t)(colour & 0xff)));
	} else if (colour & SCREEN_RGB) {
		snprintf(hex, sizeof hex, "#%06x", colour & 0xffffffu);
		json_object_set_new(o, key, json_string(hex));
	}
}

static json_t *run_json(unsigned row, const struct screen_run *run)
{
	static const char *const names[] = {"bold", "italic", "underline", "reverse", "blink", "strike"};
	json_t *o = json_object();

	json_object_set_new(o, "row", json_integer(row + 1));
	json_object_set_new(o, "col", json_integer(run->col + 1));
	json_object_set_new(o, "cols", json_integer(run->cols));
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (run->style.flags & 1u << i)
			json_object_set_new(o, names[i], json_true());
	set_colour(o, "fg", run->style.fg);
	set_colour(o, "bg", run->style.bg);
	return o;
}

static json_t *attributes(const struct screen *s, unsigned first, json_int_t *ret_left_out)
{
	json_t *array = json_array();

	*ret_left_out = 0;
	for (unsigned row = first; row < s->rows; row++) {
		struct screen_run run = {0};

		while (screen_run_next(s, row, run.col + run.cols, &run)) {
			if (json_array_size(array) < RUNS_MAX)
				json_array_append_new(array, run_json(row, &run));
			else
				++*ret_left_out;
		}
	}
	return array;
}

static void print_json(const struct task *task, const struct screen *s)
{
	unsigned first = first_row(s, screen_row);
	CLEAN_STR struct str text = {0};
	json_t *o = json_object();
	json_int_t runs;
	char *line;

	add_rows(s, first, screen_row, &text);
	json_object_set_new(o, "id", json_string(task->id));
	json_object_set_new(o, "status", json_string(task_status_text(task->status)));
	json_object_set_new(o, "text", json_textn(text.buf, text.len));
	json_object_set_new(o, "firstRow", json_integer(first + 1));
	json_object_set_new(o, "cols", json_integer(s->cols));
	json_object_set_new(o, "rows", json_integer(s->rows));
	json_object_set_new(
	    o, "position",
	    json_pack("{s:i, s:i, s:b}", "row", (int)s->row + 1, "col", (int)s->col + 1, "visible", s->visible));
	json_object_set_new(o, "alternate", json_boolean(s->alternate));
	json_object_set_new(o, "title", json_text(s->title));
	json_object_set_new(o, "since", json_integer((json_int_t)s->from));
	json_object_set_new(o, "cursor", json_integer((json_int_t)s->cursor));
	json_object_set_new(o, "attributes", attributes(s, first, &runs));
	json_object_set_new(o, "attributesLeftOut", json_integer(runs));
	json_object_set_new(o, "omitted", omitted_json(&s->gap, s->gap.from < s->gap.to ? 1 : 0));
	line = json_line(o);
	puts(line);
	free(line);
}

/* ---- the command ---- */

static int replay(struct registry *reg, const struct task *task, struct screen *ret, struct err *err)
{
	CLEAN_FD int dirfd = -1;
	int r = cmd_folder(reg, task->id, err, &dirfd);

	if (r < 0)
		return r;
	r = screen_replay(dirfd, (unsigned)task->pty_cols, (unsigned)task->pty_rows, ret, err);
	if (r == -ENOTTY)
		err_set(err, r, "task %s has no terminal, it was not started with --pty: hob logs %s shows its output",
			task->id, task->id);
	return r;
}

static int run(bool json, const char *word, struct err *err)
{
	CLEAN_REGISTRY struct registry *reg = NULL;
	struct screen screen = {0};
	struct task task = {0};
	int r = cmd_open(err, &reg);

	if (r == 0)
		r = registry_find(reg, word, err, &task);
	if (r == 0)
		r = replay(reg, &task, &screen, err);
	if (r == 0 && json)
		print_json(&task, &screen);
	else if (r == 0)
		print_text(&task, &screen);
	screen_done(&screen);
	task_done(&task);
	return r;
}

static int exec(int argc, char **argv, struct err *err)
{
	bool json = false;
	int r = cmd_options(&cmd_screen, argc, argv, false, take, &json, err);

	if (r < 0)
		return r;
	if (argc - r != 1)
		return cmd_usage(err, "screen takes one ID: hob list shows them");
	return run(json, argv[r], err);
}

const struct cmd cmd_screen = {
    .name = "screen",
    .args = "ID",
    .summary = "the terminal of a task as it looks now",
    .opts = opts,
    .examples = "hob screen repl                 rows, then size, cursor and title\n"
		"hob screen repl --json          with colours and attributes\n",
    .exec = exec,
};
