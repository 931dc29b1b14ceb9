#include "keep/launch.h"

#include "base/path.h"
#include "base/str.h"
#include "base/words.h"
#include "keep/files.h"
#include "keep/orders.h"
#include "keep/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Half a folder is none. */
static int fill_folder(int tasks, const char *id)
{
	CLEAN_FD int dir = -1;
	int r = path_subdir(tasks, id, &dir);

	if (r == 0)
		r = files_make(dir);
	if (r < 0)
		path_remove_dir(tasks, id);
	return r;
}

int launch_folder(int state_fd, const char *id, struct err *err)
{
	CLEAN_FD int tasks = -1;
	int r = path_subdir(state_fd, "tasks", &tasks);

	if (r == 0)
		r = path_remove_dir(tasks, id); /* of a task that was cleaned away half */
	if (r == 0)
		r = fill_folder(tasks, id);
	return r < 0 ? err_sys(err, r, "cannot make the folder of task %s", id) : 0;
}

int launch_folder_new(int state_fd, const char *id, struct err *err)
{
	CLEAN_FD int tasks = -1;
	int r = path_subdir(state_fd, "tasks", &tasks);

	if (r == 0 && mkdirat(tasks, id, 0700) < 0)
		r = -errno;
	if (r == -EEXIST)
		return r;
	if (r == 0)
		r = fill_folder(tasks, id);
	return r < 0 ? err_sys(err, r, "cannot make the folder of task %s", id) : 0;
}

void launch_folder_remove(int state_fd, const char *id)
{
	CLEAN_FD int tasks = -1;

	if (path_subdir(state_fd, "tasks", &tasks) == 0)
		path_remove_dir(tasks, id);
}

/* Fills the two memory files. */
static int pack(const struct launch *launch, const struct task *task, const char *home)
{
	CLEAN_FREE char *socket_dir = NULL;
	CLEAN_FREE char *orders = NULL;
	CLEAN_FREE char *words = NULL;
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	size_t len;
	int r;

	if (runtime && *runtime == '/')
		socket_dir = xasprintf("%s/hob", runtime);
	orders = orders_pack(task, home, socket_dir, &len);
	r = path_write(launch->spec, orders, len);
	words = words_pack(task->argv, &len);
	return r < 0 ? r : path_write(launch->argv, words, len);
}

/* Starts the guard with FDS, in order, from HOLD_FIRST_FD up. posix_spawn, because it copies no page tables. */
static int spawn_guard(const struct task *task, const int *fds, int n)
{
	char *const argv[] = {"hob", "guard", (char *)(uintptr_t)task->id, "", NULL};
	posix_spawn_file_actions_t moves;
	int high[8], r;
	pid_t pid;

	posix_spawn_file_actions_init(&moves);
	for (int i = 0; i < n; i++) {
		/* out of the way first, so that no move overwrites one that is still to be moved */
		high[i] = fds[i] >= 0 ? fcntl(fds[i], F_DUPFD_CLOEXEC, HOLD_FIRST_FD + n) : -1;
		if (high[i] >= 0)
			posix_spawn_file_actions_adddup2(&moves, high[i], HOLD_FIRST_FD + i);
		else
			posix_spawn_file_actions_addclose(&moves, HOLD_FIRST_FD + i);
	}
	r = posix_spawn(&pid, "/proc/self/exe", &moves, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&moves);
	for (int i = 0; i < n; i++)
		path_close(&high[i]);
	return -r;
}

static int open_owner(const struct task *task, struct err *err, int *ret)
{
	*ret = -1;
	if (!task->owner.pid)
		return 0;
	*ret = os_pidfd(task->owner);
	if (*ret < 0)
		return err_set(err, *ret, "the owner, process %d, is gone", (int)task->owner.pid);
	return 0;
}

static int wait_for_report(struct launch *launch, struct err *err)
{
	ssize_t n;

	do
		n = recv(launch->sock, &launch->report, sizeof launch->report, 0);
	while (n < 0 && errno == EINTR);
	if (n != sizeof launch->report)
		return err_set(err, -ECHILD, "its guard died before the command ran");
	return 0;
}

