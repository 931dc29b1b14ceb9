#include "cmd/held.h"

#include "cmd/show.h"
#include "cmd/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LINES	 100 /* of output that are read */
#define AROUND	 3   /* lines before and behind that may name the port */
#define DIGITS	 5
#define PORT_MAX 65535

bool held_is_told(const char *line)
{
	static const char *const phrases[] = {"EADDRINUSE",  "address already in use", "address in use", "errno 98",
					      "os error 98", "port already in use"};
	const char *port = strcasestr(line, "port ");

	for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
		if (strcasestr(line, phrases[i]))
			return true;
	/* "Port 5173 is already in use", "Port 8080 was already in use", "port 3000 is already allocated" */
	return port && (strcasestr(port, "in use") || strcasestr(port, "already allocated") ||
			strcasestr(port, "already used") || strcasestr(port, "is taken"));
}

/* The number at TEXT if it may be a port, 0 if not; *RET_END is behind its digits. Not part of a word, a version or an
 * address. */
static unsigned port_at(const char *begin, const char *text, const char **ret_end)
{
	size_t n = strspn(text, "0123456789");
	unsigned long value = n <= DIGITS ? strtoul(text, NULL, 10) : 0;

	*ret_end = text + n;
	if ((text > begin && (isalpha((unsigned char)text[-1]) || text[-1] == '.' || text[-1] == '_')) ||
	    isalpha((unsigned char)text[n]) || (text[n] == '.' && isdigit((unsigned char)text[n + 1])))
		return 0;
	return value <= PORT_MAX ? (unsigned)value : 0;
}

/* The first port in TEXT, up to LEN, that somebody listens on. */
static bool find_in(struct registry *reg, const char *text, size_t len, struct held *ret)
{
	const char *p = text;

	while ((p += strcspn(p, "0123456789")) < text + len && *p) {
		unsigned port = port_at(text, p, &p);

		if (port && living_holder(reg, (uint16_t)port, &ret->holder)) {
			ret->port = (uint16_t)port;
			return true;
		}
	}
	return false;
}

/* The line itself says it, mostly; else its neighbours, or the command did. */
static void find_near(struct registry *reg, const struct task *task, char *const *lines, size_t n, size_t at,
		      struct held *ret)
{
	size_t from = at > AROUND ? at - AROUND : 0, to = at + AROUND < n ? at + AROUND : n - 1;

	if (find_in(reg, lines[at], strlen(lines[at]), ret))
		return;
	for (size_t i = from; i <= to; i++)
		if (find_in(reg, lines[i], strlen(lines[i]), ret))
			return;
	find_in(reg, task->command, strlen(task->command), ret);
}

void held_look(struct registry *reg, const struct task *task, struct held *ret)
{
	CLEAN_STR struct str text = {0};
	char *lines[LINES + 1], *rest, *line;
	struct err err = {0};
	uint64_t next;
	size_t n = 0;

	*ret = (struct held){0};
	if (task->status != TASK_FAILED || show_tail(reg, task, LINES, &text, &next, &err) < 0)
		return;
	rest = text.buf;
	while (rest && n < LINES && (line = strsep(&rest, "\n")))
		lines[n++] = line;
	for (size_t at = n; at-- > 0 && !ret->port;)
		if (held_is_told(lines[at]))
			find_near(reg, task, lines, n, at, ret);
}

void held_done(struct held *held)
{
	living_holder_done(&held->holder);
	held->port = 0;
}

void held_text(const struct held *held, struct str *out)
{
	const struct living_holder *h = &held->holder;
	CLEAN_FREE char *command = text_safe(h->command), *name = text_safe(h->name ? h->name : h->id);

	if (!held->port)
		return;
	if (!h->pid)
		str_addf(out, "port %u is held by a process of another user\n", held->port);
	else if (*h->id)
		str_addf(out, "port %u is held by task %s (pid %d, %s)\n", held->port, name, (int)h->pid, command);
	else
		str_addf(out, "port %u is held by process %d (%s)\n", held->port, (int)h->pid, command);
}

json_t *held_json(const struct held *held)
{
	const struct living_holder *h = &held->holder;
	json_t *o;

	if (!held->port)
		return json_null();
	o = json_object();
	json_object_set_new(o, "port", json_integer(held->port));
	json_object_set_new(o, "id", json_text(*h->id ? h->id : NULL));
	json_object_set_new(o, "name", json_text(h->name));
	json_object_set_new(o, "pid", h->pid ? json_integer(h->pid) : json_null());
	json_object_set_new(o, "command", json_text(h->command));
	return o;
}
