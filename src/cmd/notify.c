/* notify: from inside a task, what a marker line would do. */
#include "base/path.h"
#include "base/str.h"
#include "base/utf8.h"
#include "cmd/cmd.h"
#include "log/clean.h"
#include "task/event.h"
#include "task/id.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int post(const char *id, const char *message, struct err *err)
{
	CLEAN_REGISTRY struct registry *reg = NULL;
	CLEAN_FREE char *home = NULL;
	int r = path_home(err, &home);

	if (r == 0)
		r = registry_open(home, err, &reg);
	if (r == 0)
		r = event_post(reg, id, EVENT_NOTIFY, message, err);
	if (r == -ENOENT)
		return err_set(
		    err, -ESRCH,
		    "no task %s, which HOB_ID names: it was forgotten, HOB_HOME is another, or a shell still "
		    "waits for it",
		    id);
	return r;
}

static int exec(int argc, char **argv, struct err *err)
{
	const char *id = getenv("HOB_ID");
	CLEAN_STR struct str joined = {0};
	CLEAN_STR struct str text = {0};
	int first = cmd_options(&cmd_notify, argc, argv, true, NULL, NULL, err);

	if (first < 0)
		return first;
	for (int i = first; i < argc; i++)
		str_addf(&joined, "%s%s", i > first ? " " : "", argv[i]);
	clean_text(&text, joined.buf ? joined.buf : "", joined.len);
	if (!text.len)
		return cmd_usage(err, "notify wants a text");
	if (!id || !id_valid(id))
		return cmd_usage(err, "notify works inside a task: HOB_ID is not set");
	if (text.len > EVENT_MESSAGE_MAX) {
		text.len = utf8_cut(text.buf, text.len, EVENT_MESSAGE_MAX);
		text.buf[text.len] = '\0';
		str_add(&text, "… [cut]");
	}
	return post(id, text.buf, err);
}

static const struct cmd_opt opts[] = {{0}};

const struct cmd cmd_notify = {
    .name = "notify",
    .args = "TEXT...",
    .summary = "inside a task: tell whoever listens",
    .opts = opts,
    .examples = "hob notify 'tests failed, see the log'\n",
    .exec = exec,
};
