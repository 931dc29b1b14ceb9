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

static void recordings_may_be_cut_anywhere(void **state)
{
	static char raw[RAW_MAX];
	char folder[PATH_MAX], path[PATH_MAX + NAME_MAX + 1];
	const struct dirent *entry;
	int seen = 0;
	DIR *dir;

	(void)state;
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
		check_cuts(raw, fread(raw, 1, sizeof raw, file));
		fclose(file);
		seen++;
	}
	closedir(dir);
	assert_true(seen >= 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(recordings_may_be_cut_anywhere),
	};

	return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
