#include "task/event.h"

#include "base/str.h"
#include "base/words.h"
#include "task/db.h"
#include "task/row.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define X(name, text) text,
static const char *const types[] = {EVENT_TYPES(X)};
#undef X
_Static_assert(EVENT_TYPE_COUNT == 8, "an event type was added: is it claimable? see the index events_open");

#define EVENT_SELECT                                                                                                   \
	"SELECT seq, type, at_ms, task, name, session, created_by, project, command, message, cursor, events.status,"  \
	" events.reason, events.exit_code, events.signal, owner_pid, owner_start, claim, claim_pid, claim_start,"      \
	" holder_pid, holder_start, claimed_ms, boot, pidns, holder_boot, holder_pidns FROM events JOIN tasks ON "     \
	"tasks.id = events.task"

/* Where what a claim is judged by lies in EVENT_SELECT. */
enum {
	COLUMN_OWNER = 15,
	COLUMN_CLAIM = 17,
	COLUMN_HOLDER = 20,
	COLUMN_CLAIMED = 22,
	COLUMN_TASK_PLACE = 23,
	COLUMN_HOLDER_PLACE = 25,
};

const char *event_type_text(enum event_type type)
{
	return types[type];
}

int event_add(struct registry *reg, const char *id, enum event_type type, uint64_t cursor, const char *message,
	      struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	/* an exit's facts are copied: the row may be gone on with (leftovers) when the event is read */
	int r = db_prepare(&reg->db,
			   "INSERT INTO events(task, type, at_ms, cursor, message, status, reason, exit_code, signal)"
			   " SELECT id, @type, @at, @cursor, @message, CASE @type WHEN 'exit' THEN status END,"
			   " CASE @type WHEN 'exit' THEN reason END, CASE @type WHEN 'exit' THEN exit_code ELSE -1 END,"
			   " CASE @type WHEN 'exit' THEN signal ELSE 0 END FROM tasks WHERE id=@id",
			   err, &stmt);

	if (r < 0)
		return r;
	db_bind_text(stmt, "@id", id);
	db_bind_text(stmt, "@type", types[type]);
	db_bind_int(stmt, "@at", os_now_ms());
	db_bind_int(stmt, "@cursor", (int64_t)cursor);
	db_bind_text(stmt, "@message", message);
	r = db_run(&reg->db, stmt, err);
	if (r == 0)
		return err_set(err, -ENOENT, "no task %s", id);
	return r < 0 ? r : 0;
}

/* 1 when the task has an event of TYPE at CURSOR, 0 when not. */
static int is_there(struct registry *reg, const char *id, enum event_type type, uint64_t cursor, struct err *err)
{
	CLEAN_STMT sqlite3_stmt *stmt = NULL;
	int r = db_prepare(&reg->db, "SELECT 1 FROM events WHERE task=@id AND type=@type AND cursor=@cursor LIMIT 1",
			   err, &stmt);

	if (r < 0)
		return r;
	db_bind_text(stmt, "@id", id);
	db_bind_text(stmt, "@type", types[type]);
	db_bind_int(stmt, "@cursor", (int64_t)cursor);
	return db_step(&reg->db, stmt, err);
}

int event_add_once(struct registry *reg, const char *id, enum event_type type, uint64_t cursor, const char *message,
		   struct err *err)
{
	int r = is_there(reg, id, type, cursor, err);

	if (r != 0)
		return r < 0 ? r : 0;
	return event_add(reg, id, type, cursor, message, err);
}

int event_post(struct registry *reg, const char *id, enum event_type type, const char *message, struct err *err)
{
	int r = db_begin(&reg->db, err);

	if (r < 0)
		return r;
	r = event_add(reg, id, type, 0, message, err);
	if (r < 0) {
		db_rollback(&reg->db);
		return r;
	}
	return db_commit(&reg->db, err);
}

static enum event_type parse_type(const char *text)
{
	for (int i = 0; i < EVENT_TYPE_COUNT; i++)
		if (text && strcmp(text, types[i]) == 0)
			return (enum event_type)i;
	return EVENT_GAP;
}

static void read_event(sqlite3_stmt *stmt, struct event *ev)
{
	*ev = (struct event){
	    .seq = db_int(stmt, 0),
	    .type = parse_type((const char *)sqlite3_column_text(stmt, 1)),
	    .at_ms = db_int(stmt, 2),
	    .id = db_text(stmt, 3),
	    .name = db_text(stmt, 4),
	    .session = db_text(stmt, 5),
	    .created_by = db_text(stmt, 6),
	    .project = db_text(stmt, 7),
	    .command = db_text(stmt, 8),
	    .message = db_text(stmt, 9),
	    .cursor = (uint64_t)db_int(stmt, 10),
	    .status = db_text(stmt, 11),
	    .reason = db_text(stmt, 12),
	    .exit_code = (int)db_int(stmt, 13),
	    .signal = (int)db_int(stmt, 14),
	    .owner = {.pid = (pid_t)db_int(stmt, COLUMN_OWNER), .start = (uint64_t)db_int(stmt, COLUMN_OWNER + 1)},
	};
}

