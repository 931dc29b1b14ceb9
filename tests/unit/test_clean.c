/* clean: what each kind of output becomes, that feeds may be cut anywhere, and what always holds of the result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/utf8.h"
#include "log/clean.h"
#include "log/esc.h"

/* What a run emitted, printed so that it can be compared; and the bytes each line stands for. */
struct record {
	struct str text;
	uint64_t from; /* where the last line began */
	bool gapless;
	size_t lines;
	struct clean_line last;
	int stop_at; /* the line at which emit says stop; 0: never */
};

static int on_line(void *arg, const struct clean_line *line)
{
	struct record *r = arg;

	assert_int_equal(strlen(line->text), line->len);
	assert_true(utf8_valid(line->text, line->len));
	for (size_t i = 0; i < line->len; i++) {
		unsigned char b = (unsigned char)line->text[i];

		assert_true(b == '\t' || (b >= 0x20 && b != 0x7f));
		assert_false(b == 0xc2 && (unsigned char)line->text[i + 1] < 0xa0); /* C1 */
	}
	assert_true(line->from <= line->to);
	assert_true(line->times >= 1);
	if (r->gapless)
		assert_true(line->from >= r->from);
	if (line->redraws > 0)
		assert_true(line->drawn_from <= line->drawn_to);
	r->from = line->from;
	r->lines++;
	r->last = *line;
	if (line->kind != CLEAN_LINE) {
		str_addf(&r->text, "<%c %d-%d>\n", "-FLS"[line->kind], (int)line -> from, (int)line -> to);
	} else {
		str_addf(&r->text, "%s", line->text);
		if (line->times > 1)
			str_addf(&r->text, "*%d", (int)line->times);
		if (line->cut)
			str_addf(&r->text, "~%d@%d-%d", (int)line->cut, (int)line->cut_from, (int)line->cut_to);
		str_add(&r->text, line->complete ? "|" : "$");
	}
	return r->stop_at && r->lines == (size_t)r->stop_at ? 77 : 0;
}

static const struct clean_opts PLAIN = {.fold = true};

/* Cleans BYTES in feeds of at most STEP bytes, the first one of FIRST. The caller frees the text. */
static char *cleaned(const struct clean_opts *opts, const char *bytes, size_t len, size_t first, size_t step)
{
	struct record r = {.gapless = true};
	struct clean *c = clean_new(opts, on_line, &r);
	size_t at = first < len ? first : len;

	assert_int_equal(clean_feed(c, bytes, at), 0);
	while (at < len) {
		size_t n = len - at < step ? len - at : step;

		assert_int_equal(clean_feed(c, bytes + at, n), 0);
		at += n;
	}
	assert_int_equal(clean_cursor(c), opts->start + len);
	assert_int_equal(clean_finish(c, true), 0);
	clean_free(c);
	return str_take(&r.text);
}

struct example {
	const char *raw;   /* no NUL inside */
	const char *clean; /* lines end in | or, unfinished, in $ */
};

