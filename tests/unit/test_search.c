/* search: which lines are found, whatever escapes, blocks and cursors lie between; context, counts and budgets; what is
 * missing, and logs that change underneath. */
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
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/regex.h"
#include "base/str.h"
#include "before_read.h"
#include "folder.h"
#include "log/clean.h"
#include "log/search.h"

static struct str page; /* what the last search gave */
static struct search_result res;
static struct err err;

static int leave(void **state)
{
	str_done(&page);
	search_result_done(&res);
	before_read = NULL;
	return folder_leave(state);
}

/* Zeros, as a hole reads. */
static void put_hole(uint64_t from, uint64_t to)
{
	int fd = openat(dir, "log", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	char *zeros = xcalloc(1, to - from);

	assert_int_equal(pwrite(fd, zeros, to - from, (off_t)from), to - from);
	free(zeros);
	close(fd);
}

static void truncate_log(uint64_t to)
{
	int fd = openat(dir, "log", O_RDWR | O_CLOEXEC);

	assert_int_equal(ftruncate(fd, (off_t)to), 0);
	close(fd);
}

static int try_search(const struct search_opts *opts)
{
	str_reset(&page);
	str_add(&page, "");
	search_result_done(&res);
	return search_read(dir, opts, view_to_str, &page, &res, &err);
}

static const char *search_page(const struct search_opts *opts)
{
	int rc = try_search(opts);

	if (rc)
		fprintf(stderr, "%s\n", err.text);
	assert_int_equal(rc, 0);
	return page.buf;
}

#define SEARCH(...) search_page(&(struct search_opts){.pattern = __VA_ARGS__})

/* ---- what is found ---- */

static void matches_with_number_and_cursor(void **state)
{
	(void)state;
	assert_string_equal(SEARCH("x"), "");
	assert_int_equal(res.matches, 0);
	put_text("one\ntwo\nthree\nfour");
	assert_string_equal(SEARCH("t"), "2:4:two\n3:8:three\n");
	assert_int_equal(res.matches, 2);
	assert_int_equal(res.page.lines, 2);
	assert_int_equal(res.page.next, 18);
	assert_string_equal(SEARCH("^(one|four)$"), "1:0:one\n4:14:four\n");
	assert_string_equal(SEARCH("T", .icase = true, .since = 5, .until = 12), "3:8:thre\n");
	assert_string_equal(SEARCH("o$", .since = 5), "2:5:wo\n");
	assert_string_equal(SEARCH("nothing"), "");
	assert_string_equal(SEARCH("", .since = 14), "4:14:four\n");
}

static void a_bad_pattern_and_a_bad_range_are_told(void **state)
{
	(void)state;
	put_text("12345\n");
	assert_int_equal(try_search(&(struct search_opts){.pattern = "a("}), -EINVAL);
	assert_string_equal(err.text, "bad pattern, character 3: missing closing parenthesis: a(<-- HERE");
	assert_int_equal(try_search(&(struct search_opts){.pattern = "a", .since = 7}), -ERANGE);
	assert_string_equal(err.text, "cursor 7 is beyond the end of the log, which is 6");
}

static void words_are_found_through_escapes_and_redraws(void **state)
{
	(void)state;
	put_text("plain\n\033[31mer\033[0mror\n 10%\r100%\nab\bc\nover\rwritten\n\xff!\nplain\n");
	assert_string_equal(SEARCH("error"), "2:6:error\n");
	assert_string_equal(SEARCH("\\["), "");
	assert_string_equal(SEARCH("10%"), "");
	assert_string_equal(SEARCH("00%"), "3:21:100%\n");
	assert_string_equal(SEARCH("ac"), "4:31:ac\n");
	assert_string_equal(SEARCH("\xef\xbf\xbd"), "6:49:\xef\xbf\xbd!\n");
	assert_string_equal(SEARCH("^plain$"), "1:0:plain\n7:52:plain\n");
}

static void identical_neighbours_are_folded(void **state)
{
	(void)state;
	put_text("x\nx\ny\nx\nx\nx\n");
	assert_string_equal(SEARCH("x"), "1:0:x … ×2\n4:6:x … ×3\n");
	assert_int_equal(res.matches, 5);
	assert_int_equal(res.page.lines, 5);
}

/* ---- against a search that is too simple to be wrong ---- */

static unsigned seed = 1;

static unsigned dice(unsigned below)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 8) % below;
}

