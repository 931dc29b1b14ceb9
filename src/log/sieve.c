#include "log/sieve.h"

#include "base/str.h"
#include "base/utf8.h"
#include "log/esc.h"
#include "log/seq.h"

#include <stdlib.h>
#include <string.h>

#define HELD_MAX   (1024u * 1024u) /* bytes of a run of lines; a longer one is handed on */
#define REPEAT_MAX 1024u	   /* characters that one sequence makes of one */
#define SEQ_MAX	   4096u	   /* bytes of a sequence that are kept; a longer one (a picture) is dropped */

/* Why lines may be left out: a terminal whose scrolling region is the whole screen, that gets nothing but text, CR, LF
 * and what moves no cursor, is at its bottom row after ROWS line feeds wherever it began, and after ROWS more every
 * row that it shows is one of these. So of a run of such lines the last 2 * ROWS + 1 tell all, as long as the column
 * is known where they begin (it is behind CR LF) and what changes colours, modes or titles is kept from the others. */
struct sieve {
	sieve_emit *emit;
	void *arg;
	struct str held; /* a run of plain lines */
	size_t *cuts;	 /* offsets in it, each behind a CR LF */
	size_t ncuts, maxcuts, need;
	unsigned rows;
	bool margins; /* lines may scroll within a part of the screen */
	bool sides;   /* … and between columns */
	bool hidden;  /* the cursor */
	struct esc esc;
	struct str seq;		      /* the sequence in the making, if it is short enough */
	unsigned char part[UTF8_MAX]; /* the character in the making */
	size_t nparts;
	char last[UTF8_MAX]; /* the last whole one */
	size_t nlast;
};

static void set_rows(struct sieve *s, unsigned rows)
{
	s->rows = rows;
	s->need = 2 * (size_t)rows + 1;
	s->maxcuts = 2 * s->need + 64;
	s->cuts = xrealloc(s->cuts, s->maxcuts * sizeof *s->cuts);
}

struct sieve *sieve_new(unsigned rows, sieve_emit *emit, void *arg)
{
	struct sieve *s = xcalloc(1, sizeof *s);

	s->emit = emit;
	s->arg = arg;
	set_rows(s, rows);
	return s;
}

void sieve_free(struct sieve *s)
{
	if (!s)
		return;
	str_done(&s->held);
	str_done(&s->seq);
	free(s->cuts);
	free(s);
}

uint64_t sieve_open(const struct sieve *s)
{
	if (s->esc.state != ESC_NONE)
		return s->esc.len + 1u;
	return s->nparts;
}

/* ---- handing on ---- */

/* Of lines that are left out: the sequences that later ones need. */
static void emit_pens(struct sieve *s, const char *p, size_t len)
{
	while (len > 0) {
		const char *esc = memchr(p, ESC_BYTE, len);
		enum seq_kind kind;
		size_t n;

		if (!esc)
			break;
		len -= (size_t)(esc - p);
		n = seq_read(esc, len, &kind);
		if (kind == SEQ_PEN)
			s->emit(s->arg, esc, n);
		p = esc + n;
		len -= n;
	}
}

/* Marks that combine with the last character could reach behind lines that show none. */
static bool shows_text(const char *p, size_t len)
{
	bool found = false;

	while (len > 0 && !found) {
		enum seq_kind kind;
		size_t n = 1;

		if (*p == ESC_BYTE)
			n = seq_read(p, len, &kind);
		else
			found = *p > 0x20 && *p < 0x7f;
		p += n;
		len -= n;
	}
	return found;
}

static void drop_lines(struct sieve *s)
{
	size_t first, cut;

	if (s->ncuts <= s->need || s->margins)
		return;
	first = s->ncuts - s->need - 1;
	cut = s->cuts[first];
	if (!shows_text(s->held.buf + cut, s->held.len - cut))
		return;
	emit_pens(s, s->held.buf, cut);
	s->emit(s->arg, "\r", 1);
	memmove(s->held.buf, s->held.buf + cut, s->held.len - cut);
	s->held.len -= cut;
	s->ncuts = 0;
	for (size_t i = first + 1; i < first + 1 + s->need; i++)
		s->cuts[s->ncuts++] = s->cuts[i] - cut;
}