/* The sentence for a command that could not be started. */
static int explain(const struct task *task, const struct keeper_report *report, struct err *err)
{
	const char *word = task->argv[0];

	switch (report->stage) {
	case SPAWN_CHDIR:
		return err_sys(err, report->code, "cannot enter the working directory %s", task->cwd);
	case SPAWN_EXEC:
		if (report->code == -ENOENT && !strchr(word, '/'))
			return err_set(err, report->code, "no program %s in PATH", word);
		if (report->code == -E2BIG)
			return err_set(
			    err, report->code,
			    "cannot run %s: the kernel takes words of at most 131071 bytes, and arguments and "
			    "environment of a quarter of the stack limit: pass long input in a file, or a line by -c -",
			    word);
		return err_sys(err, report->code, "cannot run %s", word);
	case SPAWN_TERMINAL:
		return err_sys(err, report->code, "cannot make a terminal for it (is /dev/pts mounted?)");
	default:
		return err_sys(err, report->code, "its keeper could not start the command");
	}
}

static int check_file(int dirfd, const char *path)
{
	struct stat st;

	if (fstatat(dirfd, path, &st, 0) < 0 || faccessat(dirfd, path, X_OK, 0) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? 0 : -EACCES;
}

/* Whether execvp finds WORD from the folder DIRFD: 0, or its errno. */
static int check_program(int dirfd, const char *word)
{
	const char *dir = getenv("PATH");
	int r = -ENOENT;

	if (strchr(word, '/'))
		return check_file(dirfd, word);
	for (dir = dir ? dir : "/bin:/usr/bin"; dir && r < 0; dir = strchr(dir, ':') ? strchr(dir, ':') + 1 : NULL) {
		int len = (int)strcspn(dir, ":");
		CLEAN_FREE char *path = xasprintf("%.*s%s%s", len, dir, len ? "/" : "", word);
		int found = check_file(dirfd, path);

		if (found == 0 || found == -EACCES)
			r = found;
	}
	return r;
}

int launch_check(const struct task *task, struct err *err)
{
	struct keeper_report report = {.stage = SPAWN_CHDIR};
	CLEAN_FD int owner = -1;
	CLEAN_FD int dir = -1;
	int r = open_owner(task, err, &owner);

	if (r < 0)
		return r;
	dir = open(task->cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || faccessat(dir, ".", X_OK, 0) < 0) {
		report.code = -errno;
	} else {
		report.stage = SPAWN_EXEC;
		report.code = check_program(dir, task->argv[0]);
	}
	return report.code < 0 ? explain(task, &report, err) : 0;
}

int launch_say(struct launch *launch, const char *word)
{
	ssize_t n = send(launch->sock, word, strlen(word), MSG_NOSIGNAL);

	return n < 0 ? -errno : 0;
}

int launch_hear(struct launch *launch, struct keeper_report *ret)
{
	struct keeper_report report;
	ssize_t n = recv(launch->sock, &report, sizeof report, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	if (n != sizeof report)
		return -ECHILD;
	*ret = report;
	return 0;
}

int launch_begin(const struct task *task, struct launch *ret, struct err *err)
{
	CLEAN_FD int owner = -1;
	int pair[2], r = open_owner(task, err, &owner);

	*ret = (struct launch)LAUNCH_NONE;
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, -errno, "cannot make a socket");
	ret->sock = pair[0];
	ret->spec = os_memory_file("hob-orders");
	ret->argv = os_memory_file("hob-argv");
	r = ret->spec < 0 ? ret->spec : ret->argv < 0 ? ret->argv : 0;
	if (r == 0)
		r = spawn_guard(task, (const int[]){pair[1], ret->spec, ret->argv, owner}, HOLD_INHERITED);
	close(pair[1]);
	return r < 0 ? err_sys(err, r, "cannot start the guard") : 0;
}

int launch_start(struct launch *launch, const struct task *task, const char *home, struct err *err)
{
	int r = pack(launch, task, home);

	if (r == 0)
		r = launch_say(launch, "start");
	if (r < 0)
		return err_sys(err, r, "cannot give the guard its orders");
	r = wait_for_report(launch, err);
	if (r == 0 && launch->report.code < 0)
		r = explain(task, &launch->report, err);
	return r;
}

int launch_go(struct launch *launch, bool follow, struct err *err)
{
	int r = launch_say(launch, follow ? "follow" : "go");

	return r < 0 ? err_sys(err, r, "its keeper died") : 0;
}

void launch_bye(struct launch *launch)
{
	if (launch->sock >= 0)
		launch_say(launch, "bye");
	path_close(&launch->sock);
}

void launch_done(struct launch *launch)
{
	path_close(&launch->sock);
	path_close(&launch->spec);
	path_close(&launch->argv);
}
