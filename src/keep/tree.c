#include "keep/tree.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024 /* of a command line: a title lies at its front, or behind an emulator's two words */

static struct os_stat found[TREE_MAX];
static int nfound;

static bool is_hob(const char *line, ssize_t n)
{
	return n >= 4 && memcmp(line, "hob", 4) == 0;
}

static bool is_title(const char *line, ssize_t n)
{
	return is_hob(line, n) &&
	       ((n >= 10 && memcmp(line + 4, "guard", 6) == 0) || (n >= 11 && memcmp(line + 4, "keeper", 7) == 0));
}

static bool is_name(const char *name, const char *role)
{
	size_t len = strlen(role);

	/* a short id has room behind it */
	return strncmp(name, role, len) == 0 && (name[len] == '\0' || name[len] == '-');
}

static bool has_name(pid_t pid)
{
	char name[16];

	return os_name(pid, name) == 0 && (is_name(name, "hob-keeper") || is_name(name, "hob-guard"));
}

/* qemu-user's command line: the emulator, the program's path, and only then what the program takes for its own. */
static bool is_emulated_hob(const char *line, ssize_t n)
{
	const char *end = line + n, *word = line;

	for (int i = 0; i < 2 && word < end; i++)
		word += strnlen(word, (size_t)(end - word)) + 1;
	return word < end && is_hob(word, end - word);
}

/* While a title changes (a new keeper's, or that of one that becomes the guard) only its first word can be relied on.
 */
static bool bears_title(pid_t pid, const char *line, ssize_t n)
{
	return is_title(line, n) || ((is_hob(line, n) || is_emulated_hob(line, n)) && has_name(pid));
}

bool tree_is_keeper(pid_t pid)
{
	char line[LINE_MAX_BYTES];
	int n = os_cmdline(pid, line, sizeof line);

	/* a scribe on its way out has no command line any more */
	return n == 0 ? has_name(pid) : bears_title(pid, line, n);
}

static bool known(pid_t pid)
{
	for (int i = 0; i < nfound; i++)
		if (found[i].proc.pid == pid)
			return true;
	return false;
}

static void add(const struct os_stat *st)
{
	if (nfound < TREE_MAX && st->state != 'Z' && st->state != 'X' && !known(st->proc.pid))
		found[nfound++] = *st;
}

/* A task may have started any number of others, whose guards its own adopts: room for all. */
static pid_t children[TREE_MAX];

bool tree_any_child(void)
{
	int n = os_children(getpid(), children, TREE_MAX);

	for (int i = 0; i < n; i++)
		if (!tree_is_keeper(children[i]))
			return true;
	return false;
}

int tree_kill_children(void)
{
	int n = os_children(getpid(), children, TREE_MAX), killed = 0;

	for (int i = 0; i < n; i++) {
		char line[LINE_MAX_BYTES];
		int len = os_cmdline(children[i], line, sizeof line);

		/* without a command line it is a zombie, or will be in a moment */
		if (len > 0 && !bears_title(children[i], line, len) && kill(children[i], SIGKILL) == 0)
			killed++;
	}
	return killed;
}

/* Adds those of the first N children that belong to the task. */
static void add_found(int n)
{
	for (int i = 0; i < n; i++) {
		struct os_stat st;

		if (os_stat(children[i], &st) == 0 && !tree_is_keeper(children[i]))
			add(&st);
	}
}

static void add_children(pid_t pid)
{
	add_found(os_children(pid, children, TREE_MAX));
}

/* The same for exactly PROC: it lives after its children were listed, so its number was nobody else's before. */
static void add_children_of(struct os_proc proc)
{
	int n = proc.pid > 0 ? os_children(proc.pid, children, TREE_MAX) : 0;

	if (n > 0 && os_alive(proc))
		add_found(n);
}

struct stray_search {
	char entry[48];
	pid_t leader; /* the command, while it lives: who is in its session or group is its */
};

static int add_stray(pid_t pid, void *arg)
{
	const struct stray_search *search = arg;
	struct os_stat st;

	if (pid == getpid() || os_stat(pid, &st) < 0)
		return 0;
	if ((search->leader && (st.sid == search->leader || st.pgid == search->leader)) ||
	    os_environ_has(pid, search->entry)) {
		if (!tree_is_keeper(pid))
			add(&st);
	}
	return 0;
}

static void add_strays(const struct tree *tree)
{
	struct stray_search search = {.leader = os_alive(tree->command) ? tree->command.pid : 0};

	snprintf(search.entry, sizeof search.entry, "HOB_RUN=%s", tree->token);
	os_each_process(add_stray, &search);
}

int tree_list(const struct tree *tree, const struct os_stat **ret)
{
	struct os_stat st;

	nfound = 0;
	add_children_of(tree->guard);
	add_children_of(tree->keeper);
	if (tree->command.pid > 0 && os_stat(tree->command.pid, &st) == 0 && st.proc.start == tree->command.start)
		add(&st);
	if (tree->token)
		add_strays(tree);
	/* the list grows while it is walked: children of children */
	for (int i = 0; i < nfound && nfound < TREE_MAX; i++)
		add_children(found[i].proc.pid);
	*ret = found;
	return nfound;
}

/* Signals one process, provided it is still the one that was found: the pidfd pins it, the start time proves it. */
static int signal_one(const struct os_stat *st, int sig)
{
	int fd = os_pidfd(st->proc), r;

	if (fd < 0)
		return fd;
	r = os_pidfd_signal(fd, sig);
	close(fd);
	return r;
}

/* A group can be signalled as a whole when it is not ours: sessions are inherited only, and the command began its
 * own, so every member of a group in another session than the keeper's descends from the command. One call
 * for all of them leaves a process that forks all the time no gap to slip through. */
static bool group_is_theirs(const struct os_stat *st)
{
	return st->pgid > 1 && st->sid > 1 && st->pgid != getpgrp() && st->sid != getsid(0);
}

/* Whether the group of list[I] was met shortly before: neighbours in the list are mostly relatives. */
static bool group_was_met(const struct os_stat *list, int i)
{
	for (int j = i - 1; j >= 0 && j > i - 256; j--)
		if (list[j].pgid == list[i].pgid)
			return true;
	return false;
}

int tree_signal(const struct tree *tree, int sig, int *ret_denied)
{
	const struct os_stat *list;
	int n = tree_list(tree, &list), denied = 0;

	for (int i = 0; i < n; i++) {
		bool ours = list[i].uid == geteuid();
		bool grouped = group_is_theirs(&list[i]);

		if (grouped && !group_was_met(list, i) && os_alive(list[i].proc))
			kill(-list[i].pgid, sig);
		/* kill(2) on a group succeeds when it reached one member: those of others are asked for each */
		if ((!grouped || !ours) && signal_one(&list[i], sig) == -EPERM)
			denied++;
	}
	if (ret_denied)
		*ret_denied = denied;
	return n;
}
