/* rules: which lines match, what is told of them, and that a scan with rules tells each line once wherever it is cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"
#include "keep/rules.h"
#include "keep/scan.h"

#define P "OPENCODE_NOTIFY:"

static struct scan scan;
static struct notes notes;
static struct rules *rules;

/* Opens N rules, "*pattern" or "1pattern" each, one behind the other. */
static void use(const char *watches, int n)
{
	rules_close(rules);
	assert_int_equal(rules_open(watches, n, &rules), 0);
}

static int leave(void **state)
{
	(void)state;
	rules_close(rules);
	rules = NULL;
	return 0;
}

static void begin(struct hold_mark mark)
{
	notes.used = notes.count = 0;
	memset(&scan, 0, sizeof scan);
	scan_init(&scan, P "\0", 1, rules, mark);
}

/* ---- one line ---- */

static struct rules_finding look(const char *line, uint64_t spent)
{
	struct rules_finding found;

	rules_look(rules, line, strlen(line), spent, &found);
	return found;
}

static void assert_match(const char *line, const char *text)
{
	struct rules_finding found = look(line, 0);

	assert_true(found.matched);
	assert_int_equal(found.len, strlen(text));
	assert_memory_equal(found.text, text, found.len);
}

static void no_rules_cost_nothing(void **state)
{
	(void)state;
	use("", 0);
	assert_null(rules);
}

static void a_line_is_what_a_person_reads(void **state)
{
	(void)state;
	use("*^err", 1);
	assert_match("error: no", "error: no");
	assert_match("error\r", "error");
	assert_match("error\r\r", "error");
	assert_match("\x1b[1;31merr\x1b[0mor", "error");
	assert_match("e\x1b[31mrror", "error");
	assert_match("50%\rerr", "err");
	assert_match("x\berr", "err");
	assert_match("err \xff", "err \xef\xbf\xbd");
	assert_match("err \xc3\xa9", "err \xc3\xa9");
	assert_match("err\ttab", "err\ttab");
	/* of a line that goes to other rows of the screen, what it leaves on each of them */
	assert_match("one\x1b[B\rerr two", "err two");
	assert_match("err one\x1b[B\rerr two", "err one");
	assert_match("one\x1b[B\rtwo\x1b[A\rerr", "err");
	/* … and nothing of it is left for the next */
	assert_match("\x1b[A\rerr", "err");
	assert_false(look("error\rfixed", 0).matched);
	assert_false(look(" error", 0).matched);
	assert_false(look("", 0).matched);
}

static void an_empty_line_may_match(void **state)
{
	(void)state;
	use("*^$", 1);
	assert_true(look("", 0).matched);
	assert_true(look("\r", 0).matched);
	assert_true(look("\x1b[0m", 0).matched);
	assert_false(look(" ", 0).matched);
}

static void rules_that_are_told_once_are_spent(void **state)
{
	struct rules_finding found;

	(void)state;
	use("*a\0"
	    "1b\0"
	    "1c\0",
	    3);
	assert_int_equal(rules_all(rules), 7);
	assert_string_equal(rules_pattern(rules, 2), "c");
	assert_int_equal(look("a", 0).spent, 0);
	found = look("b", 0);
	assert_true(found.matched);
	assert_int_equal(found.spent, 2);
	assert_false(look("b", 2).matched);
	/* a line that another rule tells spends it, too */
	assert_int_equal(look("abc", 0).spent, 6);
	assert_int_equal(look("abc", 2).spent, 4);
}

