/* screen: what a terminal shows after its log, with sizes, modes, wide characters and gaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "base/utf8.h"
#include "folder.h"
#include "log/screen.h"

static uint64_t end; /* of the log */
static struct screen screen;
static struct str text;
static struct err err;

static int enter(void **state)
{
	end = 0;
	return folder_enter(state);
}

static int leave(void **state)
{
	str_done(&text);
	screen_done(&screen);
	return folder_leave(state);
}

static void put_bytes(const void *bytes, size_t len)
{
	put_log(bytes, len);
	end += len;
}

static void put(const char *bytes)
{
	put_bytes(bytes, strlen(bytes));
}

static void put_size(unsigned cols, unsigned rows)
{
	struct index_writer w;

	assert_int_equal(index_open_write(dir, &w, &err), 0);
	assert_int_equal(index_size(&w, end, 1, cols, rows), 0);
	index_close(&w);
}

/* N bytes that were never stored. */
static void put_loss(unsigned n)
{
	struct index_writer w;
	int fd = openat(dir, "log", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(index_open_write(dir, &w, &err), 0);
	assert_int_equal(index_loss(&w, end, end + n, 1), 0);
	index_close(&w);
	end += n;
	assert_int_equal(ftruncate(fd, (off_t)end), 0);
	close(fd);
}

/* The rows that the terminal shows, one a line. */
static const char *look(void)
{
	screen_done(&screen);
	assert_int_equal(screen_replay(dir, 0, 0, &screen, &err), 0);
	str_reset(&text);
	str_add(&text, "");
	for (unsigned row = 0; row < screen_height(&screen); row++) {
		screen_row(&screen, row, &text);
		str_addc(&text, '\n');
	}
	assert_int_equal(screen.cursor, end);
	assert_true(utf8_valid(text.buf, text.len));
	return text.buf;
}

static void assert_cursor(unsigned row, unsigned col)
{
	assert_int_equal(screen.row, row);
	assert_int_equal(screen.col, col);
}

/* ---- the tests ---- */

static void a_log_without_a_size_has_no_terminal(void **state)
{
	(void)state;
	assert_int_equal(screen_replay(dir, 0, 0, &screen, &err), -ENOTTY);
	put("text");
	assert_int_equal(screen_replay(dir, 0, 0, &screen, &err), -ENOTTY);
	assert_int_equal(screen_replay(dir, 20, 5, &screen, &err), 0);
	assert_int_equal(screen.cols, 20);
	assert_int_equal(screen.rows, 5);
}

static void an_empty_terminal(void **state)
{
	(void)state;
	put_size(20, 5);
	assert_string_equal(look(), "");
	assert_cursor(0, 0);
	assert_true(screen.visible);
	assert_false(screen.alternate);
	assert_null(screen.title);
	assert_int_equal(screen.gap.from, screen.gap.to);
}

static void lines_wrap_and_scroll(void **state)
{
	(void)state;
	put_size(10, 3);
	put("0123456789abc");
	assert_string_equal(look(), "0123456789\nabc\n");
	assert_cursor(1, 3);
	put("\r\nsecond\r\nthird");
	assert_string_equal(look(), "abc\nsecond\nthird\n");
	assert_cursor(2, 5);
	/* at the edge the cursor waits in the last column */
	put("\r\n0123456789");
	assert_string_equal(look(), "second\nthird\n0123456789\n");
	assert_cursor(2, 9);
	put("\033[?7l\r\nno wrapping here");
	assert_string_equal(look(), "third\n0123456789\nno wrappie\n");
}

static void a_cursor_goes_where_it_is_told(void **state)
{
	(void)state;
	put_size(10, 4);
	put("\033[2;3Hx\033[4;10Hy\033[Hz\033[3Ba\033[2Db");
	assert_string_equal(look(), "z\n  x\n\nba       y\n");
	put("\033[2J");
	assert_string_equal(look(), "");
	put("\033[?25l");
	look();
	assert_false(screen.visible);
	assert_cursor(3, 1);
}

static void wide_and_combining_characters(void **state)
{
	(void)state;
	put_size(6, 4);
	put("\xe4\xbd\xa0\xe5\xa5\xbd!\r\n"); /* two wide ones */
	put("e\xcc\x81t\xc3\xa9\r\n");	      /* one that combines, and the same made of one */
	put("12345\xe4\xbd\xa0");	      /* a wide one has no room in the last column */
	assert_string_equal(look(), "\xe4\xbd\xa0\xe5\xa5\xbd!\ne\xcc\x81t\xc3\xa9\n12345\n\xe4\xbd\xa0\n");
	assert_cursor(3, 2);
	assert_int_equal(screen.cells[0].width, 2);
	assert_int_equal(screen.cells[1].width, 0);
}

static void bad_bytes_and_commands_in_disguise(void **state)
{
	(void)state;
	put_size(20, 4);
	put("a\xff\xe2\x82z\r\n"); /* no UTF-8 */
	put("b\xc2\x9b"
	    "31mc\xc2\x85"
	    "d\r\n");			    /* CSI and NEL in two bytes */
	put("e\xe2\x80\xaeg\x07\x7f\x01h"); /* what turns the direction round, and controls */
	assert_string_equal(look(), "a\xef\xbf\xbd\xef\xbf\xbdz\nb31mcd\negh\n");
}

static void the_second_screen_comes_and_goes(void **state)
{
	static const char *const ways[][2] = {{"\033[?1049h\033[H", "\033[?1049l"},
					      {"\033[?1047h\033[H", "\033[?1047l"},
					      {"\033[?47h\033[H", "\033[?47l"}};

	(void)state;
	put_size(20, 4);
	put("shell\r\n$ vim\r\n");
	for (int i = 0; i < 3; i++) {
		put(ways[i][0]);
		put("\033[2Jtext\r\n~\r\n~\033[4;1H-- INSERT --");
		assert_string_equal(look(), "text\n~\n~\n-- INSERT --\n");
		assert_true(screen.alternate);
		put(ways[i][1]);
		assert_string_equal(look(), "shell\n$ vim\n");
		assert_false(screen.alternate);
	}
	put("\033[?1049hlost\033c");
	assert_string_equal(look(), "");
	assert_false(screen.alternate);
	assert_cursor(0, 0);
}

static void a_scrolling_region(void **state)
{
	(void)state;
	put_size(10, 4);
	put("head\033[4;1Hfoot\033[2;3r\033[2;1H");
	for (int i = 0; i < 100; i++)
		put(i % 2 ? "odd\r\n" : "even\r\n");
	assert_string_equal(look(), "head\nodd\n\nfoot\n");
	/* the same when the region was the whole of a smaller terminal */
	put("\033[1;4r\033[H");
	put_size(10, 6);
	for (int i = 0; i < 100; i++)
		put(i % 2 ? "odd\r\n" : "even\r\n");
	put("end");
	look();
	assert_int_equal(screen.rows, 6);
	assert_true(strstr(text.buf, "end"));
}

static void a_title_in_one_line(void **state)
{
	(void)state;
	put_size(20, 4);
	put("\033]0;old\007text\033]2;new \xe2\x80\x9ctitle\033\\");
	look();
	assert_string_equal(screen.title, "new \xe2\x80\x9ctitle");
	assert_string_equal(text.buf, "text\n");
	/* pictures, requests and notes for others show nothing */
	put("\033Pq#0;2;0;0;0#0~~\033\\\033_note\033\\\033^note\033\\\033[c\033[6n\033]52;c;eA==\007");
	assert_string_equal(look(), "text\n");
	/* a string that never ends, ends with its line */
	put("\033]0;unfinished\r\nback");
	assert_string_equal(look(), "text\nback\n");
}

static void colours_and_attributes(void **state)
{
	struct screen_run run = {0};

	(void)state;
	put_size(40, 4);
	put("ab\033[1;31mcd\033[0;4;48;5;200mef\033[0;38;2;1;2;3;3;7mgh\033[mij\r\n\033[44m\033[K");
	look();
	assert_true(screen_run_next(&screen, 0, 0, &run));
	assert_int_equal(run.col, 2);
	assert_int_equal(run.cols, 2);
	assert_int_equal(run.style.flags, SCREEN_BOLD);
	assert_int_equal(run.style.fg, SCREEN_INDEX | 1);
	assert_int_equal(run.style.bg, 0);
	assert_true(screen_run_next(&screen, 0, run.col + run.cols, &run));
	assert_int_equal(run.style.flags, SCREEN_UNDERLINE);
	assert_int_equal(run.style.bg, SCREEN_INDEX | 200);
	assert_true(screen_run_next(&screen, 0, run.col + run.cols, &run));
	assert_int_equal(run.style.flags, SCREEN_ITALIC | SCREEN_REVERSE);
	assert_int_equal(run.style.fg, SCREEN_RGB | 0x010203);
	assert_false(screen_run_next(&screen, 0, run.col + run.cols, &run));
	assert_true(screen_run_next(&screen, 1, 0, &run));
	assert_int_equal(run.cols, 40);
	str_reset(&text);
	screen_draw(&screen, 0, &text);
	assert_string_equal(text.buf, "ab\033[0;1;31mcd\033[0;4;48;5;200mef\033[0;3;7;38;2;1;2;3mgh\033[0mij");
	assert_int_equal(screen_width(&screen, 1, false), 0);
	assert_int_equal(screen_width(&screen, 1, true), 40);
	/* what is drawn looks the same again */
	put("\033c");
	put(text.buf);
	look();
	str_reset(&text);
	screen_draw(&screen, 0, &text);
	assert_string_equal(text.buf, "ab\033[0;1;31mcd\033[0;4;48;5;200mef\033[0;3;7;38;2;1;2;3mgh\033[0mij");
}

static void sizes_hold_from_where_they_were_set(void **state)
{
	(void)state;
	put_size(10, 3);
	put("0123456789ab\r\n");
	put_size(20, 5);
	put("0123456789abcd\r\n");
	assert_string_equal(look(), "0123456789\nab\n0123456789abcd\n");
	assert_int_equal(screen.cols, 20);
	assert_int_equal(screen.rows, 5);
	put_size(8, 4);
	put("0123456789");
	look();
	assert_int_equal(screen.cols, 8);
	assert_true(strstr(text.buf, "01234567\n89\n"));
	/* at the end, before anything more was written */
	put_size(30, 7);
	look();
	assert_int_equal(screen.cols, 30);
	assert_int_equal(screen.rows, 7);
	/* sizes that no terminal has */
	put_size(65535, 1000000);
	look();
	assert_int_equal(screen.cols, SCREEN_COLS_MAX);
	assert_int_equal(screen.rows, SCREEN_ROWS_MAX);
	put_size(0, 0);
	put("x");
	look();
	assert_int_equal(screen.cols, SCREEN_COLS_MIN);
	assert_int_equal(screen.rows, 1);
}

static void a_size_that_came_late(void **state)
{
	(void)state;
	put("before\r\n");
	put_size(30, 5);
	assert_string_equal(look(), "before\n");
	assert_int_equal(screen.rows, 5);
}

static void behind_a_gap_the_terminal_begins_anew(void **state)
{
	(void)state;
	put_size(20, 5);
	put("\033[?1049h\033[?25l\033[31mfront\033[3;3H\033]0;half of");
	put_loss(1000);
	put("back");
	assert_string_equal(look(), "back\n");
	/* but for its modes */
	assert_true(screen.alternate);
	assert_false(screen.visible);
	assert_int_equal(screen.gap.reason, VIEW_LOST);
	assert_int_equal(screen.gap.to - screen.gap.from, 1000);
	assert_int_equal(screen.gap.count, 1000);
	assert_int_equal(screen.from, screen.gap.to);
	assert_int_equal(screen.cells[0].style.fg, 0);
	assert_null(screen.title);
	/* half a character before it, and the rest of one behind it */
	put("\xe2\x82");
	put_loss(10);
	put("\x82\xac"
	    "ac");
	assert_string_equal(look(), "\xef\xbf\xbd\xef\xbf\xbd"
				    "ac\n");
	/* a size that was set among the missing bytes */
	put_size(9, 3);
	put_loss(5);
	look();
	assert_int_equal(screen.cols, 9);
	assert_int_equal(screen.from, end);
}

static void a_freed_middle(void **state)
{
	struct index_writer w;
	char *line = malloc(4096);
	int fd;

	(void)state;
	put_size(20, 3);
	for (int i = 0; i < 100; i++) {
		snprintf(line, 4096, "line %d\r\n", i);
		put(line);
	}
	assert_int_equal(index_open_write(dir, &w, &err), 0);
	assert_int_equal(index_freed(&w, 100, end), 0);
	index_close(&w);
	fd = openat(dir, "log", O_RDWR | O_CLOEXEC);
	memset(line, 0, 4096);
	assert_int_equal(pwrite(fd, line, (size_t)end - 100, 100), (ssize_t)end - 100);
	close(fd);
	free(line);
	put("here\r\n");
	assert_string_equal(look(), "here\n");
	assert_int_equal(screen.gap.reason, VIEW_FREED);
	assert_int_equal(screen.gap.from, 100);
}

static void a_cursor_between_sequences(void **state)
{
	static const struct {
		const char *tail;
		unsigned open;
	} cases[] = {{"", 0}, {"\033", 1}, {"\033[3", 3}, {"\xe2\x82", 2}, {"\033]0;ti", 6}, {"\033]0;t\033", 6}};

	(void)state;
	put_size(20, 3);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		put("\r\n\033[mtext");
		put(cases[i].tail);
		look();
		assert_int_equal(screen.settled, end - cases[i].open);
	}
}