static void random_log(struct str *log, size_t len)
{
	static const char *const parts[] = {
	    "ab",   "err",  "or",	    " ",      "x1",   "\xc3\xa9", "\t",	  "\033[31m", "\033[0m", "\r", "\b",
	    "\xff", "\xc3", "\033]0;t\007", "\033[K", "\x01", "\xc2\x85", "\r\n", "12",	      "error"};
	unsigned odd = dice(3) == 0 ? 20 : dice(2) ? 7 : 0; /* how many of them appear */

	str_reset(log);
	while (log->len < len) {
		if (dice(6) == 0)
			str_addc(log, '\n');
		else if (odd == 0 || dice(400))
			str_add(log, parts[dice(dice(50) ? 7 : odd ? odd : 7)]);
		else
			for (unsigned n = dice(80000); n > 0; n--)
				str_add(log, n % 100 ? "y" : "\n");
	}
}

struct oracle {
	const struct str *log;
	struct regex *re;
	struct str out;
	uint64_t counted; /* newlines are counted up to here */
	uint64_t number;
	uint64_t end; /* of the last match */
	struct str last;
};

static int oracle_line(void *arg, const struct clean_line *line)
{
	struct oracle *o = arg;
	size_t from, to;

	for (; o->counted < line->from; o->counted++)
		o->number += o->log->buf[o->counted] == '\n';
	if (!regex_match(o->re, line->text, line->len, 0, &from, &to))
		return 0;
	if (o->last.len != line->len || o->end != line->from || memcmp(o->last.buf, line->text, line->len) != 0)
		str_addf(&o->out, "%" PRIu64 ":%" PRIu64, o->number, line->from);
	str_addf(&o->out, ":%s\n", line->text);
	str_reset(&o->last);
	str_add(&o->last, line->text);
	o->end = line->to;
	return 0;
}

static void as_oracle(void *arg, const struct search_line *line, struct str *out)
{
	(void)arg;
	str_addf(out, "%" PRIu64 ":%" PRIu64, line->number, line->from);
	for (uint64_t i = 0; i < line->times; i++)
		str_addf(out, ":%.*s\n", (int)line->len, line->text);
}

static void check_against_oracle(const struct str *log, const char *pattern, uint64_t since, uint64_t until)
{
	struct search_opts opts = {
	    .pattern = pattern, .since = since, .until = until, .ended = true, .format = as_oracle};
	struct oracle o = {.log = log, .number = 1, .end = UINT64_MAX};
	struct clean *c = clean_new(&(struct clean_opts){.from = since, .line_max = 1 << 20}, oracle_line, &o);

	assert_int_equal(regex_compile(pattern, 0, &err, &o.re), 0);
	clean_feed(c, log->buf, until);
	clean_finish(c, until == log->len);
	str_add(&o.out, "");
	search_page(&opts);
	if (strcmp(page.buf, o.out.buf) != 0) {
		size_t same = 0;

		while (page.buf[same] == o.out.buf[same])
			same++;
		fail_msg("seed %u, /%s/ from %" PRIu64 " to %" PRIu64 ": \"%.200s\" instead of \"%.200s\"", seed,
			 pattern, since, until, page.buf + same, o.out.buf + same);
	}
	assert_int_equal(res.page.next, until);
	clean_free(c);
	regex_free(o.re);
	str_done(&o.out);
	str_done(&o.last);
}

