/* keypad: the last word on the cursor keys in what a program wrote. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "log/index.h"
#include "log/keypad.h"
#include "log/read.h"

static int last(const char *text)
{
	return keypad_last(text, strlen(text));
}

static void the_last_word_counts(void **state)
{
	(void)state;
	assert_int_equal(last(""), -1);
	assert_int_equal(last("plain \x1b[1m bold"), -1);
	assert_int_equal(last("\x1b[?1h"), 1);
	assert_int_equal(last("\x1b[?1h\x1b[?1l"), 0);
	assert_int_equal(last("\x1b[?1l\x1b[?1h and more \x1b[?25l\x1b[2J"), 1);
	assert_int_equal(last("\x1b[?25;1h"), 1);
	assert_int_equal(last("\x1b[?1;25l"), 0);
}

static void others_are_none(void **state)
{
	static const char *const texts[] = {"\x1b[?10h", "\x1b[?11;21h", "\x1b[1h",  "\x1b[?h",
					    "\x1b[?1",	 "\x1b[?1$p",	 "\x1b[?;h", "\x1b",
					    "\x1b[",	 "\x1b[?01x",	 "\x1b[?1;", "\x1b[?1;2"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_int_equal(last(texts[i]), -1);
	assert_int_equal(keypad_last("\x1b[?1h", 4), -1);
}

static void a_reset_is_off(void **state)
{
	(void)state;
	assert_int_equal(last("\x1b[?1h\x1b"
			      "c"),
			 0);
	assert_int_equal(last("\x1b[?1h\x1b[!p"), 0);
	assert_int_equal(last("\x1b"
			      "c\x1b[?1h"),
			 1);
}

/* ---- a log ---- */

static int folder(char path[32])
{
	strcpy(path, "/tmp/keypad-XXXXXX");
	assert_non_null(mkdtemp(path));
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void done(int dirfd, const char *path)
{
	unlinkat(dirfd, "log", 0);
	unlinkat(dirfd, INDEX_FILE, 0);
	close(dirfd);
	rmdir(path);
}

static bool application(int dirfd, uint64_t at)
{
	struct err err = {0};
	bool on = false;

	assert_int_equal(keypad_read(dirfd, at, &on, &err), 0);
	return on;
}

static void across_every_border_of_blocks(void **state)
{
	char path[32];
	int dirfd = folder(path), fd = openat(dirfd, "log", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	enum { SIZE = 200000 };
	static char text[SIZE];

	(void)state;
	assert_false(application(dirfd, 0));
	memset(text, 'x', sizeof text);
	for (size_t at = SIZE - 33000; at < SIZE - 32000; at += 1) {
		memcpy(text + at, "\x1b[?1h", 5);
		assert_int_equal(pwrite(fd, text, SIZE, 0), SIZE);
		assert_true(application(dirfd, SIZE));
		/* what came after the cursor does not count */
		assert_false(application(dirfd, at));
		assert_false(application(dirfd, at + 4));
		assert_true(application(dirfd, at + 5));
		memset(text + at, 'x', 5);
	}
	close(fd);
	done(dirfd, path);
}

static void what_is_missing_is_passed_over(void **state)
{
	char path[32];
	int dirfd = folder(path), fd = openat(dirfd, "log", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct index_writer w;
	struct err err = {0};

	(void)state;
	assert_int_equal(pwrite(fd, "\x1b[?1h", 5, 0), 5);
	/* in a loss nothing counts, whatever stands there */
	assert_int_equal(pwrite(fd, "\x1b[?1l", 5, 5000), 5);
	assert_int_equal(ftruncate(fd, 300000), 0);
	assert_int_equal(index_open_write(dirfd, &w, &err), 0);
	assert_int_equal(index_loss(&w, 5, 300000, 1), 0);
	index_close(&w);
	assert_true(application(dirfd, 300000));
	close(fd);
	done(dirfd, path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_last_word_counts),
	    cmocka_unit_test(others_are_none),
	    cmocka_unit_test(a_reset_is_off),
	    cmocka_unit_test(across_every_border_of_blocks),
	    cmocka_unit_test(what_is_missing_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
