#include "task/registry.h"

#include "base/str.h"
#include "base/words.h"
#include "task/db.h"
#include "task/event.h"
#include "task/row.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int registry_open(const char *home, struct err *err, struct registry **ret)
{
	struct registry *reg = xcalloc(1, sizeof *reg);
	int r = db_open(&reg->db, home, err);

	if (r < 0) {
		registry_close(reg);
		return r;
	}
	*ret = reg;
	return 0;
}

void registry_close(struct registry *reg)
{
	if (!reg)
		return;
	db_close(&reg->db);
	free(reg);
}

void registry_close_ptr(struct registry **reg)
{
	registry_close(*reg);
}

const char *registry_home(const struct registry *reg)
{
	return reg->db.home;
}

int registry_dirfd(const struct registry *reg)
{
	return reg->db.dirfd;
}

int registry_begin(struct registry *reg, struct err *err)
{
	return db_begin(&reg->db, err);
}

int registry_commit(struct registry *reg, struct err *err)
{
	return db_commit(&reg->db, err);
}

bool registry_untidy(const struct registry *reg)
{
	return db_untidy(&reg->db);
}

void registry_tidy(struct registry *reg)
{
	db_tidy(&reg->db);
}

void registry_rollback(struct registry *reg)
{
	db_rollback(&reg->db);
}

