#include "keep/silence.h"

#include "base/path.h"

/* Of the output's end: enough for the last line, which is all that is shown. */
#define TAIL_BYTES 2048

static bool wanted(const struct hold *hold)
{
	const struct hold_state *st = hold->state;

	return hold->idle_after_ms > 0 && st->launched && !st->ended && st->ending.cause == REASON_NONE;
}

static bool was_told(const struct silence *s, const struct capture *c)
{
	return s->told && s->told_end == c->log.end;
}

/* True when something was written since the last look; the time is written first: who is killed between the two takes
 * the silence for a new one. */
static bool heard(struct capture *c)
{
	struct hold_state *st = c->hold->state;

	if (st->heard_ns && st->heard_end == c->log.end)
		return false;
	st->heard_ns = os_mono_ns();
	st->heard_end = c->log.end;
	return true;
}

static int64_t due(const struct capture *c)
{
	return c->hold->state->heard_ns + c->hold->idle_after_ms * 1000000;
}

void silence_step(struct silence *s, struct capture *c)
{
	char tail[TAIL_BYTES];
	size_t len = c->log.end < sizeof tail ? (size_t)c->log.end : sizeof tail;
	ssize_t n;

	if (!wanted(c->hold) || heard(c) || was_told(s, c) || os_mono_ns() < due(c))
		return;
	/* whoever was kept from running may have something to read */
	capture_drain(c);
	if (heard(c) || c->scan.at < c->log.end)
		return;
	n = path_read_at(c->log.fd, tail, len, (off_t)(c->log.end - len));
	if (!capture_note(c, EVENT_IDLE, tail, n > 0 ? (size_t)n : 0))
		return;
	s->told = true;
	s->told_end = c->log.end;
}

int64_t silence_deadline(const struct silence *s, const struct capture *c)
{
	/* while lines wait to be scanned, or notes to be stored, there will be news anyway */
	if (!wanted(c->hold) || was_told(s, c) || c->scan.at < c->log.end || c->scan.crowded ||
	    !notes_room(&c->notes, TAIL_BYTES))
		return -1;
	return due(c);
}
