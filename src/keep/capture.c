#include "keep/capture.h"

#include "base/path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MOVE_BYTES    (256 * 1024)
#define PIPE_BYTES    (64 * 1024) /* the kernel's own size */
#define PIPE_ENLARGED (256 * 1024)
#define FULL_MOVES    16
#define SMALL_MOVE    4096
#define GATHER_NS     50000	   /* how long small writes gather */
#define BUSY_NS	      200000	   /* two moves closer than this: the command is writing all the time */
#define TTY_HOLDS     (160 * 1024) /* more than the kernel keeps of a terminal's output: about 64 KiB and 4 */
#define TTY_READS     16	   /* a terminal gives up to 4095 bytes at a time */
#define TTY_COPY      4096	   /* fits into an empty pipe, however small the user's share */
#define SCAN_BYTES    (16 * 1024)
#define SCAN_AT_ONCE  (4 * 1024 * 1024)
#define RULES_NS      5000000		 /* how long rules may hold up the log at a time */
#define LAG_MAX	      (16 * 1024 * 1024) /* how far a scan that waits may be behind */
#define END_MS	      5000		 /* how long what rules found may hold up the record of the command's end */

static char buffer[SCAN_BYTES];

/* Bytes in one of the hold's pipes; 0 when it is closed. */
static uint64_t pipe_fill(const struct hold *hold, enum hold_fd which)
{
	int n = hold->fd[which] < 0 ? 0 : os_pipe_fill(hold->fd[which]);

	return n > 0 ? (uint64_t)n : 0;
}

int capture_open(struct capture *c, struct hold *hold)
{
	int r;

	/* one by one: the queue and the line buffer are not touched before they are needed */
	c->hold = hold;
	c->notes.used = c->notes.count = 0;
	c->lost_from = c->lost_to = c->limit = 0;
	c->lost_why = NULL;
	c->rules = NULL;
	c->quiet_until_ns = c->moved_ns = 0;
	c->full_moves = 0;
	c->enlarged = false;
	c->in_mid = pipe_fill(hold, HOLD_MID);
	c->edge_fd = -1;
	c->copying = false;
	/* a damaged or foreign index costs the times of the lines, not the log */
	index_open_write(hold->fd[HOLD_DIR], &c->index, NULL);
	r = append_open(&c->log, hold->fd[HOLD_LOG], hold->log_max, &c->index);
	if (r < 0)
		return r;
	if (hold->pty_cols && !hold->state->launched)
		index_size(&c->index, 0, os_now_ms(), (unsigned)hold->pty_cols, (unsigned)hold->pty_rows);
	r = rules_open(hold->watches, hold->nwatches, &c->rules);
	if (r < 0)
		return r;
	scan_init(&c->scan, hold->prefixes, hold->nprefixes, c->rules, hold_get_mark(hold->state));
	if (hold->state->drained) {
		c->lost_from = c->log.end;
		c->lost_why = "no keeper would stay alive";
		append_lose(&c->log, hold->state->drained);
		c->lost_to = c->log.end;
		hold->state->drained = 0;
	}
	c->behind = c->scan.at < c->log.end;
	return 0;
}

static void enlarge_when_full(struct capture *c, size_t moved)
{
	if (c->enlarged)
		return;
	c->full_moves = moved >= PIPE_BYTES / 8 * 7 ? c->full_moves + 1 : 0;
	if (c->full_moves < FULL_MOVES)
		return;
	/* where the user's share of pipe memory is used up the kernel says no, and that is that */
	os_pipe_resize(c->hold->fd[HOLD_OUT], PIPE_ENLARGED);
	c->enlarged = true;
}

static void gather_small(struct capture *c, size_t moved)
{
	int64_t now = os_mono_ns();

	c->quiet_until_ns = moved < SMALL_MOVE && now - c->moved_ns < BUSY_NS ? now + GATHER_NS : 0;
	c->moved_ns = now;
}

/* Adds the note of a loss that is over. */
static bool tell_loss(struct capture *c)
{
	struct note note = {.type = EVENT_GAP, .cursor = c->lost_to, .mark = scan_mark(&c->scan)};
	char text[160];

	if (c->lost_to == c->lost_from && !c->scan.dropped)
		return true;
	snprintf(text, sizeof text, "%llu bytes from cursor %llu were not stored: %s; %llu notifications lost",
		 (unsigned long long)(c->lost_to - c->lost_from), (unsigned long long)c->lost_from,
		 c->lost_why ? c->lost_why : "too many at once", (unsigned long long)c->scan.dropped);
	note.len = (uint16_t)strlen(text);
	if (c->lost_to < c->scan.at && c->notes.count)
		note.cursor = c->scan.at;
	note.next = note.key = note.mark.at = note.cursor;
	note.mark.inside = true;
	if (!notes_add(&c->notes, note, text))
		return false;
	c->lost_from = c->lost_to = 0;
	c->scan.dropped = 0;
	return true;
}

