#include "log/term.h"

#include "base/str.h"
#include "log/esc.h"
#include "log/line.h"
#include "log/rows.h"

#include <stdlib.h>

struct term {
	term_leave *leave;
	void *arg;
	bool single;
	uint64_t at; /* the cursor behind what is being obeyed */
	struct rows *rows;
	struct line *line; /* the one the terminal's cursor stands on */
	bool drawing[2];   /* the two charsets: is each the one of lines and corners? */
	int charset;	   /* the one in use */
	size_t reach;	   /* see term_reach */
	size_t calm;	   /* rows added since it was gone back to */
};

struct term *term_new(size_t line_max, bool single, uint64_t at, term_leave *leave, void *arg)
{
	struct term *t = xcalloc(1, sizeof *t);

	t->leave = leave;
	t->arg = arg;
	t->single = single;
	t->rows = rows_new(line_max, at);
	t->line = rows_now(t->rows)->line;
	return t;
}

void term_free(struct term *t)
{
	if (!t)
		return;
	rows_free(t->rows);
	free(t);
}

void term_reset(struct term *t, uint64_t at)
{
	rows_reset(t->rows, at);
	t->line = rows_now(t->rows)->line;
	t->reach = t->calm = 0;
}

struct rows *term_rows(struct term *t)
{
	return t->rows;
}

size_t term_reach(const struct term *t)
{
	return t->reach;
}

/* ---- the terminal's cursor goes to another row ---- */

static void make_room(struct term *t)
{
	while (rows_full(t->rows)) {
		t->leave(t->arg);
		rows_drop(t->rows);
	}
}

static void land(struct term *t)
{
	if (!rows_away(t->rows))
		return;
	make_room(t);
	rows_land(t->rows, t->at);
}

static void leave_only_row(struct term *t)
{
	rows_note(t->rows, t->at);
	rows_now(t->rows)->ended = true;
	t->leave(t->arg);
	rows_reset(t->rows, t->at);
}

/* What is redrawn is done with when twice as many rows have come without going back. */
static void add_row(struct term *t)
{
	if (t->single) {
		leave_only_row(t);
		return;
	}
	make_room(t);
	rows_add(t->rows, t->at);
	if (++t->calm > 2 * t->reach)
		t->reach = 0;
}

static void note_reach(struct term *t)
{
	size_t below = rows_below(t->rows);

	if (below == 0)
		return;
	t->calm = 0;
	if (below > t->reach)
		t->reach = below;
}

/* The cursor goes to where nothing is known: below all that stands here. */
static void leave_line(struct term *t)
{
	land(t);
	if (rows_below(t->rows) > 0)
		rows_down(t->rows, ROWS_MAX, 0, t->at);
	rows_note(t->rows, t->at);
	if (!line_empty(rows_now(t->rows)->line))
		add_row(t);
	t->line = rows_now(t->rows)->line;
}

static void go_up(struct term *t, size_t n, uint64_t column)
{
	if (t->single) {
		leave_line(t);
		return;
	}
	land(t);
	rows_up(t->rows, n, column, t->at);
	note_reach(t);
	t->line = rows_now(t->rows)->line;
}

static void go_down(struct term *t, size_t n, uint64_t column)
{
	size_t below;

	if (t->single) {
		leave_line(t);
		return;
	}
	land(t);
	below = rows_below(t->rows);
	rows_down(t->rows, n, column, t->at);
	for (size_t i = below; i < n && i < ROWS_MAX; i++)
		add_row(t);
	t->line = rows_now(t->rows)->line;
	if (n > below)
		line_enter(t->line, column);
}

static void newline(struct term *t)
{
	struct row *row;

	land(t);
	row = rows_now(t->rows);
	if (!row->ended)
		row->to = t->at;
	rows_note(t->rows, t->at);
	row->ended = true;
	if (rows_below(t->rows) > 0)
		rows_down(t->rows, 1, 0, t->at);
	else
		add_row(t);
	t->line = rows_now(t->rows)->line;
	t->drawing[0] = t->drawing[1] = false;
	t->charset = 0;
}

static void restore_place(struct term *t)
{
	if (!rows_restore(t->rows, t->at))
		leave_line(t);
	note_reach(t);
	t->line = rows_now(t->rows)->line;
}

/* To a row by its number. Done right behind a save it is a status line, which goes back (apt does so). */
static void go_to(struct term *t, const struct esc *esc)
{
	if (t->single || !rows_leave(t->rows, esc_param(esc, 0, 1), esc_param(esc, 1, 1) - 1, t->at))
		leave_line(t);
	t->line = rows_now(t->rows)->line;
}

