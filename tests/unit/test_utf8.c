/* utf8: every well-formed and ill-formed class of the Unicode standard's table 3-7, and cutting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

static void all_characters_survive(void **state)
{
	(void)state;
	for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
		char buf[UTF8_MAX];
		uint32_t back = 0;
		size_t n = utf8_put(buf, cp);

		assert_int_equal(utf8_next(buf, n, &back), n);
		if (cp >= 0xD800 && cp <= 0xDFFF)
			assert_int_equal(back, UTF8_BAD);
		else
			assert_int_equal(back, cp);
		assert_true(utf8_valid(buf, n));
		for (size_t part = 1; part < n; part++) {
			assert_int_equal(utf8_next(buf, part, &back), 0);
			assert_int_equal(utf8_tail(buf, part), part);
			assert_false(utf8_valid(buf, part));
		}
		assert_int_equal(utf8_tail(buf, n), 0);
	}
}

static void bad_bytes_are_maximal_parts(void **state)
{
	static const struct {
		const char *bytes;
		size_t len, taken;
	} bad[] = {
	    {"\x80", 1, 1},
	    {"\xbf"
	     "a",
	     2, 1},
	    {"\xc0\x80", 2, 1},
	    {"\xc1\xbf", 2, 1},
	    {"\xc3"
	     "a",
	     2, 1},
	    {"\xe0\x80\x80", 3, 1},
	    {"\xe0\x9f\xbf", 3, 1},
	    {"\xed\xa0\x80", 3, 1},
	    {"\xed\xbf\xbf", 3, 1},
	    {"\xe2\x82"
	     "a",
	     3, 2},
	    {"\xf0\x80\x80\x80", 4, 1},
	    {"\xf0\x8f\xbf\xbf", 4, 1},
	    {"\xf4\x90\x80\x80", 4, 1},
	    {"\xf5\x80\x80\x80", 4, 1},
	    {"\xff", 1, 1},
	    {"\xfe", 1, 1},
	    {"\xf0\x9f\x98"
	     "a",
	     4, 3},
	    {"\xf0\x9f"
	     "a",
	     3, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		uint32_t cp = 0;

		assert_int_equal(utf8_next(bad[i].bytes, bad[i].len, &cp), bad[i].taken);
		assert_int_equal(cp, UTF8_BAD);
		assert_false(utf8_valid(bad[i].bytes, bad[i].len));
	}
	assert_true(utf8_valid("\xef\xbf\xbd", 3));
	assert_true(utf8_valid("", 0));
}

static void surrogates_are_not_written(void **state)
{
	char buf[UTF8_MAX];

	(void)state;
	assert_int_equal(utf8_put(buf, 0xD800), 3);
	assert_memory_equal(buf, "\xef\xbf\xbd", 3);
	assert_int_equal(utf8_put(buf, 0x110000), 3);
	assert_memory_equal(buf, "\xef\xbf\xbd", 3);
}

static void cuts_fall_between_characters(void **state)
{
	static const char text[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z"; /* borders 0 1 3 6 10 11 */
	static const size_t cut[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};

	(void)state;
	for (size_t max = 0; max < sizeof cut / sizeof *cut; max++)
		assert_int_equal(utf8_cut(text, sizeof text - 1, max), cut[max]);
	assert_int_equal(utf8_cut("", 0, 10), 0);
}

static void tails_are_only_what_may_go_on(void **state)
{
	(void)state;
	assert_int_equal(utf8_tail("", 0), 0);
	assert_int_equal(utf8_tail("abc", 3), 0);
	assert_int_equal(utf8_tail("ab\xe2", 3), 1);
	assert_int_equal(utf8_tail("a\xe2\x82", 3), 2);
	assert_int_equal(utf8_tail("\xf0\x9f\x98", 3), 3);
	assert_int_equal(utf8_tail("a\x80\x80", 3), 0);
	assert_int_equal(utf8_tail("\xed\xa0", 2), 0); /* a surrogate goes nowhere */
	assert_int_equal(utf8_tail("\x80\x80\x80\x80", 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_characters_survive),	     cmocka_unit_test(bad_bytes_are_maximal_parts),
	    cmocka_unit_test(surrogates_are_not_written),    cmocka_unit_test(cuts_fall_between_characters),
	    cmocka_unit_test(tails_are_only_what_may_go_on),
	};

	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
