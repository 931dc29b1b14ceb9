#include "keep/guard.h"

#include "base/path.h"
#include "keep/control.h"
#include "keep/files.h"
#include "keep/hold.h"
#include "keep/keeper.h"
#include "keep/orders.h"
#include "keep/spawn.h"
#include "keep/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAULT_WINDOW_NS	  10000000000ll
#define FAULTS_UNPUNISHED 3 /* deaths in a row, each within the window, before a new keeper has to wait */
#define FAULTS_DRAINING	  5 /* … before the guard empties the pipe itself, so that the command does not block */
#define BACKOFF_FIRST_NS  1000000000ll
#define BACKOFF_MAX_NS	  60000000000ll

static struct hold hold;

/* How keepers died lately. */
static struct faults {
	int64_t born_ns; /* the last one */
	int count;	 /* of their own fault, one after the other */
} faults;

static void set_title(const char *role)
{
	const char *const words[] = {"hob", role, hold.id, NULL};

	os_title(hold.title, hold.title_size, words);
}

/* ---- birth ---- */

static void remember_caller(void)
{
	sigemptyset(&hold.ignored);
	for (int sig = 1; sig < NSIG; sig++) {
		struct sigaction act;

		if (sigaction(sig, NULL, &act) == 0 && act.sa_handler == SIG_IGN)
			sigaddset(&hold.ignored, sig);
	}
	sigprocmask(SIG_SETMASK, NULL, &hold.mask);
	for (int i = 0; i < (int)RLIM_NLIMITS; i++)
		getrlimit((__rlimit_resource_t)i, &hold.limits[i]);
	hold.umask = umask(077);
}

/* Guard and keeper die of SIGKILL only; their own limits are as high as they may be. */
static void harden(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	/* an ignored SIGCHLD would let the kernel reap for us, exit codes and all */
	signal(SIGCHLD, SIG_DFL);
	for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
		struct rlimit limit = hold.limits[i];

		limit.rlim_cur = limit.rlim_max;
		/* the stack's and the address space's sizes stay what they were */
		if (i == (int)RLIMIT_FSIZE || i == (int)RLIMIT_NOFILE || i == (int)RLIMIT_CPU)
			setrlimit((__rlimit_resource_t)i, &limit);
	}
}

static void detach(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	(void)!chdir("/");
	if (null >= 0) {
		for (int fd = 0; fd < 3; fd++)
			dup2(null, fd);
		close(null);
	}
}

/* `hob run` says "start" when row and folder are there. -ECANCELED: it ended without. */
static int wait_for_orders(void)
{
	char word[16];
	ssize_t n;

	do
		n = recv(hold.fd[HOLD_RUN], word, sizeof word, 0);
	while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : -ECANCELED;
}

