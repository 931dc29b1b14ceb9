/* modes: what a terminal was told to do, told to another one, and taken back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "log/modes.h"

static struct modes modes;
static struct str text;

static int leave(void **state)
{
	(void)state;
	str_done(&text);
	return 0;
}

/* A terminal just switched on gets BYTES, however they are cut. */
static void feed(const char *bytes)
{
	struct modes whole = {0};
	size_t len = strlen(bytes);

	modes_feed(&whole, bytes, len);
	for (size_t block = 1; block < 6; block++) {
		modes = (struct modes){0};
		for (size_t at = 0; at < len; at += block)
			modes_feed(&modes, bytes + at, len - at < block ? len - at : block);
		assert_memory_equal(&modes.private, &whole.private, sizeof modes.private);
		assert_int_equal(modes.n, whole.n);
	}
	modes = whole;
}

static const char *add(const char *bytes)
{
	feed(bytes);
	str_reset(&text);
	str_add(&text, "");
	modes_add(&modes, &text);
	return text.buf;
}

static const char *undo(const char *bytes)
{
	feed(bytes);
	str_reset(&text);
	str_add(&text, "");
	modes_undo(&modes, &text);
	return text.buf;
}

static void text_and_colours_are_no_modes(void **state)
{
	static const char bytes[] = "text \033[1;31mred\033[m\r\n\033[2;5Hthere\033]0;title\007\033[2J\033[c";

	(void)state;
	assert_string_equal(add(bytes), "");
	assert_string_equal(undo(bytes), "");
	assert_true(modes_on(&modes, 7));
	assert_true(modes_on(&modes, 25));
	assert_false(modes_on(&modes, 1));
}

static void what_was_set_is_set_and_taken_back(void **state)
{
	(void)state;
	assert_string_equal(add("\033[?1h\033[?2004h\033[?25l"), "\033[?1h\033[?2004h\033[?25l");
	assert_string_equal(undo("\033[?1h\033[?2004h\033[?25l"), "\033[?1l\033[?2004l\033[?25h");
	/* several in one, and the last word counts */
	assert_string_equal(add("\033[?1000;1006h\033[?1000l"), "\033[?1000l\033[?1006h");
	assert_string_equal(undo("\033[?1000;1006h\033[?1000l"), "\033[?1006l");
	assert_string_equal(undo("\033[?7l\033[?25l\033[?25h"), "\033[?7h");
	assert_string_equal(add("\033[4h\033=\033[3 q\033[2;6r\033(0\016"), "\033[4h\033=\033[3 q\033[2;6r\033(0\016");
	assert_string_equal(undo("\033[4h\033=\033[3 q\033[2;6r\033(0\016"),
			    "\033[4l\033>\033[0 q\033[r\033(B\033)B\017");
	assert_string_equal(undo("\033[4h\033=\033[3 q\033[2;6r\033(0\016\033[4l\033>\033[0 q\033[r\033(B\017"), "");
	assert_string_equal(undo("\033[>1u\033[>3u\033[<u\033[>4;2m"), "\033[<1u\033[>4;0m");
	assert_string_equal(undo("\033[<9u"), "");
}

static void the_second_screen_has_several_names(void **state)
{
	(void)state;
	assert_string_equal(undo("\033[?47h"), "\033[?1049l");
	assert_true(modes_alternate(&modes));
	assert_string_equal(undo("\033[?1049h\033[?47l"), "");
	assert_false(modes_alternate(&modes));
	assert_string_equal(add("\033[?1047h"), "");
}

static void resets(void **state)
{
	(void)state;
	assert_string_equal(undo("\033[?1049h\033[?1000h\033[4h\033c"), "");
	assert_string_equal(undo("\033[?2004h\033[4h\033=\033[2;6r\033[?25l\033(0\033[!p"), "\033[?2004l");
}

static void what_does_not_last_is_not_kept(void **state)
{
	(void)state;
	assert_string_equal(add("\033[?2026h\033[?3h\033[?2l\033[?1048h"), "");
	assert_string_equal(add("\033[?1h\x18\033[?12\x18\033]0;\033[?5h"), "\033[?1h\033[?5h");
	assert_string_equal(add("\033[?25"), "");
}

static void too_many_are_forgotten(void **state)
{
	struct str bytes = {0};

	(void)state;
	for (unsigned i = 5000; i < 5200; i++)
		str_addf(&bytes, "\033[?%uh", i);
	feed(bytes.buf);
	assert_int_equal(modes.n, MODES_MAX);
	undo(bytes.buf);
	assert_true(text.len < 2000);
	str_done(&bytes);
}

#define MODES_TEST(name) cmocka_unit_test_teardown(name, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    MODES_TEST(text_and_colours_are_no_modes),	     MODES_TEST(what_was_set_is_set_and_taken_back),
	    MODES_TEST(the_second_screen_has_several_names), MODES_TEST(resets),
	    MODES_TEST(what_does_not_last_is_not_kept),	     MODES_TEST(too_many_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
