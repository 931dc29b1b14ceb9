#include "task/db.h"

#include "base/path.h"
#include "base/str.h"
#include "task/event.h"
#include "task/task.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_TIMEOUT_MS 10000
#define TRY_AGAIN_NS	5000000
#define WAL_PAGES_TIDY	64   /* from here on whoever has time copies the WAL back: each opening reads all of it */
#define WAL_PAGES_MAX	1000 /* … and from here on everybody does */

/* The words of a table as the inside of an SQL "IN (…)". */
#define X(name, text)  "'" text "',"
#define STATUS_WORDS   TASK_STATUSES(X) "''"
#define REASON_WORDS   TASK_REASONS(X) "''"
#define LIFETIME_WORDS TASK_LIFETIMES(X) "''"
#define EVENT_WORDS    EVENT_TYPES(X) "''"

/* clang-format off */
static const char first_schema[] =
	"CREATE TABLE tasks("
	" n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT, command TEXT NOT NULL,"
	" argv BLOB NOT NULL, cwd TEXT, project TEXT, session TEXT, created_by TEXT, restart_of TEXT, prefixes BLOB,"
	" lifetime TEXT NOT NULL CHECK(lifetime IN (" LIFETIME_WORDS ")),"
	" timeout_ms INTEGER NOT NULL, grace_ms INTEGER NOT NULL, log_max INTEGER NOT NULL,"
	" owner_pid INTEGER NOT NULL, owner_start INTEGER NOT NULL,"
	" token TEXT NOT NULL, boot TEXT NOT NULL, pidns INTEGER NOT NULL,"
	" run_pid INTEGER NOT NULL, run_start INTEGER NOT NULL,"
	" pid INTEGER NOT NULL DEFAULT 0, pid_start INTEGER NOT NULL DEFAULT 0,"
	" status TEXT NOT NULL CHECK(status IN (" STATUS_WORDS ")),"
	" reason TEXT NOT NULL DEFAULT '' CHECK(reason IN (" REASON_WORDS ")),"
	" cancel TEXT NOT NULL DEFAULT '' CHECK(cancel IN (" REASON_WORDS ")),"
	" created_ms INTEGER NOT NULL, started_ms INTEGER NOT NULL DEFAULT 0, completed_ms INTEGER NOT NULL DEFAULT 0,"
	" exit_code INTEGER NOT NULL DEFAULT -1, signal INTEGER NOT NULL DEFAULT 0, error TEXT,"
	" output_bytes INTEGER NOT NULL DEFAULT 0, lines INTEGER NOT NULL DEFAULT 0, lost INTEGER NOT NULL DEFAULT 0,"
	" scanned INTEGER NOT NULL DEFAULT 0, leftover INTEGER NOT NULL DEFAULT 0, copied INTEGER NOT NULL DEFAULT 0);"
	"CREATE INDEX tasks_live ON tasks(n) WHERE status IN ('pending','running') OR leftover;"
	"CREATE TABLE tags(task TEXT NOT NULL REFERENCES tasks(id) ON DELETE CASCADE, tag TEXT NOT NULL,"
	" UNIQUE(task, tag));"
	"CREATE TABLE events("
	" seq INTEGER PRIMARY KEY AUTOINCREMENT, task TEXT NOT NULL REFERENCES tasks(id) ON DELETE CASCADE,"
	" type TEXT NOT NULL CHECK(type IN (" EVENT_WORDS ")), at_ms INTEGER NOT NULL,"
	" cursor INTEGER NOT NULL, message TEXT, status TEXT, reason TEXT, exit_code INTEGER, signal INTEGER,"
	" claim TEXT, claim_pid INTEGER NOT NULL DEFAULT 0, claim_start INTEGER NOT NULL DEFAULT 0,"
	" holder_pid INTEGER NOT NULL DEFAULT 0, holder_start INTEGER NOT NULL DEFAULT 0,"
	" holder_boot TEXT NOT NULL DEFAULT '', holder_pidns INTEGER NOT NULL DEFAULT 0,"
	" claimed_ms INTEGER NOT NULL DEFAULT 0, acked_ms INTEGER NOT NULL DEFAULT 0);"
	"CREATE INDEX events_task ON events(task);"
	"CREATE INDEX events_open ON events(seq) WHERE acked_ms = 0 AND type <> 'started';";

