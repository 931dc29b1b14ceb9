/* scan: which lines are markers, whatever the pieces they come in, and that a scan goes on where another stopped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "keep/scan.h"

#define P	 "OPENCODE_NOTIFY:"
#define PREFIXES P "\0#!\0"

static struct scan scan;
static struct notes notes;

static void begin(uint64_t at, bool inside, uint64_t lines)
{
	notes.used = notes.count = 0;
	memset(&scan, 0, sizeof scan);
	scan_init(&scan, PREFIXES, 2, NULL, (struct hold_mark){.at = at, .lines = lines, .inside = inside});
}

/* All notes as text: "[cursor-next +lines] message|" each. */
static void tell(struct str *out)
{
	for (const struct note *n = notes_first(&notes); n; n = notes_after(&notes, n))
		str_addf(out, "[%llu-%llu +%llu%s] %.*s|", (unsigned long long)n->cursor, (unsigned long long)n->next,
			 (unsigned long long)n->mark.lines, n->cut ? " cut" : "", (int)n->len, notes_message(n));
	notes_drop(&notes, notes.count);
}

static char *scanned(const char *text, size_t len, size_t first, size_t step)
{
	struct str out = {0};

	begin(0, false, 0);
	for (size_t at = 0, n; at < len; at += n) {
		n = at == 0 && first ? first : step;
		if (n > len - at)
			n = len - at;
		assert_int_equal(scan_feed(&scan, text + at, n, &notes), n);
	}
	assert_true(scan_finish(&scan, &notes));
	assert_int_equal(scan.at, len);
	tell(&out);
	return str_take(&out);
}

struct example {
	const char *text, *notes;
};

static const struct example EXAMPLES[] = {
    {"", ""},
    {"\n", ""},
    {P "hello\n", "[0-22 +0] hello|"},
    {P "hello\r\n", "[0-23 +0] hello|"},
    {P "hello", "[0-21 +0] hello|"},
    {P "hello\r", "[0-22 +0] hello|"},
    {P " \t hello  there \v\f\n", "[0-35 +0] hello  there|"},
    {"one\n" P "two\nthree\n" P "four", "[4-24 +1] two|[30-50 +3] four|"},
    /* empty messages say nothing */
    {P "\n" P "  \n" P "\r\n" P, ""},
    /* the first column only, and the whole prefix */
    {" " P "no\nx" P "no\n\t" P "no\n", ""},
    {"OPENCODE_NOTIFY no\nopencode_notify:no\nOPENCODE_NOTIFY", ""},
    {"OPENCODE_NOTIF\n" P "yes\n", "[15-35 +1] yes|"},
    {P P "twice\n", "[0-38 +0] " P "twice|"},
    /* the second prefix */
    {"#!sh\n#\n!\n# !x\n#!\n#!!\n", "[0-5 +0] sh|[17-21 +5] !|"},
    /* what is overwritten on a terminal is still in the first column of no line */
    {"50%\r" P "no\n", ""},
    {P "a\rb\n", "[0-20 +0] a\rb|"},
    /* bytes of any kind */
    {P "\xff\x01\x1b[31mred\n", "[0-27 +0] \xff\x01\x1b[31mred|"},
    {"\n\n\n" P "x\n\n\n" P "y\n\n", "[3-21 +3] x|[23-41 +6] y|"},
};
#define EXAMPLE_COUNT (sizeof EXAMPLES / sizeof *EXAMPLES)

static void examples_split_at_every_position(void **state)
{
	(void)state;
	for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
		const struct example *e = &EXAMPLES[i];
		size_t len = strlen(e->text);

		for (size_t first = 0; first <= len; first++) {
			char *got = scanned(e->text, len, first, SIZE_MAX);

			assert_string_equal(got, e->notes);
			free(got);
		}
		for (size_t step = 1; step < 8; step++) {
			char *got = scanned(e->text, len, 0, step);

			assert_string_equal(got, e->notes);
			free(got);
		}
	}
}

/* Bytes that might begin a marker stand in the middle of lines: few of them, as many as are looked for in one go, and
 * more. What is in front of a marker, behind it and after the last newline is the same to it. */