static void erase_screen(struct term *t, uint32_t what)
{
	if (what == 2)
		leave_line(t);
	if (what != 0)
		return;
	line_erase(t->line, LINE_ERASE_RIGHT);
	if (!rows_away(t->rows))
		rows_cut(t->rows, t->at);
}

/* ---- what escapes and controls do ---- */

static void apply_on_line(struct term *t, const struct esc *esc, uint32_t n, uint32_t what)
{
	switch (esc->final) {
	case 'G':
	case '`':
		line_move_to(t->line, n - 1);
		break;
	case 'C':
	case 'a':
		line_move_by(t->line, n);
		break;
	case 'D':
		line_move_by(t->line, -(int64_t)n);
		break;
	case 'K':
		if (what <= LINE_ERASE_ALL)
			line_erase(t->line, (enum line_erase)what);
		break;
	case 'X':
		line_blank(t->line, n);
		break;
	case 'P':
		line_delete(t->line, n);
		break;
	case '@':
		line_insert(t->line, n);
		break;
	default:
		break;
	}
}

static void apply_csi(struct term *t, const struct esc *esc)
{
	uint32_t n = esc_param(esc, 0, 1);
	uint32_t what = esc_param(esc, 0, 0);

	if (esc->private)
		return;
	switch (esc->final) {
	case 'A':
		go_up(t, n, line_column(t->line));
		break;
	case 'F':
		go_up(t, n, 0);
		break;
	case 'B':
	case 'e':
		go_down(t, n, line_column(t->line));
		break;
	case 'E':
		go_down(t, n, 0);
		break;
	case 'J':
		erase_screen(t, what);
		break;
	case 's':
		rows_save(t->rows);
		break;
	case 'u':
		restore_place(t);
		break;
	case 'H':
	case 'f':
		go_to(t, esc);
		break;
	case 'S': /* scrolling, and a row by its number */
	case 'T':
	case 'd':
		leave_line(t);
		break;
	default:
		apply_on_line(t, esc, n, what);
	}
}

void term_escape(struct term *t, const struct esc *esc, uint64_t at)
{
	t->at = at;
	if (esc->csi) {
		apply_csi(t, esc);
		return;
	}
	if (esc->between == '(' || esc->between == ')')
		t->drawing[esc->between == ')'] = esc->final == '0';
	if (esc->between)
		return;
	switch (esc->final) {
	case '7':
		rows_save(t->rows);
		break;
	case '8':
		restore_place(t);
		break;
	case 'D':
		go_down(t, 1, line_column(t->line));
		break;
	case 'E':
		newline(t);
		break;
	case 'M':
		go_up(t, 1, line_column(t->line));
		break;
	case 'c': /* reset */
		leave_line(t);
		break;
	default:
		break;
	}
}

void term_control(struct term *t, unsigned char b, uint64_t at)
{
	t->at = at;
	switch (b) {
	case '\n':
		newline(t);
		break;
	case '\r':
		line_move_to(t->line, 0);
		break;
	case '\b':
		line_move_by(t->line, -1);
		break;
	case '\t':
		line_tab(t->line, t->at - 1);
		break;
	case '\v':
	case '\f':
		leave_line(t);
		break;
	case 0x0e: /* the other charset, and back */
	case 0x0f:
		t->charset = b == 0x0e;
		break;
	default:
		break;
	}
}

void term_put(struct term *t, uint32_t cp, uint64_t at)
{
	if (cp < 0x80 || cp > 0x9f)
		line_put(t->line, cp, at);
}

/* What a terminal draws for 0x60 to 0x7e in its charset of lines and corners. */
static void put_drawn(struct term *t, const unsigned char *p, size_t len, uint64_t at)
{
	static const uint16_t shapes[] = {
	    0x25c6, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a, 0x00b0, 0x00b1, 0x2424, 0x240b, 0x2518,
	    0x2510, 0x250c, 0x2514, 0x253c, 0x23ba, 0x23bb, 0x2500, 0x23bc, 0x23bd, 0x251c, 0x2524,
	    0x2534, 0x252c, 0x2502, 0x2264, 0x2265, 0x03c0, 0x2260, 0x00a3, 0x00b7,
	};

	for (size_t i = 0; i < len; i++)
		line_put(t->line, p[i] < 0x60 ? p[i] : shapes[p[i] - 0x60], at + i);
}

void term_put_ascii(struct term *t, const unsigned char *text, size_t len, uint64_t at)
{
	if (t->drawing[t->charset])
		put_drawn(t, text, len, at);
	else if (len > 0)
		line_put_ascii(t->line, (const char *)text, len, at);
}