static const struct example EXAMPLES[] = {
    /* lines */
    {"", ""},
    {"a\nb\n", "a|b|"},
    {"a\r\nb\r\n", "a|b|"},
    {"a", "a$"},
    {"\n\nx\n", "*2|x|"},
    {"tab\tkept\n", "tab\tkept|"},
    {"  indented and trailing  \n", "  indented and trailing  |"},
    {"page\fbreak\vdown\n", "page|break|down|"},
    /* bad bytes and controls */
    {"bad \xff\xfe byte\n", "bad \xef\xbf\xbd\xef\xbf\xbd byte|"},
    {"cut \xe2\x82\n", "cut \xef\xbf\xbd|"},
    {"end \xe2\x82", "end \xef\xbf\xbd$"},
    {"latin \xe4 one\n", "latin \xef\xbf\xbd one|"},
    {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\n", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80|"},
    {"over\xc0\xaflong \xed\xa0\x80 x\n", "over\xef\xbf\xbd\xef\xbf\xbdlong \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd x|"},
    {"bell\a and del\x7f and c1 \xc2\x9b.\n", "bell and del and c1 .|"},
    /* escapes */
    {"\x1b[1;31mred\x1b[0m\n", "red|"},
    {"\x1b[38;2;1;2;3;4;5;6;7;8;9mmany\x1b[m\n", "many|"},
    {"\x1b[?25lhidden\x1b[?25h\x1b[?2K.\n", "hidden.|"},
    {"\x1b]0;title\atext\n", "text|"},
    {"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\n", "link|"},
    {"\x1bPq#0;2;0~~\x1b\\dcs \x1b_apc\x1b\\apc \x1b^pm\x1b\\pm \x1bXsos\x1b\\sos\n", "dcs apc pm sos|"},
    {"\x1bkscreen title\x1b\\prompt\n", "prompt|"},
    {"\x1b(B\x1b)0\x1b%G\x1b#8charset\x0e\x0f\n", "charset|"},
    {"\x1b(0lqk\x1b(B ok\n", "\xe2\x94\x8c\xe2\x94\x80\xe2\x94\x90 ok|"},
    {"\x1b)0\x0ex\x0fx\x1b*0q\n", "\xe2\x94\x82xq|"},
    {"\x1b(0q\nq\n", "\xe2\x94\x80|q|"}, /* a newline ends it, so that every line can be read by itself */
    {"\x1b=\x1b>\x1bNtwo\n", "two|"},
    {"\x1b]0;never ended\nnext line\n", "|next line|"},
    {"\x1b[31\nnext\n", "|next|"},
    {"\x1b[3\xc3\xa4x\n", "\xc3\xa4x|"},
    {"\x1b[31\x18mgiven up\n", "mgiven up|"},
    {"\x1b\x1b[1mtwice\n", "twice|"},
    {"\x1b]0;a\x1b[1mnew\n", "new|"},
    {"a\x1b", "a$"},
    {"a\x1b[12;", "a$"},
    /* carriage return, backspace, erasing */
    {"10%\r20%\r100%\n", "100%|"},
    {"long text\rshort\n", "shorttext|"},
    {"long text\r\x1b[Kshort\n", "short|"},
    {"long text\rshort\x1b[K\n", "short|"},
    {"long text\x1b[2K\rshort\n", "short|"},
    {"long text\x1b[2Kx\n", "         x|"},
    {"long text\rshort         \n", "short|"},
    {"abc\b\bX\n", "aXc|"},
    {"abc\b \b\n", "ab|"},
    {"N\bNA\bA_\b \n", "NA|"},
    {"\b\b\ba\n", "a|"},
    {"50%\r", "50%$"},
    {"100%\r\r\n", "100%|"},
    {"abc\x1b[1Gx\x1b[3Gz\n", "xbz|"},
    {"abc\x1b[2Dx\x1b[5Cy\n", "axc    y|"},
    {"abcdef\x1b[3G\x1b[1K\n", "   def|"},
    {"abcdef\x1b[3G\x1b[2P\n", "abef|"},
    {"12345678\x1b[1K\xff\n", "        \xef\xbf\xbd|"},
    {"abcdef\x1b[3G\x1b[2@\n", "ab  cdef|"},
    {"abcdef\x1b[3G\x1b[2X\n", "ab  ef|"},
    {"abcdef\x1b[3G\x1b[J\n", "ab|"},
    {"12345678abc\r\tX\n", "12345678Xbc|"},
    {"\xc3\xa4\xc3\xb6\xc3\xbc\rx\n", "x\xc3\xb6\xc3\xbc|"},
    {"abc\r\xc3\xa4\n", "\xc3\xa4"
			"bc|"},
    {"a\x1b"
     "7bcd\x1b"
     "8X\n",
     "aXcd|"},
    /* moves to another row end a line, and no text is glued together */
    {"one\x1b[5;1Htwo\n", "one|two|"},
    {"one\x1b[2J\x1b[Htwo\n", "one|two|"},
    {"\x1b[1A\x1b[2Kagain\n", "again|"},
    {"one\x1b"
     "Etwo\x1b"
     "cthree\n",
     "one|two|three|"},
    /* bars of several rows: the final state */
    {"a 1\nb 1\n\x1b[2Aa 2\nb 2\n", "a 2|b 2|"},
    {"a 1\nb 1\n\x1b[2F\x1b[2Ka 2\n\x1b[2Kb 2\nend\n", "a 2|b 2|end|"},
    {"a 1\nb 1\x1b[1A\x1b[1G\x1b[Ka 2\n\x1b[Kb 2", "a 2|b 2$"},
    {"a\nb\nc\n\x1b[3A\x1b[2K\rA\x1b[3B\r\x1b[1A\x1b[2KC\x1b[1E", "A|b|C|"},
    {"a\nb\n\x1b[2A\x1b[Jdone\n", "done|"},
    {"a\nb\n\x1b[1A\x1b[2K\x1b[1A\x1b[2K\x1b[Gdone\n", "done|"},
    {"log\na\nb\n\x1b[2A\x1b[Jlog 2\na\nb\n", "log|log 2|a|b|"},
    {"a\n\nb\n\x1b[3AA\n\nB\n", "A||B|"},
    {"abc\x1b[1Bd\x1b[1De\n", "abc|   e|"},
    {"abc\n\x1b[A\x1b[3CX\n", "abcX|"},
    {"one\ntwo\x1bMX\x1b"
     "DY\n",
     "oneX|two Y|"},
    {"\x1b[3Ahigh\nlow\n", "high|low|"},
    {"x\n\x1b[2Aabove\n", "above|x|"},
    {"\x1b[999Btext\n", "text|"},
    {"a\n\x1b[sb\nc\x1b[uB\n\n", "a|B|c|"},
    {"a\x1b"
     "7\nb\n\x1b"
     "8A\n",
     "aA|b|"},
    {"a\nb\n\x1b[2A\x1b[3;1Hc\n", "a|b|c|"},
    /* a status line by its number, as apt has it */
    {"one\n\x1b"
     "7\x1b[24;1f 10%\x1b"
     "8two\n\x1b"
     "7\x1b[24;1f 20%\x1b"
     "8three\n",
     "one|two|three| 20%$"},
    {"one\n\x1b"
     "7\x1b[24;1f 10%\x1b"
     "8\x1b"
     "7\x1b[24;1f\x1b[K\x1b"
     "8two\n",
     "one|two|"},
    {"\x1b"
     "7\x1b[24;1f 10%\nnext\n",
     " 10%|next|"},
    {"one\n\x1b"
     "7\x1b[24;1f 10%\x1b"
     "8two\nx\n\x1b[A\x1b[Jend\n",
     "one|two|end|"},
    /* folding */
    {"x\nx\nx\ny\nx\n", "x*3|y|x|"},
    {"x\nx", "x*2$"},
    {"\x1b[31mx\x1b[m\nx\n", "x*2|"},
    {"x\nxx\n", "x|xx|"},
};

