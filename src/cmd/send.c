/* send: gives a task something to read: text, keys, bytes. */
#include "base/json.h"
#include "base/keys.h"
#include "base/path.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/record.h"
#include "cmd/text.h"
#include "keep/input.h"
#include "keep/lost.h"
#include "log/keypad.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_NS	2000000000ll /* a task that reads nothing for so long does not read */
#define TTY_LINE_MAX	4095	     /* bytes of a line, its end included, that the kernel takes for a terminal */
#define STDIN_MAX_BYTES (64 * 1024 * 1024)

enum { OPT_TEXT, OPT_KEY, OPT_EOF, OPT_JSON };
enum part_type { PART_TEXT, PART_KEY, PART_EOF, PART_STDIN };

struct part {
	enum part_type type;
	const char *value;
	struct str bytes; /* what was read from stdin */
};

struct send_args {
	const char *id;
	struct part *parts;
	size_t n;
	bool json;
};

struct sending {
	struct registry *reg;
	struct task task;
	struct input input;
	struct str bytes;
	size_t taken;
	bool end; /* the pipe is to end */
};

static const struct cmd_opt opts[] = {
    {"text", 0, "STR", "these characters, as they are; repeatable"},
    {"key", 0, "NAME", "a key: Enter, Tab, Escape, Up, PageDown, F1, ctrl-c, alt-x … (see man hob); repeatable"},
    {"eof", 0, NULL, "the end of input"},
    {"json", 0, NULL, "an object: id, bytes, cursor"},
    {0},
};

static void add_part(struct send_args *a, enum part_type type, const char *value)
{
	a->parts = xrealloc(a->parts, (a->n + 1) * sizeof *a->parts);
	a->parts[a->n++] = (struct part){.type = type, .value = value};
}

static int take(void *arg, int opt, const char *value, struct err *err)
{
	static const enum part_type types[] = {[OPT_TEXT] = PART_TEXT, [OPT_KEY] = PART_KEY, [OPT_EOF] = PART_EOF};
	struct send_args *a = arg;
	char bytes[KEYS_MAX];

	if (opt == OPT_JSON) {
		a->json = true;
		return 0;
	}
	if (opt == OPT_KEY && keys_encode(value, (struct keys_place){0}, bytes) < 0)
		return cmd_usage(err, "no key '%s': %s", value, KEYS_NAMES);
	add_part(a, types[opt], value);
	return 0;
}

/* A word that is no option: the task, or "-". */
static int take_word(struct send_args *a, const char *word, struct err *err)
{
	if (strcmp(word, "-") == 0) {
		for (size_t i = 0; i < a->n; i++)
			if (a->parts[i].type == PART_STDIN)
				return cmd_usage(err, "stdin can be sent once only");
		add_part(a, PART_STDIN, NULL);
		return 0;
	}
	if (a->id)
		return cmd_usage(err, "send takes one ID, '%s' is too much (text is given with --text)", word);
	a->id = word;
	return 0;
}

/* What is sent is sent in the order of the words, so they are not sorted into options and others first. */
static int parse(struct send_args *a, int argc, char **argv, struct err *err)
{
	int r;

	while ((r = cmd_options(&cmd_send, argc, argv, true, take, a, err)) > 0 && r < argc) {
		argv += r;
		argc -= r;
		r = take_word(a, *argv, err);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	if (!a->id)
		return cmd_usage(err, "send wants an ID: hob list shows them");
	if (!a->n)
		return cmd_usage(err, "send wants something to send: --text STR, --key NAME, --eof, or - for stdin");
	return 0;
}

static int read_stdin(struct str *ret, struct err *err)
{
	int r = path_read_all(0, STDIN_MAX_BYTES, ret);

	if (r == -EFBIG)
		return err_set(err, r, "stdin has more than 64 MiB: give the task a file");
	return r < 0 ? err_sys(err, r, "cannot read stdin") : 0;
}

/* ---- what can be sent to this task ---- */

static const char *call(const struct task *task)
{
	return task->name ? task->name : task->id;
}

/* Before anything is read or asked. */
static int check(const struct send_args *a, const struct task *task, struct err *err)
{
	CLEAN_STR struct str state = {0};

	if (!task->pty_cols && !task->stdin_pipe)
		return err_set(err, -ENOTTY, "task %s reads nothing: it was started without --pty or --stdin",
			       call(task));
	if (task_ended(task->status) && !task->leftover) {
		record_state(task, &state);
		return err_set(err, -ENODATA, "task %s has ended (%s, %s)", call(task), task_status_text(task->status),
			       state.buf);
	}
	for (size_t i = 0; task->stdin_pipe && i + 1 < a->n; i++)
		if (a->parts[i].type == PART_EOF)
			return cmd_usage(err, "nothing can follow the end of a pipe: --eof comes last");
	return 0;
}

/* ---- the bytes ---- */

static bool wants_cursor_keys(const struct send_args *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->parts[i].type == PART_KEY && keys_is_cursor(a->parts[i].value))
			return true;
	return false;
}

/* What the program on the terminal asked the cursor keys to send lies in its output. */
static int find_place(const struct send_args *a, const struct sending *s, struct keys_place *ret, struct err *err)
{
	CLEAN_FD int dirfd = -1;
	int r;

	*ret = (struct keys_place){.terminal = s->input.terminal};
	if (!ret->terminal || !wants_cursor_keys(a))
		return 0;
	r = lost_open_folder(s->reg, s->task.id, &dirfd);
	if (r < 0)
		return err_sys(err, r, "cannot open the log of task %s", call(&s->task));
	return keypad_read(dirfd, s->input.cursor, &ret->application, err);
}

