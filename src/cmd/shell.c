#include "cmd/shell.h"

#include "base/path.h"
#include "base/str.h"
#include "base/time.h"
#include "base/utf8.h"
#include "base/words.h"
#include "cmd/cmd.h"
#include "cmd/living.h"
#include "cmd/real_shell.h"
#include "cmd/relay.h"
#include "cmd/start.h"
#include "keep/direct.h"
#include "keep/owner.h"
#include "keep/scan.h"
#include "keep/tree.h"
#include "log/clean.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIST_AGAIN_NS 1000000000ll
#define ROOM_BYTES    (16ull * 1024 * 1024)
#define LEFT_NAMED    3
#define LEFT_BYTES    60

/* What the environment says; WAIT is missing when the caller has not asked for anything. */
enum {
	SAY_PATH,
	SAY_WAIT,
	SAY_LINGER,
	SAY_HOME,
	SAY_SESSION,
	SAY_CALLER,
	SAY_OWNER,
	SAY_PROJECT,
	SAY_PREFIX,
	SAY_TAG,
	SAY_COUNT
};
static const char *const names[SAY_COUNT] = {
    [SAY_PATH] = SHELL_PREFIX "PATH",	[SAY_WAIT] = SHELL_PREFIX "WAIT",	[SAY_LINGER] = SHELL_PREFIX "LINGER",
    [SAY_HOME] = SHELL_PREFIX "HOME",	[SAY_SESSION] = SHELL_PREFIX "SESSION", [SAY_CALLER] = SHELL_PREFIX "CALLER",
    [SAY_OWNER] = SHELL_PREFIX "OWNER", [SAY_PROJECT] = SHELL_PREFIX "PROJECT", [SAY_PREFIX] = SHELL_PREFIX "PREFIX",
    [SAY_TAG] = SHELL_PREFIX "TAG",
};

struct call {
	char *said[SAY_COUNT]; /* NULL: nothing */
	char *home;
	int home_fd;
	int64_t wait_ms, linger_ms;
	struct task task;
	struct launch launch;
	struct relay relay;
	bool listed;
};

bool shell_called(const char *name)
{
	static const char *const shells[] = {"ash",  "bash", "dash", "ksh",  "ksh93", "mksh",
					     "oksh", "posh", "sh",   "yash", "zsh",   NULL};
	const char *slash = name ? strrchr(name, '/') : NULL;
	const char *base = slash ? slash + 1 : name ? name : "";

	/* a login shell's first word begins with a dash */
	if (*base == '-')
		base++;
	for (const char *const *s = shells; *s; s++)
		if (strcmp(base, *s) == 0)
			return true;
	return false;
}

/* ---- what was asked for ---- */

static void take_environment(struct call *c)
{
	for (int i = 0; i < SAY_COUNT; i++) {
		const char *value = getenv(names[i]);

		c->said[i] = value && *value ? xstrdup(value) : NULL;
		unsetenv(names[i]);
	}
}

/* True when the process was given descriptors that a guard needs for itself. Others it hands on to the command. */
static bool carries_more(void)
{
	for (int fd = HOLD_FIRST_FD; fd < HOLD_FIRST_FD + HOLD_INHERITED; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags >= 0 && !(flags & FD_CLOEXEC))
			return true;
	}
	return false;
}