static void examples(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof EXAMPLES / sizeof *EXAMPLES; i++) {
		const struct example *e = &EXAMPLES[i];
		char *got = cleaned(&PLAIN, e->raw, strlen(e->raw), 0, SIZE_MAX);

		assert_string_equal(got, e->clean);
		free(got);
	}
}

static void feeds_may_be_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof EXAMPLES / sizeof *EXAMPLES; i++) {
		const struct example *e = &EXAMPLES[i];
		size_t len = strlen(e->raw);

		for (size_t first = 0; first <= len; first++) {
			char *got = cleaned(&PLAIN, e->raw, len, first, SIZE_MAX);

			assert_string_equal(got, e->clean);
			free(got);
		}
		for (size_t step = 1; step < 4; step++) {
			char *got = cleaned(&PLAIN, e->raw, len, 0, step);

			assert_string_equal(got, e->clean);
			free(got);
		}
	}
}

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

/* Bytes that are often meaningful. */
static size_t noise(char *out, size_t max, unsigned *seed)
{
	static const char *const words[] = {
	    "\x1b[",
	    "\x1b]",
	    "\x1bP",
	    "\x1b\\",
	    "\x1b",
	    "\a",
	    "K",
	    "2K",
	    "1G",
	    "999C",
	    "5D",
	    "m",
	    ";",
	    "31",
	    "\r",
	    "\n",
	    "\r\n",
	    "\b",
	    "\t",
	    "text",
	    "a",
	    " ",
	    "\xe2\x82\xac",
	    "\xe2",
	    "\x82",
	    "\xf0\x9f",
	    "\xff",
	    "\xc2\x9b",
	    "\x1b[A",
	    "\x1b[3A",
	    "\x1b[2B",
	    "\x1b[2F",
	    "\x1b[E",
	    "\x1b[70A",
	    "\x1b[70B",
	    "\x1b[s",
	    "\x1b[u",
	    "\x1b[9;2f",
	    "\x1b(0",
	    "\x1b)0",
	    "\x0e",
	    "\x1bM",
	    "\x1b[H",
	    "\x1b[2J",
	    "3P",
	    "4@",
	    "7X",
	    "\x1b"
	    "7",
	    "\x1b"
	    "8",
	    "J",
	    "\x7f",
	    "\x18",
	    "x\n",
	    "x\n",
	    "1K",
	    "0123456789",
	};
	size_t len = 0;

	for (;;) {
		const char *w = words[next_random(seed) % (sizeof words / sizeof *words)];
		size_t n = strlen(w);

		if (len + n > max)
			return len;
		memcpy(out + len, w, n);
		len += n;
		if (next_random(seed) % 16 == 0 && len < max)
			out[len++] = (char)next_random(seed);
	}
}

