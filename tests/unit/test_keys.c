/* keys: names, and the bytes they stand for. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/keys.h"

static const struct keys_place TERMINAL = {.terminal = true};
static const struct keys_place APPLICATION = {.terminal = true, .application = true};
static const struct keys_place PIPE = {0};

static void sends(const char *name, struct keys_place place, const char *bytes)
{
	char got[KEYS_MAX];
	int n = keys_encode(name, place, got);

	assert_int_equal(n, strlen(bytes));
	assert_memory_equal(got, bytes, strlen(bytes));
}

static void named_keys(void **state)
{
	(void)state;
	sends("Enter", TERMINAL, "\r");
	sends("Enter", PIPE, "\n");
	sends("enTER", PIPE, "\n");
	sends("Tab", PIPE, "\t");
	sends("Escape", TERMINAL, "\x1b");
	sends("Backspace", TERMINAL, "\x7f");
	sends("Delete", TERMINAL, "\x1b[3~");
	sends("PageUp", APPLICATION, "\x1b[5~");
	sends("pagedown", APPLICATION, "\x1b[6~");
}

static void function_keys(void **state)
{
	static const char *const names[] = {"F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12"};
	static const char *const bytes[] = {"\x1bOP",	"\x1bOQ",   "\x1bOR",	"\x1bOS",   "\x1b[15~", "\x1b[17~",
					    "\x1b[18~", "\x1b[19~", "\x1b[20~", "\x1b[21~", "\x1b[23~", "\x1b[24~"};

	(void)state;
	for (int i = 0; i < 12; i++) {
		sends(names[i], TERMINAL, bytes[i]);
		sends(names[i], APPLICATION, bytes[i]);
		assert_false(keys_is_cursor(names[i]));
	}
}

static void cursor_keys_have_two_forms(void **state)
{
	static const char *const names[] = {"Up", "Down", "Right", "Left", "Home", "End"};
	static const char letters[] = "ABCDHF";

	(void)state;
	for (int i = 0; i < 6; i++) {
		char plain[] = {'\x1b', '[', letters[i], '\0'}, other[] = {'\x1b', 'O', letters[i], '\0'};

		sends(names[i], TERMINAL, plain);
		sends(names[i], PIPE, plain);
		sends(names[i], APPLICATION, other);
		assert_true(keys_is_cursor(names[i]));
	}
	assert_true(keys_is_cursor("alt-up"));
	assert_false(keys_is_cursor("Enter"));
	assert_false(keys_is_cursor("nothing"));
}

static void control_and_alt(void **state)
{
	char name[] = "ctrl-?", byte[] = "?";

	(void)state;
	for (char c = 'a'; c <= 'z'; c++) {
		name[5] = c;
		*byte = (char)(c - 'a' + 1);
		sends(name, TERMINAL, byte);
		name[5] = (char)(c - 'a' + 'A');
		sends(name, PIPE, byte);
	}
	sends("alt-x", TERMINAL, "\x1bx");
	sends("ALT-X", TERMINAL, "\x1bX");
	sends("alt-.", TERMINAL, "\x1b.");
	sends("alt--", TERMINAL, "\x1b-");
	sends("alt-Enter", TERMINAL, "\x1b\r");
	sends("alt-ctrl-c", TERMINAL, "\x1b\x03");
	sends("alt-\xf0\x9f\x98\x80", TERMINAL, "\x1b\xf0\x9f\x98\x80");
	sends("alt-F12", TERMINAL, "\x1b\x1b[24~");
}

static void one_character_is_a_key(void **state)
{
	(void)state;
	sends("q", TERMINAL, "q");
	sends("Q", PIPE, "Q");
	sends("\xc3\xa4", TERMINAL, "\xc3\xa4");
	sends(" ", TERMINAL, " ");
}

static void what_is_no_key(void **state)
{
	static const char *const names[] = {
	    "",	      "xy",	   "F0",    "F13",  "F123", "ctrl-", "ctrl-1",	 "ctrl-aa", "ctrl-\xc3",	"alt-",
	    "alt-xy", "alt-alt-x", "\x01",  "\x7f", "\xff", "\xc3",  "\xc2\x85", "Enter ",  "\xc3\xa4\xc3\xa4", "Ente",
	    "ctrl",   "alt",	   "meta-x"};
	char got[KEYS_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_int_equal(keys_encode(names[i], TERMINAL, got), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(named_keys),
	    cmocka_unit_test(function_keys),
	    cmocka_unit_test(cursor_keys_have_two_forms),
	    cmocka_unit_test(control_and_alt),
	    cmocka_unit_test(one_character_is_a_key),
	    cmocka_unit_test(what_is_no_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
