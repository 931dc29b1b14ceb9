#include "base/keys.h"

#include "base/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

static const struct key {
	const char *name, *bytes;
	const char *application; /* NULL: the same */
} keys[] = {
    {"Enter", "\r", NULL},	  {"Tab", "\t", NULL},		 {"Escape", "\x1b", NULL},
    {"Up", "\x1b[A", "\x1bOA"},	  {"Down", "\x1b[B", "\x1bOB"},	 {"Right", "\x1b[C", "\x1bOC"},
    {"Left", "\x1b[D", "\x1bOD"}, {"Home", "\x1b[H", "\x1bOH"},	 {"End", "\x1b[F", "\x1bOF"},
    {"PageUp", "\x1b[5~", NULL},  {"PageDown", "\x1b[6~", NULL}, {"Backspace", "\x7f", NULL},
    {"Delete", "\x1b[3~", NULL},  {"F1", "\x1bOP", NULL},	 {"F2", "\x1bOQ", NULL},
    {"F3", "\x1bOR", NULL},	  {"F4", "\x1bOS", NULL},	 {"F5", "\x1b[15~", NULL},
    {"F6", "\x1b[17~", NULL},	  {"F7", "\x1b[18~", NULL},	 {"F8", "\x1b[19~", NULL},
    {"F9", "\x1b[20~", NULL},	  {"F10", "\x1b[21~", NULL},	 {"F11", "\x1b[23~", NULL},
    {"F12", "\x1b[24~", NULL},
};

static const struct key *find(const char *name)
{
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strcasecmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static int copy(const char *bytes, size_t len, char *ret)
{
	memcpy(ret, bytes, len);
	return (int)len;
}

/* True for one character that can be printed. */
static bool is_character(const char *text)
{
	size_t len = strlen(text);
	uint32_t cp;

	return len && utf8_valid(text, len) && utf8_next(text, len, &cp) == len && cp >= ' ' && cp != 0x7f &&
	       (cp < 0x80 || cp >= 0xa0);
}

/* One that is named by itself, without "alt-". */
static int encode_plain(const char *name, struct keys_place place, char *ret)
{
	const struct key *key = find(name);

	if (strncasecmp(name, "ctrl-", 5) == 0 && isalpha((unsigned char)name[5]) && !name[6]) {
		*ret = (char)(name[5] & 0x1f);
		return 1;
	}
	if (!key)
		return is_character(name) ? copy(name, strlen(name), ret) : -EINVAL;
	if (*key->bytes == '\r' && !place.terminal)
		return copy("\n", 1, ret);
	if (key->application && place.application)
		return copy(key->application, strlen(key->application), ret);
	return copy(key->bytes, strlen(key->bytes), ret);
}

static const char *behind_alt(const char *name)
{
	return strncasecmp(name, "alt-", 4) == 0 ? name + 4 : NULL;
}

int keys_encode(const char *name, struct keys_place place, char ret[KEYS_MAX])
{
	const char *rest = behind_alt(name);
	int n;

	if (!rest)
		return encode_plain(name, place, ret);
	*ret = '\x1b';
	n = encode_plain(rest, place, ret + 1);
	return n < 0 ? n : n + 1;
}

bool keys_is_cursor(const char *name)
{
	const char *rest = behind_alt(name);
	const struct key *key = find(rest ? rest : name);

	return key && key->application;
}