static void noise_becomes_lines_however_it_is_cut(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct clean_opts opts = {.fold = round % 2, .line_max = round % 3 ? 16 : 0, .start = 1000};
		char raw[256], *whole, *cut;
		size_t len = noise(raw, sizeof raw, &seed);

		whole = cleaned(&opts, raw, len, 0, SIZE_MAX);
		cut = cleaned(&opts, raw, len, next_random(&seed) % (len + 1), 1 + next_random(&seed) % 9);
		assert_string_equal(whole, cut);
		free(whole);
		free(cut);
	}
}

static void escapes_do_not_swallow_forever(void **state)
{
	static const char *const fronts[] = {"\x1b]0;", "\x1bP", "\x1b_", "\x1b[", "\x1b("};

	(void)state;
	for (size_t i = 0; i < sizeof fronts / sizeof *fronts; i++) {
		struct str raw = {0};
		char *got;

		str_add(&raw, fronts[i]);
		for (int n = 0; n < ESC_STRING_MAX + 100; n++)
			str_addc(&raw, i == 4 ? ' ' : '1');
		str_add(&raw, " visible");
		got = cleaned(&PLAIN, raw.buf, raw.len, 7, 1000);
		assert_non_null(strstr(got, i < 3 ? " visible$" : i == 4 ? "  " : "111"));
		free(got);
		str_done(&raw);
	}
}

