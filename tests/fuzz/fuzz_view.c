/* The view: whatever log and index stand in the folder and whatever is asked for, a page ends, keeps its budget and
 * its cursors. Input: 8 bytes of options, 2 for the index's length, the index, the log. */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "base/utf8.h"
#include "folder.h"
#include "log/view.h"
#include "must.h"

static struct view_opts options(const uint8_t *data)
{
	return (struct view_opts){
	    .mode = (enum view_mode)(data[0] % 3),
	    .raw = data[0] & 4,
	    .name_rest = data[0] & 8,
	    .ended = data[0] & 16,
	    .time = data[0] & 32 ? VIEW_TIME_UTC : VIEW_TIME_NONE,
	    .max_bytes = data[0] & 64 ? 1024 + data[1] * 16u : data[1],
	    .lines = data[2],
	    .since = data[3] + data[4] * 256u,
	    .until = data[5] + data[6] * 256u,
	};
}

static void check_page(const struct view_opts *opts)
{
	struct str page = {0};
	struct view_result res;
	struct err err;
	int rc = view_read(folder(), opts, view_to_str, &page, &res, &err);

	MUST(rc == 0 || rc == -ERANGE || rc == -ENOTSUP);
	if (rc == 0) {
		MUST(res.from <= res.end && res.next <= res.end);
		MUST(opts->max_bytes < 1024 || page.len <= opts->max_bytes);
		MUST(opts->raw || page.len == 0 || utf8_valid(page.buf, page.len));
		MUST(opts->raw || page.len == 0 || page.buf[page.len - 1] == '\n');
		for (size_t i = 0; i < res.nomitted; i++)
			MUST(res.omitted[i].from < res.omitted[i].to);
		view_result_done(&res);
	}
	str_done(&page);
}

static void check_follow(const struct view_opts *opts)
{
	struct str text = {0};
	struct err err;
	struct view *v = view_open(folder(), opts, view_to_str, &text, &err);

	if (v) {
		MUST(view_step(v, &err) == 0);
		MUST(view_step(v, &err) == 0);
		MUST(view_finish(v, &err) == 0);
	}
	view_close(v);
	str_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view_opts opts;
	size_t n;

	if (size < 10)
		return 0;
	opts = options(data);
	n = data[8] + data[9] * 256u;
	data += 10;
	size -= 10;
	if (n > size)
		n = size;
	folder_put("index", data, n);
	folder_put("log", data + n, size - n);
	check_page(&opts);
	check_follow(&opts);
	return 0;
}

#define REPLAY_CORPUS "view"
#include "replay.h"
