#include "log/clean.h"

#include "base/str.h"
#include "base/utf8.h"
#include "log/esc.h"
#include "log/line.h"
#include "log/lines.h"
#include "log/rows.h"
#include "log/term.h"

#include <stdlib.h>
#include <string.h>

struct clean {
	struct clean_opts opts;
	uint64_t at; /* cursor of the next byte */
	struct esc esc;
	unsigned char part[UTF8_MAX]; /* a character whose rest is not there yet */
	size_t npart;
	struct term *term;
	struct lines *lines;
};

static bool wanted(const struct clean *c)
{
	return c->at > c->opts.from || c->opts.from <= c->opts.start;
}

static void show_oldest(void *arg)
{
	struct clean *c = arg;

	if (wanted(c))
		lines_show(c->lines, term_rows(c->term), 0);
}

struct clean *clean_new(const struct clean_opts *opts, clean_emit *emit, void *arg)
{
	struct clean *c = xcalloc(1, sizeof *c);

	c->opts = *opts;
	c->at = opts->start;
	c->term = term_new(opts->line_max ? opts->line_max : CLEAN_LINE_MAX, opts->single, c->at, show_oldest, c);
	c->lines = lines_new(opts->fold, emit, arg);
	return c;
}

void clean_free(struct clean *c)
{
	if (!c)
		return;
	term_free(c->term);
	lines_free(c->lines);
	free(c);
}

uint64_t clean_cursor(const struct clean *c)
{
	return c->at;
}

/* Shows the first N rows. */
static void show(struct clean *c, size_t n)
{
	struct rows *rows = term_rows(c->term);

	rows_note(rows, c->at);
	for (size_t i = 0; i < n && wanted(c); i++)
		lines_show(c->lines, rows, i);
	lines_flush(c->lines);
}

/* Shows all there is, and begins anew at AT. */
static void end(struct clean *c, uint64_t at)
{
	struct rows *rows = term_rows(c->term);

	show(c, rows_count(rows));
	if (wanted(c))
		lines_end(c->lines, rows);
	term_reset(c->term, at);
}

int clean_flush(struct clean *c)
{
	size_t n = rows_count(term_rows(c->term)), held = term_reach(c->term) + 1;

	show(c, n > held ? n - held : 0);
	return lines_stopped(c->lines);
}

bool clean_holds(struct clean *c)
{
	struct rows *rows = term_rows(c->term);

	rows_note(rows, c->at);
	for (size_t i = 0; i + 1 < rows_count(rows) && wanted(c); i++)
		if (!rows_at(rows, i)->shown && lines_is_line(rows_at(rows, i)))
			return true;
	return false;
}

int clean_settle(struct clean *c)
{
	show(c, rows_count(term_rows(c->term)) - 1);
	return lines_stopped(c->lines);
}

static void peek_row(const struct row *row, struct str *out)
{
	const char *text;
	size_t len;

	if (row->shown || !lines_is_line(row))
		return;
	text = line_text(row->line, &len);
	str_addn(out, text, len);
	str_addc(out, '\n');
}

void clean_peek(struct clean *c, struct str *out)
{
	struct rows *rows = term_rows(c->term);
	const struct row *elsewhere = rows_elsewhere(rows);

	rows_note(rows, c->at);
	for (size_t i = 0; i < rows_count(rows) && wanted(c); i++)
		peek_row(rows_at(rows, i), out);
	if (elsewhere && wanted(c))
		peek_row(elsewhere, out);
}

/* ---- bytes become characters ---- */

/* Takes bytes of an escape sequence; returns how many. */
static size_t take_escape(struct clean *c, const unsigned char *p, size_t len)
{
	size_t n = 0;

	while (n < len) {
		enum esc_result got = esc_byte(&c->esc, p[n]);

		if (got == ESC_NOT_IT)
			break;
		n++;
		c->at++;
		if (got == ESC_ENDED) {
			term_escape(c->term, &c->esc, c->at);
			break;
		}
	}
	return n;
}

