/* Reading on from a cursor: wherever it stands, in a line, a character or an escape, the text is what a reader sees who
 * saw all before it; and pages that begin where the one before ended give each character once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <inttypes.h>

#include "base/err.h"
#include "base/str.h"
#include "folder.h"
#include "log/clean.h"
#include "log/note.h"
#include "log/view.h"

static struct str all;	/* the log */
static struct str page; /* what the last read gave */

static int leave(void **state)
{
	str_done(&all);
	str_done(&page);
	return folder_leave(state);
}

/* The log is the first LEN bytes of ALL. */
static void put_front(size_t len)
{
	folder_empty();
	put_log(all.buf, len);
}

/* Adds what VIEW shows to OUT; returns where to go on. */
static uint64_t read_on(struct str *out, uint64_t since, uint64_t until, bool ended)
{
	struct view_opts opts = {.since = since, .until = until, .ended = ended};
	struct view_result res;
	struct err err;
	uint64_t next;

	str_add(out, "");
	assert_int_equal(view_read(dir, &opts, view_to_str, out, &res, &err), 0);
	next = res.next;
	view_result_done(&res);
	return next;
}

static unsigned seed = 1;

static unsigned dice(unsigned below)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 8) % below;
}

/* LEN bytes made of the first N of PARTS, a newline now and then. */
static void random_log(const char *const *parts, unsigned n, size_t len)
{
	str_reset(&all);
	while (all.len < len)
		str_add(&all, dice(9) ? parts[dice(n)] : "\n");
}

#define COUNT(parts) (sizeof(parts) / sizeof *(parts))

/* ---- as a reader who saw all before ---- */

static int add_line(void *arg, const struct clean_line *line)
{
	struct str *out = arg;

	str_addn(out, line->text, line->len);
	if (line->times > 1 && (line->len > 0 || line->times > 3))
		note_add_times(out, line->times);
	for (uint64_t i = 1; i < line->times && line->len == 0 && line->times <= 3; i++)
		str_addc(out, '\n');
	str_addc(out, '\n');
	return 0;
}

static void check_since(uint64_t since, uint64_t until)
{
	struct str expected = {0};
	struct clean *c = clean_new(&(struct clean_opts){.fold = true, .from = since}, add_line, &expected);

	str_add(&expected, "");
	clean_feed(c, all.buf, until);
	clean_finish(c, false);
	clean_free(c);
	str_reset(&page);
	assert_int_equal(read_on(&page, since, until, false), until);
	if (strcmp(page.buf, expected.buf) != 0)
		fail_msg("seed %u, from %" PRIu64 " to %" PRIu64 ": \"%s\" instead of \"%s\"", seed, since, until,
			 page.buf, expected.buf);
	str_done(&expected);
}

static void any_cursor_shows_what_a_reader_of_all_sees(void **state)
{
	static const char *const parts[] = {"word",
					    "\xc3\xa9",
					    "\xe2\x94\x80",
					    "\xf0\x9f\x98\x80",
					    "\033[1;31m",
					    "\033[0m",
					    "\033]0;a title\007",
					    "\033P1$r\033\\",
					    "\033(B",
					    "\r",
					    "\b\b",
					    "\033[K",
					    "\033[12G",
					    "\033[3D",
					    "\t",
					    "\xff",
					    "\xe2\x94",
					    "\xc2\x85",
					    "\033",
					    "\033[1;2;3;4;5;6m",
					    "\r\n"};

	(void)state;
	for (int round = 0; round < 60; round++) {
		random_log(parts, COUNT(parts), 20 + dice(150));
		put_front(all.len);
		for (uint64_t since = 0; since < all.len; since++)
			check_since(since, all.len);
		for (int i = 0; i < 50; i++) {
			uint64_t since = dice((unsigned)all.len);

			check_since(since, since + 1 + dice((unsigned)(all.len - since)));
		}
	}
}

static void a_cursor_in_a_long_escape_does_not_show_it(void **state)
{
	(void)state;
	str_reset(&all);
	str_add(&all, "before\nin front \033]52;c;");
	for (int i = 0; i < 60000; i++)
		str_addc(&all, (char)('A' + i % 26));
	str_add(&all, "\007behind\nlast\n");
	put_front(all.len);
	for (uint64_t since = 10; since < all.len; since += 997)
		check_since(since, all.len);
	str_reset(&page);
	read_on(&page, 30000, 0, false);
	assert_string_equal(page.buf, "behind\nlast\n");
}

/* ---- each character once ---- */

/* Where the cursor CUT stands within a line, the page before it ends with a newline that is none. */
static void join(struct str *out, uint64_t cut)
{
	if (cut > 0 && all.buf[cut - 1] != '\n' && out->len > 0 && out->buf[out->len - 1] == '\n')
		out->buf[--out->len] = '\0';
}

/* A newline alone, behind a line that was shown, is not shown again. */
static void drop_newlines(struct str *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->len; i++)
		if (s->buf[i] != '\n')
			s->buf[n++] = s->buf[i];
	s->len = n;
	s->buf[n] = '\0';
}

static void pages_that_follow_each_other_give_each_character_once(void **state)
{
	static const char *const parts[] = {"word",
					    "1",
					    "\xc3\xa9",
					    "\xe2\x94\x80",
					    "\xf0\x9f\x98\x80",
					    " ",
					    "\033[1m",
					    "\033]0;t\007",
					    "\033P1$r\033\\",
					    "\033(B",
					    "\t",
					    "\xff",
					    "\xe2\x94",
					    "\x01"};
	struct str whole = {0};

	(void)state;
	for (int round = 0; round < 250; round++) {
		uint64_t at = 0, cut;

		random_log(parts, COUNT(parts), 1 + dice(120));
		put_front(all.len);
		str_reset(&whole);
		read_on(&whole, 0, 0, true);
		str_reset(&page);
		/* the log grows between the pages, by some bytes each time */
		for (cut = 0; cut < all.len; at = read_on(&page, at, 0, cut == all.len)) {
			cut += 1 + dice(round % 2 ? 3 : 30);
			cut = cut < all.len ? cut : all.len;
			put_front(cut);
			join(&page, at);
		}
		assert_int_equal(at, all.len);
		drop_newlines(&whole);
		drop_newlines(&page);
		if (strstr(whole.buf, "×") == NULL && strstr(page.buf, "×") == NULL)
			assert_string_equal(page.buf, whole.buf);
	}
	str_done(&whole);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(any_cursor_shows_what_a_reader_of_all_sees),
	    TEST(a_cursor_in_a_long_escape_does_not_show_it),
	    TEST(pages_that_follow_each_other_give_each_character_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
