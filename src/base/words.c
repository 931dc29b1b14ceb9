#include "base/words.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>

size_t words_count(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

void words_add(char ***list, const char *word)
{
	size_t n = words_count(*list);

	*list = xrealloc(*list, (n + 2) * sizeof **list);
	(*list)[n] = xstrdup(word);
	(*list)[n + 1] = NULL;
}

char **words_copy(char *const *list)
{
	size_t n = words_count(list);
	char **copy;

	if (!list)
		return NULL;
	copy = xcalloc(n + 1, sizeof *copy);
	for (size_t i = 0; i < n; i++)
		copy[i] = xstrdup(list[i]);
	return copy;
}

char *words_pack(char *const *list, size_t *ret_len)
{
	struct str s = {0};

	for (; list && *list; list++)
		str_addn(&s, *list, strlen(*list) + 1);
	*ret_len = s.len;
	return str_take(&s);
}

char **words_unpack(const char *block, size_t len)
{
	size_t n = 0, at = 0;
	char **list;

	for (size_t i = 0; i < len; i++)
		n += block[i] == '\0';
	list = xcalloc(n + 1, sizeof *list);
	for (size_t i = 0; i < n; i++) {
		list[i] = xstrdup(block + at);
		at += strlen(block + at) + 1;
	}
	return list;
}

static void quote(struct str *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";

	if (*word && strspn(word, plain) == strlen(word)) {
		str_add(out, word);
		return;
	}
	str_addc(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			str_add(out, "'\\''");
		else
			str_addc(out, *word);
	}
	str_addc(out, '\'');
}

char *words_quote(char *const *list)
{
	struct str out = {0};

	for (size_t i = 0; list && list[i]; i++) {
		if (i)
			str_addc(&out, ' ');
		quote(&out, list[i]);
	}
	return str_take(&out);
}

void words_free(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

void words_free_ptr(char ***list)
{
	words_free(*list);
}