/* What is painted looks and behaves the same again. */
static void painted_it_is_the_same(void **state)
{
	static const char *const logs[] = {
	    "text\r\n$ ",
	    "\033]0;title\007\033[?1049h\033[?25l\033[2J\033[1;44mtop\033[m\033[5;18Hbot\033[2;4r\033[3;3H\033[3;31mx",
	    "\033[2;4r\033[?6h\033[2;2Hy\033[?7l\033[4h",
	    "wide \xe4\xbd\xa0\xe5\xa5\xbd e\xcc\x81\033[7m   \033[m\033[H",
	};

	(void)state;
	for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
		struct str paint = {0};
		struct screen before;

		put("\033c");
		put_size(20, 5);
		put(logs[i]);
		look();
		before = screen;
		screen = (struct screen){0};
		screen_paint(&before, &paint);
		put("\033c");
		put(paint.buf);
		look();
		for (unsigned c = 0; c < 20 * 5; c++) {
			/* a wide character that is not there has no second half either */
			assert_int_equal(before.cells[c].width, screen.cells[c].width);
			assert_int_equal(before.cells[c].style.flags, screen.cells[c].style.flags);
			assert_int_equal(before.cells[c].style.bg, screen.cells[c].style.bg);
			assert_int_equal(before.cells[c].chars[0] == ' ' ? 0 : before.cells[c].chars[0],
					 screen.cells[c].chars[0] == ' ' ? 0 : screen.cells[c].chars[0]);
		}
		assert_cursor(before.row, before.col);
		assert_int_equal(before.visible, screen.visible);
		assert_int_equal(before.alternate, screen.alternate);
		assert_memory_equal(&before.pen, &screen.pen, sizeof before.pen);
		assert_int_equal(before.modes.top, screen.modes.top);
		assert_int_equal(modes_on(&before.modes, 6), modes_on(&screen.modes, 6));
		assert_int_equal(modes_on(&before.modes, 7), modes_on(&screen.modes, 7));
		assert_int_equal(before.modes.insert, screen.modes.insert);
		if (before.title)
			assert_string_equal(before.title, screen.title);
		screen_done(&before);
		str_done(&paint);
	}
}