static void long_lines_are_cut_and_say_where(void **state)
{
	struct clean_opts opts = {.line_max = 10, .start = 100};
	char *got;

	(void)state;
	got = cleaned(&opts, "0123456789\n", 11, 3, 4);
	assert_string_equal(got, "0123456789|");
	free(got);
	got = cleaned(&opts, "0123456789abc\nx\n", 16, 3, 4);
	assert_string_equal(got, "0123456789~3@110-114|x|");
	free(got);
	got = cleaned(&opts,
		      "\xc3\xa4"
		      "123456789\xc3\xa4"
		      "bc\n",
		      16, 3, 4);
	assert_string_equal(got, "\xc3\xa4"
				 "123456789~3@111-116|");
	free(got);
	/* a redraw that ends earlier leaves nothing cut, one that is as long says where it was cut last */
	got = cleaned(&opts, "0123456789abc\rxx\x1b[K\n", 20, 3, 4);
	assert_string_equal(got, "xx|");
	free(got);
	got = cleaned(&opts, "0123456789abc\r0123456789xy\n", 27, 3, 4);
	assert_string_equal(got, "0123456789~3@124-127|");
	free(got);
	/* what comes in from behind the part that is kept is blank */
	got = cleaned(&opts, "0123456789abcdefghij\x1b[3G\x1b[12P.\n", 31, 3, 4);
	assert_string_equal(got, "01.|");
	free(got);
	/* cut lines are not taken for equal: their ends are not known any more */
	opts.fold = true;
	got = cleaned(&opts, "0123456789a\n0123456789b\n", 24, 3, 4);
	assert_string_equal(got, "0123456789~1@110-112|0123456789~1@122-124|");
	free(got);
}

static void a_line_without_end_takes_no_memory(void **state)
{
	static char block[65536];
	struct record r = {.gapless = true};
	struct clean *c = clean_new(&PLAIN, on_line, &r);

	(void)state;
	memset(block, 'x', sizeof block);
	for (int i = 0; i < 1600; i++) /* 100 MiB */
		assert_int_equal(clean_feed(c, block, sizeof block), 0);
	assert_int_equal(clean_finish(c, true), 0);
	assert_int_equal(r.lines, 1);
	assert_int_equal(r.last.len, CLEAN_LINE_MAX);
	assert_int_equal(r.last.cut, 1600ull * sizeof block - CLEAN_LINE_MAX);
	assert_int_equal(r.last.cut_from, CLEAN_LINE_MAX);
	assert_false(r.last.complete);
	clean_free(c);
	str_done(&r.text);
}

static void progress_is_one_line_that_counts_its_redraws(void **state)
{
	struct record r = {.gapless = true};
	struct clean *c = clean_new(&PLAIN, on_line, &r);

	(void)state;
	for (int i = 0; i <= 200000; i++) {
		char bar[64];
		int n = snprintf(bar, sizeof bar, "\r[%-20.*s] %d", i / 10000, "####################", i);

		clean_feed(c, bar, (size_t)n);
	}
	clean_feed(c, "\n", 1);
	clean_finish(c, true);
	assert_string_equal(r.text.buf, "[####################] 200000|");
	assert_int_equal(r.last.redraws, 200000);
	assert_true(r.last.to > 200000);
	clean_free(c);
	str_done(&r.text);
}

static void long_rows_leave_early(void **state)
{
	struct record r = {.gapless = true};
	struct clean_opts opts = {.line_max = 1u << 20};
	struct clean *c = clean_new(&opts, on_line, &r);
	static char line[1u << 19];

	(void)state;
	memset(line, 'x', sizeof line - 1);
	line[sizeof line - 1] = '\n';
	for (int i = 0; i < 20; i++)
		assert_int_equal(clean_feed(c, line, sizeof line), 0);
	assert_int_equal(r.lines, 17);
	clean_finish(c, true);
	assert_int_equal(r.lines, 20);
	clean_free(c);
	str_done(&r.text);
}

static void a_single_row_is_left_at_once(void **state)
{
	struct record r = {.gapless = true};
	struct clean_opts opts = {.single = true};
	struct clean *c = clean_new(&opts, on_line, &r);

	(void)state;
	clean_feed(c, "one\n", 4);
	assert_string_equal(r.text.buf, "one|");
	clean_feed(c, "\n10%\r20%\x1b[1Aup\x1b[2Bdown\x1b[s\x1b[9;9Haway\x1b[uback\n", 43);
	assert_string_equal(r.text.buf, "one||20%|up|down|away|back|");
	assert_int_equal(r.last.to, clean_cursor(c));
	assert_false(clean_holds(c));
	clean_free(c);
	str_done(&r.text);
}

