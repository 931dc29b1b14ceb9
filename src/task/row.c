#include "task/row.h"

#include "base/str.h"
#include "base/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void bind_words(sqlite3_stmt *stmt, const char *name, char *const *words)
{
	CLEAN_FREE char *block = NULL;
	size_t len;

	block = words_pack(words, &len);
	db_bind_blob(stmt, name, block, len);
}

static void bind_spec(sqlite3_stmt *stmt, const struct task *task)
{
	db_bind_text(stmt, "@id", task->id);
	db_bind_text(stmt, "@name", task->name);
	db_bind_text(stmt, "@command", task->command);
	bind_words(stmt, "@argv", task->argv);
	db_bind_text(stmt, "@cwd", task->cwd);
	db_bind_text(stmt, "@project", task->project);
	db_bind_text(stmt, "@session", task->session);
	db_bind_text(stmt, "@created_by", task->created_by);
	db_bind_text(stmt, "@restart_of", task->restart_of);
	bind_words(stmt, "@prefixes", task->prefixes);
	db_bind_text(stmt, "@lifetime", task_lifetime_text(task->lifetime));
	db_bind_int(stmt, "@timeout", task->timeout_ms);
	db_bind_int(stmt, "@grace", task->grace_ms);
	db_bind_int(stmt, "@log_max", (int64_t)task->log_max);
	bind_words(stmt, "@watches", task->watches);
	db_bind_int(stmt, "@idle_after", task->idle_after_ms);
	db_bind_int(stmt, "@port_event", task->port_event);
	db_bind_int(stmt, "@input_event", task->input_event);
	db_bind_int(stmt, "@stdin_pipe", task->stdin_pipe);
	db_bind_int(stmt, "@cols", task->pty_cols);
	db_bind_int(stmt, "@rows", task->pty_rows);
}

static void bind_identity(sqlite3_stmt *stmt, const struct task *task)
{
	db_bind_int(stmt, "@owner", task->owner.pid);
	db_bind_int(stmt, "@owner_start", (int64_t)task->owner.start);
	db_bind_text(stmt, "@token", task->token);
	db_bind_text(stmt, "@boot", task->boot);
	db_bind_int(stmt, "@pidns", (int64_t)task->pidns);
	db_bind_int(stmt, "@run", task->run.pid);
	db_bind_int(stmt, "@run_start", (int64_t)task->run.start);
	db_bind_int(stmt, "@created", task->created_ms);
}

int row_insert(struct db *db, const struct task *task, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int r =
	    db_prepare(db,
		       "INSERT INTO tasks(id, name, command, argv, cwd, project, session, created_by, restart_of,"
		       " prefixes, lifetime, timeout_ms, grace_ms, log_max, owner_pid, owner_start, token, boot, pidns,"
		       " run_pid, run_start, status, created_ms, watches, idle_after_ms, port_event, input_event,"
		       " stdin_pipe, pty_cols, pty_rows)"
		       " VALUES(@id, @name, @command, @argv, @cwd, @project, @session, @created_by, @restart_of,"
		       " @prefixes, @lifetime, @timeout, @grace, @log_max, @owner, @owner_start, @token, @boot, @pidns,"
		       " @run, @run_start, 'pending', @created, @watches, @idle_after, @port_event, @input_event,"
		       " @stdin_pipe, @cols, @rows)",
		       err, &stmt);

	if (r < 0)
		return r;
	bind_spec(stmt, task);
	bind_identity(stmt, task);
	r = db_run(db, stmt, err);
	if (r == -EEXIST)
		return err_set(err, r, "the id %s is taken: choose another, or hob clean", task->id);
	return r < 0 ? r : 0;
}

static char **read_words(sqlite3_stmt *stmt, int column)
{
	return words_unpack(sqlite3_column_blob(stmt, column), (size_t)sqlite3_column_bytes(stmt, column));
}

static void copy_text(char *ret, size_t size, sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	snprintf(ret, size, "%s", text ? text : "");
}