static void done(struct event *ev)
{
	free(ev->id);
	free(ev->name);
	free(ev->session);
	free(ev->created_by);
	free(ev->project);
	free(ev->command);
	free(ev->message);
	free(ev->status);
	free(ev->reason);
}

void event_free_all(struct event *events, size_t n)
{
	for (size_t i = 0; i < n; i++)
		done(&events[i]);
	free(events);
}

static void sessions_in(struct str *sql, const char *column, char *const *sessions)
{
	str_addf(sql, "%s IN (", column);
	for (size_t i = 0; i < words_count(sessions); i++)
		str_addf(sql, "%s@s%zu", i ? "," : "", i);
	str_add(sql, ")");
}

static void bind_sessions(sqlite3_stmt *stmt, char *const *sessions)
{
	char name[32];

	for (size_t i = 0; i < words_count(sessions); i++) {
		snprintf(name, sizeof name, "@s%zu", i);
		db_bind_text(stmt, name, sessions[i]);
	}
}

/* The query for those of SESSIONS (NULL: of all) after number AFTER, in ORDER. */
static int select_events(struct registry *reg, int64_t after, char *const *sessions, const char *order, struct err *err,
			 sqlite3_stmt **ret)
{
	CLEAN_STR struct str sql = {0};
	int r;

	str_add(&sql, EVENT_SELECT " WHERE seq > @after");
	if (sessions) {
		str_add(&sql, " AND ");
		sessions_in(&sql, "session", sessions);
	}
	str_addf(&sql, " ORDER BY seq %s", order);
	r = db_prepare(&reg->db, sql.buf, err, ret);
	if (r < 0)
		return r;
	db_bind_int(*ret, "@after", after);
	bind_sessions(*ret, sessions);
	return 0;
}

int event_before(struct registry *reg, char *const *sessions, int64_t n, struct err *err, int64_t *ret_seq)
{
	CLEAN_STMT sqlite3_stmt *stmt = NULL;
	int r = select_events(reg, 0, sessions, "DESC LIMIT 1 OFFSET @n", err, &stmt);

	if (r < 0)
		return r;
	db_bind_int(stmt, "@n", n);
	r = db_step(&reg->db, stmt, err);
	if (r < 0)
		return r;
	*ret_seq = r ? db_int(stmt, 0) : 0;
	return 0;
}

int event_read(struct registry *reg, int64_t after, char *const *sessions, size_t max, struct err *err,
	       struct event **ret, size_t *ret_n)
{
	CLEAN_STMT sqlite3_stmt *stmt = NULL;
	struct event *events;
	size_t n = 0;
	int r = select_events(reg, after, sessions, "LIMIT @max", err, &stmt);

	if (r < 0)
		return r;
	db_bind_int(stmt, "@max", (int64_t)max);
	events = xcalloc(max, sizeof *events);
	while (n < max && (r = db_step(&reg->db, stmt, err)) > 0)
		read_event(stmt, &events[n++]);
	if (r < 0) {
		event_free_all(events, n);
		return r;
	}
	*ret = events;
	*ret_n = n;
	return 0;
}

/* Does the process in COLUMN (pid, start) live, recorded in the boot and namespace of PLACE (boot, pidns)? One
 * recorded elsewhere is as good as dead to us. */
static bool lives(sqlite3_stmt *stmt, int column, int place, const char *boot, uint64_t pidns)
{
	struct os_proc proc = {.pid = (pid_t)db_int(stmt, column), .start = (uint64_t)db_int(stmt, column + 1)};
	const char *there = (const char *)sqlite3_column_text(stmt, place);

	return proc.pid && there && strcmp(there, boot) == 0 && (uint64_t)db_int(stmt, place + 1) == pidns &&
	       os_alive(proc);
}

static bool same(sqlite3_stmt *stmt, int column, struct os_proc proc)
{
	return db_int(stmt, column) == proc.pid && (uint64_t)db_int(stmt, column + 1) == proc.start;
}

static bool names_session(sqlite3_stmt *stmt, const struct consumer *who)
{
	const char *session = (const char *)sqlite3_column_text(stmt, 5);

	for (char *const *s = who->sessions; session && s && *s; s++)
		if (strcmp(*s, session) == 0)
			return true;
	return false;
}

struct claiming {
	const struct consumer *who;
	char boot[40];
	uint64_t pidns;
	int64_t now, again;
};

/* May the consumer have the event that STMT stands on? A claim that still holds is remembered in again. */
static bool may_claim(struct claiming *c, sqlite3_stmt *stmt)
{
	bool owned = same(stmt, COLUMN_OWNER, c->who->owner);
	int64_t until = db_int(stmt, COLUMN_CLAIMED) + EVENT_CLAIM_MS;

	if (!owned &&
	    !(names_session(stmt, c->who) && !lives(stmt, COLUMN_OWNER, COLUMN_TASK_PLACE, c->boot, c->pidns)))
		return false;
	if (sqlite3_column_type(stmt, COLUMN_CLAIM) == SQLITE_NULL || until <= c->now ||
	    !lives(stmt, COLUMN_HOLDER, COLUMN_HOLDER_PLACE, c->boot, c->pidns))
		return true;
	if (!c->again || until < c->again)
		c->again = until;
	return false;
}

