/* clean: forgets ended tasks: those that are old, and the oldest past a total size. */
#include "base/time.h"
#include "cmd/cmd.h"
#include "keep/expire.h"

#include <stdio.h>

struct clean_args {
	struct expire_rule rule;
	bool older;
};

enum { OPT_OLDER, OPT_ALL };

static const struct cmd_opt opts[] = {
    {"older", 0, "DUR", "those that ended so long ago (default 14d)"},
    {"all-finished", 0, NULL, "all that have ended"},
    {0},
};

static int take(void *arg, int opt, const char *value, struct err *err)
{
	struct clean_args *a = arg;

	if (opt == OPT_OLDER) {
		a->older = true;
		return cmd_duration(value, "--older", err, &a->rule.older_ms);
	}
	a->rule.all = true;
	return 0;
}

static int exec(int argc, char **argv, struct err *err)
{
	CLEAN_REGISTRY struct registry *reg = NULL;
	struct clean_args a = {.rule = {.older_ms = EXPIRE_OLDER_MS, .total_bytes = EXPIRE_BYTES}};
	struct expire_result result;
	char text[32];
	int r = cmd_options(&cmd_clean, argc, argv, false, take, &a, err);

	if (r >= 0 && r < argc)
		return cmd_usage(err, "clean takes no ID: --older and --all-finished say what goes");
	if (r >= 0 && a.older && a.rule.all)
		return cmd_usage(err, "--older and --all-finished exclude each other");
	if (r >= 0)
		r = cmd_open(err, &reg);
	if (r == 0)
		r = expire_tasks(reg, &a.rule, &result, err);
	if (r < 0)
		return r;
	time_bytes(result.bytes, text);
	printf("%zu task%s forgotten, %s freed\n", result.tasks, result.tasks == 1 ? "" : "s", text);
	return EXIT_DONE;
}

const struct cmd cmd_clean = {
    .name = "clean",
    .args = "",
    .summary = "forget ended tasks: older than 14 days, and the oldest past 2 GiB",
    .opts = opts,
    .examples = "hob clean --all-finished       all that have ended\n",
    .exec = exec,
};
