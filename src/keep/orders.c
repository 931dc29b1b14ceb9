#include "keep/orders.h"

#include "base/str.h"
#include "base/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ORDERS_VERSION "hob orders 3"

static void add(struct str *s, const char *word)
{
	str_addn(s, word, strlen(word) + 1);
}

static void add_number(struct str *s, uint64_t value)
{
	str_addf(s, "%llu", (unsigned long long)value);
	str_addc(s, '\0');
}

static void add_list(struct str *s, char *const *words)
{
	add_number(s, words_count(words));
	for (; words && *words; words++)
		add(s, *words);
}

char *orders_pack(const struct task *task, const char *home, const char *socket_dir, size_t *ret_len)
{
	struct str s = {0};

	add(&s, ORDERS_VERSION);
	add(&s, task->id);
	add(&s, home);
	add(&s, task->cwd);
	add(&s, task->token);
	add(&s, socket_dir ? socket_dir : "");
	add_number(&s, task->lifetime);
	add_number(&s, (uint64_t)task->grace_ms);
	add_number(&s, (uint64_t)task->timeout_ms);
	add_number(&s, task->log_max);
	add_number(&s, (uint64_t)task->idle_after_ms);
	add_number(&s, task->port_event);
	add_number(&s, task->input_event);
	add_number(&s, task->unlisted);
	add_number(&s, task->stdin_pipe);
	add_number(&s, (uint64_t)task->pty_cols);
	add_number(&s, (uint64_t)task->pty_rows);
	add_list(&s, task->prefixes);
	add_list(&s, task->watches);
	*ret_len = s.len;
	return str_take(&s);
}

/* The next word of the block; NULL at its end. */
static const char *next(const char **at, const char *end)
{
	const char *word = *at;

	if (word >= end)
		return NULL;
	*at += strlen(word) + 1;
	return word;
}

/* The next word as a number; *OK becomes false at the block's end. */
static uint64_t next_number(const char **at, const char *end, bool *ok)
{
	const char *word = next(at, end);

	*ok = *ok && word;
	return word ? strtoull(word, NULL, 10) : 0;
}

static int read_list(const char **at, const char *end, const char **ret_words, int *ret_n)
{
	bool ok = true;

	*ret_n = (int)next_number(at, end, &ok);
	*ret_words = *at;
	for (int i = 0; ok && i < *ret_n; i++)
		ok = next(at, end) != NULL;
	return ok ? 0 : -EPROTO;
}

static void read_wishes(struct hold *hold, const char **at, const char *end, bool *ok)
{
	hold->idle_after_ms = (int64_t)next_number(at, end, ok);
	hold->port_event = next_number(at, end, ok) != 0;
	hold->input_event = next_number(at, end, ok) != 0;
	hold->unlisted = next_number(at, end, ok) != 0;
	hold->stdin_pipe = next_number(at, end, ok) != 0;
	hold->pty_cols = (int)next_number(at, end, ok);
	hold->pty_rows = (int)next_number(at, end, ok);
}

int orders_read(struct hold *hold, const char *block, size_t len)
{
	const char *at = block, *end = block + len;
	bool ok = true;

	if (!len || block[len - 1] != '\0' || strcmp(next(&at, end), ORDERS_VERSION) != 0)
		return -EPROTO;
	hold->id = next(&at, end);
	hold->home = next(&at, end);
	hold->cwd = next(&at, end);
	hold->token = next(&at, end);
	hold->socket_dir = next(&at, end);
	hold->lifetime = (enum task_lifetime)next_number(&at, end, &ok);
	hold->grace_ms = (int64_t)next_number(&at, end, &ok);
	hold->timeout_ms = (int64_t)next_number(&at, end, &ok);
	hold->log_max = next_number(&at, end, &ok);
	read_wishes(hold, &at, end, &ok);
	if (!ok)
		return -EPROTO;
	if (!*hold->socket_dir)
		hold->socket_dir = NULL;
	if (read_list(&at, end, &hold->prefixes, &hold->nprefixes) < 0)
		return -EPROTO;
	return read_list(&at, end, &hold->watches, &hold->nwatches);
}