/* A log that nobody looks at twice: minutes where every line was moved through the whole terminal. */
static void long_logs_are_replayed_quickly(void **state)
{
	struct str lines = {0};
	struct timespec begin, now;
	char last[64];
	unsigned n = 0;

	(void)state;
	put_size(200, 50);
	for (unsigned total = 0; total < 64 * MIB; total += (unsigned)lines.len) {
		str_reset(&lines);
		while (lines.len < MIB)
			str_addf(&lines, "\033[3%um%u\033[m some line of output\r\n", n % 8, n), n++;
		put_bytes(lines.buf, lines.len);
	}
	str_done(&lines);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	look();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	snprintf(last, sizeof last, "\n%u some line of output\n", n - 1);
	assert_string_equal(text.buf + text.len - strlen(last), last);
	assert_int_equal(screen_height(&screen), 49);
	assert_cursor(49, 0);
	if (!getenv("HOB_SANITIZED"))
		assert_true(now.tv_sec - begin.tv_sec < 5);
}

static void what_is_too_much_is_left_out(void **state)
{
	char *block = malloc(MIB);
	int fd;

	(void)state;
	put_size(80, 24);
	put("\033[?25l");
	memset(block, 'x', MIB);
	put_bytes(block, MIB);
	free(block);
	/* a sparse file: nothing that is left out is read */
	end += (uint64_t)SCREEN_BACK_MAX * 10;
	fd = openat(dir, "log", O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, (off_t)end), 0);
	close(fd);
	put("last");
	assert_string_equal(look(), "last\n");
	assert_false(screen.visible);
	assert_int_equal(screen.gap.reason, VIEW_LEFT_OUT);
	assert_int_equal(screen.gap.to, end - SCREEN_BACK_MAX);
	assert_true(screen.gap.from >= SCREEN_FRONT_MAX);
}

#define SCREEN_TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCREEN_TEST(a_log_without_a_size_has_no_terminal),
	    SCREEN_TEST(an_empty_terminal),
	    SCREEN_TEST(lines_wrap_and_scroll),
	    SCREEN_TEST(a_cursor_goes_where_it_is_told),
	    SCREEN_TEST(wide_and_combining_characters),
	    SCREEN_TEST(bad_bytes_and_commands_in_disguise),
	    SCREEN_TEST(the_second_screen_comes_and_goes),
	    SCREEN_TEST(a_scrolling_region),
	    SCREEN_TEST(a_title_in_one_line),
	    SCREEN_TEST(colours_and_attributes),
	    SCREEN_TEST(sizes_hold_from_where_they_were_set),
	    SCREEN_TEST(a_size_that_came_late),
	    SCREEN_TEST(behind_a_gap_the_terminal_begins_anew),
	    SCREEN_TEST(a_freed_middle),
	    SCREEN_TEST(a_cursor_between_sequences),
	    SCREEN_TEST(painted_it_is_the_same),
	    SCREEN_TEST(long_logs_are_replayed_quickly),
	    SCREEN_TEST(what_is_too_much_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