static void finds_what_a_simple_search_finds(void **state)
{
	static const char *const patterns[] = {"error",	 "^ab",	     "1$",     "^$",	   "[^x]*12",
					       "\\s+x",	 "(?<!r)or", "",       "(ab|x1)+", "\\x{e9}",
					       "r\\s*e", "a++b",     "\\W{3}", "err.*12",  "(?!\\s)x1$"};
	struct str log = {0};

	(void)state;
	for (int round = 0; round < 30; round++) {
		random_log(&log, round % 10 == 0 ? 200000 : 1 + dice(3000));
		folder_empty();
		put_log(log.buf, log.len);
		for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
			uint64_t since = dice(2) ? dice((unsigned)log.len) : 0;
			uint64_t until = dice(2) ? since + 1 + dice((unsigned)(log.len - since)) : log.len;

			check_against_oracle(&log, patterns[i], since, until);
		}
	}
	str_done(&log);
}

/* ---- which of them are shown ---- */

/* 3,000 lines, of which some match /hit/; also of them coloured. RET: which. */
static void put_hits(bool *ret, unsigned rarity)
{
	struct str log = {0};

	for (int i = 0; i < 3000; i++) {
		ret[i] = dice(rarity) == 0;
		str_addf(&log, "%d %s%s %0*d\n", i, dice(300) ? "" : "\033[1m", ret[i] ? "hit" : "no",
			 10 + (int)dice(100), 0);
	}
	folder_empty();
	put_log(log.buf, log.len);
	str_done(&log);
}

static void only_number(void *arg, const struct search_line *line, struct str *out)
{
	(void)arg;
	assert_int_equal(atoi(line->text) + 1, line->number);
	str_addf(out, "%s%" PRIu64 "%s\n", line->divided ? "--\n" : "", line->number, line->match ? "" : "-");
}

/* What grep -C CONTEXT shows of the hits FIRST to LAST. */
static void expect_groups(struct str *out, const bool *hits, int first, int last, int context)
{
	int shown = -1;

	str_reset(out);
	str_add(out, "");
	for (int i = 0; i < 3000; i++) {
		bool hit = hits[i] && i >= first && i <= last, near = hit;

		for (int k = i - context; k <= i + context && !near; k++)
			near = k >= 0 && k < 3000 && k >= first && k <= last && hits[k];
		if (!near)
			continue;
		if (context > 0 && shown >= 0 && shown != i - 1)
			str_add(out, "--\n");
		str_addf(out, "%d%s\n", i + 1, hit ? "" : "-");
		shown = i;
	}
}

/* The sentences around what is shown are checked elsewhere. */
static void drop_notes(void)
{
	char *last = page.len > 1 ? memrchr(page.buf, '\n', page.len - 1) : NULL;

	if (last && str_starts(last + 1, "[…"))
		last[1] = '\0';
	else if (str_starts(page.buf, "[…") && !last)
		page.buf[0] = '\0';
	if (str_starts(page.buf, "[…"))
		memmove(page.buf, strchr(page.buf, '\n') + 1, strlen(strchr(page.buf, '\n')));
}

static void context_first_and_last_are_as_grep_has_them(void **state)
{
	static bool hits[3000];
	struct str expected = {0};

	(void)state;
	for (int round = 0; round < 40; round++) {
		struct search_opts opts = {.pattern = round % 2 ? "hit" : "(?=h)hit", .format = only_number};
		int n = (int)dice(30), count = 0, first = 0, last = 2999;

		put_hits(hits, 2 + dice(200));
		opts.context = dice(3) ? dice(6) : 0;
		opts.mode = (enum search_mode)dice(3);
		opts.matches = (uint64_t)n;
		if (opts.mode == SEARCH_FIRST)
			for (last = 0; last < 3000 && (count += hits[last]) < n; last++)
				;
		if (opts.mode == SEARCH_LAST)
			for (first = 2999; first >= 0 && (count += hits[first]) < n; first--)
				;
		if (opts.mode != SEARCH_ALL && n == 0)
			last = first - 1;
		expect_groups(&expected, hits, first, last, (int)opts.context);
		search_page(&opts);
		drop_notes();
		assert_string_equal(page.buf, expected.buf);
	}
	str_done(&expected);
}

