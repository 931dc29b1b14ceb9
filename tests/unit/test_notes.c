/* notes: a bounded queue in order, without allocation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "keep/notes.h"

static struct notes notes;

static int enter(void **state)
{
	(void)state;
	notes.used = notes.count = 0;
	return 0;
}

static bool add(uint64_t cursor, const char *message)
{
	struct note note = {.type = EVENT_NOTIFY, .len = (uint16_t)strlen(message), .cursor = cursor, .key = cursor};

	return notes_add(&notes, note, message);
}

/* The cursors in the queue are FIRST, FIRST + 10 and so on, N of them. */
static void assert_cursors(uint64_t first, size_t n)
{
	const struct note *note = notes_first(&notes);

	assert_int_equal(notes.count, n);
	for (size_t i = 0; i < n; i++, note = notes_after(&notes, note)) {
		assert_non_null(note);
		assert_int_equal(note->cursor, first + 10 * i);
		assert_int_equal((uintptr_t)note % _Alignof(struct note), 0);
	}
	assert_null(note);
}

static void an_empty_queue_has_no_first(void **state)
{
	(void)state;
	assert_null(notes_first(&notes));
	notes_drop(&notes, 3);
	notes_drop_before(&notes, 100);
	assert_cursors(0, 0);
}

static void notes_come_out_as_they_went_in(void **state)
{
	struct note in = {
	    .type = EVENT_GAP, .len = 4, .cut = true, .cursor = 1ull << 40, .next = 1ull << 41, .mark.lines = 7};
	const struct note *out;

	(void)state;
	assert_true(notes_add(&notes, in, "a\0b\xff"));
	out = notes_first(&notes);
	assert_int_equal(out->type, EVENT_GAP);
	assert_int_equal(out->len, 4);
	assert_true(out->cut);
	assert_int_equal(out->cursor, in.cursor);
	assert_int_equal(out->next, in.next);
	assert_int_equal(out->mark.lines, 7);
	assert_memory_equal(notes_message(out), "a\0b\xff", 4);
}

static void messages_of_any_length_follow_one_another(void **state)
{
	char message[100];

	(void)state;
	for (size_t len = 0; len < 100; len++) {
		memset(message, 'a' + (int)(len % 26), len);
		message[len] = '\0';
		assert_true(add(10 * len, message));
	}
	assert_cursors(0, 100);
	notes_drop(&notes, 99);
	assert_cursors(990, 1);
	assert_int_equal(notes_first(&notes)->len, 99);
	assert_memory_equal(notes_message(notes_first(&notes)), message, 99);
}

static void the_front_is_dropped(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 10; i++)
		assert_true(add(10 * i, "message"));
	notes_drop(&notes, 0);
	assert_cursors(0, 10);
	notes_drop(&notes, 3);
	assert_cursors(30, 7);
	/* a note at the cursor itself stays */
	notes_drop_before(&notes, 50);
	assert_cursors(50, 5);
	notes_drop_before(&notes, 51);
	assert_cursors(60, 4);
	notes_drop(&notes, 100);
	assert_cursors(0, 0);
	assert_true(add(7, "again"));
	assert_cursors(7, 1);
}

static void a_full_queue_takes_no_more_until_one_goes(void **state)
{
	static char message[4001];
	size_t n = 0;

	(void)state;
	memset(message, 'x', 4000);
	while (notes_room(&notes, 4000)) {
		assert_true(add(10 * n, message));
		n++;
	}
	assert_in_range(n, NOTES_BYTES / 4100, NOTES_BYTES / 4000);
	assert_false(add(10 * n, message));
	assert_cursors(0, n);
	assert_true(notes.used <= NOTES_BYTES);
	notes_drop(&notes, 1);
	assert_true(add(10 * n, message));
	assert_cursors(10, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(an_empty_queue_has_no_first, enter),
	    cmocka_unit_test_setup(notes_come_out_as_they_went_in, enter),
	    cmocka_unit_test_setup(messages_of_any_length_follow_one_another, enter),
	    cmocka_unit_test_setup(the_front_is_dropped, enter),
	    cmocka_unit_test_setup(a_full_queue_takes_no_more_until_one_goes, enter),
	};

	return cmocka_run_group_tests_name("notes", tests, NULL, NULL);
}
