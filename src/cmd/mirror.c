#include "cmd/mirror.h"

#include "cmd/tty.h"
#include "log/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define BEHIND_MAX (8u * 1024u * 1024u) /* what was written since is not shown any more */
#define ROWS_USUAL 24

static size_t room(void)
{
	return TTY_WAITING_MAX - tty_waiting();
}

bool mirror_has_room(void)
{
	return room() >= TTY_WAITING_MAX / 2;
}

static int last_row(const struct mirror *m)
{
	return m->rows > 0 ? m->rows : ROWS_USUAL;
}

/* How to leave the terminal from here on. */
static void set_undo(const struct mirror *m)
{
	CLEAN_STR struct str undo = {0};

	/* a string or sequence that was begun ends; the screen that was there before is back, or a new line begins: at
	 * the cursor, or at the end where the margins moved that */
	str_add(&undo, "\033\\\033[m\033[23;2t");
	modes_undo(&m->modes, &undo);
	if (!modes_alternate(&m->modes) && (m->modes.top || m->modes.bottom))
		str_addf(&undo, "\033[%d;1H", last_row(m));
	if (!modes_alternate(&m->modes))
		str_add(&undo, "\r\n\033[J");
	tty_undo(undo.buf, undo.len);
}

void mirror_rows(struct mirror *m, int rows)
{
	m->rows = rows;
	set_undo(m);
}

/* What was put and not written has changed nothing. */
static void wrote(void *arg, const char *bytes, size_t len)
{
	struct mirror *m = arg;

	modes_feed(&m->modes, bytes, len);
	set_undo(m);
}

int mirror_flush(struct mirror *m)
{
	return tty_flush(wrote, m);
}

/* A view_emit: stops the view when there may be no room for the next piece. */
static int emit(void *arg, const char *bytes, size_t len)
{
	(void)arg;
	tty_put(bytes, len);
	return mirror_has_room() ? 0 : -EAGAIN;
}

static int follow_from(struct mirror *m, uint64_t cursor, struct err *err)
{
	const struct view_opts opts = {.mode = VIEW_RANGE, .raw = true, .since = cursor};

	view_close(m->view);
	m->view = view_open(m->dirfd, &opts, emit, m, err);
	return m->view ? 0 : err->code ? err->code : -EIO;
}

int mirror_paint(struct mirror *m, const struct task *task, struct err *err)
{
	struct screen screen = {0};
	int r = screen_replay(m->dirfd, (unsigned)task->pty_cols, (unsigned)task->pty_rows, &screen, err);

	if (r < 0)
		return r;
	str_reset(&m->paint);
	m->painted = 0;
	str_add(&m->paint, "\033\\\033[m");
	modes_undo(&m->modes, &m->paint);
	/* what stood here before goes where one can scroll back to it */
	if (!m->painted_once && !screen.alternate) {
		str_addf(&m->paint, "\033[%d;1H", last_row(m));
		for (int i = 0; i < m->rows; i++)
			str_addc(&m->paint, '\n');
	}
	/* the title is given back, too, where the terminal keeps it */
	if (!m->painted_once)
		str_add(&m->paint, "\033[22;2t");
	m->painted_once = true;
	tty_drop();
	screen_paint(&screen, &m->paint);
	r = follow_from(m, screen.settled, err);
	screen_done(&screen);
	return r;
}

static uint64_t behind(const struct mirror *m)
{
	struct stat st;

	if (fstatat(m->dirfd, "log", &st, 0) < 0 || (uint64_t)st.st_size < view_cursor(m->view))
		return 0;
	return (uint64_t)st.st_size - view_cursor(m->view);
}

static int put_paint(struct mirror *m)
{
	int r = 0;

	while (r == 0 && m->painted < m->paint.len && room() > 0) {
		size_t len = m->paint.len - m->painted;

		len = len < room() ? len : room();
		tty_put(m->paint.buf + m->painted, len);
		m->painted += len;
		r = mirror_flush(m);
	}
	return r;
}

int mirror_pump(struct mirror *m, const struct task *task, struct err *err)
{
	int r = 0;

	if (behind(m) > BEHIND_MAX || behind(m) > task->log_max / 2)
		r = mirror_paint(m, task, err);
	if (r == 0)
		r = put_paint(m);
	while (r == 0 && m->painted == m->paint.len && mirror_has_room()) {
		uint64_t from = view_cursor(m->view);

		r = view_step(m->view, err);
		r = r == -EAGAIN ? 0 : r;
		if (r == 0)
			r = mirror_flush(m);
		if (view_cursor(m->view) == from)
			break;
	}
	return r == 0 ? mirror_flush(m) : r;
}

bool mirror_is_even(const struct mirror *m)
{
	return m->painted == m->paint.len && tty_waiting() == 0 && behind(m) == 0;
}

void mirror_close(struct mirror *m)
{
	view_close(m->view);
	str_done(&m->paint);
}
