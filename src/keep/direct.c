#include "keep/direct.h"

#include "base/path.h"

#include <signal.h>

#define SWEEP_NS   20000000ll
#define GIVE_UP_NS 2000000000ll

/* Waits for one of the processes found to end, at most until AT. */
static void wait_for_one(const struct os_stat *list, int n, int64_t at)
{
	struct pollfd fds[16];
	int k = 0;

	for (int i = 0; i < n && k < 16; i++) {
		int fd = os_pidfd(list[i].proc);

		if (fd >= 0)
			fds[k++] = (struct pollfd){.fd = fd, .events = POLLIN};
	}
	/* one that could not be opened has ended already */
	if (k == n || k == 16)
		os_wait(fds, (nfds_t)k, at);
	for (int i = 0; i < k; i++)
		path_close(&fds[i].fd);
}

int direct_end(const struct tree *tree, int sig, int64_t grace_ms, const struct os_stat **ret_left)
{
	int64_t kill_at = os_mono_ns() + grace_ms * 1000000;
	int n;

	if (grace_ms > 0 && sig != SIGKILL && tree_signal(tree, sig, NULL) > 0)
		tree_signal(tree, SIGCONT, NULL);
	for (;;) {
		int64_t now = os_mono_ns();

		if (now >= kill_at)
			tree_signal(tree, SIGKILL, NULL);
		n = tree_list(tree, ret_left);
		if (n == 0 || now >= kill_at + GIVE_UP_NS)
			return n;
		wait_for_one(*ret_left, n, now < kill_at ? kill_at : now + SWEEP_NS);
	}
}
