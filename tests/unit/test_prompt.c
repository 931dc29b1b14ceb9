/* prompt: the last line of an output as a terminal shows it, whether it is open, whose screen it is; and pace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lab.h"

#include "keep/pace.h"
#include "keep/prompt.h"

static int new_log(void)
{
	char path[] = "/tmp/hob-unit-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

static struct prompt prompt_of(const char *text)
{
	struct prompt p;
	int fd = new_log();

	assert_int_equal(path_write(fd, text, strlen(text)), 0);
	prompt_read(fd, os_now_ms(), &p);
	close(fd);
	assert_int_equal(p.len, strlen(p.text));
	assert_int_equal(p.end, strlen(text));
	return p;
}

static void the_last_line_is_the_prompt(void **state)
{
	static const struct {
		const char *output, *text;
		bool open, status;
	} cases[] = {
	    {"", "", false, false},
	    {"one\ntwo", "two", true, false},
	    {"one\ntwo: ", "two:", true, false},
	    {"one\ntwo\n", "two", false, false},
	    {"one\n\n \n", "one", false, false},
	    {"one\n  ", "one", false, false},
	    {"bar 10%\rbar 20%", "bar 20%", true, false},
	    {"line\r\nnext\r\n", "next", false, false},
	    {"\x1b[1G\x1b[0Jpackage name: (x) \x1b[19G", "package name: (x)", true, false},
	    {"> a\x1b[1G\x1b[0J> ab\x1b[5G", "> ab", true, false},
	    {"old\x1b[2Knew", "new", true, false},
	    {"old\x1b[2J\x1b[Hnew", "new", true, false},
	    {"abc\b\b \b", "a", true, false},
	    {"\x1b[32m?\x1b[39m \x1b[1mGröße\x1b[22m › ", "? Größe ›", true, false},
	    {"\x1b]0;title\x07$ ", "$", true, false},
	    {"bad \xff\xfe byte: ", "bad \uFFFD\uFFFD byte:", true, false},
	    {"text\n:", ":", true, true},
	    {"text\n\x1b[7m(END)\x1b[27m", "(END)", true, true},
	    {"text\n\x1b[7mfile.txt\x1b[27m\x1b[K", "file.txt", true, true},
	    {"text\n--More--(50%)", "--More--(50%)", true, true},
	    {"\x1b[7mA\x1b[0m and more", "A and more", true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct prompt p = prompt_of(cases[i].output);

		assert_string_equal(p.text, cases[i].text);
		assert_int_equal(p.open, cases[i].open);
		assert_int_equal(p.status, cases[i].status);
	}
}

static void long_lines_and_long_logs_are_cut(void **state)
{
	CLEAN_STR struct str text = {0};
	struct prompt p;

	(void)state;
	for (int i = 0; i < 10000; i++)
		str_addf(&text, "line %d\n", i);
	str_add(&text, "last: ");
	p = prompt_of(text.buf);
	assert_string_equal(p.text, "last:");
	for (int i = 0; i < 10000; i++)
		str_add(&text, "ä");
	p = prompt_of(text.buf);
	assert_true(p.open && p.len < PROMPT_MAX && p.len > PROMPT_MAX - 8);
	assert_int_equal(p.len % 2, 0);
}

static void who_draws_is_told_by_the_last_switch(void **state)
{
	static const char *const on[] = {"\x1b[?1049hvim", "x\x1b[?1049h\x1b[?1049l\x1b[?47h", "\x1b[?1047h",
					 "\x1b[?25h\x1b[?25ltop"};
	static const char *const off[] = {"", "text [?", "\x1b[?1049h…\x1b[?1049l$ ", "[?10", "\x1b[?25l\x1b[?25h"};
	CLEAN_FREE char *filler = xcalloc(1, 100001);

	(void)state;
	memset(filler, 'x', 100000);
	for (int far = 0; far < 2; far++) {
		for (size_t i = 0; i < 4 + 5; i++) {
			const char *text = i < 4 ? on[i] : off[i - 4];
			int fd = new_log();

			assert_int_equal(path_write(fd, text, strlen(text)), 0);
			if (far)
				assert_int_equal(path_write(fd, filler, 100000 - i), 0);
			assert_int_equal(prompt_draws(fd), i < 4);
			close(fd);
		}
	}
	assert_false(prompt_draws(-1));
}

/* ---- pace ---- */

#define S  1000000000ll
#define MS 1000000ll

/* Looks whenever one is due in [from, to), with news every STEP ns (0: none); how many. */
static int looks(struct pace *p, int64_t from, int64_t to, int64_t step)
{
	int64_t news = step ? from : INT64_MAX, now = from;
	int n = 0;

	for (;;) {
		now = news < p->next_ns ? news : p->next_ns > now ? p->next_ns : now;
		if (now >= to)
			return n;
		if (now == news) {
			pace_news(p, now);
			news += step;
			continue;
		}
		pace_looked(p, now);
		n++;
	}
}

static void looks_are_frequent_then_rare(void **state)
{
	struct pace p = {0};
	int n;

	(void)state;
	assert_int_equal(p.next_ns, 0);
	n = looks(&p, 100 * S, 160 * S, 0);
	assert_in_range(n, 230, 245);
	looks(&p, 160 * S, 600 * S, 0);
	n = looks(&p, 600 * S, 660 * S, 0);
	assert_in_range(n, 59, 61);
	/* after silence the news is looked at at once, and soon again */
	pace_news(&p, 660 * S + MS);
	assert_true(p.next_ns <= 660 * S + 21 * MS);
	assert_in_range(looks(&p, 660 * S + MS, 660 * S + 300 * MS, 0), 3, 4);
}

static void news_without_end_cannot_hurry_it(void **state)
{
	struct pace p = {0};

	(void)state;
	assert_in_range(looks(&p, 100 * S, 110 * S, MS), 36, 44);
	assert_in_range(looks(&p, 110 * S, 120 * S, MS), 36, 41);
	assert_in_range(looks(&p, 120 * S, 130 * S, 100 * MS), 36, 41);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_last_line_is_the_prompt),	    cmocka_unit_test(long_lines_and_long_logs_are_cut),
	    cmocka_unit_test(who_draws_is_told_by_the_last_switch), cmocka_unit_test(looks_are_frequent_then_rare),
	    cmocka_unit_test(news_without_end_cannot_hurry_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