static const char wishes[] =
	"ALTER TABLE tasks ADD COLUMN watches BLOB;"
	"ALTER TABLE tasks ADD COLUMN idle_after_ms INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE tasks ADD COLUMN port_event INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE tasks ADD COLUMN input_event INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE tasks ADD COLUMN stdin_pipe INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE tasks ADD COLUMN pty_cols INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE tasks ADD COLUMN pty_rows INTEGER NOT NULL DEFAULT 0;";
/* clang-format on */
#undef X

/* Step N leads from version N to N + 1; a step that was released is never changed, and only adds. */
static const char *const steps[] = {first_schema, wishes};
#define SCHEMA_VERSION (int)(sizeof steps / sizeof *steps)

static int no_room(struct db *db, struct err *err)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		return err_set(err, -EFBIG,
			       "the registry %s/hob.db cannot grow: files may have %llu bytes here, raise ulimit -f",
			       db->home, (unsigned long long)limit.rlim_cur);
	return err_set(err, -ENOSPC, "no room on the disk for the registry %s/hob.db", db->home);
}

int db_error(struct db *db, struct err *err)
{
	int rc = sqlite3_extended_errcode(db->sql);
	struct rlimit limit;

	if (rc == SQLITE_IOERR_SHMSIZE || rc == SQLITE_READONLY_RECOVERY ||
	    (db->no_room && (rc & 0xff) == SQLITE_READONLY))
		return no_room(db, err);
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(
		    err, -EBUSY,
		    "the registry %s/hob.db has been locked by another process for 10 s: end it, or try again",
		    db->home);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return err_set(
		    err, -EUCLEAN,
		    "the registry %s/hob.db is damaged (%s): move that folder away to start afresh; nothing was "
		    "changed",
		    db->home, sqlite3_errmsg(db->sql));
	case SQLITE_FULL:
		return no_room(db, err);
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return err_set(
		    err, -EROFS,
		    "the registry %s/hob.db cannot be written (%s): make its folder writable, or set HOB_HOME",
		    db->home, sqlite3_errmsg(db->sql));
	case SQLITE_CONSTRAINT:
		return err_set(err, -EEXIST, "the registry %s/hob.db refused a row: %s", db->home,
			       sqlite3_errmsg(db->sql));
	case SQLITE_IOERR:
		if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
			return no_room(db, err);
		/* fall through */
	default:
		return err_set(err, -EIO, "the registry %s/hob.db failed: %s", db->home, sqlite3_errmsg(db->sql));
	}
}

