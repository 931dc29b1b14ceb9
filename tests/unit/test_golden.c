/* golden: recordings of real programs (tests/golden) become the same lines wherever a feed is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <unistd.h>

#include "base/str.h"
#include "log/clean.h"

#define RAW_MAX 65536
#define CUTS	4000 /* of a longer recording not every place is tried, but so many */

static int on_line(void *arg, const struct clean_line *line)
{
	str_addf(arg, "%s|%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %d\n", line->text, line->from, line->to,
		 line->times, line->redraws, line->complete);
	return 0;
}

/* What the first FIRST bytes and then the others become, in feeds of at most STEP. */
static void clean_cut(struct str *out, const char *raw, size_t len, size_t first, size_t step)
{
	struct clean_opts opts = {.fold = true};
	struct clean *c = clean_new(&opts, on_line, out);

	str_reset(out);
	clean_feed(c, raw, first);
	for (size_t at = first; at < len; at += step)
		clean_feed(c, raw + at, len - at < step ? len - at : step);
	clean_finish(c, true);
	clean_free(c);
}

struct last {
	struct str text;
	uint64_t from;
};

static int keep_line(void *arg, const struct clean_line *line)
{
	struct last *last = arg;

	str_reset(&last->text);
	str_addn(&last->text, line->text, line->len);
	last->from = line->from;
	return 0;
}

/* The last line of what begins at FROM, read from the newline before it as a view does. */
static void last_since(struct last *last, const char *raw, size_t len, size_t from)
{
	struct clean_opts opts = {.from = from};
	struct clean *c;

	while (opts.start < from && memchr(raw + opts.start, '\n', from - opts.start))
		opts.start = (uint64_t)((const char *)memchr(raw + opts.start, '\n', from - opts.start) - raw) + 1;
	c = clean_new(&opts, keep_line, last);
	clean_feed(c, raw + opts.start, len - opts.start);
	clean_finish(c, true);
	clean_free(c);
}

/* Wherever a read begins, it ends with the same final state. */
static void check_sinces(const char *raw, size_t len)
{
	struct last whole = {0}, since = {0};
	size_t stride = len / CUTS + 1;

	last_since(&whole, raw, len, 0);
	for (size_t from = 0; from <= whole.from; from += stride) {
		last_since(&since, raw, len, from);
		assert_string_equal(since.text.buf, whole.text.buf);
	}
	str_done(&whole.text);
	str_done(&since.text);
}

static void check_cuts(const char *raw, size_t len)
{
	struct str whole = {0}, cut = {0};
	size_t stride = len / CUTS + 1;

	clean_cut(&whole, raw, len, len, 1);
	assert_true(whole.len > 0);
	clean_cut(&cut, raw, len, 0, 1);
	assert_string_equal(cut.buf, whole.buf);
	for (size_t first = 0; first < len; first += stride) {
		clean_cut(&cut, raw, len, first, RAW_MAX);
		assert_string_equal(cut.buf, whole.buf);
	}
	str_done(&whole);
	str_done(&cut);
}

/* The recordings lie beside the build folder that the program is in. */
static void golden_folder(char out[PATH_MAX])
{
	char self[PATH_MAX / 2];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	assert_true(n > 0);
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(out, PATH_MAX, "%s/../tests/golden", self);
}

static void each_recording(void (*check)(const char *raw, size_t len))
{
	static char raw[RAW_MAX];
	char folder[PATH_MAX], path[PATH_MAX + NAME_MAX + 1];
	const struct dirent *entry;
	int seen = 0;
	DIR *dir;

	golden_folder(folder);
	dir = opendir(folder);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');
		FILE *file;

		if (!dot || strcmp(dot, ".raw") != 0)
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		file = fopen(path, "r");
		assert_non_null(file);
		check(raw, fread(raw, 1, sizeof raw, file));
		fclose(file);
		seen++;
	}
	closedir(dir);
	assert_true(seen >= 10);
}

static void recordings_may_be_cut_anywhere(void **state)
{
	(void)state;
	each_recording(check_cuts);
}

static void a_read_may_begin_anywhere_in_them(void **state)
{
	(void)state;
	each_recording(check_sinces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(recordings_may_be_cut_anywhere),
	    cmocka_unit_test(a_read_may_begin_anywhere_in_them),
	};

	return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
