#include "log/clean.h"

#include "base/str.h"
#include "base/utf8.h"
#include "log/esc.h"
#include "log/line.h"

#include <stdlib.h>
#include <string.h>

struct clean {
	struct clean_opts opts;
	clean_emit *emit;
	void *arg;
	int stopped;	 /* what emit returned */
	uint64_t at;	 /* cursor of the next byte */
	uint64_t origin; /* cursor where the line in the making begins */
	bool rest;	 /* it began before the bytes wanted, or in a gap */
	struct esc esc;
	unsigned char part[UTF8_MAX]; /* a character whose rest is not there yet */
	size_t npart;
	struct line *line;	/* in the making */
	struct line *held_line; /* owns the text of HELD */
	struct clean_line held; /* waits for an identical neighbour; times 0: none */
	uint64_t ended;		/* lines ended so far: tells whether SAVED is still on this line */
	uint64_t saved_line;
	uint64_t saved_column;
};

struct clean *clean_new(const struct clean_opts *opts, clean_emit *emit, void *arg)
{
	struct clean *c = xcalloc(1, sizeof *c);

	c->opts = *opts;
	if (c->opts.line_max == 0)
		c->opts.line_max = CLEAN_LINE_MAX;
	c->emit = emit;
	c->arg = arg;
	c->at = c->origin = opts->start;
	c->line = line_new(c->opts.line_max);
	c->held_line = line_new(c->opts.line_max);
	return c;
}

void clean_free(struct clean *c)
{
	if (!c)
		return;
	line_free(c->line);
	line_free(c->held_line);
	free(c);
}

uint64_t clean_cursor(const struct clean *c)
{
	return c->at;
}

static bool wanted(const struct clean *c)
{
	return c->at > c->opts.from || c->opts.from <= c->opts.start;
}

static void emit(struct clean *c, const struct clean_line *line)
{
	if (!c->stopped)
		c->stopped = c->emit(c->arg, line);
}

int clean_flush(struct clean *c)
{
	if (c->held.times > 0)
		emit(c, &c->held);
	c->held.times = 0;
	return c->stopped;
}

static bool repeats(const struct clean_line *held, const struct clean_line *now)
{
	return held->times > 0 && !held->rest && held->cut == 0 && now->cut == 0 && held->len == now->len &&
	       memcmp(held->text, now->text, now->len) == 0;
}

/* Hands on a line, or holds it until the next one shows whether it repeats. */
static void hand_on(struct clean *c, const struct clean_line *now)
{
	struct line *swap = c->held_line;

	if (!c->opts.fold) {
		emit(c, now);
		return;
	}
	if (repeats(&c->held, now)) {
		c->held.times++;
		c->held.to = now->to;
		c->held.redraws += now->redraws;
		c->held.complete = now->complete;
		return;
	}
	clean_flush(c);
	c->held = *now;
	c->held_line = c->line;
	c->line = swap;
}

static void end_line(struct clean *c, bool complete)
{
	struct clean_line now = {
	    .kind = CLEAN_LINE,
	    .from = c->origin,
	    .to = c->at,
	    .times = 1,
	    .cut_from = c->origin,
	    .cut_to = c->at,
	    .redraws = line_redraws(c->line),
	    .complete = complete,
	    .rest = c->rest,
	};

	now.cut = line_cut(c->line, &now.cut_from);
	if (now.cut_from < now.from)
		now.cut_from = now.from;
	now.text = line_text(c->line, &now.len);
	/* The newline alone of a line that was shown before is not a line. */
	if (wanted(c) && !(c->rest && now.len == 0 && now.cut == 0))
		hand_on(c, &now);
	line_reset(c->line);
	c->origin = c->at;
	c->rest = false;
	c->ended++;
}

/* The terminal's cursor goes elsewhere: what stands on the line is a line, and nothing is none. */
static void leave_line(struct clean *c)
{
	if (!line_empty(c->line))
		end_line(c, true);
}

static void restore_column(struct clean *c)
{
	if (c->saved_line == c->ended)
		line_move_to(c->line, c->saved_column);
	else
		leave_line(c);
}

static void save_column(struct clean *c)
{
	c->saved_line = c->ended;
	c->saved_column = line_column(c->line);
}