/* Ends a run. */
static void hand_on(struct sieve *s)
{
	drop_lines(s);
	if (s->held.len)
		s->emit(s->arg, s->held.buf, s->held.len);
	str_reset(&s->held);
	s->ncuts = 0;
}

void sieve_flush(struct sieve *s)
{
	hand_on(s);
}

void sieve_break(struct sieve *s)
{
	sieve_flush(s);
	s->nparts = 0;
	s->esc = (struct esc){0};
}

void sieve_resize(struct sieve *s, unsigned rows)
{
	sieve_flush(s);
	s->margins = s->sides = false;
	set_rows(s, rows);
}

bool sieve_margins(const struct sieve *s)
{
	return s->margins || s->sides;
}

/* ---- sequences ---- */

static void note_csi(struct sieve *s)
{
	const struct esc *esc = &s->esc;
	uint32_t top = esc_param(esc, 0, 1), bottom = esc_param(esc, 1, 0);

	if (esc->final == 'r' && !esc->private)
		s->margins = s->sides || top > 1 || (bottom != 0 && bottom < s->rows);
	if (esc->final == 'h' && seq_has_mode(esc, 69))
		s->margins = s->sides = true;
	if (seq_has_mode(esc, 25))
		s->hidden = esc->final == 'l';
}

/* Hands on a sequence that may do anything, in words that libvterm knows, and so that it stays within bounds:
 * a cursor that comes back may come from a larger terminal, which a report of the status (5n) sets right. */
static void emit_screen(struct sieve *s, const char *seq, size_t len)
{
	static const struct {
		const char *from, *to;
	} words[] = {
	    {"\033[?47h", "\033[?1047h"}, {"\033[?47l", "\033[?1047l"},	 {"\033[u", "\0338\033[5n"},
	    {"\0338", "\0338\033[5n"},	  {"\033c", "\033[?1049l\033c"},
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (seq_is(seq, len, words[i].from)) {
			seq = words[i].to;
			len = strlen(seq);
			break;
		}
	}
	s->emit(s->arg, seq, len);
}

/* A sequence that may do anything ends the run. */
static void take_screen(struct sieve *s, const char *seq, size_t len)
{
	bool saves = s->esc.csi && s->esc.final == 's' && !s->esc.private && !s->sides;
	bool restores = seq_is(seq, len, "\0338") || seq_is(seq, len, "\033[u") || seq_has_mode(&s->esc, 1048) ||
			seq_has_mode(&s->esc, 1049);

	hand_on(s);
	if (s->esc.csi)
		note_csi(s);
	if (seq_is(seq, len, "\033c"))
		s->margins = s->sides = s->hidden = false;
	/* without margins at the sides it saves the cursor */
	if (saves && s->esc.nparam > 0)
		return;
	emit_screen(s, saves ? "\0337" : seq, saves ? 2 : len);
	/* libvterm saves this with the cursor, and others do not */
	if (restores)
		s->emit(s->arg, s->hidden ? "\033[?25l" : "\033[?25h", 6);
}

static void take_repeat(struct sieve *s)
{
	uint32_t times = esc_param(&s->esc, 0, 1);

	for (uint32_t i = 0; i < times && i < REPEAT_MAX; i++)
		str_addn(&s->held, s->last, s->nlast);
}

static void take_sequence(struct sieve *s)
{
	/* too long to be kept */
	if (s->seq.len != s->esc.len + 1u)
		return;
	switch (seq_kind(&s->esc, s->seq.buf, s->seq.len)) {
	case SEQ_NOTHING:
		break;
	case SEQ_PEN:
		note_csi(s);
		/* fall through */
	case SEQ_LINE:
		str_addn(&s->held, s->seq.buf, s->seq.len);
		break;
	case SEQ_REPEAT:
		take_repeat(s);
		break;
	case SEQ_SCREEN:
		take_screen(s, s->seq.buf, s->seq.len);
		break;
	}
}

