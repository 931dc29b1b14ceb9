#include "keep/question.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* How long a terminal has been silent before its mode alone is taken for a question. */
#define SILENT_MS 200

const char *question_kind_text(enum question_kind kind)
{
#define X(name, text) text,
	static const char *const texts[] = {QUESTION_KINDS(X)};
#undef X
	return texts[kind];
}

/* ---- source ---- */

static int on_file(const struct os_file *file, void *arg)
{
	struct question_source *source = arg;

	if (file->kind == OS_FILE_MASTER && file->id && !source->terminal) {
		source->terminal = file->id;
		source->master = file->fd;
	}
	if (file->kind == OS_FILE_PIPE && file->writes && source->npipes < QUESTION_PIPES_MAX)
		source->pipes[source->npipes++] = file->id;
	return 0;
}

bool question_source(pid_t keeper, struct question_source *ret)
{
	*ret = (struct question_source){.master = -1};
	os_each_file(keeper, on_file, ret);
	if (keeper != getpid())
		ret->master = -1;
	return ret->terminal || ret->npipes;
}

/* ---- what one process waits for ---- */

enum how { NOT, AMONG_OTHERS, ALONE };

struct look {
	const struct question_source *source;
	pid_t pid;
	enum how terminal, pipe;
	int terminal_fd; /* of PID */
};

static bool is_source_pipe(const struct question_source *source, const struct os_file *file)
{
	for (int i = 0; i < source->npipes; i++)
		if (file->kind == OS_FILE_PIPE && !file->writes && source->pipes[i] == file->id)
			return true;
	return false;
}

static int on_awaited(int fd, bool alone, void *arg)
{
	struct look *look = arg;
	enum how how = alone ? ALONE : AMONG_OTHERS;
	struct os_file file;

	if (os_file(look->pid, fd, &file) < 0)
		return 0;
	if (is_source_pipe(look->source, &file) && how > look->pipe)
		look->pipe = how;
	if (file.kind == OS_FILE_TERMINAL && file.id == look->source->terminal && how > look->terminal) {
		look->terminal = how;
		look->terminal_fd = fd;
	}
	return 0;
}

/* A background job that reads its terminal would be stopped. */
static bool is_foreground(const struct question_source *source, const struct os_stat *st)
{
	uint64_t terminal;
	pid_t foreground;

	if (os_terminal_of(st->proc.pid, &terminal, &foreground) < 0)
		return false;
	return terminal != source->terminal || foreground <= 0 || foreground == st->pgid;
}

static bool terminal_mode(const struct look *look, struct os_pty_mode *ret)
{
	int fd = look->source->master, r;

	if (fd >= 0)
		return os_pty_mode(fd, ret) == 0;
	fd = os_terminal_find(look->source->terminal);
	if (fd < 0)
		fd = os_terminal_open(look->pid, look->terminal_fd);
	if (fd < 0)
		return false;
	r = os_pty_mode(fd, ret);
	close(fd);
	return r == 0;
}

/* ---- what that means ---- */

static bool asks_for_secret(const struct prompt *prompt)
{
	return strcasestr(prompt->text, "password") || strcasestr(prompt->text, "passphrase") ||
	       strcasestr(prompt->text, "passcode");
}

/* A program that edits its line itself (readline) has switched the terminal's own editing off, as one has that takes
 * single keys. It shows a prompt and stays on its line. */
static enum question_kind kind_of_raw(enum how how, int log_fd, const struct prompt *prompt)
{
	if (how == ALONE || !prompt->open || prompt->status || prompt_draws(log_fd))
		return QUESTION_KEYS;
	return asks_for_secret(prompt) ? QUESTION_PASSWORD : QUESTION_LINE;
}

/* Who waits for much at once and asks nothing merely listens. */
static enum question_kind kind_of_cooked(enum how how, const struct prompt *prompt)
{
	return how == ALONE || prompt->open ? QUESTION_LINE : QUESTION_KEYS;
}

static enum question_kind kind_of(const struct look *look, int log_fd, const struct prompt *prompt)
{
	struct os_pty_mode mode;

	if (look->terminal == NOT)
		return look->pipe == NOT ? QUESTION_NONE : kind_of_cooked(look->pipe, prompt);
	if (!terminal_mode(look, &mode))
		return QUESTION_NONE;
	if (!mode.lines)
		return kind_of_raw(look->terminal, log_fd, prompt);
	return mode.echo ? kind_of_cooked(look->terminal, prompt) : QUESTION_PASSWORD;
}

/* Of a process that may not be looked at: its terminal shows nothing of what is typed, and all is silent. */
static bool is_hidden_question(struct look *look, const struct os_stat *st, const struct prompt *prompt)
{
	uint64_t terminal;
	pid_t foreground;
	struct os_pty_mode mode;

	if (!look->source->terminal || st->state != 'S' || prompt->age_ms < SILENT_MS)
		return false;
	if (os_terminal_of(st->proc.pid, &terminal, &foreground) < 0 || terminal != look->source->terminal ||
	    foreground != st->pgid)
		return false;
	look->terminal_fd = 0;
	return terminal_mode(look, &mode) && mode.lines && !mode.echo;
}

struct question question_look(const struct question_source *source, const struct os_stat *list, int n, int log_fd,
			      struct prompt *ret_prompt)
{
	struct question found = {0};
	bool have_prompt = false;

	for (int i = 0; i < n && (source->terminal || source->npipes); i++) {
		struct look look = {.source = source, .pid = list[i].proc.pid};
		int r = os_each_awaited(look.pid, on_awaited, &look);
		enum question_kind kind = QUESTION_NONE;

		if ((look.terminal == NOT && look.pipe == NOT && r != -EACCES) || !is_foreground(source, &list[i]))
			continue;
		if (!have_prompt)
			prompt_read(log_fd, os_now_ms(), ret_prompt);
		have_prompt = true;
		if (look.terminal != NOT || look.pipe != NOT)
			kind = kind_of(&look, log_fd, ret_prompt);
		else if (is_hidden_question(&look, &list[i], ret_prompt))
			kind = QUESTION_PASSWORD;
		if (kind > found.kind)
			found = (struct question){.kind = kind,
						  .pid = look.pid,
						  .alone = look.terminal != AMONG_OTHERS && look.pipe != AMONG_OTHERS,
						  .runs = os_switches(look.pid)};
	}
	return found;
}
