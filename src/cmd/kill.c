/* kill: ends tasks, and everything they started. */
#include "keep/kill.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/living.h"
#include "cmd/record.h"
#include "cmd/selectors.h"
#include "cmd/text.h"
#include "keep/lost.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { OPT_ALL = SELECTOR_COUNT, OPT_SIGNAL, OPT_GRACE, OPT_JSON };

struct kill_args {
	struct selectors selectors;
	struct kill_wish wish;
	bool all, json;
	struct task *tasks;
	size_t n;
};

static const struct cmd_opt opts[] = {
    SELECTOR_OPTS,
    {"all", 0, NULL, "all tasks"},
    {"signal", 's', "SIGNAL", "the first signal (default TERM); SIGKILL follows after the grace"},
    {"grace", 0, "DUR", "time until SIGKILL (default: each task's own, which is 5s unless run said)"},
    {"json", 0, NULL, "an array: what became of each"},
    {0},
};

static int parse_signal(const char *text, int *ret)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	char *end;
	long n = strtol(text, &end, 10);

	if (end != text && !*end && n > 0 && n < NSIG) {
		*ret = (int)n;
		return 0;
	}
	for (int sig = 1; sig < NSIG; sig++) {
		const char *abbrev = sigabbrev_np(sig);

		if (abbrev && strcasecmp(abbrev, name) == 0) {
			*ret = sig;
			return 0;
		}
	}
	return -EINVAL;
}

static int take(void *arg, int opt, const char *value, struct err *err)
{
	struct kill_args *a = arg;

	switch (opt) {
	case OPT_ALL:
		a->all = true;
		return 0;
	case OPT_SIGNAL:
		return parse_signal(value, &a->wish.signal) == 0
			   ? 0
			   : cmd_usage(err, "no signal '%s': a name such as TERM, INT or HUP, or a number", value);
	case OPT_GRACE:
		return cmd_duration(value, "--grace", err, &a->wish.grace_ms);
	case OPT_JSON:
		a->json = true;
		return 0;
	default:
		return selectors_take(&a->selectors, opt, value, err);
	}
}

static int choose_named(struct kill_args *a, struct registry *reg, char **words, struct err *err)
{
	size_t max = 0;
	int r = 0;

	while (words[max])
		max++;
	a->tasks = xcalloc(max, sizeof *a->tasks);
	for (size_t i = 0; r == 0 && i < max; i++) {
		struct task task = {0};
		bool twice = false;

		r = registry_find(reg, words[i], err, &task);
		for (size_t j = 0; r == 0 && j < a->n; j++)
			twice = twice || strcmp(a->tasks[j].id, task.id) == 0;
		if (r == 0 && !twice)
			a->tasks[a->n++] = task;
		else
			task_done(&task);
	}
	return r;
}

/* Of what a selector matches only what lives: the rest has nothing to end. */
static int choose_selected(struct kill_args *a, struct registry *reg, struct err *err)
{
	struct select sel = *selectors_get(&a->selectors);

	sel.living = true;
	return registry_select(reg, &sel, err, &a->tasks, &a->n);
}

/* `kill -S SESSION -l session`, and nothing else, is how a session ends. */
static enum task_reason cause_of(const struct kill_args *a, bool named)
{
	struct select sel = a->selectors.sel;
	bool only = !sel.project && !sel.visible_to && !a->selectors.tags && !sel.statuses;

	return !named && only && sel.session && sel.lifetimes == 1u << LIFETIME_SESSION ? REASON_SESSION
											: REASON_REQUEST;
}

/* The name of a user; static programs must not ask NSS, so the file is read as it is. */
static void user_name(uid_t uid, char ret[64])
{
	struct passwd *pw;
	FILE *f = fopen("/etc/passwd", "re");

	snprintf(ret, 64, "user %u", uid);
	while (f && (pw = fgetpwent(f)))
		if (pw->pw_uid == uid)
			snprintf(ret, 64, "%s", pw->pw_name);
	if (f)
		fclose(f);
}

static json_t *left_json(const struct kill_answer *answer)
{
	json_t *array = json_array();

	for (int i = 0; i < answer->nleft && i < KILL_LEFT_MAX; i++) {
		CLEAN_FREE char *command = living_command(answer->left[i].proc.pid);
		json_t *o = json_object();
		char user[64];

		user_name(answer->left[i].uid, user);
		json_object_set_new(o, "pid", json_integer(answer->left[i].proc.pid));
		json_object_set_new(o, "user", json_text(user));
		json_object_set_new(o, "command", json_text(command));
		json_array_append_new(array, o);
	}
	return array;
}