static void a_pattern_that_gives_up_matches_nothing(void **state)
{
	static const char line[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab";
	struct rules_finding found;

	(void)state;
	use("*^(a+)+$\0*ab", 2);
	found = look(line, 0);
	assert_int_equal(found.failed, 1);
	assert_true(found.matched);
	use("*^(a+)+$", 1);
	assert_false(look(line, 0).matched);
}

static void messages_are_cut_between_characters(void **state)
{
	static char line[SCAN_LINE_MAX + 1];
	struct rules_finding found;

	(void)state;
	use("*x", 1);
	memset(line, 'x', SCAN_LINE_MAX);
	found = look(line, 0);
	assert_int_equal(found.len, EVENT_MESSAGE_MAX);
	assert_true(found.cut);
	memcpy(line + EVENT_MESSAGE_MAX - 1, "\xc3\xa9", 2);
	found = look(line, 0);
	assert_int_equal(found.len, EVENT_MESSAGE_MAX - 1);
	assert_true(found.cut);
	line[EVENT_MESSAGE_MAX - 1] = '\0';
	assert_false(look(line, 0).cut);
}

static void a_bad_pattern_says_where(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(rules_check("fine|ok", &err), 0);
	assert_true(rules_check("a(b", &err) < 0);
	assert_non_null(strstr(err.text, "a(b"));
}

static void as_many_as_there_are_bits(void **state)
{
	struct str watches = {0};

	(void)state;
	for (int i = 0; i <= RULES_MAX; i++) {
		str_addf(&watches, "1line %d$", i);
		str_addc(&watches, '\0');
	}
	use(watches.buf, RULES_MAX);
	assert_true(rules_all(rules) == UINT64_MAX);
	assert_true(look("line 63", 0).spent == 1ull << 63);
	assert_int_equal(look("line 64", 0).spent, 0);
	rules_close(rules);
	assert_true(rules_open(watches.buf, RULES_MAX + 1, &rules) < 0);
	str_done(&watches);
}

/* ---- in a scan ---- */

/* All notes as text: "type[cursor-next +lines] message|" each; they are dropped. */
static void tell(struct str *out)
{
	for (const struct note *n = notes_first(&notes); n; n = notes_after(&notes, n))
		str_addf(out, "%s[%llu-%llu +%llu%s] %.*s|", event_type_text(n->type), (unsigned long long)n->cursor,
			 (unsigned long long)n->next, (unsigned long long)n->mark.lines, n->cut ? " cut" : "",
			 n->type == EVENT_GAP ? 0 : (int)n->len, notes_message(n));
	notes_drop(&notes, notes.count);
}

struct example {
	const char *watches;
	int n;
	const char *text, *notes;
};

static const struct example EXAMPLES[] = {
    {"*e", 1, "one\ntwo\nthree\n", "match[0-4 +0] one|match[8-14 +2] three|"},
    {"*e", 1, "one\r\ntwo\r\nthree", "match[0-5 +0] one|match[10-15 +2] three|"},
    {"1e", 1, "one\ntwo\nthree\n", "match[0-4 +0] one|"},
    {"1e\0001t", 2, "one\ntwo\nthree\nthe\n", "match[0-4 +0] one|match[4-8 +1] two|"},
    {"1e\0*t", 2, "one\ntwo\nthree\nsee\n", "match[0-4 +0] one|match[4-8 +1] two|match[8-14 +2] three|"},
    {"*.", 1, "\n\na\n\n", "match[2-4 +2] a|"},
    {"*^$", 1, "a\n\nb\n\n", "match[2-3 +1] |match[5-6 +3] |"},
    {"*b", 1, P "a\n" P "b\nb\n", "notify[0-18 +0] a|notify[18-36 +1] b|match[18-36 +1] " P "b|match[36-38 +2] b|"},
    {"*^b0%$", 1, "10%\r50%\rb\n", "match[0-10 +0] b0%|"},
    {"*^(a+)+$", 1, "x\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\naa\n",
     "gap[2-44 +1] |match[86-89 +3] aa|"},
};
#define EXAMPLE_COUNT (sizeof EXAMPLES / sizeof *EXAMPLES)

static char *scanned(const struct example *e, size_t step)
{
	struct str out = {0};
	size_t len = strlen(e->text);

	use(e->watches, e->n);
	begin((struct hold_mark){0});
	for (size_t at = 0, n; at < len; at += n) {
		n = step < len - at ? step : len - at;
		assert_int_equal(scan_feed(&scan, e->text + at, n, &notes), n);
	}
	assert_true(scan_finish(&scan, &notes));
	str_add(&out, "");
	tell(&out);
	return str_take(&out);
}

static void examples_in_pieces_of_any_length(void **state)
{
	(void)state;
	for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
		for (size_t step = 1; step < 100; step += step < 10 ? 1 : 10) {
			char *got = scanned(&EXAMPLES[i], step);

			assert_string_equal(got, EXAMPLES[i].notes);
			free(got);
		}
	}
}