static bool has_mid(const struct capture *c)
{
	return c->hold->fd[HOLD_MID] >= 0;
}

/* Where the log's bytes are taken from. */
static int source(const struct capture *c)
{
	return c->hold->fd[has_mid(c) ? HOLD_MID : HOLD_OUT];
}

/* A kernel that cannot splice terminals: through memory, and a kill between the two steps costs what was read. */
static ssize_t copy_terminal(struct capture *c)
{
	char bytes[TTY_COPY];
	ssize_t n;

	if (c->in_mid)
		return -EAGAIN;
	n = read(c->hold->fd[HOLD_OUT], bytes, sizeof bytes);
	if (n <= 0)
		return n < 0 ? -errno : -EIO;
	return write(c->hold->fd[HOLD_MID_WRITE], bytes, (size_t)n);
}

static ssize_t move_terminal(struct capture *c)
{
	ssize_t n = c->copying ? -EINVAL : os_pipe_move(c->hold->fd[HOLD_OUT], c->hold->fd[HOLD_MID_WRITE], MOVE_BYTES);

	if (n != -EINVAL)
		return n;
	c->copying = true;
	return copy_terminal(c);
}

/* From the terminal into the pipe. Nobody has it open: it hangs up for as long, and only a change is worth a look. */
static void fill_mid(struct capture *c)
{
	ssize_t n = 0;

	if (!has_mid(c) || c->hold->fd[HOLD_OUT] < 0)
		return;
	if (c->edge_fd >= 0)
		os_edge_drain(c->edge_fd);
	for (int i = 0; i < TTY_READS && (n = move_terminal(c)) > 0; i++) {
		c->in_mid += (uint64_t)n;
		path_close(&c->edge_fd);
	}
	if (n == 0 || n == -EIO) {
		if (c->edge_fd < 0)
			c->edge_fd = os_edge_new(c->hold->fd[HOLD_OUT]);
	} else {
		path_close(&c->edge_fd);
	}
}

int capture_poll(const struct capture *c)
{
	int fd = c->hold->fd[HOLD_OUT];

	return fd >= 0 && c->edge_fd >= 0 ? c->edge_fd : fd;
}

uint64_t capture_readable(const struct capture *c)
{
	return c->lost_to == c->log.end ? c->lost_from : c->log.end;
}

static void left_mid(struct capture *c, size_t n)
{
	if (has_mid(c))
		c->in_mid -= n < c->in_mid ? n : c->in_mid;
}

bool capture_pending(const struct capture *c)
{
	return c->in_mid > 0;
}

/* The disk takes no more: what the pipe holds is scanned and let go, so that the command never waits. */
static bool let_go(struct capture *c)
{
	ssize_t n;

	if (c->scan.at < c->log.end) {
		c->scan.force = true;
		capture_scan(c);
		c->scan.force = false;
		if (c->scan.at < c->log.end)
			return true;
	}
	n = read(source(c), buffer, sizeof buffer);
	if (n <= 0) {
		if (n == 0)
			hold_close(c->hold, HOLD_OUT);
		return false;
	}
	left_mid(c, (size_t)n);
	if (c->lost_to == c->lost_from)
		c->lost_from = c->log.end;
	c->lost_why = "the disk was full";
	append_lose(&c->log, (uint64_t)n);
	c->lost_to = c->log.end;
	c->scan.force = true;
	scan_feed(&c->scan, buffer, (size_t)n, &c->notes);
	c->scan.force = false;
	return true;
}

bool capture_move(struct capture *c)
{
	ssize_t n;

	fill_mid(c);
	if (has_mid(c) ? !c->in_mid : c->hold->fd[HOLD_OUT] < 0)
		return false;
	n = append_move(&c->log, source(c), MOVE_BYTES);
	if (n == -ENOSPC)
		return let_go(c);
	if (n == 0)
		hold_close(c->hold, HOLD_OUT);
	if (n <= 0)
		return false;
	left_mid(c, (size_t)n);
	if (c->lost_to != c->lost_from)
		tell_loss(c);
	enlarge_when_full(c, (size_t)n);
	gather_small(c, (size_t)n);
	c->behind = true;
	return true;
}

void capture_drain(struct capture *c)
{
	/* what a terminal holds cannot be asked */
	uint64_t waiting = has_mid(c) ? TTY_HOLDS : pipe_fill(c->hold, HOLD_OUT);
	uint64_t target = c->log.end + c->in_mid + waiting;

	while (c->log.end < target && capture_move(c))
		;
}