static int exec(struct db *db, const char *sql, struct err *err)
{
	return sqlite3_exec(db->sql, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_error(db, err);
}

static int read_version(struct db *db, struct err *err, int *ret)
{
	CLEAN_STMT sqlite3_stmt *stmt = NULL;
	int r = db_prepare(db, "PRAGMA user_version", err, &stmt);

	if (r == 0)
		r = db_step(db, stmt, err);
	if (r < 0)
		return r;
	*ret = (int)db_int(stmt, 0);
	return 0;
}

/* The steps from VERSION on, in the caller's transaction. */
static int climb(struct db *db, int version, struct err *err)
{
	char pragma[40];
	int r = 0;

	for (int i = version; r == 0 && i < SCHEMA_VERSION; i++)
		r = exec(db, steps[i], err);
	snprintf(pragma, sizeof pragma, "PRAGMA user_version=%d", SCHEMA_VERSION);
	return r < 0 ? r : exec(db, pragma, err);
}

static int update_schema(struct db *db, struct err *err)
{
	CLEAN_FD int bell = openat(db->dirfd, "bell", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	int version, r;

	/* SQLite does not wait when two switch to WAL at once, so the first commands of a home take turns here */
	r = bell < 0 ? -errno : os_lock(bell, 0);
	if (r < 0)
		return err_sys(err, r, "cannot lock %s/bell", db->home);
	r = exec(db, "PRAGMA journal_mode=WAL", err);
	if (r == 0)
		r = exec(db, "BEGIN IMMEDIATE", err);
	if (r < 0)
		return r;
	/* asked again under the lock: another hob may have been first */
	r = read_version(db, err, &version);
	if (r == 0 && version < SCHEMA_VERSION)
		r = climb(db, version, err);
	if (r == 0)
		r = exec(db, "COMMIT", err);
	if (r < 0)
		sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

static int check_schema(struct db *db, struct err *err)
{
	int version = 0, r = read_version(db, err, &version);

	if (r < 0)
		return r;
	if (version > SCHEMA_VERSION)
		return err_set(
		    err, -EPROTO,
		    "the registry %s/hob.db was written by a newer hob (schema %d, this one knows %d): update this hob",
		    db->home, version, SCHEMA_VERSION);
	if (version == SCHEMA_VERSION)
		return 0;
	/* within a moment nothing can be written */
	return sqlite3_get_autocommit(db->sql) ? update_schema(db, err) : no_room(db, err);
}

/* SQLite tells after each commit how long the WAL is. */
static int note_wal(void *arg, sqlite3 *sql, const char *name, int pages)
{
	struct db *db = arg;

	db->wal_pages = pages;
	if (pages >= WAL_PAGES_MAX)
		sqlite3_wal_checkpoint_v2(sql, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return SQLITE_OK;
}

bool db_untidy(const struct db *db)
{
	return db->wal_pages >= WAL_PAGES_TIDY;
}

void db_tidy(struct db *db)
{
	sqlite3_wal_checkpoint_v2(db->sql, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static int configure(struct db *db, struct err *err)
{
	sqlite3_extended_result_codes(db->sql, 1);
	sqlite3_busy_timeout(db->sql, LOCK_TIMEOUT_MS);
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_wal_hook(db->sql, note_wal, db);
	return exec(db, "PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=8388608; PRAGMA foreign_keys=ON;", err);
}

/* The database is made 0600 whatever the umask; SQLite gives its WAL the same mode. */
static int make_file(struct db *db, struct err *err)
{
	CLEAN_FD int fd = openat(db->dirfd, "hob.db", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CLEAN_FD int bell = -1;

	if (fd < 0)
		return err_sys(err, -errno, "cannot write the registry %s/hob.db (set HOB_HOME to a folder of yours)",
			       db->home);
	/* it rings when who could write it closes it: nobody is to wake because somebody merely looks */
	bell = openat(db->dirfd, "bell", O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	if (bell < 0)
		return err_sys(err, -errno, "cannot open %s/bell", db->home);
	return 0;
}

static void disconnect(struct db *db)
{
	sqlite3_close(db->sql);
	db->sql = NULL;
}

/* ONE_MOMENT: all that is read is of one moment. */
static int connect_to(struct db *db, const char *file, bool one_moment, struct err *err)
{
	int r;

	if (sqlite3_open_v2(file, &db->sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL) !=
	    SQLITE_OK)
		return db_error(db, err);
	r = configure(db, err);
	if (r == 0 && one_moment)
		r = exec(db, "BEGIN", err);
	return r < 0 ? r : check_schema(db, err);
}

/* The address (https://sqlite.org/uri.html) of HOME's database for who only reads it; the caller frees it. */
static char *frugal_address(const char *home)
{
	struct str s = {0};

	str_add(&s, "file://");
	for (; *home; home++) {
		if (strchr("%?#", *home))
			str_addf(&s, "%%%02X", (unsigned)*home);
		else
			str_addc(&s, *home);
	}
	str_add(&s, "/hob.db?readonly_shm=1");
	return str_take(&s);
}

/* The first to open it makes its shared memory anew, a file beside it for which there is no room: this way SQLite makes
 * it in our own, and we only read. While another hob just tries it cannot, and must not be held by us either; nobody
 * comes between once reading has begun. */
static int connect_frugally(struct db *db, struct err *err)
{
	CLEAN_FREE char *address = frugal_address(db->home);
	int64_t until_ns = os_mono_ns() + (int64_t)LOCK_TIMEOUT_MS * 1000000;
	struct err failed;
	int r;

	for (;;) {
		disconnect(db);
		failed = (struct err){0};
		r = connect_to(db, address, true, &failed);
		if (r == 0 || sqlite3_extended_errcode(db->sql) != SQLITE_READONLY_RECOVERY || os_mono_ns() >= until_ns)
			break;
		disconnect(db);
		os_wait(NULL, 0, os_mono_ns() + TRY_AGAIN_NS);
	}
	return r < 0 ? err_set(err, r, "%s", failed.text) : 0;
}

static int connect_anyhow(struct db *db, struct err *err)
{
	CLEAN_FREE char *file = xasprintf("%s/hob.db", db->home);
	struct err failed = {0};
	int r;

	disconnect(db);
	db->no_room = false;
	r = connect_to(db, file, false, &failed);
	if (r == 0 || !db->sql || sqlite3_extended_errcode(db->sql) != SQLITE_IOERR_SHMSIZE)
		return r < 0 ? err_set(err, r, "%s", failed.text) : 0;
	r = connect_frugally(db, err);
	db->no_room = true;
	return r;
}

/* On a full disk each reading is of its own moment, and there may be room again. */
static int refresh(struct db *db, struct err *err)
{
	return db->no_room && !sqlite3_next_stmt(db->sql, NULL) ? connect_anyhow(db, err) : 0;
}

int db_open(struct db *db, const char *home, struct err *err)
{
	int r;

	*db = (struct db){.dirfd = -1, .bell = -1, .home = xstrdup(home)};
	r = path_private_dir(home, err, &db->dirfd);
	if (r == 0)
		r = make_file(db, err);
	return r < 0 ? r : connect_anyhow(db, err);
}

void db_close(struct db *db)
{
	if (!db->home)
		return;
	sqlite3_close(db->sql);
	path_close(&db->bell);
	path_close(&db->dirfd);
	free(db->home);
	*db = (struct db){.dirfd = -1, .bell = -1};
}

int db_begin(struct db *db, struct err *err)
{
	int r;

	r = refresh(db, err);
	if (r < 0 || db->no_room)
		return r < 0 ? r : no_room(db, err);
	db->bell = openat(db->dirfd, "bell", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (db->bell < 0)
		return err_sys(err, -errno, "cannot open %s/bell", db->home);
	r = exec(db, "BEGIN IMMEDIATE", err);
	if (r < 0)
		path_close(&db->bell);
	return r;
}

int db_commit(struct db *db, struct err *err)
{
	int r = exec(db, "COMMIT", err);

	if (r < 0) {
		db_rollback(db);
		return r;
	}
	path_close(&db->bell);
	return 0;
}

void db_rollback(struct db *db)
{
	sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
	path_close(&db->bell);
}

int db_prepare(struct db *db, const char *sql, struct err *err, sqlite3_stmt **ret)
{
	int r = refresh(db, err);

	if (r < 0)
		return r;
	return sqlite3_prepare_v2(db->sql, sql, -1, ret, NULL) == SQLITE_OK ? 0 : db_error(db, err);
}

int db_step(struct db *db, sqlite3_stmt *stmt, struct err *err)
{
	switch (sqlite3_step(stmt)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return db_error(db, err);
	}
}

int db_run(struct db *db, sqlite3_stmt *stmt, struct err *err)
{
	int r = db_step(db, stmt, err);

	sqlite3_finalize(stmt);
	return r < 0 ? r : sqlite3_changes(db->sql);
}

void db_bind_text(sqlite3_stmt *stmt, const char *name, const char *text)
{
	sqlite3_bind_text(stmt, sqlite3_bind_parameter_index(stmt, name), text, -1, SQLITE_TRANSIENT);
}

void db_bind_int(sqlite3_stmt *stmt, const char *name, int64_t value)
{
	sqlite3_bind_int64(stmt, sqlite3_bind_parameter_index(stmt, name), value);
}

void db_bind_blob(sqlite3_stmt *stmt, const char *name, const void *bytes, size_t len)
{
	sqlite3_bind_blob64(stmt, sqlite3_bind_parameter_index(stmt, name), bytes, len, SQLITE_TRANSIENT);
}

char *db_text(sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return text ? xstrdup(text) : NULL;
}

int64_t db_int(sqlite3_stmt *stmt, int column)
{
	return sqlite3_column_int64(stmt, column);
}

void db_finalize_ptr(sqlite3_stmt **stmt)
{
	sqlite3_finalize(*stmt);
}
