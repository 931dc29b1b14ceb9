#include "keep/expire.h"

#include "base/path.h"
#include "base/str.h"
#include "keep/files.h"
#include "keep/lost.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOUR_S	 3600
#define ORPHAN_S 60	   /* so long a start may take between the folder and its lock */
#define STAMP	 "cleaned" /* its time is when tasks were last looked through */

static uint64_t disk_use(struct registry *reg, const char *id)
{
	CLEAN_FD int dirfd = -1;
	struct stat st;

	if (lost_open_folder(reg, id, &dirfd) < 0 || fstatat(dirfd, "log", &st, 0) < 0)
		return 0;
	return (uint64_t)st.st_blocks * 512;
}

/* The row goes first: a folder without a row is nobody's and is removed when its id is used again. */
static int forget(struct registry *reg, const char *id, uint64_t bytes, struct expire_result *result, struct err *err)
{
	CLEAN_FD int tasks = openat(registry_dirfd(reg), "tasks", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = registry_remove(reg, id, err);

	if (r <= 0)
		return r;
	if (tasks >= 0)
		path_remove_dir(tasks, id);
	result->tasks++;
	result->bytes += bytes;
	return 0;
}

/* A folder that no row names and nobody keeps: of a command that was not listed, whose guard and keeper were killed. */
static bool is_orphan(struct registry *reg, int tasks, const char *id)
{
	CLEAN_FD int dirfd = openat(tasks, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct err ignored = {0};
	struct task task = {0};
	struct stat st;
	bool known;

	if (dirfd < 0 || fstat(dirfd, &st) < 0 || os_now_ms() / 1000 - st.st_mtime < ORPHAN_S || files_kept(dirfd))
		return false;
	/* asked last: whoever keeps a folder may list it, but nobody lists one that is kept no more */
	known = registry_get(reg, id, &ignored, &task) != -ESRCH;
	task_done(&task);
	return !known;
}

static void remove_orphans(struct registry *reg)
{
	int tasks = openat(registry_dirfd(reg), "tasks", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = tasks < 0 ? NULL : fdopendir(tasks);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && is_orphan(reg, tasks, entry->d_name))
			path_remove_dir(tasks, entry->d_name);
	if (dir)
		closedir(dir);
	else
		path_close(&tasks);
}

int expire_tasks(struct registry *reg, const struct expire_rule *rule, struct expire_result *ret, struct err *err)
{
	const struct select ended = {.statuses = 1u << TASK_COMPLETED | 1u << TASK_FAILED | 1u << TASK_CANCELLED};
	struct task *tasks = NULL;
	uint64_t total = 0, *bytes;
	size_t n = 0;
	int r = registry_select(reg, &ended, err, &tasks, &n);

	*ret = (struct expire_result){0};
	if (r < 0)
		return r;
	bytes = xcalloc(n, sizeof *bytes);
	for (size_t i = 0; i < n; i++)
		total += bytes[i] = disk_use(reg, tasks[i].id);
	for (size_t i = 0; r == 0 && i < n; i++) {
		bool old = os_now_ms() - tasks[i].completed_ms >= rule->older_ms;

		if (tasks[i].leftover || !(rule->all || old || total > rule->total_bytes))
			continue;
		r = forget(reg, tasks[i].id, bytes[i], ret, err);
		total -= bytes[i];
	}
	free(bytes);
	task_free_all(tasks, n);
	remove_orphans(reg);
	return r;
}

void expire_hourly(struct registry *reg)
{
	const struct expire_rule usual = {.older_ms = EXPIRE_OLDER_MS, .total_bytes = EXPIRE_BYTES};
	struct expire_result result;
	struct err ignored = {0};
	CLEAN_FD int fd = openat(registry_dirfd(reg), STAMP, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	/* a new stamp is as old as the home: nothing in it can be due */
	if (os_now_ms() / 1000 - st.st_mtime < HOUR_S || futimens(fd, NULL) < 0)
		return;
	expire_tasks(reg, &usual, &result, &ignored);
}
