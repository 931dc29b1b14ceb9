/* match: lines that fit, whatever the pieces they come in, also before they are over; and only what was asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "lab.h"

#include "base/regex.h"
#include "log/match.h"

struct stage {
	char *folder;
	int dirfd, log;
	struct regex *re;
	struct match *match;
	struct err err;
};

static int enter(void **state)
{
	struct stage *s = xcalloc(1, sizeof *s);

	s->folder = lab_folder();
	s->dirfd = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s->log = openat(s->dirfd, "log", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(s->dirfd >= 0 && s->log >= 0);
	*state = s;
	return 0;
}

static int leave(void **state)
{
	struct stage *s = *state;

	match_close(s->match);
	regex_free(s->re);
	close(s->log);
	close(s->dirfd);
	lab_remove(s->folder);
	free(s);
	return 0;
}

static void begin(struct stage *s, const char *pattern, uint64_t since)
{
	match_close(s->match);
	regex_free(s->re);
	s->match = NULL;
	assert_int_equal(regex_compile(pattern, REGEX_JIT, &s->err, &s->re), 0);
	assert_int_equal(match_open(s->dirfd, since, &s->re, 1, &s->match, &s->err), 0);
}

static void writes(struct stage *s, const char *text)
{
	assert_int_equal(path_write(s->log, text, strlen(text)), 0);
}

static void finds_nothing(struct stage *s)
{
	assert_int_equal(match_step(s->match, &s->err), 0);
}

static void finds(struct stage *s, const char *line, uint64_t from, uint64_t to)
{
	const struct match_found *found = match_result(s->match);

	assert_int_equal(match_step(s->match, &s->err), 1);
	assert_string_equal(found->line, line);
	assert_int_equal(found->from, from);
	assert_int_equal(found->to, to);
	/* and from then on */
	assert_int_equal(match_step(s->match, &s->err), 1);
}

static void a_line_in_pieces(void **state)
{
	struct stage *s = *state;

	begin(s, "ready in [0-9]+ ms", 0);
	finds_nothing(s);
	writes(s, "one\nrea");
	finds_nothing(s);
	writes(s, "dy \x1b[3");
	finds_nothing(s);
	writes(s, "1min 12");
	finds_nothing(s);
	finds_nothing(s);
	writes(s, " ms");
	finds(s, "ready in 12 ms", 4, 23);
}

static void what_ends_a_line_is_its_last_state(void **state)
{
	struct stage *s = *state;

	writes(s, "error 1\rwell   \nno error\n");
	begin(s, "error", 0);
	finds(s, "no error", 16, 25);
	/* an unfinished line shows what it shows now */
	begin(s, "5[0-9]%", 25);
	writes(s, "10%\r");
	finds_nothing(s);
	writes(s, "55%\r");
	finds(s, "55%", 25, 33);
}

static void only_behind_since(void **state)
{
	struct stage *s = *state;
	struct match *match;

	writes(s, "aaa\nbbb aaa\n");
	begin(s, "a+", 1);
	finds(s, "aa", 1, 4);
	begin(s, "a+", 4);
	finds(s, "bbb aaa", 4, 12);
	begin(s, "^a+", 9);
	finds(s, "aa", 9, 12);
	begin(s, "a+", 12);
	finds_nothing(s);
	writes(s, "a");
	finds(s, "a", 12, 13);
	assert_int_equal(match_open(s->dirfd, 14, &s->re, 1, &match, &s->err), -ERANGE);
}

static void an_escape_that_since_cuts_in_two_is_none_of_the_text(void **state)
{
	struct stage *s = *state;

	writes(s, "x\n\x1b[31;1mred\xc3\xa4\n");
	begin(s, ".+", 5);
	finds(s, "redä", 5, 15);
	begin(s, "^31", 4);
	finds_nothing(s);
}

static void the_end_of_an_unfinished_line_of_any_length(void **state)
{
	struct stage *s = *state;
	CLEAN_FREE char *part = xcalloc(1, 100001);

	memset(part, 'x', 100000);
	begin(s, "END$", 0);
	for (int i = 0; i < 5; i++) {
		writes(s, part);
		finds_nothing(s);
	}
	writes(s, "END");
	assert_int_equal(match_step(s->match, &s->err), 1);
	assert_int_equal(match_result(s->match)->to, 500003);
}

static void complete_lines_at_once_however_many_and_long(void **state)
{
	struct stage *s = *state;
	CLEAN_STR struct str text = {0};

	begin(s, "^NEEDLE", 0);
	str_add(&text, "NEEDLE");
	for (int i = 0; i < 30; i++) {
		for (int j = 0; j < 9999; j++)
			str_addc(&text, 'x');
		str_addc(&text, '\n');
	}
	writes(s, text.buf);
	assert_int_equal(match_step(s->match, &s->err), 1);
	assert_int_equal(match_result(s->match)->from, 0);
	assert_int_equal(match_result(s->match)->to, 10006);
}

static void rows_that_are_drawn_anew(void **state)
{
	struct stage *s = *state;

	begin(s, "done [0-9]", 0);
	writes(s, "a 10%\nb 10%\n");
	finds_nothing(s);
	writes(s, "\x1b[2A\x1b[Ka 20%\n\x1b[Kb 20%\n");
	finds_nothing(s);
	writes(s, "\x1b[2A\x1b[Ka 20%\n\x1b[Kb done 2\n");
	assert_int_equal(match_step(s->match, &s->err), 1);
	assert_string_equal(match_result(s->match)->line, "b done 2");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
	const struct CMUnitTest tests[] = {
	    TEST(a_line_in_pieces),
	    TEST(what_ends_a_line_is_its_last_state),
	    TEST(only_behind_since),
	    TEST(an_escape_that_since_cuts_in_two_is_none_of_the_text),
	    TEST(the_end_of_an_unfinished_line_of_any_length),
	    TEST(complete_lines_at_once_however_many_and_long),
	    TEST(rows_that_are_drawn_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