static void what_is_left_out_is_named(void **state)
{
	(void)state;
	put_text("hit 1\nno\nhit 2\nhit 3\nno\nhit 4\n");
	assert_string_equal(SEARCH("hit", .mode = SEARCH_LAST, .matches = 2),
			    "[… 2 matches left out: -g with --since 0 --until 15 …]\n4:15:hit 3\n6:24:hit 4\n");
	assert_int_equal(res.matches, 4);
	assert_int_equal(res.page.lines, 2);
	assert_string_equal(SEARCH("hit", .mode = SEARCH_FIRST, .matches = 2),
			    "1:0:hit 1\n3:9:hit 2\n[… 15 bytes not searched: -g with --since 15 --until 30 …]\n");
	assert_int_equal(res.page.next, 15);
	assert_string_equal(SEARCH("hit", .mode = SEARCH_FIRST, .matches = 4),
			    "1:0:hit 1\n3:9:hit 2\n4:15:hit 3\n6:24:hit 4\n");
	assert_int_equal(res.page.next, 30);
	assert_int_equal(res.page.nomitted, 0);
}

static void a_budget_keeps_head_and_tail_and_counts_the_middle(void **state)
{
	struct str log = {0};
	uint64_t from, to, left;
	const char *note;

	(void)state;
	for (int i = 0; i < 10000; i++)
		str_addf(&log, "%s %d\n", i % 2 ? "hit" : "no", i);
	put_log(log.buf, log.len);
	SEARCH("hit", .max_bytes = 2000);
	assert_true(page.len <= 2000);
	assert_int_equal(res.matches, 5000);
	assert_true(str_starts(page.buf, "2:5:hit 1\n4:16:hit 3\n"));
	assert_non_null(strstr(page.buf, ":hit 9999\n"));
	note = strstr(page.buf, "[…");
	assert_int_equal(sscanf(note, "[… 4,%" SCNu64 " matches left out: -g with --since %" SCNu64 " --until %" SCNu64,
				&left, &from, &to),
			 3);
	assert_int_equal(res.page.lines + 4000 + left, 5000);
	SEARCH("hit", .since = from, .until = to);
	assert_int_equal(res.matches, 4000 + left);
	str_done(&log);
}

static void of_a_long_line_the_match_is_shown(void **state)
{
	struct str log = {0};

	(void)state;
	for (int i = 0; i < 30000; i++)
		str_add(&log, i == 20000 ? "needle" : "0123456789");
	str_add(&log, "\n");
	put_log(log.buf, log.len);
	SEARCH("needle");
	assert_true(str_starts(page.buf, "1:0:[… 199,500 characters cut: --since 0 --until "));
	assert_non_null(strstr(page.buf, "9needle0"));
	assert_true(page.len < 2300);
	/* shorter than a block: the cursors are exact */
	folder_empty();
	log.len = 0;
	for (int i = 0; i < 3000; i++)
		str_add(&log, i == 2000 ? "needle" : "0123456789");
	str_add(&log, "\n");
	put_log(log.buf, log.len);
	SEARCH("needle");
	assert_true(str_starts(page.buf, "1:0:[… 19,500 characters cut: --since 0 --until 19500 …] 0123456789"));
	assert_non_null(strstr(page.buf, "3 [… 8,496 characters cut: --since 21500 --until 29996 …]\n"));
	str_done(&log);
}

static void what_lies_behind_the_longest_line_is_named_as_not_searched(void **state)
{
	char *text = xmalloc(SEARCH_LINE_MAX + 10);

	(void)state;
	memset(text, 'x', SEARCH_LINE_MAX + 10);
	put_log(text, SEARCH_LINE_MAX + 10);
	put_text(" needle\n");
	assert_string_equal(SEARCH("needle"), "[… 18 bytes not searched: -g with --since 1048576 --until 1048594 …]\n");
	assert_string_equal(SEARCH("needle", .since = SEARCH_LINE_MAX), "1:1048576:xxxxxxxxxx needle\n");
	free(text);
}

