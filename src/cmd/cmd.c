#include "cmd/cmd.h"

#include "base/path.h"
#include "base/str.h"
#include "base/time.h"
#include "keep/lost.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define X(name) &cmd_##name,
const struct cmd *const cmd_all[] = {CMDS(X) NULL};
#undef X

#define OPTS_MAX 40

const struct cmd *cmd_find(const char *name)
{
	for (const struct cmd *const *c = cmd_all; *c; c++) {
		const char *alias = (*c)->alias;
		size_t len = strlen(name);

		if (strcmp((*c)->name, name) == 0)
			return *c;
		/* aliases are separated by blanks */
		for (; alias && *alias; alias += strcspn(alias, " "), alias += strspn(alias, " "))
			if (strcspn(alias, " ") == len && strncmp(alias, name, len) == 0)
				return *c;
	}
	return NULL;
}

int cmd_usage(struct err *err, const char *fmt, ...)
{
	va_list ap;

	err->code = -EINVAL;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int build_tables(const struct cmd *cmd, bool leading, struct option *longs, char *shorts)
{
	int n = 0;

	/* ':' first: tell a missing value from an unknown option */
	if (leading)
		*shorts++ = '+';
	*shorts++ = ':';
	for (; cmd->opts && cmd->opts[n].name && n < OPTS_MAX; n++) {
		const struct cmd_opt *opt = &cmd->opts[n];
		int has = !opt->arg ? no_argument : *opt->arg == '[' ? optional_argument : required_argument;

		longs[n] = (struct option){.name = opt->name, .has_arg = has, .val = 256 + n};
		if (opt->letter) {
			*shorts++ = opt->letter;
			if (has != no_argument)
				*shorts++ = ':';
			if (has == optional_argument)
				*shorts++ = ':';
		}
	}
	longs[n] = (struct option){0};
	*shorts = '\0';
	return n;
}

static int index_of_letter(const struct cmd *cmd, int letter)
{
	for (int i = 0; cmd->opts[i].name; i++)
		if (cmd->opts[i].letter == letter)
			return i;
	return -1;
}

/* getopt_long takes the front of a long option for the whole; a later version's new option would then change what
 * a script says. True when the word just read is NAME in full. */
static bool in_full(char **argv, const char *name)
{
	const char *word = argv[optarg && optarg == argv[optind - 1] ? optind - 2 : optind - 1] + 2;

	return strncmp(word, name, strlen(name)) == 0 && (word[strlen(name)] == '\0' || word[strlen(name)] == '=');
}

int cmd_options(const struct cmd *cmd, int argc, char **argv, bool leading,
		int (*take)(void *arg, int opt, const char *value, struct err *err), void *arg, struct err *err)
{
	struct option longs[OPTS_MAX + 1];
	char shorts[3 * OPTS_MAX + 3];
	int n = build_tables(cmd, leading, longs, shorts), c, r;

	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const char *word = argv[optind > 0 ? optind - 1 : 0];
		char cluster[] = {'-', (char)optopt, '\0'};

		/* of -zq it is the letter that is wrong; a long option's optopt is no letter */
		if ((c == ':' || c == '?') && optopt > 0 && optopt < 128)
			word = cluster;
		if (c == ':')
			return cmd_usage(err, "%s wants a value: hob help %s", word, cmd->name);
		if (c == '?' && optopt >= 256)
			return cmd_usage(err, "--%s takes no value: hob help %s", longs[optopt - 256].name, cmd->name);
		if (c == '?')
			return cmd_usage(err, "no option '%s': hob help %s", word, cmd->name);
		if (c >= 256 && !in_full(argv, longs[c - 256].name))
			return cmd_usage(err, "long options are written out: --%s; hob help %s", longs[c - 256].name,
					 cmd->name);
		r = take(arg, c >= 256 && c < 256 + n ? c - 256 : index_of_letter(cmd, c), optarg, err);
		if (r < 0)
			return r;
	}
	return optind;
}

int cmd_open(struct err *err, struct registry **ret)
{
	CLEAN_FREE char *home = NULL;
	int r = path_home(err, &home);

	if (r == 0)
		r = registry_open(home, err, ret);
	if (r < 0)
		return r;
	return lost_settle(*ret, err);
}

int cmd_folder(struct registry *reg, const char *id, struct err *err, int *ret_dirfd)
{
	int r = lost_open_folder(reg, id, ret_dirfd);

	if (r == -ENOENT)
		return err_set(err, r, "task %s has no log: its folder tasks/%s in hob's state is gone", id, id);
	return r < 0 ? err_sys(err, r, "cannot open the folder of task %s", id) : 0;
}

int cmd_flush(struct err *err)
{
	int code;

	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	code = errno ? -errno : -EIO;
	return code == -EPIPE ? code : err_sys(err, code, "cannot write the answer");
}

int cmd_exit_code(int code)
{
	switch (code) {
	case -EINVAL:
	case -ENOTUNIQ:
		return EXIT_USAGE;
	case -ESRCH:
		return EXIT_NO_TASK;
	default:
		return code < 0 ? EXIT_FAILED : code;
	}
}

int cmd_filled(const char *value, const char *what, struct err *err)
{
	return *value ? 0 : cmd_usage(err, "%s is empty: leave it out, or say which", what);
}

int cmd_duration(const char *text, const char *what, struct err *err, int64_t *ret)
{
	return time_parse_duration(text, ret) == 0
		   ? 0
		   : cmd_usage(err, "%s '%s' is no duration: write 500ms, 30s, 10m, 2h or 1d", what, text);
}

int cmd_size(const char *text, const char *what, struct err *err, uint64_t *ret)
{
	return time_parse_size(text, ret) == 0 ? 0
					       : cmd_usage(err, "%s '%s' is no size: write 64K, 64M or 1G", what, text);
}

int cmd_number(const char *text, const char *what, int64_t min, struct err *err, int64_t *ret)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || end == text || *end || value < min)
		return cmd_usage(err, "%s '%s' is no whole number from %lld up", what, text, (long long)min);
	*ret = value;
	return 0;
}
