/* version: which hob this is. */
#include "cmd/cmd.h"

#include <stdio.h>

#ifndef HOB_VERSION
#define HOB_VERSION "0.1.0"
#endif

static int exec(int argc, char **argv, struct err *err)
{
	(void)argv;
	if (argc > 1)
		return cmd_usage(err, "version takes no arguments");
	puts("hob " HOB_VERSION);
	return EXIT_DONE;
}

const struct cmd cmd_version = {.name = "version", .args = "", .summary = "print hob's version", .exec = exec};
