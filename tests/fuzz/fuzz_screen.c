/* The screen: whatever bytes and sizes a log has, its terminal is replayed within bounds, and lines that the sieve
 * leaves out change nothing: the same bytes without it look the same. Input: 8 bytes of sizes and of where the second
 * and the missing bytes begin, then the log. */
#include <string.h>
#include <unistd.h>
#include <vterm.h>

#include "base/err.h"
#include "base/str.h"
#include "base/utf8.h"
#include "folder.h"
#include "log/index.h"
#include "log/screen.h"
#include "log/sieve.h"
#include "must.h"

#define NEVER 100000u /* rows of a terminal from which nothing scrolls */

struct plan {
	unsigned cols, rows, cols2, rows2;
	uint64_t at, gap, end;
};

static struct plan plan_of(const uint8_t *data, size_t size)
{
	struct plan plan = {
	    .cols = 2u + data[0] % 40,
	    .rows = 1u + data[1] % 8,
	    .cols2 = 2u + data[2] % 40,
	    .rows2 = 1u + data[3] % 8,
	    .at = data[4] + data[5] * 256u,
	    .gap = data[6],
	    .end = size,
	};

	if (plan.at > size)
		plan.at = size;
	return plan;
}

/* The index: two sizes, and a loss just before the second where one is asked for. */
static void put_index(const struct plan *plan)
{
	struct index_writer w;
	struct err err;

	unlinkat(folder(), INDEX_FILE, 0);
	MUST(index_open_write(folder(), &w, &err) == 0);
	MUST(index_size(&w, 0, 1, plan->cols, plan->rows) == 0);
	if (plan->gap > 0 && plan->gap <= plan->at)
		MUST(index_loss(&w, plan->at - plan->gap, plan->at, 1) == 0);
	MUST(index_size(&w, plan->at, 2, plan->cols2, plan->rows2) == 0);
	index_close(&w);
}

static void check_text(const struct screen *s)
{
	struct str text = {0};

	MUST(screen_height(s) <= s->rows && s->row < s->rows && s->col < s->cols);
	for (unsigned row = 0; row < s->rows; row++) {
		struct screen_run run = {0};

		str_reset(&text);
		screen_row(s, row, &text);
		MUST(utf8_valid(text.buf, text.len));
		for (size_t i = 0; i < text.len; i++)
			MUST((unsigned char)text.buf[i] >= 0x20 && text.buf[i] != 0x7f);
		screen_draw(s, row, &text);
		while (screen_run_next(s, row, run.col + run.cols, &run))
			MUST(run.cols > 0 && run.col + run.cols <= s->cols);
	}
	str_reset(&text);
	screen_paint(s, &text);
	str_done(&text);
}

/* However the bytes are cut, the modes are the same; and they are few enough to be undone by a signal's handler. */
static void check_modes(const uint8_t *log, size_t size)
{
	struct modes whole = {0}, bytes = {0};
	struct str text = {0};

	modes_feed(&whole, log, size);
	for (size_t i = 0; i < size; i++)
		modes_feed(&bytes, log + i, 1);
	MUST(memcmp(&whole, &bytes, offsetof(struct modes, esc)) == 0);
	modes_undo(&whole, &text);
	MUST(text.len < 2000);
	str_reset(&text);
	modes_add(&whole, &text);
	for (size_t i = 0; i < text.len; i++)
		MUST((unsigned char)text.buf[i] < 0x7f);
	str_done(&text);
}

static void feed(void *arg, const char *bytes, size_t len)
{
	vterm_input_write(arg, bytes, len);
}

static void compare(VTerm *vt, const struct screen *s)
{
	VTermScreen *screen = vterm_obtain_screen(vt);
	VTermPos cursor;

	vterm_screen_flush_damage(screen);
	vterm_state_get_cursorpos(vterm_obtain_state(vt), &cursor);
	MUST(cursor.row == (int)s->row && cursor.col == (int)s->col);
	for (unsigned row = 0; row < s->rows; row++) {
		for (unsigned col = 0; col < s->cols; col++) {
			const struct screen_cell *ours = &s->cells[row * s->cols + col];
			VTermScreenCell cell = {0};

			vterm_screen_get_cell(screen, (VTermPos){(int)row, (int)col}, &cell);
			if (cell.chars[0] == (uint32_t)-1)
				MUST(ours->width == 0);
			else
				MUST(memcmp(cell.chars, ours->chars, sizeof ours->chars) == 0);
			MUST(!cell.attrs.bold == !(ours->style.flags & SCREEN_BOLD));
			MUST(!cell.attrs.reverse == !(ours->style.flags & SCREEN_REVERSE));
			MUST(!VTERM_COLOR_IS_DEFAULT_BG(&cell.bg) == (ours->style.bg != 0));
		}
	}
}

/* The same with a sieve that leaves out no line; not where a change of size took margins away. */
static void check_sieve(const struct plan *plan, const uint8_t *log, const struct screen *s)
{
	VTerm *vt = vterm_new((int)plan->rows, (int)plan->cols);
	struct sieve *sieve = sieve_new(NEVER, feed, vt);

	vterm_set_utf8(vt, 1);
	vterm_screen_enable_altscreen(vterm_obtain_screen(vt), 1);
	vterm_screen_set_damage_merge(vterm_obtain_screen(vt), VTERM_DAMAGE_SCROLL);
	vterm_screen_reset(vterm_obtain_screen(vt), 1);
	for (uint64_t i = 0; i < plan->at; i++)
		sieve_feed(sieve, log + i, 1);
	sieve_flush(sieve);
	if (!sieve_margins(sieve)) {
		vterm_set_size(vt, (int)plan->rows2, (int)plan->cols2);
		vterm_input_write(vt, "\033[5n", 4);
		sieve_feed(sieve, log + plan->at, plan->end - plan->at);
		sieve_flush(sieve);
		compare(vt, s);
	}
	sieve_free(sieve);
	vterm_free(vt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct screen screen;
	struct plan plan;
	struct err err;

	if (size < 8)
		return 0;
	data += 8;
	size -= 8;
	plan = plan_of(data - 8, size);
	folder_put("log", data, size);
	put_index(&plan);
	MUST(screen_replay(folder(), 0, 0, &screen, &err) == 0);
	MUST(screen.cursor == size && screen.settled <= size && screen.from <= size);
	check_text(&screen);
	check_modes(data, size);
	if (screen.gap.from == screen.gap.to)
		check_sieve(&plan, data, &screen);
	screen_done(&screen);
	return 0;
}

#define REPLAY_CORPUS "screen"
#include "replay.h"