/* A keeper dies at any byte; its successor begins at the mark: together they tell each line once, and each rule that
 * is told once by one line. */
static void marks_lose_nothing_and_repeat_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
		const struct example *e = &EXAMPLES[i];
		size_t len = strlen(e->text);

		for (size_t cut = 0; cut <= len; cut++) {
			struct str out = {0};
			struct hold_mark mark;

			use(e->watches, e->n);
			begin((struct hold_mark){0});
			scan_feed(&scan, e->text, cut, &notes);
			mark = scan_mark(&scan);
			assert_true(mark.at <= cut);
			tell(&out);
			begin(mark);
			scan_feed(&scan, e->text + mark.at, len - mark.at, &notes);
			assert_true(scan_finish(&scan, &notes));
			tell(&out);
			assert_string_equal(out.buf, e->notes);
			str_done(&out);
		}
	}
}

/* The mark of a note leads to that note again, with the rules as they were before it. */
static void the_mark_of_a_note_finds_it_again(void **state)
{
	static const char text[] = "no\nonce\nonce\nmore\n";
	struct hold_mark mark;
	struct str out = {0};

	(void)state;
	use("1once\0*more", 2);
	begin((struct hold_mark){0});
	scan_feed(&scan, text, strlen(text), &notes);
	mark = notes_first(&notes)->mark;
	assert_int_equal(mark.at, 3);
	assert_int_equal(mark.spent, 0);
	assert_int_equal(scan_mark(&scan).spent, 1);
	begin(mark);
	scan_feed(&scan, text + mark.at, strlen(text) - mark.at, &notes);
	tell(&out);
	assert_string_equal(out.buf, "match[3-8 +1] once|match[13-18 +3] more|");
	str_done(&out);
}

/* A line longer than what is held is matched by its front, at once. */
static void long_lines_are_matched_by_their_front(void **state)
{
	static char line[3 * SCAN_LINE_MAX];
	struct str out = {0};

	(void)state;
	use("*front\0*behind", 2);
	memset(line, '.', sizeof line);
	memcpy(line, "front", 5);
	memcpy(line + 2 * SCAN_LINE_MAX, "behind", 6);
	for (size_t step = 100; step < sizeof line; step += 1111) {
		begin((struct hold_mark){0});
		for (size_t at = 0; at < sizeof line; at += step)
			scan_feed(&scan, line + at, step < sizeof line - at ? step : sizeof line - at, &notes);
		assert_int_equal(notes.count, 1);
		assert_int_equal(notes_first(&notes)->next, SCAN_LINE_MAX);
		assert_true(notes_first(&notes)->cut);
		notes_drop(&notes, 1);
		assert_true(scan_mark(&scan).inside);
		scan_feed(&scan, "\nbehind\n", 8, &notes);
		tell(&out);
		assert_string_equal(out.buf, "match[13537-13544 +1] behind|");
		str_reset(&out);
	}
	str_done(&out);
}

/* A progress bar of any length is held by its last states, and a mark within it goes on just so. */
static void a_bar_is_matched_by_its_last_state(void **state)
{
	struct str bar = {0}, out = {0};

	(void)state;
	use("*^done\0*%", 2);
	str_add(&bar, "before\n");
	for (int i = 0; i < 5000; i++)
		str_addf(&bar, "\r%d bytes", i);
	str_add(&bar, "\rdone      \nafter\n50%\n");
	for (size_t cut = 0; cut <= bar.len; cut += 777) {
		struct hold_mark mark;

		begin((struct hold_mark){0});
		for (size_t at = 0; at < cut; at += 1000)
			scan_feed(&scan, bar.buf + at, cut - at < 1000 ? cut - at : 1000, &notes);
		mark = scan_mark(&scan);
		assert_true(mark.at + SCAN_LINE_MAX >= cut);
		begin(mark);
		scan_feed(&scan, bar.buf + mark.at, bar.len - mark.at, &notes);
		assert_int_equal(notes_first(&notes)->cursor, 7);
		assert_int_equal(notes_first(&notes)->mark.lines, 1);
		assert_int_equal(notes_first(&notes)->len, 4);
		notes_drop(&notes, 1);
		tell(&out);
		assert_non_null(strstr(out.buf, "+3] 50%|"));
		str_reset(&out);
	}
	str_done(&bar);
	str_done(&out);
}

