#include "cmd/run_args.h"

#include "base/path.h"
#include "base/str.h"
#include "base/words.h"
#include "cmd/start.h"
#include "keep/owner.h"
#include "keep/rules.h"
#include "keep/scan.h"
#include "log/append.h"
#include "task/id.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_MAX_BYTES 256
#define PTY_COLS       80
#define PTY_ROWS       24
#define PTY_MAX	       1000
#define LINE_MAX_BYTES (64 * 1024 * 1024)

enum {
	OPT_NAME,
	OPT_TAG,
	OPT_SESSION,
	OPT_CREATED_BY,
	OPT_CD,
	OPT_ENV,
	OPT_LIFETIME,
	OPT_OWNER,
	OPT_ID,
	OPT_PROJECT,
	OPT_TIMEOUT,
	OPT_GRACE,
	OPT_LOG_MAX,
	OPT_PTY,
	OPT_STDIN,
	OPT_PREFIX,
	OPT_WATCH,
	OPT_WATCH_ONCE,
	OPT_IDLE_AFTER,
	OPT_PORT_EVENT,
	OPT_INPUT_EVENT,
	OPT_WAIT,
	OPT_FOLLOW,
	OPT_ON_ABORT,
	OPT_SHELL,
	OPT_JSON,
	OPT_LINE,
	OPT_COUNT
};

const struct cmd_opt run_opts[] = {
    [OPT_NAME] = {"name", 'n', "NAME", "a name to call it by; need not be unique"},
    [OPT_TAG] = {"tag", 't', "TAG", "a tag; repeatable"},
    [OPT_SESSION] = {"session", 'S', "SESSION", "the client's session it belongs to"},
    [OPT_CREATED_BY] = {"created-by", 0, "KEY", "who asked for it, where that is not the session itself"},
    [OPT_CD] = {"cd", 'C', "DIR", "the working directory (default: this one)"},
    [OPT_ENV] = {"env", 'e', "K=V", "an addition to the environment; repeatable; never stored"},
    [OPT_LIFETIME] = {"lifetime", 'l', "LIFETIME",
		      "session, app or detached (default: session where -S or -o is given, else detached)"},
    [OPT_OWNER] = {"owner", 'o', "PID[:START]", "the process it may not outlive, unless detached"},
    [OPT_ID] = {"id", 0, "ID", "its id (default: five random characters)"},
    [OPT_PROJECT] = {"project", 0, "DIR", "the project it belongs to (default: the working directory)"},
    [OPT_TIMEOUT] = {"timeout", 0, "DUR", "end it after so long: failed, timeout (0: never, the default)"},
    [OPT_GRACE] = {"grace", 0, "DUR", "time between SIGTERM and SIGKILL (default 5s)"},
    [OPT_LOG_MAX] = {"log-max", 0, "SIZE", "how much of the output's end is kept (default 64M), besides the first 1M"},
    [OPT_PTY] = {"pty", 0, "[=COLSxROWS]", "give it a terminal (default 80x24); hob send types on it"},
    [OPT_STDIN] = {"stdin", 0, NULL, "give it a pipe to read from, which hob send fills"},
    [OPT_PREFIX] = {"notify-prefix", 0, "STR",
		    "lines that begin with it raise notify (default " START_PREFIX "); repeatable"},
    [OPT_WATCH] = {"watch", 0, "REGEX", "each line of output that matches raises match; repeatable"},
    [OPT_WATCH_ONCE] = {"watch-once", 0, "REGEX", "the first line that matches raises match; repeatable"},
    [OPT_IDLE_AFTER] = {"idle-after", 0, "DUR", "raise idle when it has written nothing for so long, once a silence"},
    [OPT_PORT_EVENT] = {"port-event", 0, NULL, "raise port when it begins to listen on a TCP port"},
    [OPT_INPUT_EVENT] = {"input-event", 0, NULL, "raise input when it waits for input"},
    [OPT_WAIT] = {"wait", 0, "[=DUR]",
		  "answer at its end with its record (exit 0: completed, 1: not), or after DUR (exit 4)"},
    [OPT_FOLLOW] = {"follow", 'f', NULL, "copy its output, end with its exit code; it ends with this command"},
    [OPT_ON_ABORT] = {"on-abort", 0, "kill|detach",
		      "with -f: what an interrupted or killed follower does to it (default kill)"},
    [OPT_SHELL] = {"shell", 0, "PATH", "the shell for -c (default: $SHELL if it is a POSIX one, else bash, else sh)"},
    [OPT_JSON] = {"json", 0, NULL, "answer with the record"},
    [OPT_LINE] = {"command", 'c', "LINE", "a shell's line instead of COMMAND; '-' reads it from stdin"},
    [OPT_COUNT] = {0},
};

