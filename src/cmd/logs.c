/* logs: a task's output, clean and bounded, or as bytes. */
#include "base/path.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/feed.h"
#include "cmd/logs_json.h"
#include "cmd/watch.h"
#include "keep/lost.h"
#include "log/search.h"
#include "log/view.h"
#include "os/os.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PAUSE_NS 1000000000

enum {
	OPT_LINES,
	OPT_HEAD,
	OPT_SINCE,
	OPT_UNTIL,
	OPT_FOLLOW,
	OPT_GREP,
	OPT_ICASE,
	OPT_CONTEXT,
	OPT_TIME,
	OPT_RAW,
	OPT_MAX,
	OPT_JSON
};

struct logs_args {
	int64_t lines, head; /* -1: not given */
	int64_t since, until;
	int64_t context;
	const char *pattern; /* NULL: no search */
	uint64_t max_bytes;
	bool icase, bounded, follow, time, raw, json;
};

static const struct cmd_opt opts[] = {
    {"lines", 'n', "N", "the last N lines (default 100)"},
    {"head", 0, "N", "the first N lines"},
    {"since", 0, "CURSOR", "from this cursor on"},
    {"until", 0, "CURSOR", "up to this cursor"},
    {"follow", 'f', NULL, "go on as the task writes, until it ends"},
    {"grep", 'g', "REGEX", "only lines that match: LINE:CURSOR:TEXT (exit 1: none)"},
    {"ignore-case", 'i', NULL, "upper and lower case are the same"},
    {"context", 'C', "N", "also N lines around each match"},
    {"time", 0, NULL, "each line with the time it came"},
    {"raw", 0, NULL, "the bytes as written"},
    {"max-bytes", 0, "SIZE", "at most so much text (default 16K; 0: no limit)"},
    {"json", 0, NULL, "one object: text, cursors, what was left out; with -f many: text, unfinished"},
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
	case OPT_GREP:
		a->pattern = value;
		return 0;
	case OPT_ICASE:
		a->icase = true;
		return 0;
	case OPT_CONTEXT:
		return cmd_number(value, "the number of lines", 0, err, &a->context);
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
	int ways = (a->lines >= 0) + (a->head >= 0) + (a->since >= 0 && !a->pattern);

	if (ways > 1 && a->pattern)
		return cmd_usage(err, "-n and --head exclude one another");
	if (ways > 1)
		return cmd_usage(err, "-n, --head and --since exclude one another");
	if (a->until >= 0 && a->since < 0)
		return cmd_usage(err, "--until goes with --since");
	if (a->until >= 0 && a->until < a->since)
		return cmd_usage(err, "--until %lld lies before --since %lld", (long long)a->until,
				 (long long)a->since);
	if (a->json && (a->raw || (a->follow && a->pattern)))
		return cmd_usage(err, "--json goes with neither --raw nor -f and -g together");
	if (a->follow && (a->head >= 0 || a->until >= 0))
		return cmd_usage(err, "-f goes with -n or --since only");
	if (!a->pattern && (a->icase || a->context >= 0))
		return cmd_usage(err, "%s goes with -g", a->icase ? "-i" : "-C");
	if (a->pattern && a->raw)
		return cmd_usage(err, "-g searches clean lines and goes without --raw");
	if (a->time && a->raw)
		return cmd_usage(err, "--time goes with lines, not with the bytes of --raw");
	if (a->context > (int64_t)SEARCH_CONTEXT_MAX)
		return cmd_usage(err, "-C takes %u at most", SEARCH_CONTEXT_MAX);
	return 0;
}

static size_t budget(const struct logs_args *a)
{
	return a->bounded ? (size_t)a->max_bytes : a->raw || a->follow ? 0 : VIEW_AGENT_BYTES;
}

static bool ended(const struct task *task)
{
	return task_ended(task->status) && !task->leftover;
}