static void hide_none(unsigned count, const char *inside)
{
	unsigned before = count / 8 + 1;
	struct str text = {0}, want = {0};
	uint64_t at;

	for (unsigned k = 0; k < count; k++)
		str_addf(&text, "x%s%s", inside, k % 8 == 7 ? "\n" : "");
	str_add(&text, "\n");
	at = text.len;
	str_add(&text, "#!one\nO\n" P "two\n##\n" P "three\nx" P "no");
	str_addf(&want, "[%llu-%llu +%u] one|[%llu-%llu +%u] two|[%llu-%llu +%u] three|", at + 0ull, at + 6ull, before,
		 at + 8ull, at + 28ull, before + 2, at + 31ull, at + 53ull, before + 4);
	for (size_t first = 0; first <= text.len; first++) {
		char *got = scanned(text.buf, text.len, first, SIZE_MAX);

		assert_string_equal(got, want.buf);
		assert_int_equal(scan.lines, before + 5);
		free(got);
	}
	str_done(&text);
	str_done(&want);
}

static void first_bytes_of_markers_hide_none(void **state)
{
	static const unsigned counts[] = {1, 62, 63, 64, 65, 200};

	(void)state;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		hide_none(counts[i], "O");
		hide_none(counts[i], "#");
	}
}

/* A keeper dies at any byte; its successor begins at the mark: together they tell each line once. */
static void marks_lose_nothing_and_repeat_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
		const struct example *e = &EXAMPLES[i];
		size_t len = strlen(e->text);

		for (size_t cut = 0; cut <= len; cut++) {
			struct str out = {0};
			struct hold_mark mark;

			begin(0, false, 0);
			scan_feed(&scan, e->text, cut, &notes);
			mark = scan_mark(&scan);
			assert_true(mark.at <= cut);
			tell(&out);
			begin(mark.at, mark.inside, mark.lines);
			scan_feed(&scan, e->text + mark.at, len - mark.at, &notes);
			assert_true(scan_finish(&scan, &notes));
			tell(&out);
			assert_string_equal(out.buf ? out.buf : "", e->notes);
			str_done(&out);
		}
	}
}

/* The command ended in the middle of a marker and a leftover writes on: told once, as it was then. */
static void a_line_told_at_the_end_is_not_told_again(void **state)
{
	struct str out = {0};

	(void)state;
	begin(0, false, 0);
	scan_feed(&scan, P "half", 20, &notes);
	assert_true(scan_finish(&scan, &notes));
	assert_true(scan_finish(&scan, &notes));
	scan_feed(&scan, " and half\n" P "next\n", 31, &notes);
	assert_true(scan_finish(&scan, &notes));
	tell(&out);
	assert_string_equal(out.buf, "[0-20 +0] half|[30-51 +1] next|");
	str_done(&out);
}

static void newlines_are_counted(void **state)
{
	(void)state;
	begin(1000, false, 7);
	scan_feed(&scan, "a\nb\n\n" P "x\nc", 24, &notes);
	assert_int_equal(scan.at, 1024);
	assert_int_equal(scan.lines, 11);
	assert_int_equal(notes_first(&notes)->cursor, 1005);
	assert_int_equal(notes_first(&notes)->mark.lines, 10);
}

static void a_scan_may_begin_inside_a_line(void **state)
{
	struct str out = {0};

	(void)state;
	begin(50, true, 1);
	scan_feed(&scan, P "no\n" P "yes\n", 39, &notes);
	tell(&out);
	assert_string_equal(out.buf, "[69-89 +2] yes|");
	str_done(&out);
}

/* Where bytes were lost unread, what follows is the middle of some line. */
static void after_a_loss_comes_the_middle_of_a_line(void **state)
{
	struct str out = {0};

	(void)state;
	begin(0, false, 0);
	scan_feed(&scan, P "ha", 18, &notes);
	scan_skip(&scan, 100);
	scan_feed(&scan, P "no\n" P "yes\n", 39, &notes);
	tell(&out);
	assert_string_equal(out.buf, "[137-157 +1] yes|");
	str_done(&out);
}

/* Messages up to the limit are whole; what is longer is held as far as its front goes, and marked. */
static void long_lines_are_cut_and_cost_no_memory(void **state)
{
	static char line[SCAN_LINE_MAX + 1000];

	(void)state;
	memset(line, 'm', sizeof line);
	memcpy(line, P, strlen(P));
	for (size_t len = EVENT_MESSAGE_MAX; len < sizeof line; len += 97) {
		const struct note *n;

		begin(0, false, 0);
		for (size_t at = 0; at < len; at += 1000)
			scan_feed(&scan, line + at, len - at < 1000 ? len - at : 1000, &notes);
		scan_feed(&scan, "\n", 1, &notes);
		n = notes_first(&notes);
		assert_non_null(n);
		assert_int_equal(n->cut, len > SCAN_LINE_MAX);
		assert_int_equal(n->next, len > SCAN_LINE_MAX ? SCAN_LINE_MAX : len + 1);
		assert_int_equal(n->len, (len < SCAN_LINE_MAX ? len : SCAN_LINE_MAX) - strlen(P));
		assert_null(notes_after(&notes, n));
	}
}