static int take_text(const char *value, const char *what, char **ret, struct err *err)
{
	if (!*value || strlen(value) > NAME_MAX_BYTES)
		return cmd_usage(err, "%s must have 1 to %d bytes", what, NAME_MAX_BYTES);
	free(*ret);
	*ret = xstrdup(value);
	return 0;
}

static int take_prefix(struct run_args *a, const char *value, struct err *err)
{
	if (!*value || strlen(value) > SCAN_PREFIX_MAX || strchr(value, '\n'))
		return cmd_usage(err, "a --notify-prefix has 1 to %d bytes and no newline", SCAN_PREFIX_MAX);
	words_add(&a->task.prefixes, value);
	return 0;
}

static int take_watch(struct run_args *a, char kind, const char *value, struct err *err)
{
	const char *name = kind == TASK_WATCH_ONCE ? "--watch-once" : "--watch";
	CLEAN_FREE char *rule = xasprintf("%c%s", kind, value);
	struct err why = {0};

	if (!*value)
		return cmd_usage(err, "%s wants a regular expression, not nothing", name);
	if (words_count(a->task.watches) == RULES_MAX)
		return cmd_usage(err, "a task has at most %d rules: one regular expression may stand for several, a|b",
				 RULES_MAX);
	if (rules_check(value, &why) < 0)
		return cmd_usage(err, "%s: %s", name, why.text);
	words_add(&a->task.watches, rule);
	return 0;
}

static int take_idle_after(struct run_args *a, const char *value, struct err *err)
{
	int r = cmd_duration(value, "--idle-after", err, &a->task.idle_after_ms);

	if (r == 0 && a->task.idle_after_ms <= 0)
		return cmd_usage(err, "--idle-after must be longer than nothing");
	return r;
}

static int take_log_max(struct run_args *a, const char *value, struct err *err)
{
	int r = cmd_size(value, "--log-max", err, &a->task.log_max);

	if (r == 0 && a->task.log_max < APPEND_STEP)
		return cmd_usage(err, "--log-max must be at least 1M");
	return r;
}

static int take_wait(struct run_args *a, const char *value, struct err *err)
{
	a->wait = true;
	a->wait_ms = -1;
	return value ? cmd_duration(value, "--wait", err, &a->wait_ms) : 0;
}

static int take_pty(struct run_args *a, const char *value, struct err *err)
{
	char rest;

	a->task.pty_cols = PTY_COLS;
	a->task.pty_rows = PTY_ROWS;
	if (value && (sscanf(value, "%4dx%4d%c", &a->task.pty_cols, &a->task.pty_rows, &rest) != 2 ||
		      strspn(value, "0123456789x") != strlen(value) || a->task.pty_cols < 1 || a->task.pty_rows < 1 ||
		      a->task.pty_cols > PTY_MAX || a->task.pty_rows > PTY_MAX))
		return cmd_usage(err, "--pty '%s' is no size: write COLUMNSxROWS, 1 to %d each, as in --pty=120x40",
				 value, PTY_MAX);
	return 0;
}

