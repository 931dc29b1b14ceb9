#include "keep/scribe.h"

#include "base/str.h"
#include "base/time.h"
#include "base/utf8.h"
#include "keep/expire.h"
#include "log/clean.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

static int keep_last(void *arg, const struct clean_line *line)
{
	struct str *last = arg;

	if (line->len) {
		str_reset(last);
		str_addn(last, line->text, line->len);
	}
	return 0;
}

/* "silent for 30s: Continue? [y/N]": the last line as it stands now, from the output's last bytes. */
static int add_idle(struct registry *reg, const struct hold *hold, const struct note *note, struct err *err)
{
	CLEAN_STR struct str text = {0};
	CLEAN_STR struct str last = {0};
	struct clean *clean = clean_new(&(struct clean_opts){0}, keep_last, &last);
	char span[32];

	clean_feed(clean, notes_message(note), note->len);
	clean_finish(clean, true);
	clean_free(clean);
	time_span(hold->idle_after_ms, span);
	str_addf(&text, "silent for %s", span);
	if (last.len)
		str_add(&text, ": ");
	clean_text(&text, last.buf, last.len);
	/* its place is what tells one silence from the next; a keeper that was killed may have told this one */
	return event_add_once(reg, hold->id, note->type, note->cursor, text.buf, err);
}

int scribe_add_note(struct registry *reg, const char *id, const struct note *note, struct err *err)
{
	CLEAN_STR struct str text = {0};

	clean_text(&text, notes_message(note), note->len);
	if (note->cut || text.len > EVENT_MESSAGE_MAX) {
		text.len = utf8_cut(text.buf, text.len, EVENT_MESSAGE_MAX);
		text.buf[text.len] = '\0';
		str_add(&text, "… [cut]");
	}
	/* a message of nothing but escapes is an empty one */
	if (note->type == EVENT_NOTIFY && text.len == 0)
		return 0;
	/* a wait for input is known by where the output stood; a keeper that was killed may have told this one */
	if (note->type == EVENT_INPUT)
		return event_add_once(reg, id, note->type, note->cursor, text.buf, err);
	return event_add(reg, id, note->type, note->cursor, text.len ? text.buf : NULL, err);
}

static int add_notes(struct registry *reg, const struct hold *hold, const struct scribe_job *job, struct err *err)
{
	const struct note *note = notes_first(job->notes);
	uint64_t next = job->scanned_old;
	int r = 0;

	for (; r == 0 && note; note = notes_after(job->notes, note)) {
		r = note->type == EVENT_IDLE ? add_idle(reg, hold, note, err)
					     : scribe_add_note(reg, hold->id, note, err);
		next = note->next;
	}
	if (r == 0 && next != job->scanned_old)
		r = registry_scanned(reg, hold->id, job->scanned_old, next, err);
	return r;
}

/* Why somebody wants the command ended, where who is handed what it says meanwhile is to know; REASON_NONE: nobody
 * does, or nobody did before its end. */
static enum task_reason wish(const struct hold_state *st)
{
	enum task_reason cause = st->ending.cause;

	if (st->ended)
		cause = st->cause;
	return cause == REASON_TIMEOUT || cause == REASON_LOST ? REASON_NONE : cause;
}

static int store(struct registry *reg, const struct hold *hold, const struct scribe_job *job, struct err *err)
{
	enum task_reason cause;
	int r = registry_begin(reg, err);

	if (r < 0)
		return r;
	cause = wish(hold->state);
	if (job->notes)
		r = add_notes(reg, hold, job, err);
	if (r == 0 && job->notes && job->notes->count && cause != REASON_NONE)
		r = registry_cancel(reg, hold->id, cause, err);
	if (r == 0 && job->end)
		r = registry_end(reg, hold->id, job->end, err);
	if (r == 0 && job->settle)
		r = registry_settle(reg, hold->id, job->settle, err);
	if (r < 0) {
		registry_rollback(reg);
		return r;
	}
	return registry_commit(reg, err);
}

static int is_running(struct registry *reg, const char *id, struct err *err)
{
	struct task task = {0};
	int r = registry_get(reg, id, err, &task);

	if (r == 0 && task.status != TASK_RUNNING)
		r = -ECANCELED;
	task_done(&task);
	return r;
}

static enum scribe_result work(const struct hold *hold, const struct scribe_job *job, struct scribe_reply *reply)
{
	CLEAN_REGISTRY struct registry *reg = NULL;
	struct err err = {0};
	int r = registry_open(hold->home, &err, &reg);

	if (r < 0)
		return SCRIBE_RETRY;
	if (job->tidy)
		expire_hourly(reg);
	else if (job->check)
		r = is_running(reg, hold->id, &err);
	else if (job->load)
		r = registry_scanned_at(reg, hold->id, &err, &reply->scanned);
	else
		r = store(reg, hold, job, &err);
	if (r == -ESTALE)
		r = registry_scanned_at(reg, hold->id, &err, &reply->scanned) < 0 ? -ESRCH : -ESTALE;
	/* somebody may wait for an end to be recorded: then the keeper has it tidied later */
	reply->untidy = registry_untidy(reg);
	if (job->tidy || (reply->untidy && !job->end && !job->settle))
		registry_tidy(reg);
	switch (r) {
	case 0:
		return SCRIBE_OK;
	case -ECANCELED:
		return SCRIBE_DEAD;
	case -ESTALE:
		return SCRIBE_STALE;
	case -ESRCH:
	case -ENOENT:
		return SCRIBE_GONE;
	default:
		return SCRIBE_RETRY;
	}
}

pid_t scribe_start(const struct hold *hold, const struct scribe_job *job, struct scribe_reply *reply)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid < 0 ? -errno : pid;
	/* locks and pipes must not live on in a scribe whose keeper is killed */
	closefrom(3);
	_exit((int)work(hold, job, reply));
}

enum scribe_result scribe_result(int wstatus)
{
	if (WIFEXITED(wstatus) && WEXITSTATUS(wstatus) <= SCRIBE_DEAD)
		return (enum scribe_result)WEXITSTATUS(wstatus);
	return SCRIBE_RETRY;
}