static void rows_drawn_together_tell_their_redraws_once(void **state)
{
	struct record r = {.gapless = true};
	struct clean *c = clean_new(&PLAIN, on_line, &r);
	char bars[256];

	(void)state;
	clean_feed(c, "first\n", 6);
	for (int i = 0; i < 1000; i++) {
		int n = snprintf(bars, sizeof bars, "%sone %d\ntwo %d\n\nthree %d\n", i ? "\x1b[4A" : "", i, i, i);

		clean_feed(c, bars, (size_t)n);
	}
	assert_int_equal(r.lines, 0);
	clean_finish(c, true);
	assert_string_equal(r.text.buf, "first|one 999|two 999||three 999|");
	assert_int_equal(r.last.redraws, 3 * 999);
	assert_int_equal(r.last.drawn_from, 6);
	assert_int_equal(r.last.drawn_to, clean_cursor(c));
	assert_int_equal(r.last.to, clean_cursor(c));
	clean_free(c);
	str_done(&r.text);
}

static void what_is_out_of_reach_is_a_new_line(void **state)
{
	struct record r = {.gapless = true};
	struct clean *c = clean_new(&PLAIN, on_line, &r);

	(void)state;
	for (int i = 0; i < 100; i++) {
		char line[16];
		int n = snprintf(line, sizeof line, "%d\n", i);

		clean_feed(c, line, (size_t)n);
	}
	/* 100 and the empty row of the cursor make 101, of which 64 can still be written to */
	assert_int_equal(r.lines, 36);
	clean_feed(c, "\x1b[999Atop\n", 10);
	clean_finish(c, true);
	assert_non_null(strstr(r.text.buf, "|36|top|38|"));
	assert_int_equal(r.lines, 100);
	clean_free(c);
	str_done(&r.text);
}

/* Feeds TEXT, flushes, and says what came since the last time. */
static const char *followed(struct clean *c, struct record *r, const char *text)
{
	str_reset(&r->text);
	str_add(&r->text, "");
	clean_feed(c, text, strlen(text));
	clean_flush(c);
	return r->text.buf;
}

static void followers_wait_for_bars_only(void **state)
{
	struct record r = {0};
	struct clean *c = clean_new(&PLAIN, on_line, &r);

	(void)state;
	assert_string_equal(followed(c, &r, "plain\nhalf"), "plain|");
	assert_string_equal(followed(c, &r, "\na 1\nb 1\n"), "half|a 1|b 1|");
	assert_false(clean_holds(c));
	/* what was emitted comes again when it is written over, but not in each of its states */
	assert_string_equal(followed(c, &r, "\x1b[2Aa 2\nb 2\n"), "");
	assert_true(clean_holds(c));
	assert_string_equal(followed(c, &r, "\x1b[2Aa 3\n"), "");
	assert_string_equal(followed(c, &r, "b 3\n"), "");
	str_reset(&r.text);
	clean_settle(c);
	assert_string_equal(r.text.buf, "a 3|b 3|");
	assert_false(clean_holds(c));
	/* only one of them changes */
	assert_string_equal(followed(c, &r, "\x1b[1A\x1b[Kb 4\n"), "");
	assert_string_equal(followed(c, &r, "1\n2\n"), "b 4|");
	assert_int_equal(r.last.redraws, 1);
	/* a row that is shown while it is drawn keeps its blanks */
	assert_string_equal(followed(c, &r, "\x1b[1A\x1b[Kx "), "");
	clean_settle(c);
	assert_string_equal(r.text.buf, "1|x|");
	assert_string_equal(followed(c, &r, "y\n3\n4\n"), "x y|");
	/* plain again: nothing is held */
	assert_string_equal(followed(c, &r, "5\n6\n7\n"), "3|4|5|6|7|");
	assert_string_equal(followed(c, &r, "8\n"), "8|");
	str_reset(&r.text);
	clean_finish(c, true);
	assert_int_equal(r.text.len, 0);
	clean_free(c);
	str_done(&r.text);
}