/* Options that only set a flag or borrow the word. */
static int take_plain(struct run_args *a, int opt, const char *value, struct err *err)
{
	switch (opt) {
	case OPT_CD:
		a->dir = value;
		return cmd_filled(value, "-C", err);
	case OPT_LIFETIME:
		a->lifetime = value;
		return 0;
	case OPT_OWNER:
		a->owner = value;
		return 0;
	case OPT_PROJECT:
		a->project = value;
		return cmd_filled(value, "--project", err);
	case OPT_FOLLOW:
		a->follow = true;
		return 0;
	case OPT_STDIN:
		a->task.stdin_pipe = true;
		return 0;
	case OPT_SHELL:
		a->shell = value;
		return cmd_filled(value, "--shell", err);
	case OPT_JSON:
		a->json = true;
		return 0;
	case OPT_PORT_EVENT:
		a->task.port_event = true;
		return 0;
	case OPT_INPUT_EVENT:
		a->task.input_event = true;
		return 0;
	case OPT_LINE:
		a->line = value;
		return 0;
	default:
		if (strcmp(value, "kill") != 0 && strcmp(value, "detach") != 0)
			return cmd_usage(err, "--on-abort is kill or detach, not '%s'", value);
		a->detach_on_abort = *value == 'd';
		return 0;
	}
}

static int take(void *arg, int opt, const char *value, struct err *err)
{
	struct run_args *a = arg;

	switch (opt) {
	case OPT_NAME:
		return take_text(value, "the name", &a->task.name, err);
	case OPT_TAG:
		if (!*value || strlen(value) > NAME_MAX_BYTES)
			return cmd_usage(err, "a tag must have 1 to %d bytes", NAME_MAX_BYTES);
		words_add(&a->task.tags, value);
		return 0;
	case OPT_SESSION:
		return take_text(value, "the session", &a->task.session, err);
	case OPT_CREATED_BY:
		return take_text(value, "--created-by", &a->task.created_by, err);
	case OPT_ENV:
		if (!strchr(value, '=') || *value == '=')
			return cmd_usage(err, "-e '%s' is not NAME=VALUE", value);
		words_add(&a->env, value);
		return 0;
	case OPT_ID:
		if (!id_valid(value))
			return cmd_usage(err, "'%s' is no id: 1 to 64 of A-Z a-z 0-9 _ -, the first a letter or digit",
					 value);
		memcpy(a->task.id, value, strlen(value) + 1);
		return 0;
	case OPT_TIMEOUT:
		return cmd_duration(value, "--timeout", err, &a->task.timeout_ms);
	case OPT_GRACE:
		return cmd_duration(value, "--grace", err, &a->task.grace_ms);
	case OPT_LOG_MAX:
		return take_log_max(a, value, err);
	case OPT_PREFIX:
		return take_prefix(a, value, err);
	case OPT_PTY:
		return take_pty(a, value, err);
	case OPT_WATCH:
		return take_watch(a, TASK_WATCH_EACH, value, err);
	case OPT_WATCH_ONCE:
		return take_watch(a, TASK_WATCH_ONCE, value, err);
	case OPT_IDLE_AFTER:
		return take_idle_after(a, value, err);
	case OPT_WAIT:
		return take_wait(a, value, err);
	default:
		return take_plain(a, opt, value, err);
	}
}

/* ---- from words to a task ---- */

static bool is_posix_shell(const char *path)
{
	static const char *const names[] = {"bash", "zsh", "sh", "dash", "ksh", "mksh", "ash", "yash", NULL};
	const char *name = strrchr(path, '/');

	if (!name || access(path, X_OK) < 0)
		return false;
	for (const char *const *n = names; *n; n++)
		if (strcmp(name + 1, *n) == 0)
			return true;
	return false;
}

static const char *choose_shell(const struct run_args *a)
{
	static const char *const known[] = {"/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash", NULL};
	const char *shell = getenv("SHELL");

	if (a->shell)
		return a->shell;
	if (shell && is_posix_shell(shell))
		return shell;
	for (const char *const *s = known; *s; s++)
		if (access(*s, X_OK) == 0)
			return *s;
	return "/bin/sh";
}

static int read_stdin(struct err *err, char **ret)
{
	CLEAN_STR struct str s = {0};
	int r = path_read_all(0, LINE_MAX_BYTES, &s);

	if (r == -EFBIG)
		return cmd_usage(err, "the line on stdin is longer than 64 MiB");
	if (r < 0)
		return err_sys(err, r, "cannot read the line from stdin");
	if (s.len && memchr(s.buf, '\0', s.len))
		return cmd_usage(err, "the line on stdin holds a NUL byte");
	*ret = str_take(&s);
	return 0;
}