static int add_tags(struct registry *reg, const struct task *task, struct err *err)
{
	for (char *const *tag = task->tags; tag && *tag; tag++) {
		sqlite3_stmt *stmt = NULL;
		int r = db_prepare(&reg->db, "INSERT OR IGNORE INTO tags VALUES(@id, @tag)", err, &stmt);

		if (r < 0)
			return r;
		db_bind_text(stmt, "@id", task->id);
		db_bind_text(stmt, "@tag", *tag);
		r = db_run(&reg->db, stmt, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int registry_add(struct registry *reg, const struct task *task, struct err *err)
{
	int r = db_begin(&reg->db, err);

	if (r < 0)
		return r;
	r = row_insert(&reg->db, task, err);
	if (r >= 0)
		r = add_tags(reg, task, err);
	if (r < 0) {
		db_rollback(&reg->db);
		return r;
	}
	return db_commit(&reg->db, err);
}

int registry_started(struct registry *reg, const char *id, struct os_proc proc, int64_t start_ms, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int r = db_begin(&reg->db, err);

	if (r < 0)
		return r;
	r = db_prepare(&reg->db,
		       "UPDATE tasks SET status='running', pid=@pid, pid_start=@start, started_ms=@at"
		       " WHERE id=@id AND status='pending' AND cancel=''",
		       err, &stmt);
	if (r == 0) {
		db_bind_text(stmt, "@id", id);
		db_bind_int(stmt, "@pid", proc.pid);
		db_bind_int(stmt, "@start", (int64_t)proc.start);
		db_bind_int(stmt, "@at", start_ms);
		r = db_run(&reg->db, stmt, err);
	}
	if (r == 0)
		r = err_set(err, -ESTALE, "task %s was given up before it started", id);
	if (r > 0)
		r = event_add(reg, id, EVENT_STARTED, 0, NULL, err);
	if (r < 0) {
		db_rollback(&reg->db);
		return r;
	}
	return db_commit(&reg->db, err);
}

/* The cause that counts: a recorded wish to cancel beats what the keeper saw, unless the task timed out. */
static int cause_of(struct registry *reg, const char *id, enum task_reason seen, struct err *err, enum task_reason *ret)
{
	CLEAN_STMT sqlite3_stmt *stmt = NULL;
	const char *wish;
	int r = db_prepare(&reg->db, "SELECT cancel FROM tasks WHERE id=@id", err, &stmt);

	if (r < 0)
		return r;
	db_bind_text(stmt, "@id", id);
	r = db_step(&reg->db, stmt, err);
	if (r < 0)
		return r;
	*ret = seen;
	wish = r ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
	if (wish && *wish && (seen == REASON_NONE || seen == REASON_LOST))
		return task_reason_parse(wish, ret);
	return 0;
}

static void bind_ending(sqlite3_stmt *stmt, const char *id, const struct ending *end)
{
	db_bind_text(stmt, "@id", id);
	db_bind_int(stmt, "@bytes", (int64_t)end->output_bytes);
	db_bind_int(stmt, "@lines", (int64_t)end->lines);
	db_bind_int(stmt, "@lost", (int64_t)end->lost);
	db_bind_int(stmt, "@leftover", end->leftover);
	db_bind_int(stmt, "@copied", end->copied);
}

int registry_end(struct registry *reg, const char *id, const struct ending *end, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum task_reason cause, reason;
	enum task_status status;
	int code, signal, r;

	r = cause_of(reg, id, end->cause, err, &cause);
	if (r == 0)
		r = db_prepare(&reg->db,
			       "UPDATE tasks SET status=@status, reason=@reason, completed_ms=@at, exit_code=@code,"
			       " signal=@signal, error=@error, output_bytes=@bytes, lines=@lines, lost=@lost,"
			       " leftover=@leftover, copied=@copied WHERE id=@id AND status IN ('pending','running')",
			       err, &stmt);
	if (r < 0)
		return r;
	status = task_end_status(end->wstatus, cause, &reason, &code, &signal);
	bind_ending(stmt, id, end);
	db_bind_text(stmt, "@status", task_status_text(status));
	db_bind_text(stmt, "@reason", task_reason_text(reason));
	db_bind_text(stmt, "@error", end->error);
	db_bind_int(stmt, "@at", end->at_ms);
	db_bind_int(stmt, "@code", code);
	db_bind_int(stmt, "@signal", signal);
	r = db_run(&reg->db, stmt, err);
	return r <= 0 ? r : event_add(reg, id, EVENT_EXIT, end->output_bytes, end->error, err);
}

int registry_settle(struct registry *reg, const char *id, const struct ending *end, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int r = db_prepare(
	    &reg->db,
	    "UPDATE tasks SET output_bytes=@bytes, lines=@lines, lost=@lost, leftover=@leftover, copied=@copied"
	    " WHERE id=@id AND status NOT IN ('pending','running')",
	    err, &stmt);

	if (r < 0)
		return r;
	bind_ending(stmt, id, end);
	r = db_run(&reg->db, stmt, err);
	return r < 0 ? r : 0;
}

int registry_scanned(struct registry *reg, const char *id, uint64_t old, uint64_t now, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int r = db_prepare(&reg->db, "UPDATE tasks SET scanned=@now WHERE id=@id AND scanned=@old", err, &stmt);

	if (r < 0)
		return r;
	db_bind_text(stmt, "@id", id);
	db_bind_int(stmt, "@old", (int64_t)old);
	db_bind_int(stmt, "@now", (int64_t)now);
	r = db_run(&reg->db, stmt, err);
	if (r == 0)
		return err_set(err, -ESTALE, "task %s was scanned by another keeper", id);
	return r < 0 ? r : 0;
}

int registry_scanned_at(struct registry *reg, const char *id, struct err *err, uint64_t *ret)
{
	CLEAN_STMT sqlite3_stmt *stmt = NULL;
	int r = db_prepare(&reg->db, "SELECT scanned FROM tasks WHERE id=@id", err, &stmt);

	if (r < 0)
		return r;
	db_bind_text(stmt, "@id", id);
	r = db_step(&reg->db, stmt, err);
	if (r < 0)
		return r;
	if (r == 0)
		return err_set(err, -ESRCH, "no task %s", id);
	*ret = (uint64_t)db_int(stmt, 0);
	return 0;
}

int registry_cancel(struct registry *reg, const char *id, enum task_reason cause, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int r = db_prepare(
	    &reg->db, "UPDATE tasks SET cancel=@cause WHERE id=@id AND cancel='' AND status IN ('pending','running')",
	    err, &stmt);

	if (r < 0)
		return r;
	db_bind_text(stmt, "@id", id);
	db_bind_text(stmt, "@cause", task_reason_text(cause));
	r = db_run(&reg->db, stmt, err);
	return r < 0 ? r : 0;
}

int registry_remove(struct registry *reg, const char *id, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int r = db_prepare(&reg->db,
			   "DELETE FROM tasks WHERE id=@id AND status NOT IN ('pending','running') AND NOT leftover",
			   err, &stmt);

	if (r < 0)
		return r;
	db_bind_text(stmt, "@id", id);
	return db_run(&reg->db, stmt, err);
}

static void bind_selector(sqlite3_stmt *stmt, const struct select *sel)
{
	char name[32];

	db_bind_text(stmt, "@session", sel->session);
	db_bind_text(stmt, "@project", sel->project);
	db_bind_text(stmt, "@visible", sel->visible_to);
	for (size_t i = 0; i < words_count(sel->tags); i++) {
		snprintf(name, sizeof name, "@tag%zu", i);
		db_bind_text(stmt, name, sel->tags[i]);
	}
}

int registry_select(struct registry *reg, const struct select *sel, struct err *err, struct task **ret, size_t *ret_n)
{
	CLEAN_STR struct str sql = {0};
	sqlite3_stmt *stmt = NULL;
	int r;

	str_add(&sql, ROW_SELECT);
	select_where(sel, &sql);
	str_add(&sql, " ORDER BY n");
	r = db_prepare(&reg->db, sql.buf, err, &stmt);
	if (r < 0)
		return r;
	bind_selector(stmt, sel);
	return row_read_all(&reg->db, stmt, err, ret, ret_n);
}

/* Runs one look-up by WORD; TAKES says how many rows are of use. */
static int look_up(struct registry *reg, const char *where, const char *word, struct err *err, struct task **ret,
		   size_t *ret_n)
{
	CLEAN_FREE char *sql = xasprintf(ROW_SELECT " WHERE %s", where);
	sqlite3_stmt *stmt = NULL;
	int r = db_prepare(&reg->db, sql, err, &stmt);

	if (r < 0)
		return r;
	db_bind_text(stmt, "@word", word);
	return row_read_all(&reg->db, stmt, err, ret, ret_n);
}

static int ambiguous(const char *word, struct task *tasks, size_t n, struct err *err)
{
	CLEAN_STR struct str names = {0};

	for (size_t i = 0; i < n && i < 10; i++)
		str_addf(&names, "%s%s", i ? ", " : "", tasks[i].id);
	if (n > 10)
		str_addf(&names, " and %zu more", n - 10);
	return err_set(err, -ENOTUNIQ, "%s could be any of %s: type more of the id", word, names.buf);
}

int registry_find(struct registry *reg, const char *word, struct err *err, struct task *ret)
{
	/* a prefix is compared as a range, because an id may hold LIKE's wildcard _ */
	static const char *const steps[] = {
	    "id = @word",
	    "name = @word ORDER BY (status IN ('pending','running') OR leftover) DESC, n DESC LIMIT 1",
	    "substr(id, 1, length(@word)) = @word AND @word <> '' ORDER BY n",
	};
	struct task *tasks = NULL;
	size_t n = 0;
	int r;

	for (int i = 0; i < 3; i++) {
		r = look_up(reg, steps[i], word, err, &tasks, &n);
		if (r < 0)
			return r;
		if (n == 1) {
			*ret = tasks[0];
			free(tasks);
			return 0;
		}
		if (n > 1) {
			r = ambiguous(word, tasks, n, err);
			task_free_all(tasks, n);
			return r;
		}
		free(tasks);
	}
	return err_set(err, -ESRCH, "no task has the id, name or id prefix '%s': hob list shows those there are", word);
}

int registry_get(struct registry *reg, const char *id, struct err *err, struct task *ret)
{
	struct task *tasks = NULL;
	size_t n = 0;
	int r = look_up(reg, "id = @word", id, err, &tasks, &n);

	if (r < 0)
		return r;
	if (n == 1)
		*ret = tasks[0];
	free(tasks);
	return n == 1 ? 0 : err_set(err, -ESRCH, "no task %s", id);
}
