/* words: lists of strings in memory, on disk, and on a command line that a real shell reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/words.h"

/* What is likely to be lost on the way: emptiness, blanks, quotes, newlines, bytes that are no UTF-8. */
static const char *const NASTY[] = {"",	    "plain", "two words", "'",	   "\"",      "it's", "''",    "\n",
				    "a\nb", "\\",    "$HOME",	  "`id`",  "*",	      "~",    "#no",   "\t",
				    "\xff", "!",     "a;b",	  "a&&b",  "-n",      "ä€😀",  "{a,b}", "\x01\x7f",
				    " ",    "=",     "a=b c",	  "$(id)", "\\\\'\"", "%s%n", "",      "last"};
#define NASTY_COUNT (sizeof NASTY / sizeof *NASTY)

static char **nasty(void)
{
	char **list = NULL;

	for (size_t i = 0; i < NASTY_COUNT; i++)
		words_add(&list, NASTY[i]);
	return list;
}

static void assert_nasty(char *const *list)
{
	assert_int_equal(words_count(list), NASTY_COUNT);
	for (size_t i = 0; i < NASTY_COUNT; i++)
		assert_string_equal(list[i], NASTY[i]);
	assert_null(list[NASTY_COUNT]);
}

static void nothing_is_a_list(void **state)
{
	size_t len = 99;
	char *packed = words_pack(NULL, &len), *quoted = words_quote(NULL), **unpacked;

	(void)state;
	assert_int_equal(words_count(NULL), 0);
	assert_null(words_copy(NULL));
	assert_int_equal(len, 0);
	assert_string_equal(quoted, "");
	unpacked = words_unpack(packed, len);
	assert_int_equal(words_count(unpacked), 0);
	words_free(unpacked);
	words_free(NULL);
	free(packed);
	free(quoted);
}

static void words_are_copies(void **state)
{
	char word[] = "word", **list = NULL, **copy;

	(void)state;
	words_add(&list, word);
	word[0] = 'W';
	copy = words_copy(list);
	list[0][1] = 'O';
	assert_string_equal(list[0], "wOrd");
	assert_string_equal(copy[0], "word");
	assert_null(copy[1]);
	words_free(list);
	words_free(copy);
}

static void packing_loses_nothing(void **state)
{
	char **list = nasty(), **back, *block;
	size_t len;

	(void)state;
	block = words_pack(list, &len);
	back = words_unpack(block, len);
	assert_nasty(back);
	words_free(back);
	free(block);
	words_free(list);
}

/* A block that was cut, as in a damaged row, gives only whole words and reads nothing behind its end. */
static void a_cut_block_gives_its_whole_words(void **state)
{
	static const char block[] = "one\0\0three";

	(void)state;
	for (size_t len = 0; len <= sizeof block; len++) {
		char *exact = xmalloc(len), **words;

		memcpy(exact, block, len);
		words = words_unpack(exact, len);
		assert_int_equal(words_count(words), len < 4 ? 0 : len < 5 ? 1 : len < sizeof block ? 2 : 3);
		words_free(words);
		free(exact);
	}
}

static void a_shell_reads_what_was_quoted(void **state)
{
	char **list = nasty(), *quoted = words_quote(list), *line = xasprintf("printf '%%s\\0' %s", quoted);
	char block[4096], **back;
	FILE *f = popen(line, "r");
	size_t len = fread(block, 1, sizeof block, f);

	(void)state;
	assert_int_equal(pclose(f), 0);
	back = words_unpack(block, len);
	assert_nasty(back);
	words_free(back);
	free(line);
	free(quoted);
	words_free(list);
}

static void plain_words_stay_as_they_are(void **state)
{
	char **list = NULL, *quoted;

	(void)state;
	words_add(&list, "npm");
	words_add(&list, "--port=80");
	words_add(&list, "./a_b-c.d/e@f:g,h+i%");
	quoted = words_quote(list);
	assert_string_equal(quoted, "npm --port=80 ./a_b-c.d/e@f:g,h+i%");
	free(quoted);
	words_free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_a_list),
	    cmocka_unit_test(words_are_copies),
	    cmocka_unit_test(packing_loses_nothing),
	    cmocka_unit_test(a_cut_block_gives_its_whole_words),
	    cmocka_unit_test(a_shell_reads_what_was_quoted),
	    cmocka_unit_test(plain_words_stay_as_they_are),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