static int use_line(struct run_args *a, struct err *err)
{
	CLEAN_FREE char *line = NULL;
	int r = 0;

	if (strcmp(a->line, "-") == 0)
		r = read_stdin(err, &line);
	else
		line = xstrdup(a->line);
	if (r < 0)
		return r;
	if (!line[strspn(line, " \t\r\n")])
		return cmd_usage(err, "-c wants a line, not nothing");
	start_line(&a->task, choose_shell(a), line);
	return 0;
}

static int fill_command(struct run_args *a, char *const *words, struct err *err)
{
	if (a->line && *words)
		return cmd_usage(err, "-c takes one line: '%s' is too much (quote the line)", *words);
	if (a->line)
		return use_line(a, err);
	if (!*words)
		return cmd_usage(err, "run wants a command: hob run -- COMMAND ARG..., or -c 'LINE'");
	if (!**words)
		return cmd_usage(err, "the command is an empty word");
	a->task.argv = words_copy(words);
	a->task.command = words_quote(words);
	return 0;
}

static int fill_places(struct run_args *a, struct err *err)
{
	char cwd[PATH_MAX];

	if (!a->dir && !getcwd(cwd, sizeof cwd))
		return err_sys(err, -errno, "the working directory is gone: give one with -C");
	a->task.cwd = a->dir ? path_absolute(a->dir) : xstrdup(cwd);
	a->task.project = a->project ? path_absolute(a->project) : xstrdup(a->task.cwd);
	return 0;
}

static int fill_lifetime(struct run_args *a, struct err *err)
{
	bool bound = a->task.session || a->owner;
	int r = 0;

	a->task.lifetime = bound ? LIFETIME_SESSION : LIFETIME_DETACHED;
	if (a->lifetime && task_lifetime_parse(a->lifetime, &a->task.lifetime) < 0)
		return cmd_usage(err, "no lifetime '%s': session, app or detached", a->lifetime);
	if (!bound && a->task.lifetime != LIFETIME_DETACHED)
		return cmd_usage(err, "-l %s wants an owner (-o) or a session (-S)", a->lifetime);
	if (a->owner)
		r = owner_parse(a->owner, err, &a->task.owner);
	return r == -ESRCH ? (err->code = -ECHILD) : r;
}

static int check(const struct run_args *a, struct err *err)
{
	if (a->follow && a->json)
		return cmd_usage(err, "-f copies the output: it does not go with --json");
	if (a->detach_on_abort && !a->follow)
		return cmd_usage(err, "--on-abort goes with -f");
	if (a->task.pty_cols && a->task.stdin_pipe)
		return cmd_usage(err, "--pty and --stdin exclude each other: a terminal is read from, too");
	if (a->shell && !a->line)
		return cmd_usage(err, "--shell goes with -c");
	return 0;
}

/* NAME=VALUE, in the environment that the command gets. */
static void set_variable(const char *entry)
{
	CLEAN_FREE char *name = xstrndup(entry, strcspn(entry, "="));

	setenv(name, strchr(entry, '=') + 1, 1);
}

int run_args_parse(struct run_args *a, int argc, char **argv, struct err *err)
{
	int first, r;

	a->task.grace_ms = START_GRACE_MS;
	a->task.log_max = START_LOG_MAX;
	first = cmd_options(&cmd_run, argc, argv, true, take, a, err);
	if (first < 0)
		return first;
	if ((r = check(a, err)) < 0 || (r = fill_command(a, argv + first, err)) < 0 || (r = fill_places(a, err)) < 0 ||
	    (r = fill_lifetime(a, err)) < 0)
		return r;
	if (!a->task.prefixes)
		words_add(&a->task.prefixes, START_PREFIX);
	return 0;
}

void run_args_environment(const struct run_args *a)
{
	start_environment(&a->task);
	for (char **entry = a->env; entry && *entry; entry++)
		set_variable(*entry);
}

void run_args_done(struct run_args *a)
{
	task_done(&a->task);
	words_free(a->env);
}