/* Returns whether the byte was taken. */
static bool take_sequence_byte(struct sieve *s, unsigned char b)
{
	enum esc_result result = esc_byte(&s->esc, b);

	if (result == ESC_NOT_IT) {
		/* a string that its line ended, with the CR before that */
		if (b == '\n' && s->seq.buf[s->seq.len - 1] == '\r')
			str_addc(&s->held, '\r');
		return false;
	}
	/* an ESC within a sequence begins another */
	if (s->esc.len <= 1) {
		str_reset(&s->seq);
		str_addc(&s->seq, ESC_BYTE);
	}
	if (s->esc.len > 0 && s->seq.len < SEQ_MAX)
		str_addc(&s->seq, (char)b);
	if (result == ESC_ENDED)
		take_sequence(s);
	return true;
}

/* ---- text ---- */

/* Bytes that are only held: ASCII, and the controls that stay in the line. */
static size_t plain_span(const unsigned char *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] < 0x80 && (p[n] >= 0x20 || p[n] == '\r' || p[n] == '\t' || p[n] == '\b'))
		n++;
	return n;
}

/* Characters that command instead of showing: the other controls, and what turns the direction of a line round. */
static bool commands(uint32_t cp)
{
	return cp < 0xa0 || (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) || cp == 0x2028 ||
	       cp == 0x2029;
}

static void take_char(struct sieve *s, uint32_t cp)
{
	if (commands(cp))
		return;
	s->nlast = utf8_put(s->last, cp);
	str_addn(&s->held, s->last, s->nlast);
}

static void take_plain(struct sieve *s, const unsigned char *p, size_t len)
{
	str_addn(&s->held, p, len);
	while (len > 0 && p[len - 1] < 0x20)
		len--;
	if (len > 0) {
		s->last[0] = (char)p[len - 1];
		s->nlast = 1;
	}
}

/* A byte that goes on with the character begun, or does not: then that one is bad. Returns whether it was taken. */
static bool take_rest(struct sieve *s, unsigned char b)
{
	uint32_t cp = UTF8_BAD;
	size_t n;

	s->part[s->nparts++] = b;
	n = utf8_next(s->part, s->nparts, &cp);
	if (n == 0)
		return true;
	take_char(s, cp);
	n = s->nparts - n;
	s->nparts = 0;
	return n == 0;
}

/* A character beyond ASCII, or the beginning of one. */
static size_t take_high(struct sieve *s, const unsigned char *p, size_t len)
{
	uint32_t cp;
	size_t n = utf8_next(p, len, &cp);

	if (n > 0) {
		take_char(s, cp);
		return n;
	}
	memcpy(s->part, p, len);
	s->nparts = len;
	return len;
}

static void take_newline(struct sieve *s)
{
	bool known = s->held.len > 0 && s->held.buf[s->held.len - 1] == '\r';

	str_addc(&s->held, '\n');
	if (!known)
		return;
	s->cuts[s->ncuts++] = s->held.len;
	if (s->ncuts == s->maxcuts) {
		drop_lines(s);
		if (s->ncuts == s->maxcuts)
			hand_on(s);
	}
}

static void take_control(struct sieve *s, unsigned char b)
{
	switch (b) {
	case ESC_BYTE:
		esc_begin(&s->esc);
		str_reset(&s->seq);
		str_addc(&s->seq, ESC_BYTE);
		break;
	case '\n':
		take_newline(s);
		break;
	case '\v':
	case '\f':
	case 0x0e: /* the other set of characters, and back */
	case 0x0f:
		str_addc(&s->held, (char)b);
		hand_on(s);
		break;
	default: /* bells and the like */
		break;
	}
}

/* Returns how many bytes were taken; 0 when the first one is to be looked at anew. */
static size_t take_text(struct sieve *s, const unsigned char *p, size_t len)
{
	size_t n;

	if (s->nparts > 0)
		return take_rest(s, *p) ? 1 : 0;
	n = plain_span(p, len);
	if (n > 0)
		take_plain(s, p, n);
	if (s->held.len > HELD_MAX)
		hand_on(s);
	if (n == len)
		return n;
	if (p[n] >= 0x80)
		return n + take_high(s, p + n, len - n);
	take_control(s, p[n]);
	return n + 1;
}

void sieve_feed(struct sieve *s, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	while (len > 0) {
		size_t n = 1;

		if (s->esc.state != ESC_NONE)
			n = take_sequence_byte(s, *p) ? 1 : 0;
		else
			n = take_text(s, p, len);
		p += n;
		len -= n;
	}
}
