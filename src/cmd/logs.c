/* logs: a task's output, clean and bounded, or as bytes. */
#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/watch.h"
#include "keep/lost.h"
#include "log/view.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OPT_LINES, OPT_HEAD, OPT_SINCE, OPT_UNTIL, OPT_FOLLOW, OPT_TIME, OPT_RAW, OPT_MAX, OPT_JSON };

struct logs_args {
	int64_t lines, head; /* -1: not given */
	int64_t since, until;
	uint64_t max_bytes;
	bool bounded, follow, time, raw, json;
};

static const struct cmd_opt opts[] = {
    {"lines", 'n', "N", "the last N lines (default 100)"},
    {"head", 0, "N", "the first N lines"},
    {"since", 0, "CURSOR", "from this cursor on"},
    {"until", 0, "CURSOR", "up to this cursor"},
    {"follow", 'f', NULL, "go on as the task writes, until it ends"},
    {"time", 0, NULL, "each line with the time it came"},
    {"raw", 0, NULL, "the bytes as written"},
    {"max-bytes", 0, "SIZE", "at most so much text (default 16K; 0: no limit)"},
    {"json", 0, NULL, "one object: text, cursors, what was left out"},
    {0},
};

static int take(void *arg, int opt, const char *value, struct err *err)
{
	struct logs_args *a = arg;

	switch (opt) {
	case OPT_LINES:
		return cmd_number(value, "the number of lines", 0, err, &a->lines);
	case OPT_HEAD:
		return cmd_number(value, "the number of lines", 0, err, &a->head);
	case OPT_SINCE:
		return cmd_number(value, "the cursor", 0, err, &a->since);
	case OPT_UNTIL:
		return cmd_number(value, "the cursor", 0, err, &a->until);
	case OPT_MAX:
		a->bounded = true;
		return cmd_size(value, "--max-bytes", err, &a->max_bytes);
	case OPT_FOLLOW:
		a->follow = true;
		return 0;
	case OPT_TIME:
		a->time = true;
		return 0;
	case OPT_RAW:
		a->raw = true;
		return 0;
	default:
		a->json = true;
		return 0;
	}
}

static int check(const struct logs_args *a, struct err *err)
{
	int ways = (a->lines >= 0) + (a->head >= 0) + (a->since >= 0);

	if (ways > 1)
		return cmd_usage(err, "-n, --head and --since exclude one another");
	if (a->until >= 0 && a->since < 0)
		return cmd_usage(err, "--until goes with --since");
	if (a->until >= 0 && a->until < a->since)
		return cmd_usage(err, "--until %lld lies before --since %lld", (long long)a->until,
				 (long long)a->since);
	if (a->json && (a->raw || a->follow))
		return cmd_usage(err, "--json goes with neither --raw nor -f");
	if (a->follow && (a->head >= 0 || a->until >= 0))
		return cmd_usage(err, "-f goes with -n or --since only");
	return 0;
}

static struct view_opts view_of(const struct logs_args *a, const struct task *task)
{
	struct view_opts v = {.mode = VIEW_TAIL, .lines = VIEW_AGENT_LINES, .raw = a->raw, .name_rest = !a->raw};

	if (a->since >= 0) {
		v.mode = VIEW_RANGE;
		v.since = (uint64_t)a->since;
		v.until = a->until >= 0 ? (uint64_t)a->until : 0;
		if (a->until == 0) {
			/* the view would take it for the end */
			v.mode = VIEW_HEAD;
			v.lines = 0;
			v.name_rest = false;
		}
	} else if (a->head >= 0) {
		v.mode = VIEW_HEAD;
		v.lines = (uint64_t)a->head;
	} else if (a->lines >= 0) {
		v.lines = (uint64_t)a->lines;
	} else if (a->raw) {
		v.mode = VIEW_RANGE;
	}
	v.max_bytes = a->bounded ? (size_t)a->max_bytes : a->raw || a->follow ? 0 : VIEW_AGENT_BYTES;
	v.time = a->time ? VIEW_TIME_LOCAL : VIEW_TIME_NONE;
	v.ended = task_ended(task->status) && !task->leftover;
	return v;
}

static int emit_stdout(void *arg, const char *text, size_t len)
{
	(void)arg;
	return fwrite(text, 1, len, stdout) == len ? 0 : errno ? -errno : -EIO;
}

static const char *reason_text(enum view_reason reason)
{
	static const char *const names[] = {"leftOut", "freed", "lost", "cut", "redrawn"};

	return names[reason];
}

static json_t *omissions(const struct view_result *res)
{
	json_t *array = json_array();

	for (size_t i = 0; i < res->nomitted; i++) {
		const struct view_omission *o = &res->omitted[i];

		json_array_append_new(array, json_pack("{s:s, s:I, s:I, s:I, s:I}", "reason", reason_text(o->reason),
						       "since", (json_int_t)o->from, "until", (json_int_t)o->to,
						       "lines", (json_int_t)o->lines, "count", (json_int_t)o->count));
	}
	return array;
}

static void print_json(const struct task *task, const struct str *text, const struct view_result *res)
{
	json_t *o = json_object();
	char *line;

	json_object_set_new(o, "id", json_string(task->id));
	json_object_set_new(o, "status", json_string(task_status_text(task->status)));
	json_object_set_new(o, "text", json_textn(text->buf ? text->buf : "", text->len));
	json_object_set_new(o, "since", json_integer((json_int_t)res->from));
	json_object_set_new(o, "cursor", json_integer((json_int_t)res->next));
	json_object_set_new(o, "end", json_integer((json_int_t)res->end));
	json_object_set_new(o, "lines", json_integer((json_int_t)res->lines));
	json_object_set_new(o, "omitted", omissions(res));
	line = json_line(o);
	puts(line);
	free(line);
}