static void gaps_break_lines_and_escapes(void **state)
{
	struct record r = {.gapless = true};
	struct clean *c = clean_new(&PLAIN, on_line, &r);

	(void)state;
	clean_feed(c, "x\nx\nhalf \xe2\x82", 11);
	clean_gap(c, 11, 100, CLEAN_FREED);
	clean_feed(c, "\nrest\x1b]0;", 9);
	clean_gap(c, 109, 200, CLEAN_LOST);
	clean_feed(c, "seen\n", 5);
	clean_gap(c, 205, 300, CLEAN_SKIPPED);
	clean_feed(c, "\nlast\n", 6);
	assert_int_equal(clean_cursor(c), 306);
	clean_finish(c, true);
	/* the newline after the freed gap only ends a line that is gone; the one after the skip is a blank line */
	assert_string_equal(r.text.buf, "x*2|half \xef\xbf\xbd$<F 11-100>\nrest$<L 109-200>\nseen|<S 205-300>\n|last|");
	clean_free(c);
	str_done(&r.text);
}

/* Takes the marks of line ends out, so that only what is read is compared. */
static void drop_marks(char *text)
{
	char *to = text;

	for (; *text; text++)
		if (*text != '|' && *text != '$')
			*to++ = *text;
	*to = '\0';
}

/* Reading [0, k) and [k, end) with what leads to k must show every character once, wherever k falls. */
static void a_read_may_begin_anywhere(void **state)
{
	static const char raw[] = "first\n\x1b[1;31mr\xc3\xa4"
				  "d \xe2\x82\xac\x1b]0;title\a\x1b(B.\nlast\xf0\x9f\x98\x80\n";
	static const char text[] = "firstr\xc3\xa4"
				   "d \xe2\x82\xac.last\xf0\x9f\x98\x80";
	size_t len = sizeof raw - 1;

	(void)state;
	for (size_t k = 0; k <= len; k++) {
		struct record r = {0};
		struct clean_opts opts = {.from = 0};
		struct clean *c = clean_new(&opts, on_line, &r);

		clean_feed(c, raw, k);
		clean_finish(c, false);
		clean_free(c);
		opts.from = k;
		c = clean_new(&opts, on_line, &r);
		clean_feed(c, raw, len);
		assert_int_equal(clean_cursor(c), len);
		clean_finish(c, false);
		clean_free(c);
		assert_true(r.lines <= 4); /* never a blank line for the newline alone */
		drop_marks(r.text.buf);
		assert_string_equal(r.text.buf, text);
		str_done(&r.text);
	}
}

static void the_rest_of_a_line_says_so(void **state)
{
	struct record r = {0};
	struct clean_opts opts = {.from = 3, .start = 0, .fold = true};
	struct clean *c = clean_new(&opts, on_line, &r);

	(void)state;
	clean_feed(c, "ab", 2);
	clean_feed(c, "cde\n", 4);
	clean_flush(c);
	assert_true(r.last.rest);
	assert_int_equal(r.last.from, 3);
	assert_int_equal(r.last.to, 6);
	clean_feed(c, "de\n", 3);
	clean_finish(c, true);
	assert_false(r.last.rest);
	assert_string_equal(r.text.buf, "de|de|"); /* a rest is never folded with a whole line */
	clean_free(c);
	str_done(&r.text);
}

static void an_unfinished_character_waits_unless_the_end_is_final(void **state)
{
	(void)state;
	for (int ended = 0; ended < 2; ended++) {
		struct record r = {0};
		struct clean *c = clean_new(&PLAIN, on_line, &r);

		clean_feed(c, "a\xe2\x82", 3);
		clean_finish(c, ended);
		assert_string_equal(r.text.buf, ended ? "a\xef\xbf\xbd$" : "a$");
		clean_free(c);
		str_done(&r.text);
	}
}