static void print_json(const struct kill_args *a, const struct kill_answer *answers)
{
	json_t *array = json_array();
	char *line;

	for (size_t i = 0; i < a->n; i++) {
		json_t *o = json_object();

		json_object_set_new(o, "id", json_string(a->tasks[i].id));
		json_object_set_new(o, "name", json_text(a->tasks[i].name));
		json_object_set_new(o, "status", json_string(task_status_text(a->tasks[i].status)));
		json_object_set_new(o, "ended", json_boolean(answers[i].lived && !answers[i].nleft));
		json_object_set_new(o, "left", left_json(&answers[i]));
		json_array_append_new(array, o);
	}
	line = json_line(array);
	puts(line);
	free(line);
}

static void print_text(const struct kill_args *a, const struct kill_answer *answers)
{
	if (!a->n)
		puts("nothing to end");
	for (size_t i = 0; i < a->n; i++) {
		CLEAN_FREE char *name = text_safe(a->tasks[i].name);
		CLEAN_STR struct str state = {0};

		record_state(&a->tasks[i], &state);
		printf("%s%s%s %s (%s, %s)\n", a->tasks[i].id, *name ? " " : "", name,
		       answers[i].nleft	   ? "could not be ended"
		       : !answers[i].lived ? "had already ended"
					   : "ended",
		       task_status_text(a->tasks[i].status), state.buf);
	}
}

/* What stays is told as an error: pid, user and command of each. */
static int judge(const struct kill_args *a, const struct kill_answer *answers, struct err *err)
{
	CLEAN_STR struct str names = {0};

	for (size_t i = 0; i < a->n; i++) {
		for (int j = 0; j < answers[i].nleft && j < KILL_LEFT_MAX; j++) {
			CLEAN_FREE char *command = living_command(answers[i].left[j].proc.pid);
			CLEAN_FREE char *safe = text_safe(command);
			char user[64];

			user_name(answers[i].left[j].uid, user);
			str_addf(&names, "%s%d (%s, %s)", names.len ? ", " : "", (int)answers[i].left[j].proc.pid, user,
				 safe);
		}
	}
	if (!names.len)
		return EXIT_DONE;
	err_set(err, -EPERM, "these processes may not be signalled or did not end: %s", names.buf);
	return EXIT_FAILED;
}

static void read_again(struct kill_args *a, struct registry *reg)
{
	for (size_t i = 0; i < a->n; i++) {
		struct err ignored = {0};
		struct task now = {0};

		if (registry_get(reg, a->tasks[i].id, &ignored, &now) < 0)
			continue;
		task_done(&a->tasks[i]);
		a->tasks[i] = now;
	}
}

static int run(struct kill_args *a, char **words, struct err *err)
{
	CLEAN_REGISTRY struct registry *reg = NULL;
	struct kill_answer *answers = NULL;
	int r = cmd_open(err, &reg);

	if (r == 0)
		r = *words ? choose_named(a, reg, words, err) : choose_selected(a, reg, err);
	if (r == 0) {
		a->wish.cause = cause_of(a, *words != NULL);
		r = kill_tasks(reg, a->tasks, a->n, &a->wish, &answers, err);
	}
	if (r == 0) {
		lost_settle(reg, err);
		read_again(a, reg);
		if (a->json)
			print_json(a, answers);
		else
			print_text(a, answers);
		r = judge(a, answers, err);
	}
	free(answers);
	return r;
}

static int exec(int argc, char **argv, struct err *err)
{
	struct kill_args a = {.wish = {.signal = SIGTERM, .grace_ms = -1}};
	int r = cmd_options(&cmd_kill, argc, argv, false, take, &a, err), first = r;
	bool selected = a.all || !select_empty(selectors_get(&a.selectors));

	if (r >= 0 && first < argc && selected)
		r = cmd_usage(err, "kill takes IDs or selectors, not both");
	else if (r >= 0 && first == argc && !selected)
		r = cmd_usage(err, "kill wants an ID, a selector or --all: nothing was ended");
	if (r >= 0)
		r = run(&a, argv + first, err);
	task_free_all(a.tasks, a.n);
	selectors_done(&a.selectors);
	return r;
}

const struct cmd cmd_kill = {
    .name = "kill",
    .alias = "stop",
    .args = "ID... | SELECTOR... | --all",
    .summary = "end tasks, and all they started",
    .opts = opts,
    .examples = "hob kill web                       SIGTERM, after 5 s SIGKILL, to the whole tree\n"
		"hob kill -t server --grace 0       all servers, at once\n"
		"hob kill -S ses_1 -l session       the end of a session\n",
    .exec = exec,
};
