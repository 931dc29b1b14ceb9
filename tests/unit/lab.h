/* lab: what unit tests of the registry share: a state folder of their own, tasks to put in, processes to own them.
 * For tests only; every function fails the test that calls it when something is wrong. */
#ifndef HOB_TEST_LAB_H
#define HOB_TEST_LAB_H

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/err.h"
#include "base/path.h"
#include "base/str.h"
#include "base/words.h"
#include "task/event.h"
#include "task/registry.h"

/* A fresh folder below $TMPDIR; the caller frees its path. */
static inline char *lab_folder(void)
{
	const char *tmp = getenv("TMPDIR");
	char *path = xasprintf("%s/hob-unit-XXXXXX", tmp && *tmp ? tmp : "/tmp");

	assert_non_null(mkdtemp(path));
	return path;
}

/* Removes PATH, whose folders go one level deep, and frees it. */
static inline void lab_remove(char *path)
{
	char *name = strrchr(path, '/');
	int fd;

	*name = '\0';
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(path_remove_dir(fd, name + 1), 0);
	close(fd);
	free(path);
}

/* ---- a registry for each test: setup and teardown ---- */

struct lab {
	char *home;
	struct registry *reg;
	struct err err;
};

static inline int lab_enter(void **state)
{
	struct lab *lab = xcalloc(1, sizeof *lab);

	lab->home = lab_folder();
	assert_int_equal(registry_open(lab->home, &lab->err, &lab->reg), 0);
	*state = lab;
	return 0;
}

static inline int lab_leave(void **state)
{
	struct lab *lab = *state;

	registry_close(lab->reg);
	lab_remove(lab->home);
	free(lab);
	return 0;
}

#define LAB_TEST(name) cmocka_unit_test_setup_teardown(name, lab_enter, lab_leave)

/* ---- tasks ---- */

/* A detached task that could be added as it is. The caller changes what matters and frees it with task_done. */
static inline struct task lab_task(const char *id)
{
	struct task task = {
	    .command = xstrdup("true"),
	    .cwd = xstrdup("/"),
	    .project = xstrdup("/"),
	    .lifetime = LIFETIME_DETACHED,
	    .grace_ms = 5000,
	    .log_max = 1 << 26,
	    .created_ms = os_now_ms(),
	    .exit_code = -1,
	    .run = {.pid = getpid()},
	    .pidns = os_pid_namespace(),
	};

	snprintf(task.id, sizeof task.id, "%s", id);
	snprintf(task.token, sizeof task.token, "%032d", 1);
	assert_int_equal(os_boot_id(task.boot), 0);
	words_add(&task.argv, "true");
	words_add(&task.prefixes, "OPENCODE_NOTIFY:");
	return task;
}

static inline void lab_add(struct lab *lab, struct task task)
{
	assert_int_equal(registry_add(lab->reg, &task, &lab->err), 0);
	task_done(&task);
}

static inline void lab_start(struct lab *lab, const char *id)
{
	assert_int_equal(registry_started(lab->reg, id, (struct os_proc){getpid(), 7}, 1000, &lab->err), 0);
}

static inline void lab_end(struct lab *lab, const char *id, struct ending end)
{
	assert_int_equal(registry_begin(lab->reg, &lab->err), 0);
	assert_int_equal(registry_end(lab->reg, id, &end, &lab->err), 0);
	assert_int_equal(registry_commit(lab->reg, &lab->err), 0);
}

static inline struct task lab_get(struct lab *lab, const char *id)
{
	struct task task = {0};

	assert_int_equal(registry_get(lab->reg, id, &lab->err, &task), 0);
	return task;
}

/* Runs SQL behind the registry's back: what a clock, another boot or another hob would have done. */
static inline void lab_sql(struct lab *lab, const char *sql)
{
	CLEAN_FREE char *file = xasprintf("%s/hob.db", lab->home);
	sqlite3 *db;

	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* ---- processes ---- */

/* Forks a child that does not outlive this program. */
static inline pid_t lab_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* A process that does nothing until lab_kill. */
static inline struct os_proc lab_process(void)
{
	pid_t pid = lab_fork();
	struct os_stat st;

	while (pid == 0)
		pause();
	assert_true(pid > 0);
	assert_int_equal(os_stat(pid, &st), 0);
	return st.proc;
}

static inline void lab_kill(struct os_proc proc)
{
	assert_int_equal(kill(proc.pid, SIGKILL), 0);
	assert_int_equal(waitpid(proc.pid, NULL, 0), proc.pid);
}

#endif