/* The longest prefix, the longest message, and blanks at both ends fit. */
static void the_longest_of_all_is_whole(void **state)
{
	static char prefix[SCAN_PREFIX_MAX + 2], line[SCAN_LINE_MAX];
	const struct note *n;

	(void)state;
	begin(0, false, 0);
	memset(prefix, 'p', SCAN_PREFIX_MAX);
	scan_init(&scan, prefix, 1, NULL, (struct hold_mark){0});
	memset(line, ' ', sizeof line);
	memset(line, 'p', SCAN_PREFIX_MAX);
	memset(line + SCAN_PREFIX_MAX + 100, 'm', EVENT_MESSAGE_MAX);
	scan_feed(&scan, line, sizeof line, &notes);
	scan_feed(&scan, "\n", 1, &notes);
	n = notes_first(&notes);
	assert_int_equal(n->len, EVENT_MESSAGE_MAX);
	assert_false(n->cut);
}

static void a_full_queue_stops_the_scan_and_loses_nothing(void **state)
{
	static struct str text;
	size_t at = 0, told = 0, stops = 0, wanted = 5000;

	(void)state;
	for (size_t i = 0; i < wanted; i++)
		str_addf(&text, P "%zu\nplain\n", i);
	begin(0, false, 0);
	while (at < text.len) {
		size_t n = scan_feed(&scan, text.buf + at, text.len - at, &notes);

		at += n;
		assert_int_equal(scan.at, at);
		stops += at < text.len;
		for (const struct note *note = notes_first(&notes); note; note = notes_after(&notes, note)) {
			char number[24];

			snprintf(number, sizeof number, "%zu", told++);
			assert_int_equal(note->len, strlen(number));
			assert_memory_equal(notes_message(note), number, note->len);
		}
		assert_true(notes.count > 0);
		notes_drop(&notes, notes.count);
	}
	assert_true(stops > 0);
	assert_int_equal(told, wanted);
	str_done(&text);
}

/* When waiting helps nobody, markers without room are dropped, and counted. */
static void a_forced_scan_counts_what_it_drops(void **state)
{
	static struct str text;
	size_t wanted = 5000;

	(void)state;
	for (size_t i = 0; i < wanted; i++)
		str_addf(&text, P "%zu\n", i);
	begin(0, false, 0);
	scan.force = true;
	assert_int_equal(scan_feed(&scan, text.buf, text.len, &notes), text.len);
	assert_true(scan.dropped > 0);
	assert_int_equal(notes.count + scan.dropped, wanted);
	str_done(&text);
}

/* The end of the output waits for room, too. */
static void a_full_queue_holds_the_last_line(void **state)
{
	(void)state;
	begin(0, false, 0);
	scan_feed(&scan, P "last", 20, &notes);
	while (notes_add(&notes, (struct note){.type = EVENT_NOTIFY}, NULL))
		;
	assert_false(scan_finish(&scan, &notes));
	notes_drop(&notes, notes.count);
	assert_true(scan_finish(&scan, &notes));
	assert_int_equal(notes.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(examples_split_at_every_position),
	    cmocka_unit_test(first_bytes_of_markers_hide_none),
	    cmocka_unit_test(marks_lose_nothing_and_repeat_nothing),
	    cmocka_unit_test(a_line_told_at_the_end_is_not_told_again),
	    cmocka_unit_test(newlines_are_counted),
	    cmocka_unit_test(a_scan_may_begin_inside_a_line),
	    cmocka_unit_test(after_a_loss_comes_the_middle_of_a_line),
	    cmocka_unit_test(long_lines_are_cut_and_cost_no_memory),
	    cmocka_unit_test(the_longest_of_all_is_whole),
	    cmocka_unit_test(a_full_queue_stops_the_scan_and_loses_nothing),
	    cmocka_unit_test(a_forced_scan_counts_what_it_drops),
	    cmocka_unit_test(a_full_queue_holds_the_last_line),
	};

	return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
