/* tree: the processes of one task: finding them, and signalling them so that no other process can be hit.
 * A tree is what descends from its guard and keeper, up to (not into) the guard of another task; what lost both
 * is known by its HOB_RUN. Keeps a list in static memory: one tree at a time, no allocation. */
#ifndef HOB_KEEP_TREE_H
#define HOB_KEEP_TREE_H

#include "os/os.h"

#define TREE_MAX 32768

struct tree {
	struct os_proc guard, keeper; /* pid 0: not there; one whose number somebody else bears by now counts as such */
	struct os_proc command;	      /* also a root when it has left both (0: not) */
	const char *token;	      /* HOB_RUN, for strays; NULL: do not look at every process of the machine */
};

/* True for a guard, a keeper or a scribe, of any task: they bear the title of one. */
bool tree_is_keeper(pid_t pid);

/* True while the calling process has a child that is no keeper (other tasks' guards are adopted too). */
bool tree_any_child(void);

/* Sends SIGKILL to every child of the calling process that is no keeper, each as soon as it was looked at: who forks
 * and ends all the time is gone before a whole list is made. The caller is the only one that can reap them, so their
 * numbers are theirs. Returns how many were alive. */
int tree_kill_children(void);

/* Lists the living processes of TREE (no zombies); the list is valid until the next call. */
int tree_list(const struct tree *tree, const struct os_stat **ret);

/* Sends SIG to every living process of TREE, whole process groups at once where that is safe. Returns how many were
 * found. RET_DENIED (may be NULL) gets the number of those that may not be signalled. */
int tree_signal(const struct tree *tree, int sig, int *ret_denied);

#endif