static void a_pattern_that_takes_too_many_steps_is_told(void **state)
{
	(void)state;
	put_text("short\n");
	for (int i = 0; i < 3; i++)
		put_text("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n");
	put_text("aaa\n");
	SEARCH("(a+)+$");
	assert_string_equal(page.buf, "[… 1 line on which the pattern took too many steps: --since 6 --until 48 …]\n"
				      "[… 1 line on which the pattern took too many steps: --since 48 --until 90 …]\n"
				      "[… 1 line on which the pattern took too many steps: --since 90 --until 132 …]\n"
				      "5:132:aaa\n");
	for (int i = 0; i < 40; i++)
		put_text("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n");
	assert_int_equal(try_search(&(struct search_opts){.pattern = "(a+)+$"}), -EOVERFLOW);
	assert_string_equal(err.text, "the pattern took too many steps on 32 lines, the last at cursor 1312: make it "
				      "simpler, without repeats of repeats");
}

/* ---- what is missing, and what changes ---- */

static void missing_ranges_are_named_and_lines_counted_across_them(void **state)
{
	struct index_writer w;
	struct str log = {0};

	(void)state;
	for (int i = 1; i <= 4000; i++)
		str_addf(&log, "%s %04d\n", i % 1000 ? "no" : "hit", i); /* 8 bytes, every thousandth 9 */
	put_log(log.buf, log.len);
	assert_int_equal(index_open_write(dir, &w, &err), 0);
	for (uint64_t at = 0, lines = 0; at < log.len; at++) {
		lines += log.buf[at] == '\n';
		if (at % 5000 == 0 && at > 0)
			assert_int_equal(index_mark(&w, at + 1, (int64_t)at * 100, lines), 0);
	}
	assert_int_equal(index_freed(&w, 4004, 12004), 0);
	assert_int_equal(index_loss(&w, 20000, 22000, 1), 0);
	index_close(&w);
	put_hole(4004, 12004);
	put_hole(20000, 22000);
	SEARCH("hit");
	assert_string_equal(page.buf, "[… 8,000 bytes no longer kept: cursors 4004 to 12004 …]\n"
				      "2000:15993:hit 2000\n"
				      "[… 2,000 bytes lost, the disk was full: cursors 20000 to 22000 …]\n"
				      "3000:23994:hit 3000\n"
				      "4000:31995:hit 4000\n");
	assert_int_equal(res.page.nomitted, 2);
	SEARCH("hit", .since = 15000, .mode = SEARCH_FIRST, .matches = 1);
	assert_true(str_starts(page.buf, "2000:15993:hit 2000\n"));
	SEARCH("hit", .mode = SEARCH_LAST, .matches = 1);
	assert_string_equal(page.buf,
			    "[… 2 matches left out: -g with --since 0 --until 31995 …]\n4000:31995:hit 4000\n");
	str_done(&log);
}

static void without_an_index_a_number_that_is_not_known_is_no_number(void **state)
{
	struct index_writer w;

	(void)state;
	put_text("hit\nno\n");
	put_hole(7, 100);
	put_text("\nhit\n");
	assert_int_equal(index_open_write(dir, &w, &err), 0);
	assert_int_equal(index_freed(&w, 7, 100), 0);
	index_close(&w);
	assert_string_equal(SEARCH("hit"), "1:0:hit\n[… 93 bytes no longer kept: cursors 7 to 100 …]\n?:101:hit\n");
}

static void grow(void)
{
	put_text("hit at the end\n");
}

static void punch(void)
{
	struct index_writer w;

	assert_int_equal(index_open_write(dir, &w, &err), 0);
	assert_int_equal(index_freed(&w, MIB / 8, MIB / 2), 0);
	index_close(&w);
	put_hole(MIB / 8, MIB / 2);
}

static void shrink(void)
{
	truncate_log(MIB / 4 + 5);
}

static void damage(void)
{
	int fd = openat(dir, INDEX_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, "no index\n", 9), 9);
	close(fd);
}

/* A MiB of 16-byte lines, each a match. */
static void put_matches(void)
{
	struct str log = {0};

	folder_empty();
	for (unsigned i = 0; i < MIB / 16; i++)
		str_addf(&log, "hit %011u\n", i);
	put_log(log.buf, log.len);
	str_done(&log);
}