int capture_resize(struct capture *c, int cols, int rows)
{
	int fd = c->hold->fd[HOLD_PTY], now_cols, now_rows;

	if (fd < 0)
		return -ENOTTY;
	if (os_pty_size(fd, &now_cols, &now_rows) == 0 && now_cols == cols && now_rows == rows)
		return 0;
	capture_drain(c);
	/* recorded first: a kill in between leaves a size that whoever asked for it asks for again */
	index_size(&c->index, c->log.end, os_now_ms(), (unsigned)cols, (unsigned)rows);
	return os_pty_resize(fd, cols, rows);
}

static void publish_mark(struct capture *c)
{
	const struct note *first = notes_first(&c->notes);
	struct hold_mark mark = scan_mark(&c->scan);

	if (first)
		mark = first->mark;
	hold_set_mark(c->hold->state, mark);
	append_window(&c->log, mark.at);
}

/* Told before anything that comes after; without room for that it goes on. Found again from the crowd's beginning,
 * but told after the markers in it. */
static void crowd_end(struct capture *c)
{
	uint64_t from = c->scan.crowd.at, to = scan_told(&c->scan);
	struct note note = {.type = EVENT_GAP, .cursor = from, .next = to, .key = to, .mark = c->scan.crowd};
	char text[160];

	snprintf(text, sizeof text,
		 "output from cursor %llu to %llu raised no match: more lines matched than could be told",
		 (unsigned long long)from, (unsigned long long)to);
	note.len = (uint16_t)strlen(text);
	if (notes_add(&c->notes, note, text))
		c->scan.crowded = false;
}

/* The command's end is recorded once everything before it was told: thousands of matches must not delay it for long. */
static bool holds_up_end(const struct capture *c)
{
	return c->limit && scan_asks_rules(&c->scan) && os_now_ms() - c->hold->state->ended_ms > END_MS;
}

bool capture_note(struct capture *c, enum event_type type, const char *message, size_t len)
{
	struct note note = {.type = type, .len = (uint16_t)len, .cursor = c->log.end, .mark = scan_mark(&c->scan)};

	/* nothing in the log leads to it, so it moves nothing on; while output goes by unseen it would do so */
	note.next = note.key = note.mark.at;
	return !c->scan.crowded && notes_add(&c->notes, note, message);
}

/* Rules get a share of the keeper's time, so that the log need not wait for them; unless they stay far behind. */
static int64_t rules_deadline(const struct capture *c, uint64_t end)
{
	if (!scan_asks_rules(&c->scan) || c->scan.force || end - c->scan.at > LAG_MAX)
		return 0;
	return os_mono_ns() + RULES_NS;
}

void capture_scan(struct capture *c)
{
	uint64_t end = c->limit ? c->limit : c->log.end;
	uint64_t stop = c->scan.at + SCAN_AT_ONCE;
	bool stalled = false;

	c->scan.until_ns = rules_deadline(c, end);
	while (!stalled && !c->scan.late && c->scan.at < end && c->scan.at < stop) {
		size_t want = end - c->scan.at < sizeof buffer ? (size_t)(end - c->scan.at) : sizeof buffer;
		ssize_t n = path_read_at(c->log.fd, buffer, want, (off_t)c->scan.at);

		if (n <= 0) {
			/* a loss at the very end, where the file could not even be lengthened */
			scan_skip(&c->scan, end - c->scan.at);
			break;
		}
		stalled = scan_feed(&c->scan, buffer, (size_t)n, &c->notes) < (size_t)n && !c->scan.late;
	}
	if (stalled && !c->scan.crowded && scan_asks_rules(&c->scan) &&
	    (end - c->scan.at > LAG_MAX || holds_up_end(c))) {
		scan_crowd_begin(&c->scan);
		stalled = false;
	} else if (c->scan.crowded && c->scan.at == end) {
		crowd_end(c);
	}
	c->behind = c->scan.at < end && !stalled;
	c->scan.late = false;
	index_mark(&c->index, c->scan.at, os_now_ms(), c->scan.lines);
	publish_mark(c);
}

bool capture_finish(struct capture *c)
{
	if (c->scan.at < (c->limit ? c->limit : c->log.end) || c->scan.crowded)
		return false;
	if (!scan_finish(&c->scan, &c->notes) || !tell_loss(c))
		return false;
	index_flush(&c->index);
	publish_mark(c);
	return true;
}

void capture_stored(struct capture *c, size_t count)
{
	notes_drop(&c->notes, count);
	publish_mark(c);
	c->behind = true;
}

void capture_stored_before(struct capture *c, uint64_t cursor)
{
	notes_drop_before(&c->notes, cursor);
	publish_mark(c);
	c->behind = true;
}

void capture_close(struct capture *c)
{
	index_close(&c->index);
	path_close(&c->edge_fd);
	rules_close(c->rules);
	c->rules = NULL;
}
