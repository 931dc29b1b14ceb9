#include "log/screen.h"

#include "base/err.h"
#include "base/str.h"
#include "base/utf8.h"
#include "log/clean.h"
#include "log/index.h"
#include "log/read.h"
#include "log/sieve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vterm.h>

#define COLS	  80u /* of a terminal whose size was recorded too late */
#define ROWS	  24u
#define TITLE_MAX 1000u
#define WRITE_MAX 4096u

struct replay {
	struct screen out;
	struct reader *reader;
	struct index index;
	size_t term; /* the next size to come */
	VTerm *vt;
	VTermScreen *screen;
	struct sieve *sieve;
	uint64_t at;
};

/* ---- libvterm's side ---- */

static void set_title(struct screen *out, const char *title)
{
	struct str clean = {0};

	clean_text(&clean, title, strlen(title));
	if (clean.len > TITLE_MAX)
		clean.buf[utf8_cut(clean.buf, clean.len, TITLE_MAX)] = '\0';
	free(out->title);
	out->title = NULL;
	if (clean.len > 0)
		out->title = xstrdup(clean.buf);
	str_done(&clean);
}

static int on_property(VTermProp prop, VTermValue *value, void *user)
{
	struct screen *out = user;

	if (prop == VTERM_PROP_CURSORVISIBLE)
		out->visible = value->boolean != 0;
	else if (prop == VTERM_PROP_ALTSCREEN)
		out->alternate = value->boolean != 0;
	else if (prop == VTERM_PROP_TITLE)
		set_title(out, value->string);
	return 1;
}

/* Answers to what the task asked its terminal: whoever sat there has given them. */
static void on_answer(const char *bytes, size_t len, void *user)
{
	(void)bytes;
	(void)len;
	(void)user;
}

static void on_bytes(void *arg, const char *bytes, size_t len)
{
	struct replay *r = arg;

	/* libvterm takes its stack for as much text as it gets */
	for (; len > WRITE_MAX; bytes += WRITE_MAX, len -= WRITE_MAX)
		vterm_input_write(r->vt, bytes, WRITE_MAX);
	vterm_input_write(r->vt, bytes, len);
}

static unsigned bounded(unsigned n, unsigned low, unsigned high)
{
	return n < low ? low : n > high ? high : n;
}

static void open_terminal(struct replay *r, unsigned cols, unsigned rows)
{
	static const VTermScreenCallbacks callbacks = {.settermprop = on_property};

	cols = bounded(cols, SCREEN_COLS_MIN, SCREEN_COLS_MAX);
	rows = bounded(rows, 1, SCREEN_ROWS_MAX);
	r->out.visible = true;
	r->vt = vterm_new((int)rows, (int)cols);
	vterm_set_utf8(r->vt, 1);
	vterm_output_set_callback(r->vt, on_answer, r);
	r->screen = vterm_obtain_screen(r->vt);
	vterm_screen_set_callbacks(r->screen, &callbacks, &r->out);
	vterm_screen_enable_altscreen(r->screen, 1);
	vterm_screen_set_damage_merge(r->screen, VTERM_DAMAGE_SCROLL);
	vterm_screen_reset(r->screen, 1);
	r->sieve = sieve_new(rows, on_bytes, r);
}

/* A terminal that changes its size scrolls as a whole again; libvterm would keep margins that lie outside of it. */
static void drop_margins(struct replay *r)
{
	VTermPos pos;
	char words[80];
	int n;

	vterm_state_get_cursorpos(vterm_obtain_state(r->vt), &pos);
	n = snprintf(words, sizeof words, "\033[?69h\033[s\033[?69l\033[r\033[%d;%dH", pos.row + 1, pos.col + 1);
	vterm_input_write(r->vt, words, (size_t)n);
}

static void resize(struct replay *r, unsigned cols, unsigned rows)
{
	cols = bounded(cols, SCREEN_COLS_MIN, SCREEN_COLS_MAX);
	rows = bounded(rows, 1, SCREEN_ROWS_MAX);
	sieve_flush(r->sieve);
	if (sieve_margins(r->sieve))
		drop_margins(r);
	r->out.modes.top = r->out.modes.bottom = 0;
	sieve_resize(r->sieve, rows);
	vterm_set_size(r->vt, (int)rows, (int)cols);
	/* rows that went may have taken the cursor with them: a report of the status brings it back */
	vterm_input_write(r->vt, "\033[5n", 4);
}

