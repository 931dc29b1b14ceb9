/* The cleaner: whatever comes, its lines are valid UTF-8 without controls, within their limit, where they begin
 * never goes back, and how the bytes are cut into feeds changes nothing.
 * Input: a byte of options, a byte for the feeds, a byte for where what is wanted begins; the rest is output. */
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "log/clean.h"
#include "must.h"

struct run {
	struct str text;
	uint64_t at;
	size_t line_max;
	uint64_t from, end;
	bool follows;
};

static int on_line(void *arg, const struct clean_line *line)
{
	struct run *r = arg;
	size_t characters = 0;

	MUST(line->text[line->len] == '\0' && strlen(line->text) == line->len);
	MUST(utf8_valid(line->text, line->len));
	for (size_t i = 0; i < line->len; i++) {
		unsigned char b = (unsigned char)line->text[i];

		MUST(b == '\t' || (b >= 0x20 && b != 0x7f));
		MUST(b != 0xc2 || (unsigned char)line->text[i + 1] >= 0xa0);
		characters += (b & 0xc0) != 0x80;
	}
	MUST(characters <= r->line_max);
	MUST(line->cut == 0 || characters == r->line_max);
	MUST(line->times >= 1 && (r->follows || line->from >= r->at) && line->from >= r->from);
	MUST(line->redraws == 0 || (line->drawn_from >= r->from && line->drawn_from <= line->drawn_to));
	MUST(line->drawn_to <= r->end);
	MUST(line->from <= line->to && line->to <= r->end);
	MUST(line->cut == 0 || (line->cut_from >= line->from && line->cut_from <= line->cut_to));
	r->at = line->kind == CLEAN_LINE ? line->from : line->to;
	str_addf(&r->text, "%s|%d %d %d %d %d %d\n", line->text, (int)line->from, (int)line->to, (int)line->times,
		 (int)line->cut, (int)line->complete, (int)line->redraws);
	return 0;
}

static void run(struct run *r, const struct clean_opts *opts, const uint8_t *data, size_t size, size_t step)
{
	struct clean *c;

	*r = (struct run){.line_max = opts->line_max, .from = opts->from, .end = opts->start + size + 500};
	c = clean_new(opts, on_line, r);
	for (size_t at = 0; at < size; at += step) {
		clean_feed(c, data + at, size - at < step ? size - at : step);
		if (step == size && opts->line_max == 1000) /* a gap, where every cut of the feeds has it */
			break;
	}
	if (opts->line_max == 1000)
		clean_gap(c, clean_cursor(c), clean_cursor(c) + 500, CLEAN_FREED);
	clean_finish(c, true);
	clean_free(c);
}

/* A follower gets every line, whatever is held back for a while. */
static void follow(const struct clean_opts *opts, const uint8_t *data, size_t size, size_t step)
{
	struct run r = {.line_max = opts->line_max, .from = opts->from, .end = opts->start + size, .follows = true};
	struct clean *c = clean_new(opts, on_line, &r);

	for (size_t at = 0; at < size; at += step) {
		clean_feed(c, data + at, size - at < step ? size - at : step);
		clean_flush(c);
		if (clean_holds(c))
			clean_settle(c);
		MUST(!clean_holds(c));
	}
	clean_finish(c, true);
	clean_free(c);
	str_done(&r.text);
}

static void check_name(const uint8_t *data, size_t size)
{
	struct str name = {0};

	clean_text(&name, data, size);
	MUST(utf8_valid(name.buf, name.len));
	for (size_t i = 0; i < name.len; i++)
		MUST((unsigned char)name.buf[i] >= 0x20 && name.buf[i] != 0x7f);
	str_done(&name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t limits[] = {2000, 7, 1000, 64};
	struct clean_opts opts = {.start = 1000};
	struct run whole, cut;
	size_t step;

	if (size < 4)
		return 0;
	opts.fold = data[0] & 1;
	opts.line_max = limits[data[0] >> 1 & 3];
	opts.single = data[0] & 16;
	opts.from = data[0] & 8 ? opts.start + data[2] : 0;
	step = 1 + data[1];
	data += 3;
	size -= 3;
	run(&whole, &opts, data, size, size);
	run(&cut, &opts, data, size, step);
	MUST(whole.text.len == cut.text.len);
	MUST(whole.text.len == 0 || memcmp(whole.text.buf, cut.text.buf, cut.text.len) == 0);
	str_done(&whole.text);
	str_done(&cut.text);
	follow(&opts, data, size, step);
	check_name(data, size);
	return 0;
}

#define REPLAY_CORPUS "clean"
#include "replay.h"