static int open_folder(void)
{
	int home = open(hold.home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int tasks = home < 0 ? -1 : openat(home, "tasks", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	hold.fd[HOLD_DIR] = tasks < 0 ? -1 : openat(tasks, hold.id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	path_close(&tasks);
	path_close(&home);
	return hold.fd[HOLD_DIR] < 0 ? -errno : 0;
}

static int read_orders(void)
{
	struct stat st;
	const char *block;

	if (fstat(hold.fd[HOLD_SPEC], &st) < 0 || st.st_size == 0)
		return -EPROTO;
	block = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, hold.fd[HOLD_SPEC], 0);
	if (block == MAP_FAILED)
		return -errno;
	hold_close(&hold, HOLD_SPEC);
	return orders_read(&hold, block, (size_t)st.st_size);
}

/* END is hob's own end: the command gets an ordinary, blocking pipe. */
static int open_pipe(enum hold_fd out, enum hold_fd in, enum hold_fd end)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	hold.fd[out] = fds[0];
	hold.fd[in] = fds[1];
	return fcntl(hold.fd[end], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

/* The terminal, and the pipe between it and the log. */
static int open_terminal(void)
{
	int fd = os_pty_open(hold.pty_cols, hold.pty_rows);

	if (fd < 0)
		return fd;
	hold.fd[HOLD_PTY] = fd;
	hold.fd[HOLD_OUT] = fcntl(fd, F_DUPFD_CLOEXEC, HOLD_FIRST_FD);
	return hold.fd[HOLD_OUT] < 0 ? -errno : open_pipe(HOLD_MID, HOLD_MID_WRITE, HOLD_MID);
}

static int open_pipes(void)
{
	int r;

	if (hold.pty_cols)
		return open_terminal();
	r = open_pipe(HOLD_OUT, HOLD_OUT_WRITE, HOLD_OUT);
	if (r == 0 && hold.stdin_pipe)
		r = open_pipe(HOLD_IN, HOLD_IN_WRITE, HOLD_IN_WRITE);
	return r;
}

static int open_file(enum hold_fd which, const char *name)
{
	hold.fd[which] = openat(hold.fd[HOLD_DIR], name, O_RDWR | O_CLOEXEC);
	return hold.fd[which] < 0 ? -errno : 0;
}

static int open_all(void)
{
	static const int child[] = {SIGCHLD, 0};
	int r;

	hold.state = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (hold.state == MAP_FAILED)
		return -errno;
	if ((r = open_folder()) < 0 || (r = open_file(HOLD_LOG, "log")) < 0 || (r = open_file(HOLD_EXIT, "exit")) < 0 ||
	    (r = open_file(HOLD_LOCK, "lock")) < 0 || (r = os_lock(hold.fd[HOLD_LOCK], FILES_LOCK_GUARD)) < 0 ||
	    (r = open_pipes()) < 0)
		return r;
	hold.fd[HOLD_LISTEN] = control_listen(hold.socket_dir, hold.token, hold.fd[HOLD_DIR], hold.socket);
	hold.fd[HOLD_SIGNALS] = os_signal_fd(child);
	hold.fd[HOLD_POKE_GUARD] = os_poke_fd();
	hold.fd[HOLD_POKE_KEEPER] = os_poke_fd();
	for (int i = HOLD_LISTEN; i < HOLD_FD_COUNT; i++)
		if (hold.fd[i] < 0)
			return hold.fd[i];
	return os_adopt_orphans();
}

static void take_inherited(void)
{
	for (int i = 0; i < HOLD_FD_COUNT; i++)
		hold.fd[i] = -1;
	for (int i = 0; i < HOLD_INHERITED; i++) {
		hold.fd[i] = HOLD_FIRST_FD + i;
		if (fcntl(hold.fd[i], F_SETFD, FD_CLOEXEC) < 0)
			hold.fd[i] = -1;
	}
}

/* ---- watching a keeper ---- */

/* Reaps whoever ended. True when KEEPER is among them; RET_STATUS gets its wait status. */
static bool reap(pid_t keeper, int *ret_status)
{
	bool keeper_ended = false;
	int status;
	pid_t pid;

	os_signal_drain(hold.fd[HOLD_SIGNALS]);
	while ((pid = hold_reap(&hold, &status)) > 0) {
		if (pid == keeper) {
			keeper_ended = true;
			*ret_status = status;
		}
	}
	hold.state->guard_has_kids = tree_any_child();
	if (!keeper_ended)
		os_poke(hold.fd[HOLD_POKE_KEEPER]);
	return keeper_ended;
}

/* False at the pipe's end, or when nobody has the terminal open. */
static bool drain_pipe(enum hold_fd which)
{
	static char nowhere[4096];
	ssize_t n;

	while ((n = read(hold.fd[which], nowhere, sizeof nowhere)) > 0)
		hold.state->drained += (uint64_t)n;
	return n < 0 && errno != EIO;
}

/* False when there is nothing more to wait for. */
static bool drain_to_nowhere(void)
{
	drain_pipe(HOLD_MID);
	if (drain_pipe(HOLD_OUT))
		return true;
	/* a terminal may be opened again */
	if (hold.fd[HOLD_PTY] < 0)
		hold_close(&hold, HOLD_OUT);
	return false;
}

static void see_state(void)
{
	os_poke_drain(hold.fd[HOLD_POKE_GUARD]);
	if (hold.state->go && !hold.state->follow)
		hold_close(&hold, HOLD_RUN);
	if (hold.state->input_ended)
		hold_close(&hold, HOLD_IN_WRITE);
}

/* Waits for the keeper's end, or (KEEPER 0) for the time UNTIL_NS, emptying the pipe meanwhile if DRAIN. */
static int watch(pid_t keeper, int64_t until_ns, bool drain)
{
	int status = 0;

	for (;;) {
		struct pollfd fds[] = {
		    {.fd = hold.fd[HOLD_SIGNALS], .events = POLLIN},
		    {.fd = hold.fd[HOLD_POKE_GUARD], .events = POLLIN},
		    {.fd = drain ? hold.fd[HOLD_OUT] : -1, .events = POLLIN},
		};
		int r = os_wait(fds, 3, until_ns);

		if (fds[1].revents)
			see_state();
		if (fds[2].revents)
			drain = drain_to_nowhere();
		if (fds[0].revents && reap(keeper, &status))
			return status;
		if (r == 0 && until_ns >= 0)
			return 0;
	}
}

static bool of_its_own_fault(int status)
{
	return !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* After a death of its own fault a new keeper waits, the longer the more there were in a row. */
static void back_off(void)
{
	int64_t wait = BACKOFF_FIRST_NS;

	faults.count++;
	if (faults.count < FAULTS_UNPUNISHED)
		return;
	for (int i = FAULTS_UNPUNISHED; i < faults.count && wait < BACKOFF_MAX_NS; i++)
		wait *= 2;
	watch(0, os_mono_ns() + (wait < BACKOFF_MAX_NS ? wait : BACKOFF_MAX_NS), faults.count >= FAULTS_DRAINING);
}

/* ---- the ends ---- */

static void remove_socket(void)
{
	if (*hold.socket)
		unlink(hold.socket);
	else
		unlinkat(hold.fd[HOLD_DIR], "ctl", 0);
}

static void report_failure(int code)
{
	bool no_terminal = hold.pty_cols && hold.fd[HOLD_LOCK] >= 0 && hold.fd[HOLD_PTY] < 0;
	struct keeper_report text = {.code = code, .stage = no_terminal ? SPAWN_TERMINAL : SPAWN_FORK};

	if (hold.fd[HOLD_RUN] >= 0)
		send(hold.fd[HOLD_RUN], &text, sizeof text, MSG_NOSIGNAL);
}

/* Of a command that was never listed nothing stays. */
static void remove_folder(void)
{
	int tasks = openat(hold.fd[HOLD_DIR], "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (tasks >= 0)
		path_remove_dir(tasks, hold.id);
}

/* The first keeper died before the command ran: nothing of it may stay. */
static void undo_start(void)
{
	struct tree tree = {.guard = {.pid = getpid()}, .command = hold.state->command};

	report_failure(-ECHILD);
	while (tree_signal(&tree, SIGKILL, NULL) > 0)
		waitpid(-1, NULL, 0);
}

/* The keeper became the guard: what it was to its own guard, a new keeper is to it. */
static void promote(void)
{
	struct os_stat st;

	set_title("guard");
	hold.fd[HOLD_LOCK] = openat(hold.fd[HOLD_DIR], "lock", O_RDWR | O_CLOEXEC);
	os_lock(hold.fd[HOLD_LOCK], FILES_LOCK_GUARD);
	keeper_release();
	if (hold.state->guard_has_kids)
		hold.state->strays = true;
	if (os_stat(hold.state->command.pid, &st) == 0 && st.proc.start == hold.state->command.start &&
	    st.ppid != getpid())
		hold.state->strays = true;
	hold.state->guard_has_kids = tree_any_child();
	faults = (struct faults){0};
}

static void know_thyself(void)
{
	struct os_stat me;

	if (os_stat(getpid(), &me) == 0)
		hold.guard = me.proc;
	files_write_guard(hold.fd[HOLD_DIR], hold.guard, hold.socket);
}

/* Forks a keeper. In the keeper's process this returns only when it was promoted: then 0. */
static pid_t start_keeper(void)
{
	enum keeper_end end;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	set_title("keeper");
	/* the lock is the guard's own: with a copy here its death would not show */
	hold_close(&hold, HOLD_LOCK);
	end = keeper_run(&hold);
	if (end != KEEPER_PROMOTED)
		_exit((int)end);
	promote();
	return 0;
}

/* Keeps a keeper alive until nothing is left to keep. */
static void guard_run(void)
{
	for (;;) {
		int status;
		pid_t keeper;

		know_thyself();
		faults.born_ns = os_mono_ns();
		keeper = start_keeper();
		if (keeper == 0)
			continue;
		hold_close(&hold, HOLD_OUT_WRITE);
		hold_close(&hold, HOLD_IN);
		hold_close(&hold, HOLD_ARGV);
		status = keeper > 0 ? watch(keeper, -1, false) : 1 << 8;
		if (!hold.state->launched) {
			if (!WIFEXITED(status) || WEXITSTATUS(status) != KEEPER_UNSTARTED)
				undo_start();
			return;
		}
		if (WIFEXITED(status) && WEXITSTATUS(status) == KEEPER_DONE && !tree_any_child())
			return;
		/* one that was well for a while ends the row */
		if (os_mono_ns() - faults.born_ns > FAULT_WINDOW_NS)
			faults.count = 0;
		if (of_its_own_fault(status))
			back_off();
	}
}

int guard_main(int argc, char **argv)
{
	int r;

	hold.title = argv[0];
	hold.title_size = (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) + 1 - argv[0]);
	take_inherited();
	if (hold.fd[HOLD_RUN] < 0 || hold.fd[HOLD_SPEC] < 0 || hold.fd[HOLD_ARGV] < 0)
		return 2;
	remember_caller();
	harden();
	detach();
	r = wait_for_orders();
	if (r == 0)
		r = read_orders();
	if (r == 0) {
		set_title("guard");
		r = open_all();
	}
	if (r < 0) {
		report_failure(r);
		return 1;
	}
	guard_run();
	remove_socket();
	if (hold.state->forgotten)
		remove_folder();
	return 0;
}