/* ---- the replay ---- */

/* Bytes of a piece, with the sizes that were set among them. */
static void feed(struct replay *r, const unsigned char *bytes, uint64_t to)
{
	while (r->at < to) {
		uint64_t until = to;
		size_t len;

		if (r->term < r->index.nterms && r->index.terms[r->term].at < to)
			until = r->index.terms[r->term].at;
		len = until > r->at ? (size_t)(until - r->at) : 0;
		sieve_feed(r->sieve, bytes, len);
		modes_feed(&r->out.modes, bytes, len);
		bytes += len;
		r->at += len;
		if (until < to) {
			resize(r, r->index.terms[r->term].cols, r->index.terms[r->term].rows);
			r->term++;
		}
	}
}

/* The sizes set until the end, or among bytes that are missing. */
static void catch_up(struct replay *r)
{
	for (; r->term < r->index.nterms && r->index.terms[r->term].at <= r->at; r->term++)
		resize(r, r->index.terms[r->term].cols, r->index.terms[r->term].rows);
}

/* What came before a gap tells which modes the terminal is in, but no longer what it shows. */
static void skip(struct replay *r, enum view_reason reason, uint64_t to)
{
	static const char clear[] = "\033[m\033[H\033[2J";

	if (r->out.gap.to == r->at && r->out.gap.reason == reason && r->out.gap.from < r->at)
		r->out.gap.to = to;
	else
		r->out.gap = (struct view_omission){.reason = reason, .from = r->at, .to = to};
	r->out.gap.count = r->out.gap.to - r->out.gap.from;
	r->out.from = r->at = to;
	sieve_break(r->sieve);
	r->out.modes.esc = (struct esc){0};
	catch_up(r);
	vterm_input_write(r->vt, clear, sizeof clear - 1);
}

/* Where a log that keeps very much is taken up again, after its front was read. */
static bool has_dull_middle(const struct replay *r, uint64_t end)
{
	return r->at >= SCREEN_FRONT_MAX && end - r->at > SCREEN_BACK_MAX;
}

static int replay(struct replay *r, struct err *err)
{
	uint64_t end = reader_end(r->reader);

	while (r->at < end) {
		struct reader_piece piece;
		int rc;

		if (has_dull_middle(r, end)) {
			skip(r, VIEW_LEFT_OUT, end - SCREEN_BACK_MAX);
			continue;
		}
		rc = reader_next(r->reader, r->at, end, &piece, err);
		if (rc)
			return rc;
		/* truncated meanwhile */
		if (piece.to == r->at)
			break;
		if (piece.kind == READER_DATA)
			feed(r, piece.bytes, piece.to);
		else
			skip(r, piece.kind == READER_FREED ? VIEW_FREED : VIEW_LOST, piece.to);
	}
	sieve_flush(r->sieve);
	catch_up(r);
	return 0;
}

/* ---- what it looks like ---- */

static uint32_t colour_of(const VTermColor *colour, int is_default)
{
	if (is_default)
		return 0;
	if (VTERM_COLOR_IS_INDEXED(colour))
		return SCREEN_INDEX | colour->indexed.idx;
	return SCREEN_RGB | (uint32_t)colour->rgb.red << 16 | (uint32_t)colour->rgb.green << 8 | colour->rgb.blue;
}

static struct screen_style style_of(const VTermScreenCell *cell)
{
	const VTermScreenCellAttrs *a = &cell->attrs;

	return (struct screen_style){
	    .flags = (a->bold ? SCREEN_BOLD : 0u) | (a->italic ? SCREEN_ITALIC : 0u) |
		     (a->underline ? SCREEN_UNDERLINE : 0u) | (a->reverse ? SCREEN_REVERSE : 0u) |
		     (a->blink ? SCREEN_BLINK : 0u) | (a->strike ? SCREEN_STRIKE : 0u),
	    .fg = colour_of(&cell->fg, VTERM_COLOR_IS_DEFAULT_FG(&cell->fg)),
	    .bg = colour_of(&cell->bg, VTERM_COLOR_IS_DEFAULT_BG(&cell->bg)),
	};
}