static struct search_opts search_of(const struct logs_args *a, const struct task *task)
{
	struct search_opts s = {.pattern = a->pattern, .icase = a->icase, .ended = ended(task)};

	s.mode = a->lines >= 0 ? SEARCH_LAST : a->head >= 0 ? SEARCH_FIRST : SEARCH_ALL;
	s.matches = (uint64_t)(a->lines >= 0 ? a->lines : a->head);
	s.context = a->context > 0 ? (uint64_t)a->context : 0;
	s.since = a->since > 0 ? (uint64_t)a->since : 0;
	s.until = a->until > 0 ? (uint64_t)a->until : 0;
	s.max_bytes = budget(a);
	s.time = a->time ? VIEW_TIME_LOCAL : VIEW_TIME_NONE;
	return s;
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
	v.max_bytes = budget(a);
	v.time = a->time ? VIEW_TIME_LOCAL : VIEW_TIME_NONE;
	v.ended = ended(task);
	return v;
}

static int emit_stdout(void *arg, const char *text, size_t len)
{
	(void)arg;
	return fwrite(text, 1, len, stdout) == len ? 0 : errno ? -errno : -EIO;
}

/* A reader that is gone needs no sentence; a write that failed otherwise does. */
static int told(int r, struct err *err)
{
	if (r == -EPIPE)
		return EXIT_FAILED;
	return r < 0 && !err->code ? err_sys(err, r, "cannot write the answer") : r;
}

static int print_page(int dirfd, const struct logs_args *a, const struct task *task, struct err *err)
{
	struct view_opts view = view_of(a, task);
	struct view_result res = {0};
	CLEAN_STR struct str text = {0};
	int r;

	r = view_read(dirfd, &view, a->json ? view_to_str : emit_stdout, a->json ? (void *)&text : NULL, &res, err);
	if (r == 0 && a->json)
		logs_json_page(task, &text, &res);
	view_result_done(&res);
	if (r == 0)
		r = cmd_flush(err);
	return told(r, err);
}

/* Like grep: 1 when no line matches; since nothing at all may be printed then, a sentence says so. */
static int print_found(int dirfd, const struct logs_args *a, const struct task *task, struct err *err)
{
	struct search_opts search = search_of(a, task);
	json_t *found = a->json ? json_array() : NULL;
	struct search_result res = {0};
	int r;

	search.format = a->json ? logs_json_format : NULL;
	r = search_read(dirfd, &search, a->json ? logs_json_take : emit_stdout, found, &res, err);
	if (r == 0 && a->json)
		logs_json_search(task, found, &res);
	else
		json_decref(found);
	if (r == 0)
		r = cmd_flush(err);
	if (r == 0 && res.matches == 0) {
		r = EXIT_FAILED;
		if (!a->json)
			err_set(err, -ENOENT, "no line matches between cursors %" PRIu64 " and %" PRIu64, res.page.from,
				res.page.next);
	}
	search_result_done(&res);
	return told(r, err);
}