/* Columns 0 to 13 of ROW_SELECT. */
static void read_spec(sqlite3_stmt *stmt, struct task *task)
{
	char lifetime[16];

	copy_text(task->id, sizeof task->id, stmt, 0);
	task->name = db_text(stmt, 1);
	task->command = db_text(stmt, 2);
	task->argv = read_words(stmt, 3);
	task->cwd = db_text(stmt, 4);
	task->project = db_text(stmt, 5);
	task->session = db_text(stmt, 6);
	task->created_by = db_text(stmt, 7);
	task->restart_of = db_text(stmt, 8);
	task->prefixes = read_words(stmt, 9);
	copy_text(lifetime, sizeof lifetime, stmt, 10);
	task_lifetime_parse(lifetime, &task->lifetime);
	task->timeout_ms = db_int(stmt, 11);
	task->grace_ms = db_int(stmt, 12);
	task->log_max = (uint64_t)db_int(stmt, 13);
}

static struct os_proc read_proc(sqlite3_stmt *stmt, int column)
{
	return (struct os_proc){.pid = (pid_t)db_int(stmt, column), .start = (uint64_t)db_int(stmt, column + 1)};
}

/* Columns 14 to 36 of ROW_SELECT. */
static void read_state(sqlite3_stmt *stmt, struct task *task)
{
	char word[16];

	task->owner = read_proc(stmt, 14);
	copy_text(task->token, sizeof task->token, stmt, 16);
	copy_text(task->boot, sizeof task->boot, stmt, 17);
	task->pidns = (uint64_t)db_int(stmt, 18);
	task->run = read_proc(stmt, 19);
	task->proc = read_proc(stmt, 21);
	copy_text(word, sizeof word, stmt, 23);
	task_status_parse(word, &task->status);
	copy_text(word, sizeof word, stmt, 24);
	task_reason_parse(word, &task->reason);
	task->created_ms = db_int(stmt, 25);
	task->started_ms = db_int(stmt, 26);
	task->completed_ms = db_int(stmt, 27);
	task->exit_code = (int)db_int(stmt, 28);
	task->signal = (int)db_int(stmt, 29);
	task->error = db_text(stmt, 30);
	task->output_bytes = (uint64_t)db_int(stmt, 31);
	task->lines = (uint64_t)db_int(stmt, 32);
	task->lost = (uint64_t)db_int(stmt, 33);
	task->scanned = (uint64_t)db_int(stmt, 34);
	task->leftover = db_int(stmt, 35) != 0;
	task->copied = db_int(stmt, 36) != 0;
}

/* Columns 37 to 44 of ROW_SELECT, which came later. */
static void read_wishes(sqlite3_stmt *stmt, struct task *task)
{
	char word[16];

	task->watches = read_words(stmt, 37);
	task->idle_after_ms = db_int(stmt, 38);
	task->port_event = db_int(stmt, 39) != 0;
	task->input_event = db_int(stmt, 40) != 0;
	task->stdin_pipe = db_int(stmt, 41) != 0;
	task->pty_cols = (int)db_int(stmt, 42);
	task->pty_rows = (int)db_int(stmt, 43);
	copy_text(word, sizeof word, stmt, 44);
	task_reason_parse(word, &task->ending);
}

static int read_tags(struct db *db, struct task *tasks, size_t n, struct err *err)
{
	CLEAN_STMT sqlite3_stmt *stmt = NULL;
	int r = db_prepare(db, "SELECT tag FROM tags WHERE task=@id ORDER BY rowid", err, &stmt);

	for (size_t i = 0; r == 0 && i < n; i++) {
		db_bind_text(stmt, "@id", tasks[i].id);
		while ((r = db_step(db, stmt, err)) > 0) {
			const char *tag = (const char *)sqlite3_column_text(stmt, 0);

			words_add(&tasks[i].tags, tag ? tag : "");
		}
		sqlite3_reset(stmt);
	}
	return r;
}

int row_read_all(struct db *db, sqlite3_stmt *stmt, struct err *err, struct task **ret, size_t *ret_n)
{
	struct task *tasks = NULL;
	size_t n = 0, cap = 0;
	int r;

	while ((r = db_step(db, stmt, err)) > 0) {
		if (n == cap) {
			cap = cap ? cap * 2 : 16;
			tasks = xrealloc(tasks, cap * sizeof *tasks);
		}
		tasks[n] = (struct task){0};
		read_spec(stmt, &tasks[n]);
		read_state(stmt, &tasks[n]);
		read_wishes(stmt, &tasks[n]);
		n++;
	}
	sqlite3_finalize(stmt);
	if (r == 0)
		r = read_tags(db, tasks, n, err);
	if (r < 0) {
		task_free_all(tasks, n);
		return r;
	}
	*ret = tasks;
	*ret_n = n;
	return 0;
}
