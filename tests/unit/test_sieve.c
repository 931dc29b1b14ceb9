/* sieve: what is handed on, what is left out, and that blocks change nothing. What a terminal makes of it is compared
 * in tests/fuzz/fuzz_screen.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "log/sieve.h"

#define ROWS 5u

static struct str got;

static int enter(void **state)
{
	(void)state;
	str_reset(&got);
	str_add(&got, "");
	return 0;
}

static int leave(void **state)
{
	(void)state;
	str_done(&got);
	return 0;
}

static void emit(void *arg, const char *bytes, size_t len)
{
	(void)arg;
	str_addn(&got, bytes, len);
}

/* What comes out when TEXT goes in, BLOCK bytes at a time. */
static const char *sieve_blocks(const char *text, size_t len, size_t block)
{
	struct sieve *s = sieve_new(ROWS, emit, NULL);

	str_reset(&got);
	str_add(&got, "");
	for (size_t at = 0; at < len; at += block)
		sieve_feed(s, text + at, len - at < block ? len - at : block);
	sieve_flush(s);
	sieve_free(s);
	return got.buf;
}

static const char *sieve_text(const char *text)
{
	char *whole = xstrdup(sieve_blocks(text, strlen(text), strlen(text)));

	for (size_t block = 1; block < 8; block++)
		assert_string_equal(sieve_blocks(text, strlen(text), block), whole);
	free(whole);
	return got.buf;
}

/* N lines, each with FORE before its number. */
static char *lines(unsigned n, const char *fore)
{
	struct str s = {0};

	for (unsigned i = 1; i <= n; i++)
		str_addf(&s, "%s%u\r\n", fore, i);
	return str_take(&s);
}

static void plain_text_passes(void **state)
{
	static const char text[] = "a\tb\r\nc\bd\n\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\033[1;31mred\033[m\033[2J";

	(void)state;
	assert_string_equal(sieve_text(text), text);
}

static void lines_that_scroll_off_are_left_out(void **state)
{
	char *text = lines(1000, "");

	(void)state;
	sieve_text(text);
	/* the last 2 * 5 + 1 line ends, and a known column before them */
	assert_true(got.buf[0] == '\r');
	assert_string_equal(got.buf + strspn(got.buf, "\r"),
			    "990\r\n991\r\n992\r\n993\r\n994\r\n995\r\n996\r\n997\r\n998\r\n999\r\n1000\r\n");
	free(text);
	text = lines(11, "");
	assert_string_equal(sieve_text(text), text);
	free(text);
}

static void what_later_lines_need_stays(void **state)
{
	CLEAN_FREE char *plain = lines(30, "");
	struct str text = {0};

	(void)state;
	str_add(&text, "\033[31m\033]0;title\007\033[?25l\033[K");
	str_add(&text, plain);
	sieve_text(text.buf);
	assert_true(str_starts(got.buf, "\033[31m\033]0;title\007\033[?25l\r20\r\n"));
	assert_null(strstr(got.buf, "\033[K"));
	str_done(&text);
}

static void what_moves_the_cursor_ends_the_run(void **state)
{
	static const char *const moves[] = {"\033[2A", "\033[H", "\033M",     "\033[2J",
					    "\016",    "\v",	 "\033[3;4r", "\0337"};
	CLEAN_FREE char *ten = lines(10, "");

	(void)state;
	for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
		CLEAN_FREE char *text = xasprintf("%s%s%s%s%s", ten, moves[i], ten, moves[i], ten);

		assert_string_equal(sieve_text(text), text);
	}
}

static void nothing_is_left_out_where_it_would_show(void **state)
{
	CLEAN_FREE char *plain = lines(300, "");
	CLEAN_FREE char *region = xasprintf("\033[2;4r%s", plain);
	CLEAN_FREE char *sides = xasprintf("\033[?69h%s", plain);
	CLEAN_FREE char *again = xasprintf("\033[2;4r\033[r%s", plain);
	CLEAN_FREE char *whole = xasprintf("\033[1;5r%s", plain);
	struct str stairs = {0}, blank = {0};

	(void)state;
	assert_string_equal(sieve_text(region), region);
	assert_string_equal(sieve_text(sides), sides);
	assert_true(strlen(sieve_text(again)) < 100);
	assert_true(strlen(sieve_text(whole)) < 100);
	/* without CR the column is not known; without text a mark may still find the last character */
	for (int i = 0; i < 300; i++) {
		str_add(&stairs, "x\n");
		str_add(&blank, "\r\n");
	}
	assert_string_equal(sieve_text(stairs.buf), stairs.buf);
	assert_string_equal(sieve_text(blank.buf), blank.buf);
	str_done(&stairs);
	str_done(&blank);
}

