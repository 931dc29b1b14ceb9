#include "keep/lost.h"

#include "base/path.h"
#include "base/str.h"
#include "base/words.h"
#include "keep/direct.h"
#include "keep/files.h"
#include "keep/rules.h"
#include "keep/scan.h"
#include "keep/scribe.h"
#include "log/index.h"
#include "log/size.h"
#include "task/event.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#define EVENTS_AT_ONCE 500

int lost_open_folder(struct registry *reg, const char *id, int *ret_dirfd)
{
	CLEAN_FD int tasks = openat(registry_dirfd(reg), "tasks", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (tasks < 0)
		return -errno;
	fd = openat(tasks, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	*ret_dirfd = fd;
	return 0;
}

static bool same_boot(const struct task *task)
{
	char boot[40];

	return os_boot_id(boot) == 0 && strcmp(boot, task->boot) == 0;
}

bool lost_is_here(const struct task *task)
{
	return same_boot(task) && os_pid_namespace() == task->pidns;
}

static bool is_kept(int dirfd, const struct task *task)
{
	if (task->status == TASK_PENDING) {
		if (!same_boot(task))
			return false;
		/* from another namespace it cannot be asked after */
		return !lost_is_here(task) || os_alive(task->run);
	}
	return dirfd >= 0 && files_kept(dirfd);
}

static void end_strays(int dirfd, const struct task *task)
{
	struct files_keepers keepers = {0};
	const struct os_stat *left;
	struct tree tree = {.command = task->proc, .token = task->token};

	if (!lost_is_here(task))
		return;
	/* a guard whose `run` died is about to end its tree itself; both of us may */
	if (dirfd >= 0 && files_kept(dirfd) && files_read_keepers(dirfd, &keepers) == 0) {
		tree.guard = keepers.guard;
		tree.keeper = keepers.keeper;
	}
	direct_end(&tree, SIGKILL, 0, &left);
}

static int add_notes(struct registry *reg, const char *id, struct notes *notes, struct err *err)
{
	const struct note *note = notes_first(notes);
	int r = 0;

	for (; r == 0 && note; note = notes_after(notes, note))
		r = scribe_add_note(reg, id, note, err);
	notes_drop(notes, notes->count);
	return r;
}

/* Which rules that are told once were told: those that match an event there is. The page that knew died with the
 * keeper. */
static int find_spent(struct registry *reg, const char *id, struct rules *rules, struct err *err, uint64_t *ret_spent)
{
	struct rules_finding found;
	int64_t after = 0;
	size_t n = EVENTS_AT_ONCE;

	while (n == EVENTS_AT_ONCE) {
		struct event *events = NULL;
		int r = event_read(reg, after, NULL, EVENTS_AT_ONCE, err, &events, &n);

		if (r < 0)
			return r;
		for (size_t i = 0; i < n; i++) {
			const struct event *ev = &events[i];

			after = ev->seq;
			if (ev->type != EVENT_MATCH || strcmp(ev->id, id) != 0 || !ev->message)
				continue;
			rules_look(rules, ev->message, strlen(ev->message), *ret_spent, &found);
			*ret_spent |= found.spent;
		}
		event_free_all(events, n);
	}
	return 0;
}

static int open_rules(struct registry *reg, const struct task *task, struct err *err, struct rules **ret,
		      uint64_t *ret_spent)
{
	size_t len;
	CLEAN_FREE char *watches = words_pack(task->watches, &len);
	int r = rules_open(watches, (int)words_count(task->watches), ret);

	*ret_spent = 0;
	if (r < 0)
		return err_sys(err, r, "cannot compile the rules of task %s", task->id);
	return *ret ? find_spent(reg, task->id, *ret, err, ret_spent) : 0;
}

/* What lies at the scan's place, without the hole that the window left. */
static ssize_t read_rest(int fd, const struct index *ix, struct scan *scan, char *buf, size_t size)
{
	if (scan->at >= ix->freed_from && scan->at < ix->freed_to)
		scan_skip(scan, ix->freed_to - scan->at);
	else if (scan->at < ix->freed_from && ix->freed_from - scan->at < size)
		size = (size_t)(ix->freed_from - scan->at);
	return path_read_at(fd, buf, size, (off_t)scan->at);
}

/* The lines that no keeper came to scan. */
static int scan_rest(struct registry *reg, int dirfd, const struct task *task, struct err *err)
{
	static struct notes notes;
	static struct scan scan;
	struct rules *rules = NULL;
	CLEAN_FREE char *prefixes = NULL;
	CLEAN_FD int fd = openat(dirfd, "log", O_RDONLY | O_CLOEXEC);
	struct hold_mark mark = {.at = task->scanned};
	struct index ix = {0};
	static char buf[16384];
	size_t len;
	ssize_t n;
	int r;

	if (fd < 0)
		return 0;
	r = open_rules(reg, task, err, &rules, &mark.spent);
	index_refresh(dirfd, &ix);
	if (mark.at >= ix.freed_from && mark.at < ix.freed_to)
		mark.at = ix.freed_to;
	mark.inside = mark.at > 0 && (path_read_at(fd, buf, 1, (off_t)mark.at - 1) != 1 || *buf != '\n');
	prefixes = words_pack(task->prefixes, &len);
	scan_init(&scan, prefixes, (int)words_count(task->prefixes), rules, mark);
	while (r == 0 && (n = read_rest(fd, &ix, &scan, buf, sizeof buf)) > 0) {
		scan_feed(&scan, buf, (size_t)n, &notes);
		r = add_notes(reg, task->id, &notes, err);
	}
	if (r == 0) {
		scan_finish(&scan, &notes);
		r = add_notes(reg, task->id, &notes, err);
	}
	rules_close(rules);
	/* two commands may be at it: the second finds that the offset moved, and leaves all to the first */
	return r == 0 && scan.at != task->scanned ? registry_scanned(reg, task->id, task->scanned, scan.at, err) : r;
}

static struct ending describe(int dirfd, const struct task *task)
{
	struct ending end = {.wstatus = -1, .cause = REASON_LOST, .at_ms = os_now_ms()};
	struct size size = {0};

	if (dirfd >= 0) {
		size_of_log(dirfd, &size);
		files_read_exit(dirfd, &end.wstatus, &end.at_ms, &end.cause);
	}
	end.output_bytes = size.bytes;
	end.lines = size.lines;
	end.lost = size.lost;
	end.copied = task->copied;
	if (end.cause == REASON_LOST && end.wstatus == -1)
		end.error = same_boot(task) ? "its guard and keeper were killed" : "the machine was restarted";
	if (task->status == TASK_PENDING) {
		/* how its command ended does not count: nobody was ever told its id */
		end.cause = REASON_LOST;
		end.error = "hob run was killed before it could record the start";
	}
	return end;
}

static int settle(struct registry *reg, int dirfd, const struct task *task, struct err *err)
{
	struct ending end = describe(dirfd, task);
	int r = registry_begin(reg, err);

	if (r < 0)
		return r;
	if (!task_ended(task->status) && dirfd >= 0)
		r = scan_rest(reg, dirfd, task, err);
	if (r == 0)
		r = task_ended(task->status) ? registry_settle(reg, task->id, &end, err)
					     : registry_end(reg, task->id, &end, err);
	if (r < 0) {
		registry_rollback(reg);
		return r == -ESTALE ? 0 : r;
	}
	return registry_commit(reg, err);
}

static int settle_one(struct registry *reg, const struct task *seen, struct err *err)
{
	struct task task = {0};
	CLEAN_FD int dirfd = -1;
	int r;

	lost_open_folder(reg, seen->id, &dirfd);
	if (is_kept(dirfd, seen))
		return 0;
	/* asked again: it may have ended in order between the two looks */
	r = registry_get(reg, seen->id, err, &task);
	if (r < 0)
		return r == -ESRCH ? 0 : r;
	if ((task.status == seen->status && !task_ended(task.status)) || task.leftover) {
		end_strays(dirfd, &task);
		r = settle(reg, dirfd, &task, err);
	}
	task_done(&task);
	return r;
}

int lost_settle(struct registry *reg, struct err *err)
{
	const struct select living = {.living = true};
	struct task *tasks = NULL;
	size_t n = 0;
	int r = registry_select(reg, &living, err, &tasks, &n);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = settle_one(reg, &tasks[i], err);
	task_free_all(tasks, n);
	return r;
}
