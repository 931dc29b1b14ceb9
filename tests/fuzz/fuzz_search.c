/* The search: whatever pattern, index and log there are and whatever is asked for, it ends, keeps its budget and its
 * cursors; and in a log without gaps and escapes it finds what trying each clean line finds. Input: 8 bytes of options,
 * 1 for the pattern's length, 2 for the index's, the pattern, the index, the log. */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/regex.h"
#include "base/str.h"
#include "base/utf8.h"
#include "folder.h"
#include "log/clean.h"
#include "log/search.h"
#include "must.h"

static struct search_opts options(const uint8_t *data, const char *pattern)
{
	return (struct search_opts){
	    .pattern = pattern,
	    .mode = (enum search_mode)(data[0] % 3),
	    .icase = data[0] & 4,
	    .ended = data[0] & 8,
	    .time = data[0] & 16 ? VIEW_TIME_UTC : VIEW_TIME_NONE,
	    .max_bytes = data[0] & 64 ? 1024 + data[1] * 16u : data[1],
	    .matches = data[2] % 16,
	    .context = data[2] / 16,
	    .since = data[3] + data[4] * 256u,
	    .until = data[5] + data[6] * 256u,
	};
}

/* Returns how many lines match, or -1. */
static int64_t check_search(const struct search_opts *opts)
{
	struct str page = {0};
	struct search_result res;
	struct err err;
	int rc = search_read(folder(), opts, view_to_str, &page, &res, &err);
	int64_t matches = -1;

	MUST(rc == 0 || rc == -ERANGE || rc == -ENOTSUP || rc == -EINVAL || rc == -EOVERFLOW);
	MUST(rc == 0 || utf8_valid(err.text, strlen(err.text)) || rc == -EINVAL);
	if (rc == 0) {
		MUST(res.page.from <= res.page.end && res.page.next <= res.page.end);
		MUST(opts->max_bytes < 1024 || page.len <= opts->max_bytes);
		MUST(page.len == 0 || utf8_valid(page.buf, page.len));
		MUST(page.len == 0 || page.buf[page.len - 1] == '\n');
		MUST(res.page.lines <= res.matches);
		for (size_t i = 0; i < res.page.nomitted; i++)
			MUST(res.page.omitted[i].from < res.page.omitted[i].to);
		matches = (int64_t)res.matches;
		search_result_done(&res);
	}
	str_done(&page);
	return matches;
}

static void check_follow(const struct search_opts *opts)
{
	struct str text = {0};
	struct search *s;
	struct err err;

	if (search_open(folder(), opts, view_to_str, &text, &s, &err) == 0) {
		int rc = search_step(s, &err);

		rc = rc ? rc : search_finish(s, &err);
		MUST(rc == 0 || rc == -EOVERFLOW);
		search_close(s);
	}
	str_done(&text);
}

struct simple {
	struct regex *re;
	int64_t matches;
};

static int count(void *arg, const struct clean_line *line)
{
	struct simple *simple = arg;
	size_t from, to;
	int rc = regex_match(simple->re, line->text, line->len, 0, &from, &to);

	simple->matches += rc == 1;
	return rc < 0;
}

static void check_count(const char *pattern, const uint8_t *log, size_t size)
{
	struct simple simple = {0};
	struct clean *c;

	if (memchr(log, 0x1b, size) || regex_compile(pattern, 0, NULL, &simple.re) != 0)
		return;
	c = clean_new(&(struct clean_opts){.line_max = SEARCH_LINE_MAX}, count, &simple);
	if (clean_feed(c, log, size) == 0 && clean_finish(c, true) == 0) {
		struct search_opts all = {.pattern = pattern, .ended = true};
		int64_t found = check_search(&all);

		/* machine code counts its steps in another way */
		MUST(found == simple.matches || found == -1);
	}
	clean_free(c);
	regex_free(simple.re);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char pattern[257] = {0};
	struct search_opts opts;
	size_t n, index;

	if (size < 11)
		return 0;
	opts = options(data, pattern);
	n = data[8];
	index = data[9] + data[10] * 256u;
	data += 11;
	size -= 11;
	n = n < size ? n : size;
	memcpy(pattern, data, n);
	data += n;
	size -= n;
	index = index < size ? index : size;
	folder_put("index", data, index);
	folder_put("log", data + index, size - index);
	check_search(&opts);
	check_follow(&opts);
	if (index == 0)
		check_count(pattern, data, size);
	return 0;
}

#define REPLAY_CORPUS "search"
#include "replay.h"
