#include "cmd/feed.h"

#include "base/json.h"
#include "base/str.h"
#include "os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (1024u * 1024u) /* of one object */

struct feed {
	uint64_t since;
	struct str text; /* whole lines that were not told yet */
	struct str rest; /* what stands behind them */
	struct str told; /* what was said of it last */
	int64_t due;
};

struct feed *feed_new(uint64_t since)
{
	struct feed *f = xcalloc(1, sizeof *f);

	f->since = since;
	return f;
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	str_done(&f->text);
	str_done(&f->rest);
	str_done(&f->told);
	free(f);
}

int64_t feed_due(const struct feed *f)
{
	return f->due;
}

static void set_text(json_t *o, const char *key, const struct str *text)
{
	json_object_set_new(o, key, json_textn(text->buf ? text->buf : "", text->len));
}

/* Says the lines that came together, and REST. */
static void tell(struct feed *f, const struct str *rest)
{
	json_t *o = json_object();
	char *line;

	json_object_set_new(o, "since", json_integer((json_int_t)f->since));
	set_text(o, "text", &f->text);
	set_text(o, "unfinished", rest);
	line = json_line(o);
	puts(line);
	free(line);
	str_reset(&f->text);
	f->due = os_mono_ns() + FEED_NS;
}

int feed_emit(void *arg, const char *text, size_t len)
{
	const struct str none = {0};
	struct feed *f = arg;

	str_addn(&f->text, text, len);
	if (f->text.len < TEXT_MAX)
		return 0;
	tell(f, &none);
	str_reset(&f->told);
	return 0;
}

static bool is_same(const struct str *one, const struct str *other)
{
	return one->len == other->len && (one->len == 0 || memcmp(one->buf, other->buf, one->len) == 0);
}

void feed_step(struct feed *f, const struct view *view)
{
	str_reset(&f->rest);
	view_peek(view, &f->rest);
	if (f->text.len == 0 && is_same(&f->rest, &f->told))
		return;
	tell(f, &f->rest);
	str_reset(&f->told);
	str_addn(&f->told, f->rest.buf, f->rest.len);
}