static int print_once(int dirfd, const struct logs_args *a, const struct task *task, struct err *err)
{
	return a->pattern ? print_found(dirfd, a, task, err) : print_page(dirfd, a, task, err);
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

/* What is followed: all lines, or those that match; FEED tells all lines as JSON. */
struct stream {
	struct view *view;
	struct search *search;
	struct feed *feed;
};

static int stream_open(struct stream *s, int dirfd, const struct logs_args *a, struct task *task, struct err *err)
{
	struct view_opts page = {.mode = VIEW_RANGE, .raw = a->raw, .time = a->time ? VIEW_TIME_LOCAL : VIEW_TIME_NONE};
	struct search_opts search = search_of(a, task);
	uint64_t from = search.since;
	int r = a->pattern && (a->lines >= 0 || a->since >= 0) ? 0 : find_begin(dirfd, a, task, err, &from);

	if (r < 0)
		return r;
	page.since = search.since = from;
	if (a->pattern)
		return search_open(dirfd, &search, emit_stdout, NULL, &s->search, err);
	if (a->json)
		s->feed = feed_new(from);
	s->view = view_open(dirfd, &page, s->feed ? feed_emit : emit_stdout, s->feed, err);
	return s->view ? 0 : -EIO;
}

/* Prints what is new, and with LAST also what is unfinished. */
static int stream_step(struct stream *s, bool last, struct err *err)
{
	int r = s->search ? search_step(s->search, err) : view_step(s->view, err);

	if (r == 0 && last)
		r = s->search ? search_finish(s->search, err) : view_finish(s->view, err);
	if (r == 0 && s->feed)
		feed_step(s->feed, s->view);
	return r ? r : cmd_flush(err);
}

/* A feed tells as unfinished what others hold back. */
static bool stream_holds(const struct stream *s)
{
	if (s->feed)
		return false;
	return s->search ? search_holds(s->search) : view_holds(s->view);
}

/* Waits until there is more to read. Bars that are redrawn are shown when they have stood still for PAUSE_NS. */
static int wait_for_more(struct watch *w, struct registry *reg, struct stream *s, struct err *err)
{
	int64_t deadline = stream_holds(s) ? os_mono_ns() + PAUSE_NS : -1;
	int news = watch_wait(w, reg, deadline, 1), r = 0;

	/* what comes until the next object is due is told with it */
	while (s->feed && (news == WATCH_NEWS || news == WATCH_LOG) && os_mono_ns() < feed_due(s->feed))
		news = watch_wait(w, reg, feed_due(s->feed), 1);
	if (news < 0)
		return -EPIPE;
	if (news == WATCH_DEATH)
		r = lost_settle(reg, err);
	if (r == 0 && deadline >= 0 && os_mono_ns() >= deadline)
		r = s->search ? search_settle(s->search) : view_settle(s->view);
	return r;
}

static void stream_close(struct stream *s)
{
	view_close(s->view);
	search_close(s->search);
	feed_free(s->feed);
}

static int follow(struct registry *reg, int dirfd, const struct logs_args *a, struct task *task, struct err *err)
{
	struct stream stream = {0};
	struct watch w;
	bool writes = true;
	int r = watch_open(&w, reg, err);

	if (r < 0)
		return r;
	watch_task(&w, reg, task->id, true);
	signal(SIGPIPE, SIG_IGN);
	r = stream_open(&stream, dirfd, a, task, err);
	while (r == 0 && writes) {
		/* asked first, read then: what was written before the end is not missed */
		r = still_writes(reg, task, err, &writes);
		if (r == 0)
			r = stream_step(&stream, !writes, err);
		if (r == 0 && writes)
			r = wait_for_more(&w, reg, &stream, err);
	}
	if (r == 0 && stream.search && search_matches(stream.search) == 0)
		r = EXIT_FAILED;
	stream_close(&stream);
	watch_close(&w);
	return told(r, err);
}

static int run(const struct logs_args *a, const char *word, struct err *err)
{
	CLEAN_REGISTRY struct registry *reg = NULL;
	struct task task = {0};
	CLEAN_FD int dirfd = -1;
	int r = cmd_open(err, &reg);

	if (r == 0)
		r = registry_find(reg, word, err, &task);
	if (r == 0)
		r = cmd_folder(reg, task.id, err, &dirfd);
	if (r == 0)
		r = a->follow ? follow(reg, dirfd, a, &task, err) : print_once(dirfd, a, &task, err);
	task_done(&task);
	return r;
}

static int exec(int argc, char **argv, struct err *err)
{
	struct logs_args a = {.lines = -1, .head = -1, .since = -1, .until = -1, .context = -1};
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
		"hob logs web -g 'fail|err' -C2  what matches, two lines around\n"
		"hob logs web --raw | xxd        the bytes themselves\n",
    .exec = exec,
};