static struct screen_style pen_of(const struct replay *r)
{
	static const struct {
		VTermAttr attr;
		uint32_t flag;
	} flags[] = {
	    {VTERM_ATTR_BOLD, SCREEN_BOLD},	      {VTERM_ATTR_ITALIC, SCREEN_ITALIC},
	    {VTERM_ATTR_UNDERLINE, SCREEN_UNDERLINE}, {VTERM_ATTR_REVERSE, SCREEN_REVERSE},
	    {VTERM_ATTR_BLINK, SCREEN_BLINK},	      {VTERM_ATTR_STRIKE, SCREEN_STRIKE},
	};
	const VTermState *state = vterm_obtain_state(r->vt);
	struct screen_style pen = {0};
	VTermValue value = {0};

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		value.number = 0;
		if (vterm_state_get_penattr(state, flags[i].attr, &value) && value.number)
			pen.flags |= flags[i].flag;
	}
	if (vterm_state_get_penattr(state, VTERM_ATTR_FOREGROUND, &value))
		pen.fg = colour_of(&value.color, VTERM_COLOR_IS_DEFAULT_FG(&value.color));
	if (vterm_state_get_penattr(state, VTERM_ATTR_BACKGROUND, &value))
		pen.bg = colour_of(&value.color, VTERM_COLOR_IS_DEFAULT_BG(&value.color));
	return pen;
}

static void copy_cell(const struct replay *r, unsigned row, unsigned col, struct screen_cell *ret)
{
	VTermScreenCell cell = {0};

	vterm_screen_get_cell(r->screen, (VTermPos){.row = (int)row, .col = (int)col}, &cell);
	ret->style = style_of(&cell);
	ret->width = 1;
	/* the right half of a wide character */
	if (cell.chars[0] == (uint32_t)-1) {
		ret->width = 0;
		return;
	}
	memcpy(ret->chars, cell.chars, sizeof ret->chars);
	if (cell.width > 1 && col + 1 < r->out.cols)
		ret->width = 2;
}

static void copy_screen(struct replay *r)
{
	struct screen *out = &r->out;
	VTermPos pos;
	int rows, cols;

	vterm_screen_flush_damage(r->screen);
	vterm_get_size(r->vt, &rows, &cols);
	out->rows = (unsigned)rows;
	out->cols = (unsigned)cols;
	out->cells = xcalloc((size_t)out->rows * out->cols, sizeof *out->cells);
	for (unsigned row = 0; row < out->rows; row++)
		for (unsigned col = 0; col < out->cols; col++)
			copy_cell(r, row, col, &out->cells[(size_t)row * out->cols + col]);
	vterm_state_get_cursorpos(vterm_obtain_state(r->vt), &pos);
	out->row = bounded((unsigned)pos.row, 0, out->rows - 1);
	out->col = bounded((unsigned)pos.col, 0, out->cols - 1);
	out->pen = pen_of(r);
	out->cursor = r->at;
	out->settled = r->at - sieve_open(r->sieve);
}

/* The size at the beginning; -ENOTTY when there is none. */
static int first_size(struct replay *r, unsigned *cols, unsigned *rows, struct err *err)
{
	if (r->index.nterms > 0 && r->index.terms[0].at == 0) {
		*cols = r->index.terms[0].cols;
		*rows = r->index.terms[0].rows;
		r->term = 1;
	} else if (*cols == 0 || *rows == 0) {
		if (r->index.nterms == 0)
			return err_set(err, -ENOTTY, "no terminal");
		*cols = COLS;
		*rows = ROWS;
	}
	return 0;
}

static int open_files(struct replay *r, int dirfd, struct err *err)
{
	int rc = reader_open(dirfd, &r->reader, err);

	if (rc == 0)
		rc = index_load(dirfd, &r->index, err);
	/* a damaged one: no sizes, and what is missing cannot be told */
	return rc == -EBADMSG ? 0 : rc;
}

int screen_replay(int dirfd, unsigned cols, unsigned rows, struct screen *ret, struct err *err)
{
	struct replay r = {0};
	int rc = open_files(&r, dirfd, err);

	if (rc == 0)
		rc = first_size(&r, &cols, &rows, err);
	if (rc == 0) {
		open_terminal(&r, cols, rows);
		rc = replay(&r, err);
	}
	if (rc == 0) {
		copy_screen(&r);
		*ret = r.out;
		r.out = (struct screen){0};
	}
	if (r.vt)
		vterm_free(r.vt);
	sieve_free(r.sieve);
	reader_close(r.reader);
	index_done(&r.index);
	screen_done(&r.out);
	return rc;
}

void screen_done(struct screen *s)
{
	free(s->cells);
	free(s->title);
	*s = (struct screen){0};
}
