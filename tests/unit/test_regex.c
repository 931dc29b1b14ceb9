/* Regexes: matches with their borders, limits that end every match, errors that point at the place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/regex.h"
#include "base/str.h"

static struct regex *compiled(const char *pattern, unsigned flags)
{
	struct regex *re = NULL;
	struct err err = {0};

	assert_int_equal(regex_compile(pattern, flags, &err, &re), 0);
	return re;
}

/* What PATTERN finds in TEXT, as "from-to", "none" or the error's number. */
static void finds(const char *pattern, unsigned flags, const char *text, const char *expected)
{
	for (unsigned jit = 0; jit <= REGEX_JIT; jit += REGEX_JIT) {
		struct regex *re = compiled(pattern, flags | jit);
		size_t from = 0, to = 0;
		CLEAN_STR struct str got = {0};
		int r = regex_match(re, text, strlen(text), 0, &from, &to);

		if (r == 1)
			str_addf(&got, "%zu-%zu", from, to);
		else if (r == 0)
			str_add(&got, "none");
		else
			str_addf(&got, "%d", r);
		assert_string_equal(got.buf, expected);
		regex_free(re);
	}
}

static void test_borders_of_the_first_match(void **state)
{
	(void)state;
	finds("b+", 0, "abbbcb", "1-4");
	finds("^c", 0, "abc", "none");
	finds("c$", 0, "abc", "2-3");
	finds("", 0, "abc", "0-0");
	finds("ERR", 0, "an err", "none");
	finds("ERR", REGEX_ICASE, "an err", "3-6");
	finds("É", REGEX_ICASE, "un été", "3-5");
	finds("t.t", 0, "tét", "0-4");
	finds("\\W+", 0, "aéé b", "1-6");
	finds("\\W+", REGEX_VALID, "aéé b", "1-6");
	finds("foo\\Kbar", 0, "foobar", "3-6");
}

static void test_newlines_are_borders_only_when_asked(void **state)
{
	(void)state;
	finds("^b$", 0, "a\nb\nc", "none");
	finds("^b$", REGEX_LINES, "a\nb\nc", "2-3");
	finds("a.b", REGEX_LINES, "a\nb", "none");
}

static void test_begins_where_it_is_told(void **state)
{
	struct regex *re = compiled("\\bab", REGEX_JIT);
	size_t from, to;

	(void)state;
	assert_int_equal(regex_match(re, "ab xab ab", 9, 1, &from, &to), 1);
	assert_int_equal(from, 7);
	assert_int_equal(to, 9);
	assert_int_equal(regex_match(re, "ab", 2, 3, &from, &to), 0);
	regex_free(re);
}

static void test_bad_utf8_is_no_error(void **state)
{
	(void)state;
	finds("é+", 0, "\xff\xc3\xa9\xc3\xa9\xc3", "1-5");
	finds("a.c", 0,
	      "a\xff"
	      "c",
	      "none");
	finds("c", 0,
	      "\xf0\x9f\xff"
	      "c",
	      "3-4");
}

static void test_a_match_that_never_ends_hits_a_limit(void **state)
{
	char text[64];

	(void)state;
	memset(text, 'a', sizeof text - 2);
	text[sizeof text - 2] = 'b';
	text[sizeof text - 1] = '\0';
	finds("(a+)+$", 0, text, "-75");
	finds("(a+)+$", REGEX_FRUGAL, text, "-75");
	finds("(?:(?:a*)*)*c$|(?R)b", 0, text, "-75");
}

static void test_an_error_points_at_the_place(void **state)
{
	static const char *const cases[][2] = {
	    {"foo(bar", "bad pattern, character 8: missing closing parenthesis: foo(bar<-- HERE"},
	    {"é*+*b", "bad pattern, character 4: quantifier does not follow a repeatable item: é*+<-- HERE*b"},
	    {"a[z-b]c", "bad pattern, character 5: range out of order in character class: a[z-<-- HEREb]c"},
	    {"\\", "bad pattern, character 2: \\ at end of pattern: \\<-- HERE"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct regex *re = NULL;
		struct err err = {0};

		assert_int_equal(regex_compile(cases[i][0], 0, &err, &re), -EINVAL);
		assert_string_equal(err.text, cases[i][1]);
		assert_null(re);
	}
}

static void test_of_a_long_pattern_only_the_place_is_shown(void **state)
{
	char pattern[1001];
	struct regex *re = NULL;
	struct err err = {0};

	(void)state;
	memset(pattern, 'x', sizeof pattern);
	pattern[500] = ')';
	pattern[1000] = '\0';
	assert_int_equal(regex_compile(pattern, 0, &err, &re), -EINVAL);
	assert_non_null(strstr(err.text, "character 501: unmatched closing parenthesis: …xx"));
	assert_non_null(strstr(err.text, "x<-- HERE)xx"));
	assert_true(strlen(err.text) < 250);
}

static void test_tells_which_patterns_may_see_many_lines(void **state)
{
	static const char *const may[] = {"error",	"^a.*b$",     "\\bw\\d+\\s[^x]*y",     "(?:a|b)+?c{2,3}",
					  "(?i)abc",	"(?i:a)b\\.", "[]x\\]]+[^]]*",	       "a\\+",
					  "(a)(b|c)?d", "\\+",	      "caf\xc3\xa9 [\xc3\xa9]"};
	static const char *const may_not[] = {"a(?=b)",	 "(?<!x)a",	 "(?>a+)b", "a++b",   "a*+b",	 "a?+b",
					      "a{2}+b",	 "\\Afoo",	 "foo\\z",  "\\Ga",   "a\\Kb",	 "\\Rx",
					      "\\X",	 "(*ANY)a",	 "(a)\\1",  "(?R)",   "(?(1)a)", "(?s).",
					      "\\Q(\\E", "[[:alpha:]]+", "(?<n>a)", "\\p{L}", "(?x)a#b"};

	(void)state;
	for (size_t i = 0; i < sizeof may / sizeof *may; i++)
		assert_int_equal(regex_spans_lines(may[i]), 1);
	for (size_t i = 0; i < sizeof may_not / sizeof *may_not; i++)
		assert_int_equal(regex_spans_lines(may_not[i]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_borders_of_the_first_match),
	    cmocka_unit_test(test_newlines_are_borders_only_when_asked),
	    cmocka_unit_test(test_begins_where_it_is_told),
	    cmocka_unit_test(test_bad_utf8_is_no_error),
	    cmocka_unit_test(test_a_match_that_never_ends_hits_a_limit),
	    cmocka_unit_test(test_an_error_points_at_the_place),
	    cmocka_unit_test(test_of_a_long_pattern_only_the_place_is_shown),
	    cmocka_unit_test(test_tells_which_patterns_may_see_many_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