static int mark_claimed(struct registry *reg, const struct claiming *c, int64_t seq, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int r =
	    db_prepare(&reg->db,
		       "UPDATE events SET claim=@name, claim_pid=@pid, claim_start=@start, holder_pid=@hpid,"
		       " holder_start=@hstart, holder_boot=@boot, holder_pidns=@pidns, claimed_ms=@now WHERE seq=@seq",
		       err, &stmt);

	if (r < 0)
		return r;
	db_bind_text(stmt, "@name", c->who->name);
	db_bind_int(stmt, "@pid", c->who->owner.pid);
	db_bind_int(stmt, "@start", (int64_t)c->who->owner.start);
	db_bind_int(stmt, "@hpid", c->who->holder.pid);
	db_bind_int(stmt, "@hstart", (int64_t)c->who->holder.start);
	db_bind_text(stmt, "@boot", c->boot);
	db_bind_int(stmt, "@pidns", (int64_t)c->pidns);
	db_bind_int(stmt, "@now", c->now);
	db_bind_int(stmt, "@seq", seq);
	r = db_run(&reg->db, stmt, err);
	return r < 0 ? r : 0;
}

static int claim_some(struct registry *reg, struct claiming *c, size_t max, struct err *err, struct event *events,
		      size_t *n)
{
	CLEAN_STMT sqlite3_stmt *stmt = NULL;
	CLEAN_STR struct str sql = {0};
	int r;

	str_add(&sql, EVENT_SELECT " WHERE acked_ms = 0 AND type <> 'started'"
				   " AND ((owner_pid = @pid AND owner_start = @start AND boot = @boot) OR ");
	sessions_in(&sql, "session", c->who->sessions);
	str_add(&sql, ") ORDER BY seq");
	r = db_prepare(&reg->db, sql.buf, err, &stmt);
	if (r < 0)
		return r;
	db_bind_int(stmt, "@pid", c->who->owner.pid);
	db_bind_int(stmt, "@start", (int64_t)c->who->owner.start);
	db_bind_text(stmt, "@boot", c->boot);
	bind_sessions(stmt, c->who->sessions);
	while (r == 0 && *n < max && (r = db_step(&reg->db, stmt, err)) > 0) {
		r = 0;
		if (may_claim(c, stmt))
			read_event(stmt, &events[(*n)++]);
	}
	for (size_t i = 0; r >= 0 && i < *n; i++)
		r = mark_claimed(reg, c, events[i].seq, err);
	return r < 0 ? r : 0;
}

int event_claim(struct registry *reg, const struct consumer *who, size_t max, struct err *err, struct event **ret,
		size_t *ret_n, int64_t *ret_again_ms)
{
	struct claiming c = {.who = who, .pidns = os_pid_namespace(), .now = os_now_ms()};
	struct event *events;
	size_t n = 0;
	int r = os_boot_id(c.boot);

	if (r < 0)
		return err_sys(err, r, "cannot read the boot id");
	/* nobody is told by a claim, so the bell stays silent: a bell here would wake every follower in a circle */
	if (sqlite3_exec(reg->db.sql, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return db_error(&reg->db, err);
	events = xcalloc(max, sizeof *events);
	r = claim_some(reg, &c, max, err, events, &n);
	if (r == 0 && sqlite3_exec(reg->db.sql, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		r = db_error(&reg->db, err);
	if (r < 0) {
		db_rollback(&reg->db);
		event_free_all(events, n);
		return r;
	}
	*ret = events;
	*ret_n = n;
	*ret_again_ms = c.again;
	return 0;
}

int event_ack(struct registry *reg, const struct consumer *who, const int64_t *seqs, size_t n, struct err *err)
{
	int r =
	    sqlite3_exec(reg->db.sql, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK ? 0 : db_error(&reg->db, err);

	for (size_t i = 0; r >= 0 && i < n; i++) {
		sqlite3_stmt *stmt = NULL;

		r = db_prepare(&reg->db,
			       "UPDATE events SET acked_ms=@now WHERE seq=@seq AND acked_ms=0 AND claim=@name"
			       " AND claim_pid=@pid AND claim_start=@start",
			       err, &stmt);
		if (r < 0)
			break;
		db_bind_int(stmt, "@now", os_now_ms());
		db_bind_int(stmt, "@seq", seqs[i]);
		db_bind_text(stmt, "@name", who->name);
		db_bind_int(stmt, "@pid", who->owner.pid);
		db_bind_int(stmt, "@start", (int64_t)who->owner.start);
		r = db_run(&reg->db, stmt, err);
	}
	if (r >= 0 && sqlite3_exec(reg->db.sql, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		r = db_error(&reg->db, err);
	if (r < 0) {
		db_rollback(&reg->db);
		return r;
	}
	return 0;
}
