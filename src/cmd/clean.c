/* clean: forgets ended tasks: those that are old, and the oldest past a total size. */
#include "base/path.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/cmd.h"
#include "keep/lost.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define OLDER_MS    (14ll * 24 * 3600 * 1000)
#define TOTAL_BYTES (2ull * 1024 * 1024 * 1024)

enum { OPT_OLDER, OPT_ALL };

struct clean_args {
	int64_t older_ms;
	bool all;
	size_t tasks;
	uint64_t bytes;
};

static const struct cmd_opt opts[] = {
	{"older", 0, "DUR", "those that ended so long ago (default 14d)"},
	{"all-finished", 0, NULL, "all that have ended"},
	{0},
};

static int take(void *arg, int opt, const char *value, struct err *err)
{
	struct clean_args *a = arg;

	if (opt == OPT_OLDER)
		return cmd_duration(value, "--older", err, &a->older_ms);
	a->all = true;
	return 0;
}

/* What the log of a task takes on disk, holes not counted. */
static uint64_t disk_use(struct registry *reg, const char *id)
{
	CLEAN_FD int dirfd = -1;
	struct stat st;

	if (lost_open_folder(reg, id, &dirfd) < 0 || fstatat(dirfd, "log", &st, 0) < 0)
		return 0;
	return (uint64_t)st.st_blocks * 512;
}

/* The row goes first: a folder without a row is nobody's and is removed when its id is used again. */
static int forget(struct clean_args *a, struct registry *reg, const char *id, uint64_t bytes, struct err *err)
{
	CLEAN_FD int tasks = openat(registry_dirfd(reg), "tasks", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = registry_remove(reg, id, err);

	if (r <= 0)
		return r;
	if (tasks >= 0)
		path_remove_dir(tasks, id);
	a->tasks++;
	a->bytes += bytes;
	return 0;
}

static int sweep(struct clean_args *a, struct registry *reg, struct err *err)
{
	const struct select ended = {.statuses = 1u << TASK_COMPLETED | 1u << TASK_FAILED | 1u << TASK_CANCELLED};
	struct task *tasks = NULL;
	uint64_t total = 0, *bytes;
	size_t n = 0;
	int r = registry_select(reg, &ended, err, &tasks, &n);

	if (r < 0)
		return r;
	bytes = xcalloc(n, sizeof *bytes);
	for (size_t i = 0; i < n; i++)
		total += bytes[i] = disk_use(reg, tasks[i].id);
	for (size_t i = 0; r == 0 && i < n; i++) {
		bool old = os_now_ms() - tasks[i].completed_ms >= a->older_ms;

		if (tasks[i].leftover || !(a->all || old || total > TOTAL_BYTES))
			continue;
		r = forget(a, reg, tasks[i].id, bytes[i], err);
		total -= bytes[i];
	}
	free(bytes);
	task_free_all(tasks, n);
	return r;
}

static int exec(int argc, char **argv, struct err *err)
{
	CLEAN_REGISTRY struct registry *reg = NULL;
	struct clean_args a = {.older_ms = OLDER_MS};
	char text[32];
	int r = cmd_options(&cmd_clean, argc, argv, false, take, &a, err);

	if (r >= 0 && r < argc)
		return cmd_usage(err, "clean takes no ID: --older and --all-finished say what goes");
	if (r >= 0)
		r = cmd_open(err, &reg);
	if (r == 0)
		r = sweep(&a, reg, err);
	if (r < 0)
		return r;
	time_bytes(a.bytes, text);
	printf("%zu task%s forgotten, %s freed\n", a.tasks, a.tasks == 1 ? "" : "s", text);
	return EXIT_DONE;
}

const struct cmd cmd_clean = {
	.name = "clean",
	.args = "",
	.summary = "forget ended tasks: older than 14 days, and the oldest past 2 GiB",
	.opts = opts,
	.examples = "hob clean --all-finished       all that have ended\n",
	.exec = exec,
};
