/* text: nothing harmful reaches a terminal, columns are aligned by characters, colour needs a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/text.h"

/* ---- escaping ---- */

static void what_is_harmful_is_written_out(void **state)
{
	static const struct {
		const char *text, *safe;
	} examples[] = {
	    {"", ""},
	    {"plain, 'quoted' \"text\" \\", "plain, 'quoted' \"text\" \\"},
	    {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
	    {"a\nb\tc\rd", "a\\nb\\tc\\rd"},
	    {"\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"},
	    {"\x01\x7f\x1f\x08\x07", "\\x01\\x7f\\x1f\\x08\\x07"},
	    /* C1: a terminal may take U+009B for ESC [ */
	    {"\xc2\x9b"
	     "31m \xc2\x80 \xc2\xa0",
	     "\\x9b31m \\x80 \xc2\xa0"},
	    /* what turns the direction of text round, or ends a line elsewhere */
	    {"\xe2\x80\xaa \xe2\x80\xae \xe2\x81\xa6 \xe2\x81\xa9", "\\u202a \\u202e \\u2066 \\u2069"},
	    {"\xe2\x80\xa8 \xe2\x80\xa9", "\\u2028 \\u2029"},
	    /* bad UTF-8 */
	    {"a\xff"
	     "b\xc3",
	     "a\xef\xbf\xbd"
	     "b\xef\xbf\xbd"},
	    {"\xe2\x82", "\xef\xbf\xbd"},
	};
	char *nothing = text_safe(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
		char *safe = text_safe(examples[i].text);

		assert_string_equal(safe, examples[i].safe);
		free(safe);
	}
	assert_string_equal(nothing, "");
	free(nothing);
}

/* No byte of any kind comes through as a control character. */
static void no_control_character_is_left(void **state)
{
	(void)state;
	for (int a = 1; a < 256; a++) {
		for (int b = 1; b < 256; b++) {
			char text[] = {(char)a, (char)b, '\0'};
			char *safe = text_safe(text);

			for (const char *p = safe; *p; p++) {
				assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
				assert_false(*p == '\xc2' && (unsigned char)p[1] < 0xa0);
			}
			free(safe);
		}
	}
}

/* ---- stdout as a terminal, or not ---- */

static int saved = -1, master = -1;

static void attach(const char *path)
{
	int fd = open(path, O_RDWR | O_NOCTTY);

	assert_true(fd >= 0);
	fflush(stdout);
	saved = dup(1);
	dup2(fd, 1);
	close(fd);
}

static void attach_terminal(unsigned short columns)
{
	struct winsize size = {.ws_row = 24, .ws_col = columns};
	char name[64];

	master = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	assert_int_equal(ptsname_r(master, name, sizeof name), 0);
	attach(name);
	assert_int_equal(ioctl(1, TIOCSWINSZ, &size), 0);
}

static int detach(void **state)
{
	(void)state;
	if (saved >= 0) {
		dup2(saved, 1);
		close(saved);
	}
	if (master >= 0)
		close(master);
	saved = master = -1;
	return 0;
}

static void colour_is_for_terminals(void **state)
{
	(void)state;
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	attach("/dev/null");
	assert_false(text_coloured());
	detach(NULL);
	attach_terminal(80);
	assert_true(text_coloured());
	setenv("NO_COLOR", "1", 1);
	assert_false(text_coloured());
	/* empty means not set (no-color.org) */
	setenv("NO_COLOR", "", 1);
	assert_true(text_coloured());
	setenv("TERM", "dumb", 1);
	assert_false(text_coloured());
}

static void colours_wrap_text(void **state)
{
	struct str out = {0};

	(void)state;
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	attach_terminal(80);
	text_colour(&out, COLOUR_RED, "failed");
	text_colour(&out, COLOUR_NONE, "plain");
	detach(NULL);
	attach("/dev/null");
	text_colour(&out, COLOUR_RED, "failed");
	detach(NULL);
	assert_string_equal(out.buf, "\033[31mfailed\033[0mplainfailed");
	str_done(&out);
}

/* ---- tables ---- */

static char *table(void)
{
	static const char *const headings[] = {"ID", "NAME", "COMMAND", NULL};
	struct table *t = table_new(headings);
	struct str out = {0};

	table_add(t, COLOUR_NONE, "a");
	table_add(t, COLOUR_NONE, "\xc3\xa4\xc3\xb6\xc3\xbc\xe2\x82\xac!");
	table_add(t, COLOUR_NONE, "sleep 1000000");
	table_add(t, COLOUR_NONE, "long-id");
	table_add(t, COLOUR_NONE, "x\ny");
	table_add(t, COLOUR_NONE, "");
	table_print(t, &out);
	return str_take(&out);
}

#define ALIGNED                                                                                                        \
	"ID       NAME   COMMAND\n"                                                                                    \
	"a        \xc3\xa4\xc3\xb6\xc3\xbc\xe2\x82\xac!  sleep 1000000\n"                                              \
	"long-id  x\\ny\n"

static void columns_are_aligned_by_characters(void **state)
{
	char *got;

	(void)state;
	attach("/dev/null");
	got = table();
	detach(NULL);
	assert_string_equal(got, ALIGNED);
	free(got);
}

static void the_last_column_is_cut_at_the_terminals_width(void **state)
{
	static const struct {
		unsigned short columns;
		const char *row;
	} widths[] = {{200, "!  sleep 1000000\n"},
		      {29, "!  sleep 1000000\n"},
		      {28, "!  sleep 10000\xe2\x80\xa6\n"},
		      {26, "!  sleep 100\xe2\x80\xa6\n"},
		      {0, "!  sleep 1000000\n"}};

	(void)state;
	setenv("NO_COLOR", "1", 1);
	for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
		char *got;

		attach_terminal(widths[i].columns);
		got = table();
		detach(NULL);
		assert_non_null(strstr(got, widths[i].row));
		free(got);
	}
}

/* Colour takes no column. */
static void coloured_tables_are_aligned_too(void **state)
{
	static const char *const headings[] = {"A", "B", NULL};
	struct table *t = table_new(headings);
	struct str out = {0};

	(void)state;
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	attach_terminal(80);
	table_add(t, COLOUR_GREEN, "running");
	table_add(t, COLOUR_NONE, "x");
	table_print(t, &out);
	detach(NULL);
	assert_string_equal(out.buf, "\033[1mA\033[0m        \033[1mB\033[0m\n\033[32mrunning\033[0m  x\n");
	str_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_harmful_is_written_out),
	    cmocka_unit_test(no_control_character_is_left),
	    cmocka_unit_test_teardown(colour_is_for_terminals, detach),
	    cmocka_unit_test_teardown(colours_wrap_text, detach),
	    cmocka_unit_test_teardown(columns_are_aligned_by_characters, detach),
	    cmocka_unit_test_teardown(the_last_column_is_cut_at_the_terminals_width, detach),
	    cmocka_unit_test_teardown(coloured_tables_are_aligned_too, detach),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
