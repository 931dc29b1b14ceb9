#include "keep/spawn.h"

#include "base/path.h"
#include "base/str.h"
#include "base/words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel takes no longer word (MAX_ARG_STRLEN, its final NUL included). */
#define WORD_MAX_BYTES 131072
#define SCRIPT_FD      9

struct failure {
	int code;
	enum spawn_stage stage;
};

static void fail(int fd, enum spawn_stage stage, int code)
{
	struct failure failure = {.code = code, .stage = stage};

	path_write(fd, &failure, sizeof failure);
	_exit(127);
}

/* Those that the C library keeps for itself: its posix_spawn lets a child ignore them, and its sigaction refuses them.
 */
static void restore_library_signals(void)
{
	const struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} usual = {0};

	for (int sig = 32; sig < SIGRTMIN; sig++)
		syscall(SYS_rt_sigaction, sig, &usual, NULL, sizeof usual.mask);
}

static void restore_signals(const struct hold *hold)
{
	for (int sig = 1; sig < NSIG; sig++) {
		struct sigaction act = {.sa_handler = sigismember(&hold->ignored, sig) == 1 ? SIG_IGN : SIG_DFL};

		sigaction(sig, &act, NULL);
	}
	restore_library_signals();
	sigprocmask(SIG_SETMASK, &hold->mask, NULL);
}

static void restore_limits(const struct hold *hold)
{
	for (int i = 0; i < (int)RLIM_NLIMITS; i++)
		setrlimit((__rlimit_resource_t)i, &hold->limits[i]);
}

/* The words, as `hob run` packed them. */
static char **read_words(int fd)
{
	struct stat st;
	char *block;

	if (fstat(fd, &st) < 0 || st.st_size == 0)
		return NULL;
	block = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	return block == MAP_FAILED ? NULL : words_unpack(block, (size_t)st.st_size);
}

/* SHELL -c LINE with a line that is too long for a word: the shell reads it from a file without a name, whose
 * descriptor the line's own first words close. */
static int use_script(char **argv)
{
	int fd = os_memory_file("hob-line"), r;

	if (fd < 0)
		return fd;
	r = path_write(fd, "exec 9<&-; ", 11);
	if (r == 0)
		r = path_write(fd, argv[2], strlen(argv[2]));
	if (r == 0)
		r = path_write(fd, "\n", 1);
	if (r == 0 && dup2(fd, SCRIPT_FD) < 0)
		r = -errno;
	free(argv[1]);
	argv[1] = xstrdup("/proc/self/fd/9");
	free(argv[2]);
	argv[2] = NULL;
	return r;
}

/* The pipe as stdout and stderr, and /dev/null or a pipe as stdin; or the terminal as all three. */
static int take_standard_fds(const struct hold *hold)
{
	int in = hold->fd[HOLD_IN];

	if (hold->fd[HOLD_PTY] >= 0)
		return os_pty_take(hold->fd[HOLD_PTY]);
	if (in < 0)
		in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (in < 0 || dup2(in, 0) < 0 || dup2(hold->fd[HOLD_OUT_WRITE], 1) < 0 || dup2(hold->fd[HOLD_OUT_WRITE], 2) < 0)
		return -errno;
	return 0;
}

/* The child's way to exec; never returns. FD takes news of a failure and closes itself at a success. */
static _Noreturn void become_command(const struct hold *hold, int fd)
{
	char **argv;
	int r;

	hold->state->command.pid = getpid();
	setsid();
	argv = read_words(hold->fd[HOLD_ARGV]);
	if (!argv || !argv[0])
		fail(fd, SPAWN_EXEC, ENOENT);
	r = take_standard_fds(hold);
	if (r < 0)
		fail(fd, hold->fd[HOLD_PTY] >= 0 ? SPAWN_TERMINAL : SPAWN_FORK, -r);
	if (chdir(hold->cwd) < 0)
		fail(fd, SPAWN_CHDIR, errno);
	/* the failure pipe may be descriptor 9 */
	fd = fcntl(fd, F_DUPFD_CLOEXEC, SCRIPT_FD + 1);
	if (argv[1] && strcmp(argv[1], "-c") == 0 && argv[2] && !argv[3] && strlen(argv[2]) >= WORD_MAX_BYTES) {
		r = use_script(argv);
		if (r < 0)
			fail(fd, SPAWN_EXEC, -r);
	}
	setenv("HOB_ID", hold->id, 1);
	setenv("HOB_HOME", hold->home, 1);
	setenv("HOB_RUN", hold->token, 1);
	umask(hold->umask);
	restore_limits(hold);
	restore_signals(hold);
	/* a script without #! runs with /bin/sh, as execvp has it */
	execvp(argv[0], argv);
	fail(fd, SPAWN_EXEC, errno);
	_exit(127);
}

int spawn_command(struct hold *hold, enum spawn_stage *ret_stage)
{
	struct failure failure = {0};
	CLEAN_FD int news = -1;
	struct os_stat st;
	int fds[2];
	ssize_t n;
	pid_t pid;

	*ret_stage = SPAWN_FORK;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	news = fds[0];
	pid = fork();
	if (pid == 0)
		become_command(hold, fds[1]);
	close(fds[1]);
	if (pid < 0)
		return -errno;
	hold->state->command.pid = pid;
	if (os_stat(pid, &st) == 0)
		hold->state->command.start = st.proc.start;
	do
		n = read(news, &failure, sizeof failure);
	while (n < 0 && errno == EINTR);
	if (n == sizeof failure) {
		*ret_stage = failure.stage;
		return -failure.code;
	}
	return 0;
}