static void count_times(void *arg, const struct search_line *line, struct str *out)
{
	uint64_t *seen = arg;

	/* no byte of a hole is taken for text, and no line is shown twice or out of order */
	assert_true(line->len == 15 || line->to >= MIB / 4);
	assert_true(line->from >= seen[1]);
	seen[0] += line->times;
	seen[1] = line->to;
	str_add(out, "x\n");
}

static void a_log_may_change_while_it_is_searched(void **state)
{
	static void (*const changes[])(void) = {grow, punch, shrink, damage};

	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
		for (int when = 0; when < 20; when++) {
			uint64_t seen[2] = {0};
			struct search_opts opts = {.pattern = "hit", .format = count_times, .format_arg = seen};

			put_matches();
			reads_until = when;
			before_read = changes[i];
			search_page(&opts);
			before_read = NULL;
			assert_int_equal(seen[0], res.matches);
			if (changes[i] == grow || changes[i] == damage)
				assert_int_equal(res.matches, MIB / 16);
			if (changes[i] == punch && res.matches < MIB / 16)
				assert_non_null(strstr(page.buf, " bytes no longer kept: cursors "));
			assert_true(changes[i] != shrink || res.page.next >= MIB / 4);
		}
}

static void following_shows_matches_as_their_lines_end(void **state)
{
	struct search_opts opts = {.pattern = "hit", .context = 1, .mode = SEARCH_LAST, .matches = 1};
	struct search *s;

	(void)state;
	str_reset(&page);
	put_text("hit 1\na\nhit 2\nb\n");
	assert_int_equal(search_open(dir, &opts, view_to_str, &page, &s, &err), 0);
	assert_int_equal(search_step(s, &err), 0);
	assert_string_equal(page.buf,
			    "[… 1 match left out: -g with --since 0 --until 8 …]\n2-6-a\n3:8:hit 2\n4-14-b\n");
	str_reset(&page);
	put_text("c\nh\033[1mi");
	assert_int_equal(search_step(s, &err), 0);
	put_text("t 3");
	assert_int_equal(search_step(s, &err), 0);
	assert_int_equal(page.len, 0);
	put_text("\n");
	assert_int_equal(search_step(s, &err), 0);
	assert_string_equal(page.buf, "5-16-c\n6:18:hit 3\n");
	str_reset(&page);
	put_text("and a hit at the end");
	assert_int_equal(search_finish(s, &err), 0);
	assert_string_equal(page.buf, "7:28:and a hit at the end\n");
	assert_int_equal(search_matches(s), 4);
	search_close(s);
}

static void times_are_shown_when_asked(void **state)
{
	struct index_writer w;

	(void)state;
	put_text("one\ntwo\n");
	assert_int_equal(index_open_write(dir, &w, &err), 0);
	assert_int_equal(index_mark(&w, 8, 1000, 2), 0);
	index_close(&w);
	assert_string_equal(SEARCH("two", .time = VIEW_TIME_UTC), "2:4:00:00:01.000 two\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(matches_with_number_and_cursor),
	    TEST(a_bad_pattern_and_a_bad_range_are_told),
	    TEST(words_are_found_through_escapes_and_redraws),
	    TEST(identical_neighbours_are_folded),
	    TEST(finds_what_a_simple_search_finds),
	    TEST(context_first_and_last_are_as_grep_has_them),
	    TEST(what_is_left_out_is_named),
	    TEST(a_budget_keeps_head_and_tail_and_counts_the_middle),
	    TEST(of_a_long_line_the_match_is_shown),
	    TEST(what_lies_behind_the_longest_line_is_named_as_not_searched),
	    TEST(a_pattern_that_takes_too_many_steps_is_told),
	    TEST(missing_ranges_are_named_and_lines_counted_across_them),
	    TEST(without_an_index_a_number_that_is_not_known_is_no_number),
	    TEST(a_log_may_change_while_it_is_searched),
	    TEST(following_shows_matches_as_their_lines_end),
	    TEST(times_are_shown_when_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
