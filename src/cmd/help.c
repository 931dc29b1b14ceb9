/* help: printed from the commands' own tables. */
#include "cmd/cmd.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct cmd_opt no_opts[] = {{0}};

static void print_option(const struct cmd_opt *opt)
{
	char left[64], letter[8] = "    ";

	if (opt->letter)
		snprintf(letter, sizeof letter, "-%c, ", opt->letter);
	snprintf(left, sizeof left, "%s--%s%s%s", letter, opt->name, opt->arg && *opt->arg != '[' ? " " : "",
		 opt->arg ? opt->arg : "");
	printf("  %-30s %s\n", left, opt->help);
}

static bool takes(const struct cmd *cmd, const char *value)
{
	for (const struct cmd_opt *opt = cmd->opts; opt->name; opt++)
		if (opt->arg && strstr(opt->arg, value))
			return true;
	return false;
}

/* How the values that have units are written. */
static void print_values(const struct cmd *cmd)
{
	bool times = takes(cmd, "DUR"), sizes = takes(cmd, "SIZE");

	if (times || sizes)
		puts("\nvalues:");
	if (times)
		puts("  DUR     500ms, 30s, 10m, 2h or 1d; without a unit, seconds");
	if (sizes)
		puts("  SIZE    64K, 64M or 1G; without a unit, bytes");
}

static void print_one(const struct cmd *cmd)
{
	printf("hob %s: %s\n\nusage: hob %s%s%s%s\n", cmd->name, cmd->summary, cmd->name,
	       cmd->opts && cmd->opts->name ? " [OPTION]..." : "", *cmd->args ? " " : "", cmd->args);
	if (cmd->alias)
		printf("also:  %s\n", cmd->alias);
	if (cmd->opts && cmd->opts->name) {
		puts("\noptions:");
		for (const struct cmd_opt *opt = cmd->opts; opt->name; opt++)
			print_option(opt);
		print_values(cmd);
	}
	if (cmd->examples) {
		puts("\nexamples:");
		for (const char *p = cmd->examples; *p; p += strcspn(p, "\n") + 1)
			printf("  %.*s\n", (int)strcspn(p, "\n"), p);
	}
}

static void print_all(void)
{
	puts("hob keeps background processes for coding agents and for the people beside them.\n\n"
	     "usage: hob COMMAND [OPTION]... [ARG]...\n\ncommands:");
	for (const struct cmd *const *c = cmd_all; *c; c++)
		printf("  %-9s %s\n", (*c)->name, (*c)->summary);
	puts("\nexamples:\n"
	     "  hob run -n web -- npm run dev     start a server; prints its id\n"
	     "  hob logs web                      what it wrote, cleaned and bounded\n"
	     "  hob kill web                      end it, and everything it started\n\n"
	     "hob help COMMAND tells more; so does man hob.");
}

/* What a shell needs to complete: `hob help --complete` prints commands, or a command's options, a line each. */
static void print_completions(const char *name)
{
	const struct cmd *cmd = name ? cmd_find(name) : NULL;

	if (!cmd) {
		for (const struct cmd *const *c = cmd_all; *c; c++)
			puts((*c)->name);
		return;
	}
	for (const struct cmd_opt *opt = cmd->opts ? cmd->opts : no_opts; opt->name; opt++)
		printf("--%s\n", opt->name);
}

static int exec(int argc, char **argv, struct err *err)
{
	const struct cmd *cmd;

	if (argc > 1 && strcmp(argv[1], "--complete") == 0) {
		print_completions(argc > 2 ? argv[2] : NULL);
		return EXIT_DONE;
	}
	if (argc > 1 && argv[1][0] == '-')
		return cmd_usage(err, "no option '%s': hob help COMMAND", argv[1]);
	if (argc > 2)
		return cmd_usage(err, "help takes one command, '%s' is too much", argv[2]);
	if (argc < 2) {
		print_all();
		return EXIT_DONE;
	}
	cmd = cmd_find(argv[1]);
	if (!cmd)
		return cmd_usage(err, "no command '%s': hob help lists them", argv[1]);
	print_one(cmd);
	return EXIT_DONE;
}

const struct cmd cmd_help = {
    .name = "help",
    .args = "[COMMAND]",
    .summary = "explain hob, or a command",
    .examples = "hob help run\n",
    .exec = exec,
};
