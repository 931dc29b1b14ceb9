#include "cmd/real_shell.h"

#include "base/str.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool real_shell_is(const char *path)
{
	struct stat it, me;

	return stat(path, &it) == 0 && S_ISREG(it.st_mode) && access(path, X_OK) == 0 &&
	       !(stat("/proc/self/exe", &me) == 0 && it.st_dev == me.st_dev && it.st_ino == me.st_ino);
}

static void try_shell(const char *path, char **argv)
{
	char *first = argv[0];

	if (!path || *path != '/' || !real_shell_is(path))
		return;
	/* $0 is what it would have been; a login shell keeps its dash */
	if (*base_of(first) != '-')
		argv[0] = (char *)(uintptr_t)path;
	execv(path, argv);
	argv[0] = first;
}

/* The shell that the link stands for is linked beside it, as "real". */
static void try_neighbour(char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	CLEAN_FREE char *dir = slash ? xstrndup(argv[0], (size_t)(slash - argv[0])) : NULL;
	CLEAN_FREE char *path = dir ? xasprintf("%s/real", dir) : NULL;
	char target[PATH_MAX];
	ssize_t n = path ? readlink(path, target, sizeof target - 1) : -1;

	if (n <= 0)
		return;
	target[n] = '\0';
	try_shell(target, argv);
}

static void try_path(const char *name, char **argv)
{
	CLEAN_FREE char *dirs = xstrdup(getenv("PATH") ? getenv("PATH") : "");
	char *rest = NULL;

	for (char *dir = strtok_r(dirs, ":", &rest); dir; dir = strtok_r(NULL, ":", &rest)) {
		CLEAN_FREE char *path = xasprintf("%s/%s", dir, name);

		try_shell(path, argv);
	}
}

_Noreturn void real_shell_become(const char *named, char **argv)
{
	const char *name = base_of(argv[0]);

	name += *name == '-';
	try_shell(named, argv);
	try_neighbour(argv);
	try_path(name, argv);
	try_path("bash", argv);
	try_shell("/bin/sh", argv);
	fprintf(stderr, "hob: called as %s, but there is no other program of that name, and no /bin/sh\n", name);
	_exit(127);
}
