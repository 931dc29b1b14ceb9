/* hob: finds the command, nothing else. */
#include "cmd/cmd.h"
#include "cmd/shell.h"
#include "cmd/text.h"
#include "keep/guard.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A caller that closed stdin, stdout or stderr must not get a registry under that number. */
static void fill_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR); /* NOLINT(android-cloexec-open): a standard descriptor is inherited */
	while (fd >= 0 && fd < 3);
	if (fd >= 3)
		close(fd);
}

static void go_on(int sig)
{
	(void)sig;
}

/* A file that may not grow is an error that is told, and no death without a word. What is started dies of it as ever:
 * an exec forgets this. */
static void survive_file_limit(void)
{
	struct sigaction act = {.sa_handler = go_on}, before;

	if (sigaction(SIGXFSZ, NULL, &before) == 0 && before.sa_handler == SIG_DFL)
		sigaction(SIGXFSZ, &act, NULL);
}

/* The one place where errors are told; what they quote must not harm a terminal. */
static void tell(const char *who, const char *sentence)
{
	CLEAN_FREE char *safe = text_safe(sentence);

	fprintf(stderr, "hob%s%s: %s\n", *who ? " " : "", who, safe);
}

int main(int argc, char **argv)
{
	const struct cmd *cmd;
	struct err err = {0};
	int code;

	if (argc == 4 && strcmp(argv[1], "guard") == 0 && argv[3][0] == '\0')
		return guard_main(argc, argv);
	if (shell_called(argv[0]))
		return shell_main(argc, argv);
	fill_standard_fds();
	os_cloexec_from(3);
	survive_file_limit();
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		cmd = &cmd_help;
	else if (strcmp(argv[1], "--version") == 0)
		cmd = &cmd_version;
	else
		cmd = cmd_find(argv[1]);
	if (!cmd) {
		cmd_usage(&err, "no command '%s': hob help lists them", argv[1]);
		tell("", err.text);
		return EXIT_USAGE;
	}
	/* without a command, or with its option form, help and version take no words */
	code = argc < 2 || argv[1][0] == '-' ? cmd->exec(1, argv, &err) : cmd->exec(argc - 1, argv + 1, &err);
	if (err.code && err.text[0])
		tell(cmd->name, err.text);
	/* what was printed must have arrived: a full disk or a closed pipe is a failure */
	if (fflush(stdout) != 0 && errno != EPIPE && code == 0) {
		fprintf(stderr, "hob %s: cannot write the answer: %s\n", cmd->name, strerror(errno));
		code = EXIT_FAILED;
	}
	return code < 0 ? cmd_exit_code(code) : code;
}
