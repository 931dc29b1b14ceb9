/* db: the database file: opening, its schema, transactions, and short words for SQLite's calls.
 * A struct db owns its connection and the folder it lies in. Only files of this room include this header.
 * It never leaves a statement open across a call to the outside, so that nobody pins the WAL. */
#ifndef HOB_TASK_DB_H
#define HOB_TASK_DB_H

#include "base/err.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db {
	sqlite3 *sql;
	char *home;
	int dirfd;
	int wal_pages; /* as of our last commit */
	bool no_room;  /* it can only be read: the disk has no room for the file that writers share */
	int bell;      /* open while a transaction that writes events is under way, else -1 */
};

/* Opens, and on first use makes, hob.db in HOME. Waits up to 10 s for others' locks. Errors are sentences:
 * a folder that is not private, a newer schema, a damaged file. Nothing is overwritten. On a full disk what is there
 * can be read at least. */
int db_open(struct db *db, const char *home, struct err *err);

/* Closes; NULL and half-opened are fine. */
void db_close(struct db *db);

/* BEGIN IMMEDIATE with the bell in hand; COMMIT, then the bell rings; ROLLBACK, silently. */
int db_begin(struct db *db, struct err *err);
int db_commit(struct db *db, struct err *err);
void db_rollback(struct db *db);

/* Whether our last commit left a long WAL: whoever opens the database first after a while reads all of it. And its
 * copying back into the database, for those nobody waits for; it never waits for others. */
bool db_untidy(const struct db *db);
void db_tidy(struct db *db);

/* Prepares SQL; the caller finalizes. */
int db_prepare(struct db *db, const char *sql, struct err *err, sqlite3_stmt **ret);

/* Steps a statement: 1 a row, 0 done, or a negative errno with a sentence. */
int db_step(struct db *db, sqlite3_stmt *stmt, struct err *err);

/* Steps a statement that returns no rows and finalizes it; the number of rows changed or a negative errno. */
int db_run(struct db *db, sqlite3_stmt *stmt, struct err *err);

/* Turns SQLite's last error into a sentence and a negative errno. */
int db_error(struct db *db, struct err *err);

/* Binds by name ("@id"); a NULL text, a zero owner pid and so on are for the caller to decide. */
void db_bind_text(sqlite3_stmt *stmt, const char *name, const char *text);
void db_bind_int(sqlite3_stmt *stmt, const char *name, int64_t value);
void db_bind_blob(sqlite3_stmt *stmt, const char *name, const void *bytes, size_t len);

/* A column as a fresh string (NULL for SQL NULL), or as a number. */
char *db_text(sqlite3_stmt *stmt, int column);
int64_t db_int(sqlite3_stmt *stmt, int column);

void db_finalize_ptr(sqlite3_stmt **stmt);
#define CLEAN_STMT __attribute__((cleanup(db_finalize_ptr)))

#endif