/* True when a file may not be of any size: then the log cannot hold what a pipe could. */
static bool is_short_of_file_size(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

static bool is_timed(struct call *c)
{
	const char *wait = c->said[SAY_WAIT], *linger = c->said[SAY_LINGER];

	return wait && time_parse_duration(wait, &c->wait_ms) == 0 &&
	       (!linger || time_parse_duration(linger, &c->linger_ms) == 0);
}

/* A task has nothing to read and writes into a pipe: where the caller gives something else, its shell shall have it. */
static bool fits(int argc, char **argv)
{
	struct stat in, out[2];

	if (argc != 3 || strcmp(argv[1], "-c") != 0 || fstat(0, &in) < 0 || !S_ISCHR(in.st_mode) ||
	    in.st_rdev != makedev(1, 3))
		return false;
	for (int i = 0; i < 2; i++)
		if (fstat(i + 1, &out[i]) < 0 || !(S_ISFIFO(out[i].st_mode) || S_ISSOCK(out[i].st_mode)))
			return false;
	return !carries_more() && !is_short_of_file_size();
}

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static int fill_task(struct call *c, const char *line)
{
	const char *prefix = c->said[SAY_PREFIX] ? c->said[SAY_PREFIX] : START_PREFIX;
	struct task *task = &c->task;
	struct err ignored = {0};
	char cwd[PATH_MAX];

	if (!c->said[SAY_PATH] || !real_shell_is(c->said[SAY_PATH]) || !getcwd(cwd, sizeof cwd) ||
	    strlen(prefix) > SCAN_PREFIX_MAX)
		return -EINVAL;
	start_line(task, c->said[SAY_PATH], line);
	words_add(&task->prefixes, prefix);
	task->cwd = xstrdup(cwd);
	task->project = xstrdup(c->said[SAY_PROJECT] ? c->said[SAY_PROJECT] : cwd);
	task->session = copy(c->said[SAY_SESSION]);
	task->created_by = copy(c->said[SAY_CALLER]);
	task->lifetime = c->said[SAY_SESSION] || c->said[SAY_OWNER] ? LIFETIME_SESSION : LIFETIME_DETACHED;
	task->grace_ms = START_GRACE_MS;
	task->log_max = START_LOG_MAX;
	task->unlisted = true;
	return c->said[SAY_OWNER] ? owner_parse(c->said[SAY_OWNER], &ignored, &task->owner) : 0;
}

/* A disk that is nearly full takes a task's files, but not its output. One that does not tell may have room. */
static bool has_room(int fd)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) < 0 || fs.f_blocks == 0 || fs.f_bavail * fs.f_frsize >= ROOM_BYTES;
}

static int open_home(struct call *c)
{
	struct err ignored = {0};
	int r = 0;

	c->home = copy(c->said[SAY_HOME]);
	if (!c->home)
		r = path_home(&ignored, &c->home);
	if (r == 0)
		r = path_private_dir(c->home, &ignored, &c->home_fd);
	return r < 0 ? r : has_room(c->home_fd) ? 0 : -ENOSPC;
}

/* ---- the run ---- */

/* 0 once the command runs; -ECHILD when it may have run; another negative errno when it has not. */
static int start(struct call *c, const char *line)
{
	struct err ignored = {0};
	int r = fill_task(c, line);

	if (r == 0)
		r = open_home(c);
	if (r == 0)
		r = relay_open(&c->relay, &c->launch);
	if (r == 0)
		r = start_begin(&c->task, &c->launch, &ignored);
	if (r == 0)
		r = start_unlisted(c->home, c->home_fd, &c->task, &c->launch, &ignored);
	else
		c->launch.report.code = r;
	if (r == 0 && relay_begin(&c->relay, c->home_fd, c->task.id) < 0)
		return -ECHILD;
	return r < 0 ? c->launch.report.code == -ECHILD ? -ECHILD : -ECANCELED : 0;
}

/* From now on the registry knows it, and it goes on without us. */
static bool list(struct call *c, bool goes_on)
{
	CLEAN_REGISTRY struct registry *reg = NULL;
	struct err ignored = {0};

	if (goes_on && c->said[SAY_TAG] && !c->task.tags)
		words_add(&c->task.tags, c->said[SAY_TAG]);
	c->listed = registry_open(c->home, &ignored, &reg) == 0 && start_list(reg, &c->task, &c->launch, &ignored) == 0;
	return c->listed;
}

/* Ends as the command did. */
static int die_alike(int wstatus)
{
	const struct rlimit none = {0};
	sigset_t set;
	int sig;

	if (wstatus == -1)
		return EXIT_HOB;
	if (!WIFSIGNALED(wstatus))
		return WEXITSTATUS(wstatus);
	sig = WTERMSIG(wstatus);
	setrlimit(RLIMIT_CORE, &none);
	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(sig);
	return 128 + sig;
}