/* A reader that is gone needs no sentence; a write that failed otherwise does. */
static int told(int r, struct err *err)
{
	if (r == -EPIPE)
		return EXIT_FAILED;
	return r < 0 && !err->code ? err_sys(err, r, "cannot write the answer") : r;
}

static int print_once(int dirfd, const struct logs_args *a, const struct task *task, struct view_result *res,
		      struct err *err)
{
	struct view_opts view = view_of(a, task);
	CLEAN_STR struct str text = {0};
	int r;

	/* an empty page: --since X --until X, or -n 0 before -f */
	r = view_read(dirfd, &view, a->json ? view_to_str : emit_stdout, a->json ? (void *)&text : NULL, res, err);
	if (r == 0 && a->json)
		print_json(task, &text, res);
	if (r == 0)
		r = cmd_flush(err);
	return told(r, err);
}

/* Is TASK still being written? Reads its row anew. */
static int still_writes(struct registry *reg, struct task *task, struct err *err, bool *ret)
{
	struct task now = {0};
	int r = registry_get(reg, task->id, err, &now);

	if (r < 0)
		return r;
	*ret = !task_ended(now.status);
	task_done(&now);
	return 0;
}

static int wait_for_more(struct watch *w, struct registry *reg, struct err *err)
{
	int news = watch_wait(w, reg, -1, 1);

	if (news < 0)
		return -EPIPE;
	return news == WATCH_DEATH ? lost_settle(reg, err) : 0;
}

static int emit_nothing(void *arg, const char *text, size_t len)
{
	(void)arg;
	(void)text;
	(void)len;
	return 0;
}

/* Where following begins: all is printed by one view, so that no line is cut where a first page would end. */
static int find_begin(int dirfd, const struct logs_args *a, const struct task *task, struct err *err, uint64_t *ret)
{
	struct view_opts page = view_of(a, task);
	struct view_result res = {0};
	int r;

	*ret = page.since;
	if (page.mode == VIEW_RANGE)
		return 0;
	page.name_rest = false;
	r = view_read(dirfd, &page, emit_nothing, NULL, &res, err);
	*ret = res.from;
	view_result_done(&res);
	return r;
}

static int follow(struct registry *reg, int dirfd, const struct logs_args *a, struct task *task, struct err *err)
{
	struct view_opts opts_from = {
	    .mode = VIEW_RANGE, .raw = a->raw, .time = a->time ? VIEW_TIME_LOCAL : VIEW_TIME_NONE};
	struct view *view;
	struct watch w;
	bool writes = true;
	int r = find_begin(dirfd, a, task, err, &opts_from.since);

	if (r == 0)
		r = watch_open(&w, reg, err);
	if (r < 0)
		return r;
	watch_task(&w, reg, task->id, true);
	signal(SIGPIPE, SIG_IGN);
	view = view_open(dirfd, &opts_from, emit_stdout, NULL, err);
	r = view ? 0 : -EIO;
	while (r == 0 && writes) {
		/* asked first, read then: what was written before the end is not missed */
		r = still_writes(reg, task, err, &writes);
		if (r == 0)
			r = view_step(view, err);
		if (r == 0 && !writes)
			r = view_finish(view, err);
		if (r == 0)
			r = cmd_flush(err);
		if (r == 0 && writes)
			r = wait_for_more(&w, reg, err);
	}
	view_close(view);
	watch_close(&w);
	return told(r, err);
}

static int run(const struct logs_args *a, const char *word, struct err *err)
{
	CLEAN_REGISTRY struct registry *reg = NULL;
	struct view_result res = {0};
	struct task task = {0};
	CLEAN_FD int dirfd = -1;
	int r = cmd_open(err, &reg);

	if (r == 0)
		r = registry_find(reg, word, err, &task);
	if (r == 0) {
		r = lost_open_folder(reg, task.id, &dirfd);
		if (r < 0)
			err_set(err, r, "task %s has no log", task.id);
	}
	if (r == 0)
		r = a->follow ? follow(reg, dirfd, a, &task, err) : print_once(dirfd, a, &task, &res, err);
	view_result_done(&res);
	task_done(&task);
	return r;
}

static int exec(int argc, char **argv, struct err *err)
{
	struct logs_args a = {.lines = -1, .head = -1, .since = -1, .until = -1};
	int r = cmd_options(&cmd_logs, argc, argv, false, take, &a, err), first = r;

	if (r >= 0)
		r = check(&a, err);
	if (r < 0)
		return r;
	if (argc - first != 1)
		return cmd_usage(err, "logs takes one ID: hob list shows them");
	r = run(&a, argv[first], err);
	return r == -ERANGE ? EXIT_USAGE : r;
}

const struct cmd cmd_logs = {
    .name = "logs",
    .args = "ID",
    .summary = "read a task's output",
    .opts = opts,
    .examples = "hob logs web                    the last 100 lines, at most 16 KiB\n"
		"hob logs web --since 4096       what came after cursor 4096\n"
		"hob logs web -f                 and on\n"
		"hob logs web --raw | xxd        the bytes themselves\n",
    .exec = exec,
};