/* The end of a terminal's input is a character, which by lines ends the line first where one was begun. */
static void add_eof(struct sending *s)
{
	char last = s->bytes.len ? s->bytes.buf[s->bytes.len - 1] : '\n';
	struct os_pty_mode mode = {.eof = '\x04'};

	if (!s->input.terminal) {
		s->end = true;
		return;
	}
	os_pty_mode(s->input.fd, &mode);
	if (mode.lines && last != '\n' && last != '\r' && last != mode.eof)
		str_addc(&s->bytes, mode.eof);
	str_addc(&s->bytes, mode.eof);
}

static int encode(const struct send_args *a, struct sending *s, struct err *err)
{
	struct keys_place place;
	char key[KEYS_MAX];
	int r = find_place(a, s, &place, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < a->n; i++) {
		const struct part *part = &a->parts[i];

		switch (part->type) {
		case PART_TEXT:
			str_add(&s->bytes, part->value);
			break;
		case PART_KEY:
			str_addn(&s->bytes, key, (size_t)keys_encode(part->value, place, key));
			break;
		case PART_STDIN:
			str_addn(&s->bytes, part->bytes.buf ? part->bytes.buf : "", part->bytes.len);
			break;
		case PART_EOF:
			add_eof(s);
			break;
		}
	}
	return 0;
}

/* What a terminal by lines cannot take the kernel drops without a word. */
static int check_lines(const struct sending *s, struct err *err)
{
	struct os_pty_mode mode;
	size_t from = 0;

	if (!s->input.terminal || os_pty_mode(s->input.fd, &mode) < 0 || !mode.lines)
		return 0;
	for (size_t i = 0; i < s->bytes.len; i++) {
		char c = s->bytes.buf[i];

		if (c == '\n' || c == '\r' || c == mode.eof)
			from = i + 1;
		else if (i + 1 - from >= TTY_LINE_MAX)
			return err_set(err, -EMSGSIZE,
				       "task %s reads its terminal by lines, and those have %d bytes at most: nothing "
				       "was sent; give it a file, or start it with --stdin",
				       call(&s->task), TTY_LINE_MAX);
	}
	return 0;
}

/* ---- sending ---- */

static int explain(const struct sending *s, int code, struct err *err)
{
	const char *why = code == -EAGAIN  ? "it does not read its input"
			  : code == -EPIPE ? "it has closed its input"
			  : code == -EIO   ? "no process has its terminal open"
					   : strerror(-code);

	return err_set(err, code, "task %s took %zu of %zu bytes: %s", call(&s->task), s->taken, s->bytes.len, why);
}

static int deliver(const struct send_args *a, struct sending *s, struct err *err)
{
	int r = input_open(s->reg, &s->task, err, &s->input);

	if (r == 0)
		r = encode(a, s, err);
	if (r == 0)
		r = check_lines(s, err);
	if (r < 0)
		return r;
	r = input_write(&s->input, s->bytes.buf, s->bytes.len, PATIENCE_NS, &s->taken);
	if (r < 0)
		return explain(s, r, err);
	input_close(&s->input);
	return s->end ? input_end(s->reg, &s->task, err) : 0;
}

static void print(const struct sending *s, bool json)
{
	CLEAN_FREE char *name = text_safe(s->task.name);
	json_t *o;
	char *line;

	if (!json) {
		printf("%s%s%s took %zu byte%s%s; hob logs %s --since %llu shows what it wrote since\n", s->task.id,
		       *name ? " " : "", name, s->taken, s->taken == 1 ? "" : "s", s->end ? " and the end" : "",
		       s->task.id, (unsigned long long)s->input.cursor);
		return;
	}
	o = json_object();
	json_object_set_new(o, "id", json_string(s->task.id));
	json_object_set_new(o, "bytes", json_integer((json_int_t)s->taken));
	json_object_set_new(o, "cursor", json_integer((json_int_t)s->input.cursor));
	line = json_line(o);
	puts(line);
	free(line);
}

static int run(struct send_args *a, struct sending *s, struct err *err)
{
	int r = cmd_open(err, &s->reg);

	if (r == 0)
		r = registry_find(s->reg, a->id, err, &s->task);
	if (r == 0)
		r = check(a, &s->task, err);
	for (size_t i = 0; r == 0 && i < a->n; i++)
		if (a->parts[i].type == PART_STDIN)
			r = read_stdin(&a->parts[i].bytes, err);
	if (r == 0)
		r = deliver(a, s, err);
	/* a program learns from the answer how far it came, too */
	if (r == 0 || (a->json && s->taken))
		print(s, a->json);
	return r == -ENODATA ? EXIT_ENDED : r;
}

static int exec(int argc, char **argv, struct err *err)
{
	struct sending s = {.input = INPUT_NONE};
	struct send_args a = {0};
	int r = parse(&a, argc, argv, err);

	/* a task that closes its input is told of, not died of */
	signal(SIGPIPE, SIG_IGN);
	if (r == 0)
		r = run(&a, &s, err);
	input_close(&s.input);
	str_done(&s.bytes);
	task_done(&s.task);
	registry_close(s.reg);
	for (size_t i = 0; i < a.n; i++)
		str_done(&a.parts[i].bytes);
	free(a.parts);
	return r;
}

const struct cmd cmd_send = {
    .name = "send",
    .args = "ID [-]",
    .summary = "give a task something to read: text, keys, stdin (-)",
    .opts = opts,
    .examples = "hob send db --text yes --key Enter                 answer a question\n"
		"hob send vi --key Escape --text :wq --key Enter    what is sent comes in this order\n"
		"hob send sh --key ctrl-c                           interrupt what runs on its terminal\n"
		"hob send filter - --eof <FILE                      a file, and the end\n",
    .exec = exec,
};