static void flush_gives_followers_the_held_line(void **state)
{
	struct record r = {0};
	struct clean *c = clean_new(&PLAIN, on_line, &r);

	(void)state;
	clean_feed(c, "x\nx\n", 4);
	assert_int_equal(r.lines, 0);
	clean_flush(c);
	assert_string_equal(r.text.buf, "x*2|");
	clean_flush(c);
	clean_feed(c, "x\n", 2);
	clean_flush(c);
	assert_string_equal(r.text.buf, "x*2|x|");
	clean_free(c);
	str_done(&r.text);
}

static void emit_stops_the_cleaner(void **state)
{
	struct record r = {.stop_at = 2};
	struct clean_opts opts = {0};
	struct clean *c = clean_new(&opts, on_line, &r);

	(void)state;
	assert_int_equal(clean_feed(c, "a\nb\nc\nd\n", 8), 0);
	assert_int_equal(clean_flush(c), 77);
	assert_int_equal(clean_feed(c, "e\n", 2), 77);
	assert_int_equal(clean_finish(c, true), 77);
	assert_string_equal(r.text.buf, "a|b|");
	clean_free(c);
	str_done(&r.text);
	clean_free(NULL);
}

static void names_become_harmless(void **state)
{
	static const struct example names[] = {
	    {"plain", "plain"},
	    {"  two\nlines\t.\r ", "two lines ."},
	    {"\x1b[31mred\x1b[0m \x1b]0;t\aok", "red ok"},
	    {"rm -rf /\recho hi", "rm -rf / echo hi"}, /* nothing may hide by being overwritten */
	    {"abc\b\b\bxyz", "abcxyz"},
	    {"bad \xff, cut \xe2\x82", "bad \xef\xbf\xbd, cut \xef\xbf\xbd"},
	    {"c1 \xc2\x9b"
	     "31m nul",
	     "c1 31m nul"},
	    {"", ""},
	    {" \n ", ""},
	    {"end\x1b[", "end"},
	};
	struct str out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		str_reset(&out);
		str_add(&out, "> ");
		clean_text(&out, names[i].raw, strlen(names[i].raw));
		assert_memory_equal(out.buf, "> ", 2);
		assert_string_equal(out.buf + 2, names[i].clean);
		assert_int_equal(out.len, strlen(out.buf));
	}
	str_reset(&out);
	clean_text(&out, "a\0b", 3);
	assert_string_equal(out.buf, "ab");
	str_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(examples),
	    cmocka_unit_test(feeds_may_be_cut_anywhere),
	    cmocka_unit_test(noise_becomes_lines_however_it_is_cut),
	    cmocka_unit_test(escapes_do_not_swallow_forever),
	    cmocka_unit_test(long_lines_are_cut_and_say_where),
	    cmocka_unit_test(a_line_without_end_takes_no_memory),
	    cmocka_unit_test(progress_is_one_line_that_counts_its_redraws),
	    cmocka_unit_test(long_rows_leave_early),
	    cmocka_unit_test(a_single_row_is_left_at_once),
	    cmocka_unit_test(rows_drawn_together_tell_their_redraws_once),
	    cmocka_unit_test(what_is_out_of_reach_is_a_new_line),
	    cmocka_unit_test(followers_wait_for_bars_only),
	    cmocka_unit_test(gaps_break_lines_and_escapes),
	    cmocka_unit_test(a_read_may_begin_anywhere),
	    cmocka_unit_test(the_rest_of_a_line_says_so),
	    cmocka_unit_test(an_unfinished_character_waits_unless_the_end_is_final),
	    cmocka_unit_test(flush_gives_followers_the_held_line),
	    cmocka_unit_test(emit_stops_the_cleaner),
	    cmocka_unit_test(names_become_harmless),
	};

	return cmocka_run_group_tests_name("clean", tests, NULL, NULL);
}