static void add_command(struct str *out, pid_t pid)
{
	CLEAN_FREE char *line = living_command(pid);
	CLEAN_STR struct str text = {0};
	size_t n;

	clean_text(&text, line, strlen(line));
	n = utf8_cut(text.buf ? text.buf : "", text.len, LEFT_BYTES);
	str_addn(out, text.buf ? text.buf : "", n);
	if (n < text.len)
		str_add(out, "…");
}

/* Names what the command left running, as far as it can be seen: ": sleep 100, ./server and 2 more". */
static void add_leftovers(const struct call *c, struct str *out)
{
	const struct tree tree = {.token = c->task.token};
	const struct os_stat *left;
	int n = tree_list(&tree, &left);

	for (int i = 0; i < n && i < LEFT_NAMED; i++) {
		str_add(out, i == 0 ? ": " : ", ");
		add_command(out, left[i].proc.pid);
	}
	if (n > LEFT_NAMED)
		str_addf(out, " and %d more", n - LEFT_NAMED);
}

/* Where the disk was full meanwhile, output is missing. */
static void say_lost(struct call *c)
{
	CLEAN_FREE char *line = NULL;

	if (!c->relay.lost)
		return;
	line = xasprintf("(%llu bytes of the output above are missing: there was no room for them in %s.)",
			 (unsigned long long)c->relay.lost, c->home);
	relay_say(&c->relay, line);
}

static int end_ended(struct call *c)
{
	CLEAN_STR struct str line = {0};

	say_lost(c);
	if (c->relay.leftover && !c->relay.signal && list(c, false)) {
		str_addf(&line, "(What it left running is background process %s", c->task.id);
		add_leftovers(c, &line);
		str_addf(&line, ".)");
		relay_say(&c->relay, line.buf);
	} else {
		relay_forget(&c->relay);
	}
	relay_linger(&c->relay, c->linger_ms);
	return die_alike(c->relay.wstatus);
}

static int end_late(struct call *c)
{
	CLEAN_FREE char *line = NULL;
	char time[32];

	say_lost(c);
	time_span(c->wait_ms, time);
	line = xasprintf("(Still running after %s: it goes on as background process %s.)", time, c->task.id);
	relay_say(&c->relay, line);
	relay_linger(&c->relay, c->linger_ms);
	return 0;
}

/* Guard and keeper were both killed: what they kept must not run on unseen. */
static int end_lost(struct call *c)
{
	const struct tree tree = {.command = c->task.proc, .token = c->task.token};
	const struct os_stat *left;

	direct_end(&tree, SIGKILL, 0, &left);
	if (!c->task.listed)
		launch_folder_remove(c->home_fd, c->task.id);
	relay_say(&c->relay, "hob: the command was ended, because its guard and keeper were killed");
	relay_linger(&c->relay, c->linger_ms);
	return EXIT_HOB;
}

static int follow(struct call *c)
{
	int64_t deadline = os_mono_ns() + c->wait_ms * 1000000;

	for (;;) {
		switch (relay_run(&c->relay, deadline)) {
		case RELAY_ENDED:
			return end_ended(c);
		case RELAY_LATE:
			if (list(c, true))
				return end_late(c);
			/* a registry that is locked or full may not be so for long */
			deadline = os_mono_ns() + LIST_AGAIN_NS;
			break;
		case RELAY_TWICE:
			return 128 + c->relay.signal;
		case RELAY_LOST:
			return end_lost(c);
		}
	}
}

int shell_main(int argc, char **argv)
{
	static struct call c = {.home_fd = -1, .launch = LAUNCH_NONE};
	int r;

	take_environment(&c);
	if (!is_timed(&c) || !fits(argc, argv))
		real_shell_become(c.said[SAY_PATH], argv);
	r = start(&c, argv[2]);
	if (r == -ECHILD)
		fprintf(stderr, "hob: the command's keeper was killed while it was started\n");
	else if (r < 0)
		real_shell_become(c.said[SAY_PATH], argv);
	r = r < 0 ? EXIT_HOB : follow(&c);
	/* a launch that is dropped before its task was listed ends the task */
	launch_done(&c.launch);
	relay_close(&c.relay);
	return r;
}