static void apply_csi(struct clean *c)
{
	uint32_t n = esc_param(&c->esc, 0, 1);
	uint32_t what = esc_param(&c->esc, 0, 0);

	if (c->esc.private)
		return;
	switch (c->esc.final) {
	case 'G':
	case '`':
		line_move_to(c->line, n - 1);
		break;
	case 'C':
	case 'a':
		line_move_by(c->line, n);
		break;
	case 'D':
		line_move_by(c->line, -(int64_t)n);
		break;
	case 'K':
		if (what <= LINE_ERASE_ALL)
			line_erase(c->line, (enum line_erase)what);
		break;
	case 'J':
		if (what == 0)
			line_erase(c->line, LINE_ERASE_RIGHT);
		else if (what == 2)
			leave_line(c);
		break;
	case 'X':
		line_blank(c->line, n);
		break;
	case 'P':
		line_delete(c->line, n);
		break;
	case '@':
		line_insert(c->line, n);
		break;
	case 's':
		save_column(c);
		break;
	case 'u':
		restore_column(c);
		break;
	case 'A': /* up, down, to another row */
	case 'B':
	case 'E':
	case 'F':
	case 'H':
	case 'S':
	case 'T':
	case 'd':
	case 'f':
		leave_line(c);
		break;
	default:
		break;
	}
}

static void apply_esc(struct clean *c)
{
	if (c->esc.csi) {
		apply_csi(c);
		return;
	}
	switch (c->esc.final) {
	case '7':
		save_column(c);
		break;
	case '8':
		restore_column(c);
		break;
	case 'D': /* down, next line, up, reset */
	case 'E':
	case 'M':
	case 'c':
		leave_line(c);
		break;
	default:
		break;
	}
}

/* A byte below 0x20, or DEL; the cursor is already behind it. */
static void control(struct clean *c, unsigned char b)
{
	switch (b) {
	case '\n':
		end_line(c, true);
		break;
	case '\r':
		line_move_to(c->line, 0);
		break;
	case '\b':
		line_move_by(c->line, -1);
		break;
	case '\t':
		line_tab(c->line, c->at - 1);
		break;
	case '\v':
	case '\f':
		leave_line(c);
		break;
	case ESC_BYTE:
		esc_begin(&c->esc);
		break;
	default:
		break;
	}
}

/* C1 controls are dropped and not obeyed: they come from text that was encoded twice, not from programs. */
static void put(struct clean *c, uint32_t cp, uint64_t at)
{
	if (cp < 0x80 || cp > 0x9f)
		line_put(c->line, cp, at);
}

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
			apply_esc(c);
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
	put(c, cp, at);
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
		put(c, cp, c->at);
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

	if (n > 0) {
		line_put_ascii(c->line, (const char *)p, n, c->at);
		c->at += n;
	}
	if (n == len || p[n] >= 0x80)
		return n;
	c->at++;
	control(c, p[n]);
	return n + 1;
}

static void take(struct clean *c, const unsigned char *p, size_t len)
{
	while (len > 0 && !c->stopped) {
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
	c->rest = c->at > c->origin;
	c->origin = c->at;
	line_reset(c->line);
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
	return c->stopped;
}

/* Half a character before a gap or the end is bad for good. */
static void give_up_part(struct clean *c)
{
	if (c->npart > 0)
		put(c, UTF8_BAD, c->at - c->npart);
	c->npart = 0;
}

int clean_gap(struct clean *c, uint64_t from, uint64_t to, enum clean_kind kind)
{
	struct clean_line gap = {.kind = kind, .text = "", .from = from, .to = to, .times = 1};

	give_up_part(c);
	c->esc.state = ESC_NONE;
	if (!line_empty(c->line))
		end_line(c, false);
	clean_flush(c);
	if (gap.from < c->opts.from)
		gap.from = c->opts.from;
	if (gap.from < gap.to)
		emit(c, &gap);
	line_reset(c->line);
	c->at = c->origin = to;
	c->rest = kind != CLEAN_SKIPPED;
	return c->stopped;
}

int clean_finish(struct clean *c, bool ended)
{
	if (ended)
		give_up_part(c);
	if (!line_empty(c->line))
		end_line(c, false);
	return clean_flush(c);
}