/* The events of one line are told all or not at all: the registry knows only how far it was told. */
static void what_a_line_raises_stays_together(void **state)
{
	size_t added;

	(void)state;
	use("*x", 1);
	for (size_t room = 0; room < 400; room += 8) {
		struct str out = {0};

		begin((struct hold_mark){0});
		while (notes_room(&notes, 500))
			assert_true(notes_add(&notes, (struct note){.len = 100}, P P P P P P P));
		while (notes_room(&notes, room + 8))
			assert_true(notes_add(&notes, (struct note){0}, NULL));
		added = notes.count;
		if (scan_feed(&scan, P "x\n", 18, &notes) == 18) {
			assert_int_equal(notes.count, added + 2);
		} else {
			assert_int_equal(notes.count, added);
			notes_drop(&notes, added);
			scan_feed(&scan, &(P "x\n")[scan.at], 18 - scan.at, &notes);
			assert_int_equal(notes.count, 2);
		}
		str_done(&out);
	}
}

/* Where more lines match than can be told, markers and what is told once still are. */
static void in_a_crowd_rules_are_told_once_or_not_at_all(void **state)
{
	struct str out = {0};

	(void)state;
	use("*x\0001y", 2);
	begin((struct hold_mark){0});
	scan_feed(&scan, "x", 1, &notes);
	scan_crowd_begin(&scan);
	scan_feed(&scan, "\nx\ny\ny\n" P "one\n" P "\nx\n", 46, &notes);
	assert_int_equal(notes.count, 2);
	assert_int_equal(scan.spent, 2);
	assert_false(scan_asks_rules(&scan));
	/* a new keeper begins where the crowd did, in it */
	for (const struct note *n = notes_first(&notes); n; n = notes_after(&notes, n)) {
		assert_int_equal(n->mark.at, 0);
		assert_true(n->mark.crowded);
		assert_int_equal(n->key, n->cursor);
	}
	assert_int_equal(scan_mark(&scan).at, 0);
	assert_int_equal(scan_told(&scan), scan.at);
	begin(scan_mark(&scan));
	scan_feed(&scan, "x\nx\ny\ny\n" P "one\n" P "\nx\n", 47, &notes);
	assert_int_equal(notes.count, 2);
	scan.crowded = false;
	scan_feed(&scan, "x\n", 2, &notes);
	tell(&out);
	assert_string_equal(out.buf, "match[4-6 +0] y|notify[8-28 +0] one|match[47-49 +7] x|");
	str_done(&out);
}

/* Rules that take their time are stopped after a line, and go on at the next. */
static void a_scan_stops_when_time_is_up(void **state)
{
	static const char text[] =
	    "a\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\n";
	size_t at = 0, stops = 0;

	(void)state;
	use("*a", 1);
	begin((struct hold_mark){0});
	while (at < strlen(text)) {
		scan.until_ns = 1;
		at += scan_feed(&scan, text + at, strlen(text) - at, &notes);
		stops += scan.late;
	}
	assert_int_equal(stops, 1);
	assert_int_equal(notes.count, 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_rules_cost_nothing),
	    cmocka_unit_test(a_line_is_what_a_person_reads),
	    cmocka_unit_test(an_empty_line_may_match),
	    cmocka_unit_test(rules_that_are_told_once_are_spent),
	    cmocka_unit_test(a_pattern_that_gives_up_matches_nothing),
	    cmocka_unit_test(messages_are_cut_between_characters),
	    cmocka_unit_test(a_bad_pattern_says_where),
	    cmocka_unit_test(as_many_as_there_are_bits),
	    cmocka_unit_test(examples_in_pieces_of_any_length),
	    cmocka_unit_test(marks_lose_nothing_and_repeat_nothing),
	    cmocka_unit_test(the_mark_of_a_note_finds_it_again),
	    cmocka_unit_test(long_lines_are_matched_by_their_front),
	    cmocka_unit_test(a_bar_is_matched_by_its_last_state),
	    cmocka_unit_test(what_a_line_raises_stays_together),
	    cmocka_unit_test(in_a_crowd_rules_are_told_once_or_not_at_all),
	    cmocka_unit_test(a_scan_stops_when_time_is_up),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, leave);
}
