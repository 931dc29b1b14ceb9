/* id: what may be an id, and that random ones are of the alphabet, all of it, and differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "task/id.h"

#define ALPHABET "23456789abcdefghjkmnpqrstuvwxyz"
#define ROUNDS	 3000

static void ids_are_of_the_grammar(void **state)
{
	static const char *const good[] = {"a", "Z", "0", "web", "a-b_c", "x_", "x-", "A1-", "9lives", "HOB"};
	static const char *const bad[] = {"",	      ".",	   "..",  "-a",	   "_a",    "a.b", "a/b",  "/",
					  "../a",     "a b",	   " a",  "a ",	   "a\n",   "\na", "a\tb", "a*",
					  "\xc3\xa4", "a\xc3\xa4", "a:b", "a\x7f", "a\x01", "~",   "a%",   "a'"};
	char longest[66];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(id_valid(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(id_valid(bad[i]));
	memset(longest, 'a', 65);
	longest[65] = '\0';
	assert_false(id_valid(longest));
	longest[64] = '\0';
	assert_true(id_valid(longest));
}

/* Of 3,000 random ids every letter is at every place: the chance that one is missing is below 1e-39. */
static void random_ids_use_the_whole_alphabet(void **state)
{
	bool seen[5][256] = {{false}};

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct err err = {0};
		char id[6];

		assert_int_equal(id_random(&err, id), 0);
		assert_int_equal(strlen(id), 5);
		assert_int_equal(strspn(id, ALPHABET), 5);
		assert_true(id_valid(id));
		for (int j = 0; j < 5; j++)
			seen[j][(unsigned char)id[j]] = true;
	}
	for (int j = 0; j < 5; j++)
		for (const char *p = ALPHABET; *p; p++)
			assert_true(seen[j][(unsigned char)*p]);
}

static void tokens_have_128_bits_and_differ(void **state)
{
	char last[33] = "";
	unsigned ones[128] = {0};

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct err err = {0};
		char token[33];

		assert_int_equal(id_token(&err, token), 0);
		assert_int_equal(strlen(token), 32);
		assert_int_equal(strspn(token, "0123456789abcdef"), 32);
		assert_string_not_equal(token, last);
		memcpy(last, token, sizeof last);
		for (int bit = 0; bit < 128; bit++) {
			unsigned digit;

			assert_int_equal(sscanf((char[]){token[bit / 4], '\0'}, "%x", &digit), 1);
			ones[bit] += digit >> bit % 4 & 1;
		}
	}
	/* no bit is stuck, nor even near it */
	for (int bit = 0; bit < 128; bit++)
		assert_in_range(ones[bit], ROUNDS / 3, 2 * ROUNDS / 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ids_are_of_the_grammar),
	    cmocka_unit_test(random_ids_use_the_whole_alphabet),
	    cmocka_unit_test(tokens_have_128_bits_and_differ),
	};

	return cmocka_run_group_tests_name("id", tests, NULL, NULL);
}