static void what_no_terminal_shows_goes(void **state)
{
	(void)state;
	assert_string_equal(sieve_text("a\033Pq#0~\033\\b\033_x\033\\c\033^y\033\\d\033Xz\033\\e\033k t\033\\f"),
			    "abcdef");
	assert_string_equal(sieve_text("a\x01\x05\x07\x18\x1a"
				       "b\xc2\x9b"
				       "c\xe2\x80\xae"
				       "d"),
			    "abcd");
	assert_string_equal(sieve_text("a\xff\xe2\x82z\xc3"), "a\xef\xbf\xbd\xef\xbf\xbdz");
	assert_string_equal(sieve_text("a\033[31\x18"
				       "b\033]0;never\nc"),
			    "ab\nc");
	assert_string_equal(sieve_text("a\033]0;title with \r in it\007b"), "ab");
	assert_string_equal(sieve_text("a\033]0;cut\033[mb"), "a\033[mb");
}

static void sequences_out_of_proportion_go(void **state)
{
	struct str text = {0};

	(void)state;
	assert_string_equal(sieve_text("a\033[123456Cb"), "ab");
	assert_string_equal(sieve_text("a\033[99999Cb"), "a\033[99999Cb");
	assert_string_equal(sieve_text("\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15m"),
			    "\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15m");
	assert_string_equal(sieve_text("\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16m"), "");
	str_add(&text, "\033]0;");
	for (int i = 0; i < 5000; i++)
		str_addc(&text, 'x');
	str_add(&text, "\007end");
	assert_string_equal(sieve_text(text.buf), "end");
	str_done(&text);
}

static void words_that_libvterm_does_not_know(void **state)
{
	(void)state;
	assert_string_equal(sieve_text("x\033[3by"), "xxxxy");
	assert_string_equal(sieve_text("\xe2\x82\xac\r\n\033[b"), "\xe2\x82\xac\r\n\xe2\x82\xac");
	assert_string_equal(sieve_text("\033[5b"), "");
	assert_int_equal(strlen(sieve_text("x\033[99999b")), 1 + 1024);
	assert_string_equal(sieve_text("\033[?47h\033[?47l"), "\033[?1047h\033[?1047l");
	assert_string_equal(sieve_text("\033[s\033[2;3s"), "\0337");
	/* the cursor comes back, and whether it is seen stays */
	assert_string_equal(sieve_text("\033[?25l\033[u"), "\033[?25l\0338\033[5n\033[?25l");
	assert_string_equal(sieve_text("\0338"), "\0338\033[5n\033[?25h");
	assert_string_equal(sieve_text("\033c"), "\033[?1049l\033c");
}

static void unfinished_ends_are_counted(void **state)
{
	static const struct {
		const char *text;
		unsigned open;
	} cases[] = {{"text", 0},      {"a\033", 1},	     {"a\033[1;", 4}, {"a\033[m", 0},
		     {"a\xf0\x9f", 2}, {"a\033]0;x\033", 6}, {"\xe2m", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sieve *s = sieve_new(ROWS, emit, NULL);

		sieve_feed(s, cases[i].text, strlen(cases[i].text));
		assert_int_equal(sieve_open(s), cases[i].open);
		sieve_flush(s);
		assert_int_equal(sieve_open(s), cases[i].open);
		/* what belongs to a sequence that was broken off is text */
		sieve_break(s);
		assert_int_equal(sieve_open(s), 0);
		str_reset(&got);
		sieve_feed(s, "31mz", 4);
		sieve_flush(s);
		assert_string_equal(got.buf, "31mz");
		sieve_free(s);
	}
}

static void a_line_without_end_is_not_kept(void **state)
{
	struct sieve *s = sieve_new(ROWS, emit, NULL);
	char block[4096];

	(void)state;
	memset(block, 'x', sizeof block);
	for (unsigned i = 0; i < 1024; i++)
		sieve_feed(s, block, sizeof block);
	assert_true(got.len >= 3u * 1024 * 1024);
	sieve_free(s);
}

#define SIEVE_TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SIEVE_TEST(plain_text_passes),
	    SIEVE_TEST(lines_that_scroll_off_are_left_out),
	    SIEVE_TEST(what_later_lines_need_stays),
	    SIEVE_TEST(what_moves_the_cursor_ends_the_run),
	    SIEVE_TEST(nothing_is_left_out_where_it_would_show),
	    SIEVE_TEST(what_no_terminal_shows_goes),
	    SIEVE_TEST(sequences_out_of_proportion_go),
	    SIEVE_TEST(words_that_libvterm_does_not_know),
	    SIEVE_TEST(unfinished_ends_are_counted),
	    SIEVE_TEST(a_line_without_end_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
