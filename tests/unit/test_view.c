/* view: which lines a page has, that it keeps its budget and names all else, gaps, and logs that change underneath. */
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
#include <inttypes.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "before_read.h"
#include "folder.h"
#include "log/view.h"

static struct str page; /* what the last read gave */
static struct view_result res;
static struct err err;

static int leave(void **state)
{
	str_done(&page);
	view_result_done(&res);
	return folder_leave(state);
}

/* Lines "line 1" to "line N". */
static void put_lines(int from, int to)
{
	struct str s = {0};

	for (int i = from; i <= to; i++)
		str_addf(&s, "line %d\n", i);
	put_log(s.buf, s.len);
	str_done(&s);
}

static void put_hole(uint64_t from, uint64_t to)
{
	int fd = openat(dir, "log", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	fstat(fd, &st);
	if ((uint64_t)st.st_size < to)
		assert_int_equal(ftruncate(fd, (off_t)to), 0);
	else /* as good as a hole, on every file system */
		for (uint64_t at = from; at < to; at++)
			assert_int_equal(pwrite(fd, "", 1, (off_t)at), 1);
	close(fd);
}

static struct index_writer index_writer(void)
{
	struct index_writer w;

	assert_int_equal(index_open_write(dir, &w, &err), 0);
	return w;
}

static int try_read(const struct view_opts *opts)
{
	str_reset(&page);
	str_add(&page, "");
	view_result_done(&res);
	return view_read(dir, opts, view_to_str, &page, &res, &err);
}

static const char *read_page(const struct view_opts *opts)
{
	assert_int_equal(try_read(opts), 0);
	return page.buf;
}

#define READ(...) read_page(&(struct view_opts){__VA_ARGS__})

/* ---- the tests ---- */

static void a_log_that_is_not_there_is_empty(void **state)
{
	(void)state;
	assert_string_equal(READ(.mode = VIEW_TAIL, .lines = 10), "");
	assert_int_equal(res.next, 0);
	assert_int_equal(res.end, 0);
	assert_string_equal(READ(.max_bytes = 16384, .name_rest = true), "");
	put_text("");
	assert_string_equal(READ(.mode = VIEW_HEAD, .lines = 10), "");
	assert_string_equal(READ(.raw = true), "");
}

static void a_log_that_is_no_file(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(dir, "log", 0700), 0);
	assert_int_equal(try_read(&(struct view_opts){0}), -EBADF);
	assert_string_equal(err.text, "the log is not a file");
	assert_int_equal(unlinkat(dir, "log", AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat("log", dir, "log"), 0);
	assert_int_equal(try_read(&(struct view_opts){0}), -ELOOP);
	assert_string_equal(err.text, "cannot open the log: Too many levels of symbolic links");
}

static void heads_tails_and_ranges(void **state)
{
	(void)state;
	put_text("one\ntwo\r\nthree\nfour");
	assert_string_equal(READ(0), "one\ntwo\nthree\nfour\n");
	assert_int_equal(res.lines, 4);
	assert_int_equal(res.from, 0);
	assert_int_equal(res.next, 19);
	assert_int_equal(res.end, 19);
	assert_string_equal(READ(.mode = VIEW_TAIL, .lines = 1), "four\n");
	assert_string_equal(READ(.mode = VIEW_TAIL, .lines = 2), "three\nfour\n");
	assert_int_equal(res.from, 9);
	assert_string_equal(READ(.mode = VIEW_TAIL, .lines = 4), "one\ntwo\nthree\nfour\n");
	assert_string_equal(READ(.mode = VIEW_TAIL, .lines = 400), "one\ntwo\nthree\nfour\n");
	assert_string_equal(READ(.mode = VIEW_TAIL, .lines = 0), "");
	assert_int_equal(res.next, 19);
	assert_string_equal(READ(.mode = VIEW_HEAD, .lines = 2), "one\ntwo\n");
	assert_int_equal(res.next, 9);
	assert_string_equal(READ(.mode = VIEW_HEAD, .lines = 0), "");
	assert_int_equal(res.next, 0);
	assert_string_equal(READ(.mode = VIEW_HEAD, .lines = 9), "one\ntwo\nthree\nfour\n");
	assert_string_equal(READ(.since = 4, .until = 9), "two\n");
	assert_string_equal(READ(.since = 5, .until = 11), "wo\nth\n");
	assert_string_equal(READ(.since = 19), "");
	assert_string_equal(READ(.since = 4, .until = 1000), "two\nthree\nfour\n");
	assert_string_equal(READ(.mode = VIEW_TAIL, .lines = 1, .since = 4, .until = 15), "three\n");
	put_text("\n");
	assert_string_equal(READ(.mode = VIEW_TAIL, .lines = 1), "four\n");
	/* the newline alone ends a line that was shown, and is none */
	assert_string_equal(READ(.since = 19), "");
	assert_int_equal(res.next, 20);
	put_text("\n");
	assert_string_equal(READ(.since = 20), "\n");
}

static void a_since_that_is_no_cursor(void **state)
{
	(void)state;
	put_text("12345\n");
	assert_int_equal(try_read(&(struct view_opts){.since = 7}), -ERANGE);
	assert_string_equal(err.text, "cursor 7 is beyond the end of the log, which is 6");
	assert_int_equal(try_read(&(struct view_opts){.since = 5, .until = 2}), -ERANGE);
	assert_string_equal(err.text, "until 2 is before since 5; the log ends at 6");
}

static void repeats_are_folded_and_blank_lines_kept(void **state)
{
	(void)state;
	put_text("x\nx\nx\n\n\ny\n\n\n\n\n\nz\n");
	assert_string_equal(READ(0), "x … ×3\n\n\ny\n … ×5\nz\n");
	assert_int_equal(res.lines, 12);
}

static void tails_reach_over_blocks(void **state)
{
	struct str s = {0};

	(void)state;
	/* lines of every length around the block of 64 KiB */
	for (size_t len = 65530; len < 65542; len++) {
		for (size_t i = 0; i < len; i++)
			str_addc(&s, 'x');
		str_addf(&s, " %zu\n", len);
	}
	put_log(s.buf, s.len);
	str_done(&s);
	for (uint64_t n = 1; n <= 13; n++) {
		READ(.mode = VIEW_TAIL, .lines = n);
		assert_int_equal(res.lines, n < 12 ? n : 12);
		assert_int_equal(res.nomitted, n < 12 ? n : 12); /* each is cut */
	}
	READ(.mode = VIEW_HEAD, .lines = 3);
	assert_int_equal(res.lines, 3);
	assert_int_equal(res.next, 65530 + 65531 + 65532 + 3 * 7);
}

static void a_budget_keeps_head_and_tail_and_names_the_middle(void **state)
{
	struct view_opts opts = {.max_bytes = 1024};

	(void)state;
	put_lines(1, 1000);
	read_page(&opts);
	assert_true(page.len <= 1024);
	assert_true(str_starts(page.buf, "line 1\nline 2\n"));
	assert_non_null(strstr(
	    page.buf, "\nline 21\n[… 938 lines (8,364 bytes) left out: --since 159 --until 8523 …]\nline 960\n"));
	assert_string_equal(page.buf + page.len - 19, "line 999\nline 1000\n");
	assert_int_equal(res.nomitted, 1);
	assert_int_equal(res.omitted[0].reason, VIEW_LEFT_OUT);
	assert_int_equal(res.omitted[0].lines, 938);
	assert_int_equal(res.omitted[0].count, 8364);
	assert_int_equal(res.lines, 62);
	assert_int_equal(res.next, res.end);
	/* a head gets more of its beginning */
	opts.mode = VIEW_HEAD;
	opts.lines = 900;
	read_page(&opts);
	assert_non_null(strstr(page.buf, "\nline 43\n["));
	assert_null(strstr(page.buf, "line 901"));
	/* what fits has no sentence */
	assert_string_equal(READ(.max_bytes = 1024, .until = 14), "line 1\nline 2\n");
}

static unsigned rnd(void)
{
	static unsigned seed = 3;

	seed = seed * 1103515245u + 12345u;
	return seed >> 16;
}

/* Whatever the budget: it is kept, and the page with its omissions filled in is the whole log. */
static void omissions_can_be_read(void **state)
{
	(void)state;
	for (int round = 0; round < 300; round++) {
		struct view_opts opts = {.max_bytes = 1024 + rnd() % 6000, .mode = round % 2 ? VIEW_HEAD : VIEW_RANGE};
		struct str log = {0}, joined = {0};
		uint64_t lines = 0;

		opts.lines = UINT64_MAX;
		for (int n = 20 + (int)(rnd() % 400), i = 0; i < n; i++) {
			str_addf(&log, "%d:", i);
			for (unsigned len = rnd() % (i % 7 ? 30 : 100); len > 0; len--)
				str_add(&log, len % 5 ? "x" : "€");
			str_addc(&log, '\n');
			lines++;
		}
		unlinkat(dir, "log", 0);
		put_log(log.buf, log.len);
		read_page(&opts);
		assert_true(page.len <= opts.max_bytes);
		assert_true(res.nomitted <= 1);
		if (res.nomitted == 1) {
			struct view_omission om = res.omitted[0];
			char *mark = strstr(page.buf, "[… ");
			char *back = strchr(mark, '\n') + 1;

			assert_int_equal(om.lines + res.lines, lines);
			str_addn(&joined, page.buf, (size_t)(mark - page.buf));
			assert_int_equal(joined.len, om.from);
			str_addn(&joined, log.buf + om.from, om.to - om.from);
			str_add(&joined, back);
			assert_string_equal(joined.buf, log.buf);
			assert_true(page.len > opts.max_bytes / 2 - 300); /* nor is it wasted */
		} else {
			assert_string_equal(page.buf, log.buf);
		}
		str_done(&log);
		str_done(&joined);
	}
}

static void small_budgets_still_say_what_is_missing(void **state)
{
	(void)state;
	put_lines(1, 1000);
	for (size_t max = 1; max < 1024; max += 31) {
		READ(.max_bytes = max);
		assert_non_null(strstr(page.buf, " left out: --since "));
		assert_true(page.len <= max + 160);
	}
}

static void long_lines_name_what_was_cut(void **state)
{
	struct str log = {0};
	char want[200];

	(void)state;
	str_add(&log, "short\n");
	for (int i = 0; i < 5000; i++)
		str_addf(&log, "%d", i % 10);
	str_add(&log, "\nend\n");
	put_log(log.buf, log.len);
	str_done(&log);
	READ(0);
	assert_non_null(strstr(page.buf, "6789 [… 3,000 characters cut: --since 2006 --until 5007 …]\nend\n"));
	assert_int_equal(res.omitted[0].reason, VIEW_CUT);
	READ(.since = 2006, .until = 5007);
	snprintf(want, sizeof want, "9 [… 1,000 characters cut: --since 4006 --until 5007 …]\n");
	assert_string_equal(page.buf + page.len - strlen(want), want);
	READ(.since = 4006, .until = 5007);
	assert_int_equal(page.len, 1001);
	/* a budget makes room for more than one line */
	READ(.max_bytes = 4096);
	assert_true(str_starts(page.buf, "short\n0123"));
	assert_non_null(strstr(page.buf, " cut: --since 518 --until 5007 …]\nend\n"));
}

static void progress_bars_cost_little(void **state)
{
	struct str log = {0};

	(void)state;
	str_add(&log, "start\n");
	for (int i = 1; i <= 200000; i++)
		str_addf(&log, "\r\x1b[K%3d%% [%-20.*s]", i / 2000, i / 10000, "####################");
	put_log(log.buf, log.len);
	str_done(&log);
	READ(.mode = VIEW_TAIL, .lines = 100, .max_bytes = VIEW_AGENT_BYTES);
	assert_non_null(
	    strstr(page.buf, "100% [####################] [… 199,999 redraws: --raw --since 6 --until 6200006 …]\n"));
	assert_true(page.len < 500);
	assert_int_equal(res.omitted[0].reason, VIEW_REDRAWN);
}

static bool ends_with(const char *text, const char *end)
{
	return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

/* 200,000 updates of four bars. */
static void put_bars(void)
{
	struct str log = {0};

	str_add(&log, "start\n");
	for (int i = 1; i <= 50000; i++) {
		str_add(&log, i == 1 ? "" : "\x1b[4A");
		for (int bar = 1; bar <= 4; bar++)
			str_addf(&log, "\x1b[2K\rlayer %d: %3d%% [%-20.*s]\n", bar, i / 500, i / 2500,
				 "####################");
	}
	str_add(&log, "end\n");
	put_log(log.buf, log.len);
	str_done(&log);
}

static void bars_of_many_rows_cost_little(void **state)
{
	(void)state;
	put_bars();
	READ(.mode = VIEW_TAIL, .lines = 100, .max_bytes = VIEW_AGENT_BYTES, .name_rest = true);
	assert_true(page.len < 500);
	assert_non_null(strstr(page.buf, "\nlayer 1: 100% [####################]\nlayer 2: 100% [####################]"
					 "\nlayer 3: 100% [####################]\nlayer 4: 100% [####################]"
					 " [… "));
	assert_non_null(strstr(page.buf, " redraws: --raw --since "));
	assert_true(ends_with(page.buf, " …]\nend\n"));
	assert_true(str_starts(page.buf, "start\nlayer 1: 100%"));
	assert_int_equal(res.nomitted, 1);
	assert_int_equal(res.omitted[0].count, 4 * 49999);
	assert_int_equal(res.omitted[0].from, 6);
}

static void a_tail_counts_redrawn_rows_once(void **state)
{
	struct str log = {0};

	(void)state;
	for (int i = 1; i <= 200; i++)
		str_addf(&log, "line %d\n", i);
	for (int i = 0; i < 500; i++)
		str_addf(&log, "%sa %d\nb %d\n", i ? "\x1b[2A" : "", i, i);
	str_add(&log, "end\n");
	put_log(log.buf, log.len);
	str_done(&log);
	READ(.mode = VIEW_TAIL, .lines = 5, .name_rest = true);
	assert_non_null(strstr(page.buf, "198 lines ("));
	assert_non_null(strstr(page.buf, "…]\nline 199\nline 200\na 499\nb 499 [… 998 redraws: "));
	assert_true(ends_with(page.buf, " …]\nend\n"));
	assert_int_equal(res.lines, 5);
	assert_string_equal(READ(.mode = VIEW_TAIL, .lines = 1), "end\n");
	assert_string_equal(READ(.mode = VIEW_TAIL, .lines = 2), "b 499\nend\n");
	/* where it begins, it can be read from */
	READ(.mode = VIEW_TAIL, .lines = 4);
	assert_true(str_starts(page.buf, "line 200\n"));
	READ(.since = res.from);
	assert_true(str_starts(page.buf, "line 200\na 499\nb 499 [… "));
}

static void gaps_are_named_and_never_read(void **state)
{
	struct index_writer w = index_writer();

	(void)state;
	put_lines(1, 100); /* 792 bytes */
	put_hole(345, 501);
	index_freed(&w, 345, 501);
	index_close(&w);
	READ(0);
	assert_non_null(
	    strstr(page.buf, "\nline 44\nli\n[… 156 bytes no longer kept: cursors 345 to 501 …]\n4\nline 65\n"));
	assert_int_equal(res.nomitted, 1);
	/* a since in the gap says so and goes on behind it */
	assert_string_equal(READ(.since = 400, .until = 510),
			    "[… 101 bytes no longer kept: cursors 400 to 501 …]\n4\nline 65\n");
	assert_string_equal(READ(.since = 400, .until = 450), "[… 50 bytes no longer kept: cursors 400 to 450 …]\n");
	assert_int_equal(res.next, 450);
	READ(.since = 345);
	assert_true(str_starts(page.buf, "[… 156 bytes no longer kept: cursors 345 to 501 …]\n4\nline 65\n"));
	/* a tail reaches over it */
	READ(.mode = VIEW_TAIL, .lines = 38);
	assert_true(str_starts(page.buf, "line 44\nli\n[…"));
	/* raw says it in the result only */
	READ(.raw = true);
	assert_int_equal(page.len, 792 - 156);
	assert_null(memchr(page.buf, 0, page.len));
	assert_int_equal(res.nomitted, 1);
	assert_int_equal(res.omitted[0].reason, VIEW_FREED);
	assert_int_equal(res.omitted[0].count, 156);
}

static void a_gap_in_the_middle_of_a_budget_keeps_its_own_sentence(void **state)
{
	struct index_writer w = index_writer();

	(void)state;
	put_lines(1, 1000);
	put_hole(3000, 4000);
	index_freed(&w, 3000, 4000);
	index_close(&w);
	READ(.max_bytes = 1024);
	assert_true(page.len <= 1024);
	assert_non_null(strstr(page.buf, "[… 1,000 bytes no longer kept: cursors 3000 to 4000 …]\n"));
	assert_int_equal(res.nomitted, 3);
	assert_int_equal(res.omitted[0].to, 3000);
	assert_int_equal(res.omitted[2].from, 4000);
}

static void losses_are_named_at_the_end_too(void **state)
{
	struct index_writer w = index_writer();

	(void)state;
	put_text("before\nhalf a li");
	index_loss(&w, 16, 116, 1);
	assert_string_equal(READ(0), "before\nhalf a li\n[… 100 bytes lost, the disk was full: cursors 16 to 116 …]\n");
	assert_int_equal(res.end, 116);
	assert_int_equal(res.next, 116);
	put_hole(16, 116);
	put_text("after\n");
	index_mark(&w, 122, 100, 2);
	assert_string_equal(READ(.mode = VIEW_TAIL, .lines = 2),
			    "before\nhalf a li\n[… 100 bytes lost, the disk was full: cursors 16 to 116 …]\nafter\n");
	assert_int_equal(res.end, 122);
	assert_int_equal(res.omitted[0].reason, VIEW_LOST);
	index_close(&w);
}

static void the_rest_is_named_when_asked_for(void **state)
{
	struct index_writer w = index_writer();

	(void)state;
	put_lines(1, 10); /* 71 bytes */
	put_hole(14, 21);
	index_freed(&w, 14, 21);
	index_close(&w);
	assert_string_equal(READ(.mode = VIEW_TAIL, .lines = 1, .name_rest = true),
			    "[… 2 lines (14 bytes) left out: --since 0 --until 14 …]\n"
			    "[… 7 bytes no longer kept: cursors 14 to 21 …]\n"
			    "[… 6 lines (42 bytes) left out: --since 21 --until 63 …]\nline 10\n");
	assert_string_equal(READ(.mode = VIEW_HEAD, .lines = 1, .name_rest = true),
			    "line 1\n"
			    "[… 1 line (7 bytes) left out: --since 7 --until 14 …]\n"
			    "[… 7 bytes no longer kept: cursors 14 to 21 …]\n"
			    "[… 7 lines (50 bytes) left out: --since 21 --until 71 …]\n");
	assert_int_equal(res.next, 7);
}

/* Two reads that meet anywhere, in an escape or a character too, show everything once. */
static void reads_meet_anywhere(void **state)
{
	static const char raw[] = "\x1b[1;31mr\xc3\xa4"
				  "d \xe2\x82\xac\x1b]0;title\a\x1b(B.\x1b[0m\nlast\xf0\x9f\x98\x80\n";
	size_t len = sizeof raw - 1;

	(void)state;
	put_log(raw, len);
	for (size_t k = 1; k < len; k++) {
		struct str both = {0};
		char *to;

		READ(.until = k);
		assert_int_equal(res.next, k);
		str_add(&both, page.buf);
		READ(.since = k);
		str_add(&both, page.buf);
		to = both.buf;
		for (char *p = both.buf; *p; p++)
			if (*p != '\n')
				*to++ = *p;
		*to = '\0';
		assert_string_equal(both.buf, "r\xc3\xa4"
					      "d \xe2\x82\xac.last\xf0\x9f\x98\x80");
		str_done(&both);
	}
}

static void half_a_character_at_the_end(void **state)
{
	(void)state;
	put_text("a\xe2\x82");
	assert_string_equal(READ(0), "a\n");
	assert_string_equal(READ(.ended = true), "a\xef\xbf\xbd\n");
	put_text("\xac!\n");
	assert_string_equal(READ(.since = 3), "€!\n");
}

static void times_stand_before_lines(void **state)
{
	struct index_writer w = index_writer();
	struct timespec at[2] = {{.tv_sec = 3600}, {.tv_sec = 3600 * 5 + 59, .tv_nsec = 7000000}};
	const int64_t noon = 1700000000000 / 86400000 * 86400000 + 43200000;

	(void)state;
	put_text("one\ntwo\nthree\n");
	index_mark(&w, 4, noon, 1);
	index_mark(&w, 8, noon + 61234, 2);
	assert_int_equal(utimensat(dir, "log", at, 0), 0);
	/* behind the last mark it is the time at which the log was last written */
	assert_string_equal(READ(.time = VIEW_TIME_UTC), "12:00:00.000 one\n12:01:01.234 two\n05:00:59.007 three\n");
	setenv("TZ", "XXX-02:30", 1);
	tzset();
	assert_string_equal(READ(.time = VIEW_TIME_LOCAL), "14:30:00.000 one\n14:31:01.234 two\n07:30:59.007 three\n");
	unsetenv("TZ");
	index_close(&w);
}

static void raw_bytes_and_their_budget(void **state)
{
	static const char raw[] = "a\0b\x1b[31m\xff\r\n0123456789";

	(void)state;
	put_log(raw, sizeof raw - 1);
	READ(.raw = true);
	assert_int_equal(page.len, sizeof raw - 1);
	assert_memory_equal(page.buf, raw, sizeof raw - 1);
	assert_string_equal(READ(.raw = true, .mode = VIEW_TAIL, .lines = 1), "0123456789");
	assert_string_equal(READ(.raw = true, .mode = VIEW_TAIL, .lines = 1, .max_bytes = 4), "6789");
	assert_int_equal(res.nomitted, 1);
	assert_int_equal(res.omitted[0].count, 6);
	assert_string_equal(READ(.raw = true, .since = 11, .max_bytes = 4), "0123");
	assert_int_equal(res.next, 15);
	assert_string_equal(READ(.raw = true, .since = res.next, .max_bytes = 400), "456789");
}

static void an_index_that_cannot_be_read(void **state)
{
	int fd;

	(void)state;
	put_text("one\n");
	fd = openat(dir, INDEX_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	for (int i = 0; i < 10; i++)
		assert_int_equal(write(fd, "nonsense at length, ", 20), 20);
	assert_string_equal(READ(0), "one\n");
	assert_int_equal(pwrite(fd, "hobindex\x09", 10, 0), 10);
	assert_int_equal(try_read(&(struct view_opts){0}), -ENOTSUP);
	assert_non_null(strstr(err.text, "newer hob"));
	close(fd);
}

static int stop_at_two(void *arg, const char *text, size_t len)
{
	int *n = arg;

	(void)text;
	(void)len;
	return ++*n == 2 ? -EPIPE : 0;
}

static void emit_stops_the_view(void **state)
{
	int n = 0;

	(void)state;
	put_lines(1, 100);
	assert_int_equal(view_read(dir, &(struct view_opts){0}, stop_at_two, &n, &res, &err), -EPIPE);
	assert_int_equal(n, 2);
	n = 0;
	assert_int_equal(view_read(dir, &(struct view_opts){.max_bytes = 9999}, stop_at_two, &n, &res, &err), -EPIPE);
	assert_int_equal(n, 2);
}

/* A log of many times the budget is not read whole, and still counted. */
static void a_dull_middle_is_skipped(void **state)
{
	struct index_writer w = index_writer();
	struct str block = {0};
	uint64_t lines = 0, end = 0;
	struct timespec a, b;

	(void)state;
	for (int i = 0; i < 8192; i++)
		str_addf(&block, "%0127d\n", i);
	for (int mib = 0; mib < 100; mib++) {
		put_log(block.buf, block.len);
		end += block.len;
		index_mark(&w, end, mib * 100, lines += 8192);
	}
	str_done(&block);
	clock_gettime(CLOCK_MONOTONIC, &a);
	READ(.max_bytes = 4096);
	clock_gettime(CLOCK_MONOTONIC, &b);
	assert_true(page.len <= 4096);
	assert_int_equal(res.nomitted, 1);
	assert_int_equal(res.omitted[0].lines + res.lines, lines);
	assert_int_equal(res.next, end);
	index_close(&w);
	/* without an index nobody counts that far, and so no number is told */
	unlinkat(dir, INDEX_FILE, 0);
	READ(.max_bytes = 4096);
	assert_int_equal(res.omitted[0].lines, 0);
	assert_non_null(strstr(page.buf, " bytes left out: --since "));
}

static void a_line_without_end_is_bounded_work(void **state)
{
	char *block = malloc(MIB);

	(void)state;
	memset(block, 'x', MIB);
	put_text("first\n");
	for (int i = 0; i < 40; i++)
		put_log(block, MIB);
	free(block);
	READ(.mode = VIEW_TAIL, .lines = 1, .max_bytes = VIEW_AGENT_BYTES);
	/* what was not looked at is named as well */
	assert_int_equal(res.nomitted, 2);
	assert_int_equal(res.omitted[0].from, 0);
	assert_int_equal(res.omitted[0].to, res.from);
	assert_int_equal(res.omitted[1].to, res.end);
	READ(.mode = VIEW_HEAD, .lines = 2);
	assert_true(str_starts(page.buf, "first\nxxx"));
	assert_int_equal(res.omitted[1].to, res.end);
}

static void following_gives_each_line_once(void **state)
{
	struct view_opts opts = {.mode = VIEW_TAIL, .lines = 1};
	struct str got = {0};
	struct index_writer w = index_writer();
	struct view *v = view_open(dir, &opts, view_to_str, &got, &err);

	(void)state;
	assert_non_null(v); /* there is no log yet */
	assert_int_equal(view_step(v, &err), 0);
	put_text("one\ntwo\ntw");
	assert_int_equal(view_step(v, &err), 0);
	assert_string_equal(got.buf, "one\ntwo\n");
	put_text("o\nthr\xe2");
	view_step(v, &err);
	assert_string_equal(got.buf, "one\ntwo\ntwo\n");
	view_step(v, &err);
	put_text("\x82\xac");
	index_loss(&w, 18, 40, 1);
	view_step(v, &err);
	put_hole(18, 40);
	put_text("end");
	view_step(v, &err);
	view_finish(v, &err);
	assert_string_equal(got.buf,
			    "one\ntwo\ntwo\nthr€\n[… 22 bytes lost, the disk was full: cursors 18 to 40 …]\nend\n");
	assert_int_equal(view_cursor(v), 43);
	view_close(v);
	str_done(&got);
	opts.raw = true;
	opts.lines = 2;
	v = view_open(dir, &opts, view_to_str, &got, &err);
	put_text("\x1b[m");
	view_step(v, &err);
	assert_string_equal(got.buf, "two\nthr€end\x1b[m");
	view_close(v);
	str_done(&got);
	index_close(&w);
}

static void move_window(void)
{
	struct index_writer w = index_writer();

	index_freed(&w, 100, 200);
	put_hole(100, 200);
	index_close(&w);
}

/* The keeper tells a hole before it punches it; a read that began before sees that it came too late. */
static void a_window_that_moves_over_a_read(void **state)
{
	struct view_opts opts = {.raw = true};

	(void)state;
	for (int raw = 0; raw < 2; raw++) {
		unlinkat(dir, "log", 0);
		unlinkat(dir, INDEX_FILE, 0);
		put_lines(1, 100);
		opts.raw = raw;
		before_read = move_window;
		read_page(&opts);
		assert_null(memchr(page.buf, 0, page.len));
		assert_int_equal(res.nomitted, 1);
		assert_int_equal(res.omitted[0].reason, VIEW_FREED);
		assert_int_equal(res.omitted[0].from, 100);
		assert_int_equal(res.omitted[0].to, 200);
	}
}

static void fill_disk(void)
{
	struct index_writer w = index_writer();

	index_loss(&w, 151, 300, 1);
	put_hole(151, 300);
	index_close(&w);
}

/* A disk that is full while a follower reads: what is lost is missed no later than by the next look. */
static void a_loss_that_is_told_during_a_read(void **state)
{
	struct view_opts opts = {.raw = true};
	struct str got = {0};
	struct view *v;

	(void)state;
	put_lines(1, 20);
	v = view_open(dir, &opts, view_to_str, &got, &err);
	before_read = fill_disk;
	view_step(v, &err);
	assert_int_equal(got.len, 151);
	put_text("end\n");
	view_step(v, &err);
	assert_string_equal(got.buf + 151, "end\n");
	view_close(v);
	str_done(&got);
}

/* Writes, punches and truncates as fast as it can until it is killed. */
static void disturb(void)
{
	struct index_writer w = index_writer();
	int fd = openat(dir, "log", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char block[4096];

	memset(block, 'y', sizeof block);
	for (size_t i = 0; i < sizeof block; i += 64)
		block[i] = '\n';
	for (;;) {
		uint64_t end = 0;

		for (int i = 0; i < 600; i++) {
			(void)!pwrite(fd, block, sizeof block, (off_t)end);
			end += sizeof block;
			index_mark(&w, end, (int64_t)end, end / 64);
			if (end > 65536 * 2 && i % 16 == 0) {
				uint64_t to = (end - 65536) / 4096 * 4096;

				index_freed(&w, 65536, to);
				fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 65536, (off_t)to - 65536);
			}
		}
		/* never in hob's own life: somebody empties the file */
		index_freed(&w, 0, 0);
		(void)!ftruncate(fd, 0);
	}
}

static int no_nul(void *arg, const char *text, size_t len)
{
	int *nuls = arg;

	*nuls += memchr(text, 0, len) != NULL;
	return 0;
}

static void a_log_that_changes_underneath(void **state)
{
	struct timespec begin, now;
	int nuls = 0, reads = 0;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		disturb();
		_exit(0);
	}
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		struct view_opts opts = {
		    .mode = (enum view_mode)(reads % 3),
		    .lines = rnd() % 5000,
		    .max_bytes = reads % 2 ? 5000 : 0,
		    .raw = reads % 5 == 0,
		    .name_rest = reads % 7 == 0,
		};
		struct view_result r = {0};
		int rc = view_read(dir, &opts, no_nul, &nuls, &r, &err);

		if (rc)
			print_error("%s\n", err.text);
		assert_int_equal(rc, 0);
		assert_true(r.next <= r.end);
		view_result_done(&r);
		reads++;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - begin.tv_sec < 2);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_true(reads > 10);
	/* Emptying the file is not announced, so a read that began before may meet a hole after; else there is none. */
	assert_true(nuls <= reads / 10);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_enter, leave)
	const struct CMUnitTest tests[] = {
	    TEST(a_log_that_is_not_there_is_empty),
	    TEST(a_log_that_is_no_file),
	    TEST(heads_tails_and_ranges),
	    TEST(a_since_that_is_no_cursor),
	    TEST(repeats_are_folded_and_blank_lines_kept),
	    TEST(tails_reach_over_blocks),
	    TEST(a_budget_keeps_head_and_tail_and_names_the_middle),
	    TEST(omissions_can_be_read),
	    TEST(small_budgets_still_say_what_is_missing),
	    TEST(long_lines_name_what_was_cut),
	    TEST(progress_bars_cost_little),
	    TEST(bars_of_many_rows_cost_little),
	    TEST(a_tail_counts_redrawn_rows_once),
	    TEST(gaps_are_named_and_never_read),
	    TEST(a_gap_in_the_middle_of_a_budget_keeps_its_own_sentence),
	    TEST(losses_are_named_at_the_end_too),
	    TEST(the_rest_is_named_when_asked_for),
	    TEST(reads_meet_anywhere),
	    TEST(half_a_character_at_the_end),
	    TEST(times_stand_before_lines),
	    TEST(raw_bytes_and_their_budget),
	    TEST(an_index_that_cannot_be_read),
	    TEST(emit_stops_the_view),
	    TEST(a_dull_middle_is_skipped),
	    TEST(a_line_without_end_is_bounded_work),
	    TEST(following_gives_each_line_once),
	    TEST(a_window_that_moves_over_a_read),
	    TEST(a_loss_that_is_told_during_a_read),
	    TEST(a_log_that_changes_underneath),
	};

	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
