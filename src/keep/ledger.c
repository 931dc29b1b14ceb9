#include "keep/ledger.h"

#include <sys/wait.h>

#define RETRY_FIRST_NS 100000000ll   /* 0.1 s, doubled each time … */
#define RETRY_MAX_NS   30000000000ll /* … up to 30 s */
#define GIVE_UP_NS     60000000000ll /* an ended task without a registry stays so long; the file `exit` tells the rest */

void ledger_init(struct ledger *l, struct hold *hold, struct capture *capture, struct scribe_reply *reply)
{
	*l = (struct ledger){.hold = hold, .capture = capture, .reply = reply};
	/* the first keeper knows: nothing was told yet */
	l->heir = hold->state->launched;
	l->loaded = !l->heir;
	l->leftover_told = hold->state->recorded;
}

static struct ending describe_end(const struct ledger *l, bool tree_gone)
{
	const struct hold_state *st = l->hold->state;
	const struct capture *c = l->capture;

	return (struct ending){
	    .wstatus = st->wstatus,
	    .cause = l->dead ? REASON_LOST : st->cause,
	    .at_ms = st->ended_ms,
	    .output_bytes = c->log.end,
	    .lines = c->scan.lines,
	    .lost = c->index.lost,
	    .leftover = !tree_gone,
	    .copied = c->log.copying || c->copying,
	    .error = l->dead ? "hob run was killed before it could record the start" : NULL,
	};
}

/* Fills the job; false when there is nothing to tell. */
static bool choose_job(struct ledger *l, bool end_ready, bool tree_gone)
{
	const struct hold_state *st = l->hold->state;
	bool started = st->go || l->dead;

	l->job = (struct scribe_job){.notes = &l->capture->notes, .scanned_old = l->stored};
	if (l->hold->unlisted && !started && !l->check)
		return false;
	if (!l->loaded && (started || !l->hold->unlisted)) {
		l->job.load = true;
		return true;
	}
	if (l->check) {
		l->job.check = true;
		return true;
	}
	if (!started)
		return false;
	if (end_ready && !st->recorded) {
		l->end = describe_end(l, tree_gone);
		l->job.end = &l->end;
	} else if (st->recorded && tree_gone && !l->settled &&
		   (l->leftover_told || l->told_bytes != l->capture->log.end)) {
		l->settle = describe_end(l, true);
		l->job.settle = &l->settle;
	}
	return l->job.end || l->job.settle || l->capture->notes.count;
}

/* A new keeper scans again from the last mark and so finds what the scribe of the one before may have told: all
 * that begins before the registry's offset is known there, whenever the scan comes across it. */
static void forget_known(struct ledger *l)
{
	const struct note *first = notes_first(&l->capture->notes);

	if (l->loaded && first && first->key < l->stored)
		capture_stored_before(l->capture, l->stored);
}

void ledger_step(struct ledger *l, bool end_ready, bool tree_gone)
{
	pid_t pid;

	/* nobody is left to be told: what is found must not pile up */
	if (l->gone && l->capture->notes.count)
		capture_stored(l->capture, l->capture->notes.count);
	if (!l->scribe)
		forget_known(l);
	if (l->scribe || l->gone || (l->retry_ns && os_mono_ns() < l->retry_ns) || !choose_job(l, end_ready, tree_gone))
		return;
	l->told = l->capture->notes.count;
	pid = scribe_start(l->hold, &l->job, l->reply);
	if (pid > 0)
		l->scribe = pid;
	else
		l->retry_ns = os_mono_ns() + RETRY_FIRST_NS;
}

static void stored(struct ledger *l)
{
	const struct note *note = notes_first(&l->capture->notes);

	for (size_t i = 0; note && i < l->told; i++, note = notes_after(&l->capture->notes, note))
		l->stored = note->next;
	capture_stored(l->capture, l->told);
	if (l->job.end) {
		l->hold->state->recorded = true;
		/* where an earlier keeper's scribe had recorded it already, the row says what was so then */
		l->leftover_told = l->end.leftover || l->heir;
		l->told_bytes = l->end.output_bytes;
	}
	if (l->job.settle)
		l->settled = true;
}

static void try_later(struct ledger *l)
{
	int64_t wait = RETRY_FIRST_NS << (l->retries < 9 ? l->retries : 9);
	int64_t now = os_mono_ns();

	l->retries++;
	l->retry_ns = now + (wait < RETRY_MAX_NS ? wait : RETRY_MAX_NS);
	if (!l->failing_ns)
		l->failing_ns = now;
}

void ledger_scribe_ended(struct ledger *l, int wstatus)
{
	enum scribe_result result = scribe_result(wstatus);

	l->scribe = 0;
	if (result == SCRIBE_RETRY) {
		try_later(l);
		return;
	}
	l->retry_ns = l->failing_ns = 0;
	l->retries = 0;
	if (result == SCRIBE_GONE) {
		l->gone = true;
		l->hold->state->forgotten = l->hold->unlisted && !l->hold->state->go;
	} else if (l->job.check) {
		l->check = false;
		l->dead = result == SCRIBE_DEAD;
		l->hold->state->go = result == SCRIBE_OK;
	} else if (l->job.load || result == SCRIBE_STALE) {
		/* an earlier keeper's scribe may have told what this one found again */
		l->loaded = true;
		l->stored = l->reply->scanned;
		capture_stored_before(l->capture, l->stored);
	} else {
		stored(l);
	}
}

int64_t ledger_deadline(const struct ledger *l)
{
	return l->scribe || !l->retry_ns ? -1 : l->retry_ns;
}

void ledger_leave(struct ledger *l)
{
	const struct scribe_job job = {.tidy = true};

	pid_t pid = l->reply->untidy ? scribe_start(l->hold, &job, l->reply) : -1;

	if (pid > 0)
		waitpid(pid, NULL, 0);
}

bool ledger_stuck(const struct ledger *l)
{
	return l->failing_ns || l->gone || !(l->hold->state->go || l->dead);
}

/* Nothing lives any more, and the registry still cannot be told. The first time that is seen it is tried at once. */
static bool has_waited(struct ledger *l)
{
	int64_t now = os_mono_ns();

	if (!l->failing_ns)
		return false;
	if (!l->waiting_ns) {
		l->waiting_ns = l->retry_ns = now;
		l->retries = 0;
	}
	return now - l->waiting_ns > GIVE_UP_NS;
}

bool ledger_complete(struct ledger *l, bool tree_gone)
{
	const struct hold_state *st = l->hold->state;

	if (l->scribe)
		return false;
	if (l->gone || has_waited(l))
		return true;
	if (!st->recorded || l->capture->notes.count)
		return false;
	return l->settled || !tree_gone || (!l->leftover_told && l->told_bytes == l->capture->log.end);
}