/* Takes one byte for the character that an earlier feed left unfinished, unless it belongs to the next one. */
static size_t take_rest_of_char(struct clean *c, unsigned char b)
{
	uint64_t at = c->at - c->npart;
	uint32_t cp;
	size_t n;

	c->part[c->npart] = b;
	n = utf8_next(c->part, c->npart + 1, &cp);
	if (n == 0) {
		c->npart++;
		c->at++;
		return 1;
	}
	term_put(c->term, cp, at);
	n -= c->npart;
	c->npart = 0;
	c->at += n;
	return n;
}

/* Takes characters above 0x7f as long as there are any. */
static size_t take_wide(struct clean *c, const unsigned char *p, size_t len)
{
	size_t done = 0;

	while (done < len && p[done] >= 0x80) {
		uint32_t cp;
		size_t n = utf8_next(p + done, len - done, &cp);

		if (n == 0) {
			c->npart = len - done;
			memcpy(c->part, p + done, c->npart);
			c->at += c->npart;
			return len;
		}
		term_put(c->term, cp, c->at);
		c->at += n;
		done += n;
	}
	return done;
}

/* How many bytes at the front are characters from 0x20 to 0x7e. Eight at a time: this is where cleaning spends its
 * time on plain text. */
static size_t plain_span(const unsigned char *p, size_t len)
{
	const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
	size_t n = 0;

	for (; n + 8 <= len; n += 8) {
		uint64_t word, low, del;

		memcpy(&word, p + n, 8);
		low = word - ones * 0x20;
		del = word + ones;
		if ((low | del | word) & highs)
			break;
	}
	while (n < len && p[n] >= 0x20 && p[n] < 0x7f)
		n++;
	return n;
}

static size_t take_text(struct clean *c, const unsigned char *p, size_t len)
{
	size_t n = plain_span(p, len);

	term_put_ascii(c->term, p, n, c->at);
	c->at += n;
	if (n == len || p[n] >= 0x80)
		return n;
	c->at++;
	if (p[n] == ESC_BYTE)
		esc_begin(&c->esc);
	else
		term_control(c->term, p[n], c->at);
	return n + 1;
}

static void take(struct clean *c, const unsigned char *p, size_t len)
{
	while (len > 0 && !lines_stopped(c->lines)) {
		size_t n;

		if (c->esc.state != ESC_NONE)
			n = take_escape(c, p, len);
		else if (c->npart > 0)
			n = take_rest_of_char(c, *p);
		else if (*p >= 0x80)
			n = take_wide(c, p, len);
		else
			n = take_text(c, p, len);
		p += n;
		len -= n;
	}
}

/* The bytes that only lead to the first one wanted: state is kept, text is not. */
static void begin_wanted(struct clean *c)
{
	struct rows *rows = term_rows(c->term);
	bool rest;

	rows_note(rows, c->at);
	rest = c->at > rows_now(rows)->from;
	term_reset(c->term, c->at);
	rows_now(rows)->rest = rest;
}

int clean_feed(struct clean *c, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	if (c->at < c->opts.from) {
		uint64_t lead = c->opts.from - c->at;
		size_t n = len < lead ? len : (size_t)lead;

		take(c, p, n);
		if (c->at == c->opts.from)
			begin_wanted(c);
		p += n;
		len -= n;
	}
	take(c, p, len);
	return lines_stopped(c->lines);
}

/* Half a character before a gap or the end is bad for good. */
static void give_up_part(struct clean *c)
{
	if (c->npart > 0)
		term_put(c->term, UTF8_BAD, c->at - c->npart);
	c->npart = 0;
}

int clean_gap(struct clean *c, uint64_t from, uint64_t to, enum clean_kind kind)
{
	struct clean_line gap = {.kind = kind, .text = "", .from = from, .to = to, .times = 1};

	give_up_part(c);
	c->esc.state = ESC_NONE;
	end(c, to);
	if (gap.from < c->opts.from)
		gap.from = c->opts.from;
	if (gap.from < gap.to)
		lines_emit(c->lines, &gap);
	c->at = to;
	rows_now(term_rows(c->term))->rest = kind != CLEAN_SKIPPED;
	return lines_stopped(c->lines);
}

int clean_finish(struct clean *c, bool ended)
{
	if (ended)
		give_up_part(c);
	end(c, c->at);
	return lines_stopped(c->lines);
}
