/* registry: rows in and out, the steps of a task's life in transactions, ids, and databases that are not ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>

#include "lab.h"
#include "task/row.h"

static void rows_give_back_what_was_put_in(void **state)
{
	struct lab *lab = *state;
	struct task in = lab_task("web"), out;

	in.name = xstrdup("a name\nof two \"lines\" 'and' \xc3\xa4");
	in.session = xstrdup("ses_1");
	in.created_by = xstrdup("ses_2");
	in.restart_of = xstrdup("old");
	in.lifetime = LIFETIME_APP;
	in.timeout_ms = 86400000ll * 400;
	in.log_max = 1ull << 50;
	in.owner = (struct os_proc){4711, 1ull << 40};
	words_add(&in.argv, "");
	words_add(&in.argv, "a\nb");
	words_add(&in.argv, "\xff");
	words_add(&in.tags, "z");
	words_add(&in.tags, "a");
	words_add(&in.tags, "z");
	words_add(&in.prefixes, "X:");
	assert_int_equal(registry_add(lab->reg, &in, &lab->err), 0);
	out = lab_get(lab, "web");
	assert_string_equal(out.name, in.name);
	assert_string_equal(out.command, "true");
	assert_string_equal(out.cwd, "/");
	assert_string_equal(out.project, "/");
	assert_string_equal(out.session, "ses_1");
	assert_string_equal(out.created_by, "ses_2");
	assert_string_equal(out.restart_of, "old");
	assert_int_equal(words_count(out.argv), 4);
	assert_string_equal(out.argv[1], "");
	assert_string_equal(out.argv[2], "a\nb");
	assert_string_equal(out.argv[3], "\xff");
	/* in the order given, each once */
	assert_int_equal(words_count(out.tags), 2);
	assert_string_equal(out.tags[0], "z");
	assert_string_equal(out.tags[1], "a");
	assert_int_equal(words_count(out.prefixes), 2);
	assert_string_equal(out.prefixes[1], "X:");
	assert_int_equal(out.lifetime, LIFETIME_APP);
	assert_int_equal(out.timeout_ms, in.timeout_ms);
	assert_int_equal(out.grace_ms, 5000);
	assert_int_equal(out.log_max, in.log_max);
	assert_memory_equal(&out.owner, &in.owner, sizeof out.owner);
	assert_string_equal(out.token, in.token);
	assert_string_equal(out.boot, in.boot);
	assert_int_equal(out.pidns, in.pidns);
	assert_int_equal(out.run.pid, getpid());
	assert_int_equal(out.status, TASK_PENDING);
	assert_int_equal(out.reason, REASON_NONE);
	assert_int_equal(out.created_ms, in.created_ms);
	assert_int_equal(out.started_ms, 0);
	assert_int_equal(out.completed_ms, 0);
	assert_int_equal(out.exit_code, -1);
	assert_int_equal(out.signal, 0);
	assert_null(out.error);
	assert_false(out.leftover);
	task_done(&in);
	task_done(&out);
}

static void absent_stays_absent(void **state)
{
	struct lab *lab = *state;
	struct task out;

	lab_add(lab, lab_task("bare"));
	out = lab_get(lab, "bare");
	assert_null(out.name);
	assert_null(out.session);
	assert_null(out.created_by);
	assert_null(out.restart_of);
	assert_int_equal(words_count(out.tags), 0);
	assert_int_equal(out.owner.pid, 0);
	task_done(&out);
}

static void an_id_is_taken_once(void **state)
{
	struct lab *lab = *state;
	struct task task = lab_task("web");

	lab_add(lab, lab_task("web"));
	words_add(&task.tags, "tag");
	assert_int_equal(registry_add(lab->reg, &task, &lab->err), -EEXIST);
	assert_non_null(strstr(lab->err.text, "web is taken"));
	task_done(&task);
	/* case counts */
	lab_add(lab, lab_task("Web"));
	task = lab_get(lab, "web");
	assert_int_equal(words_count(task.tags), 0);
	task_done(&task);
}

/* ---- a task's life ---- */

static size_t count_events(struct lab *lab, const char *id, enum event_type type)
{
	struct event *events = NULL;
	size_t n = 0, found = 0;

	assert_int_equal(event_read(lab->reg, 0, NULL, 1000, &lab->err, &events, &n), 0);
	for (size_t i = 0; i < n; i++)
		found += strcmp(events[i].id, id) == 0 && events[i].type == type;
	event_free_all(events, n);
	return found;
}

static void a_start_is_recorded_once(void **state)
{
	struct lab *lab = *state;
	struct task out;

	lab_add(lab, lab_task("web"));
	lab_start(lab, "web");
	assert_int_equal(registry_started(lab->reg, "web", (struct os_proc){1, 1}, 9, &lab->err), -ESTALE);
	assert_non_null(strstr(lab->err.text, "web"));
	assert_int_equal(registry_started(lab->reg, "none", (struct os_proc){1, 1}, 9, &lab->err), -ESTALE);
	out = lab_get(lab, "web");
	assert_int_equal(out.status, TASK_RUNNING);
	assert_int_equal(out.proc.pid, getpid());
	assert_int_equal(out.proc.start, 7);
	assert_int_equal(out.started_ms, 1000);
	task_done(&out);
	assert_int_equal(count_events(lab, "web", EVENT_STARTED), 1);
}

static void an_end_is_recorded_once(void **state)
{
	struct lab *lab = *state;
	struct ending first = {.wstatus = 3 << 8,
			       .at_ms = 2000,
			       .output_bytes = 10,
			       .lines = 2,
			       .lost = 1,
			       .leftover = true,
			       .copied = true,
			       .error = "why"};
	struct task out;

	lab_add(lab, lab_task("web"));
	lab_start(lab, "web");
	lab_end(lab, "web", first);
	/* a second end, by whoever comes late, changes nothing and tells nobody */
	lab_end(lab, "web", (struct ending){.wstatus = -1, .cause = REASON_LOST, .at_ms = 3000});
	out = lab_get(lab, "web");
	assert_int_equal(out.status, TASK_FAILED);
	assert_int_equal(out.reason, REASON_EXIT);
	assert_int_equal(out.exit_code, 3);
	assert_int_equal(out.completed_ms, 2000);
	assert_int_equal(out.output_bytes, 10);
	assert_int_equal(out.lines, 2);
	assert_int_equal(out.lost, 1);
	assert_true(out.leftover);
	assert_true(out.copied);
	assert_string_equal(out.error, "why");
	task_done(&out);
	assert_int_equal(count_events(lab, "web", EVENT_EXIT), 1);
}

static void leftovers_settle_after_the_end_only(void **state)
{
	struct lab *lab = *state;
	struct ending later = {.output_bytes = 50, .lines = 5};
	struct task out;

	lab_add(lab, lab_task("web"));
	lab_start(lab, "web");
	assert_int_equal(registry_settle(lab->reg, "web", &later, &lab->err), 0);
	out = lab_get(lab, "web");
	assert_int_equal(out.output_bytes, 0);
	task_done(&out);
	lab_end(lab, "web", (struct ending){.wstatus = 0, .at_ms = 9, .output_bytes = 10, .leftover = true});
	assert_int_equal(registry_settle(lab->reg, "web", &later, &lab->err), 0);
	out = lab_get(lab, "web");
	assert_int_equal(out.output_bytes, 50);
	assert_int_equal(out.lines, 5);
	assert_false(out.leftover);
	assert_int_equal(out.status, TASK_COMPLETED);
	assert_int_equal(out.completed_ms, 9);
	task_done(&out);
}

static void wishes_to_cancel_count_as_the_cause(void **state)
{
	static const struct {
		const char *id;
		enum task_reason seen, wanted;
	} ends[] = {
	    {"alone", REASON_NONE, REASON_REQUEST},
	    {"lost", REASON_LOST, REASON_REQUEST},
	    {"late", REASON_TIMEOUT, REASON_TIMEOUT},
	    {"owned", REASON_OWNER, REASON_OWNER},
	};
	struct lab *lab = *state;

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		struct task out;

		lab_add(lab, lab_task(ends[i].id));
		lab_start(lab, ends[i].id);
		assert_int_equal(registry_cancel(lab->reg, ends[i].id, REASON_REQUEST, &lab->err), 0);
		/* the first wish stands */
		assert_int_equal(registry_cancel(lab->reg, ends[i].id, REASON_SESSION, &lab->err), 0);
		lab_end(lab, ends[i].id, (struct ending){.wstatus = 15, .cause = ends[i].seen, .at_ms = 1});
		out = lab_get(lab, ends[i].id);
		assert_int_equal(out.reason, ends[i].wanted);
		task_done(&out);
	}
	/* nobody can want the end of what has ended */
	lab_add(lab, lab_task("over"));
	lab_end(lab, "over", (struct ending){.wstatus = 0, .at_ms = 1});
	assert_int_equal(registry_cancel(lab->reg, "over", REASON_REQUEST, &lab->err), 0);
}

/* The offset moves by compare-and-set in the events' own transaction: nothing counts twice, nothing is lost. */
static void the_scanned_offset_and_its_events_go_together(void **state)
{
	struct lab *lab = *state;
	uint64_t at = 99;

	lab_add(lab, lab_task("web"));
	assert_int_equal(registry_begin(lab->reg, &lab->err), 0);
	assert_int_equal(event_add(lab->reg, "web", EVENT_NOTIFY, 0, "one", &lab->err), 0);
	assert_int_equal(registry_scanned(lab->reg, "web", 0, 100, &lab->err), 0);
	assert_int_equal(registry_commit(lab->reg, &lab->err), 0);
	/* another keeper comes late with what it found */
	assert_int_equal(registry_begin(lab->reg, &lab->err), 0);
	assert_int_equal(event_add(lab->reg, "web", EVENT_NOTIFY, 0, "one", &lab->err), 0);
	assert_int_equal(registry_scanned(lab->reg, "web", 0, 100, &lab->err), -ESTALE);
	registry_rollback(lab->reg);
	assert_int_equal(registry_scanned_at(lab->reg, "web", &lab->err, &at), 0);
	assert_int_equal(at, 100);
	assert_int_equal(count_events(lab, "web", EVENT_NOTIFY), 1);
	assert_int_equal(registry_scanned_at(lab->reg, "none", &lab->err, &at), -ESRCH);
	assert_int_equal(registry_scanned(lab->reg, "none", 0, 1, &lab->err), -ESTALE);
}

/* SQLite calls this when all is written and nothing can be read yet. */
static int is_silent(void *rung)
{
	assert_int_equal(poll(rung, 1, 0), 0);
	return 0;
}

/* Who watches the bell reads after it, so it may ring only once the commit can be read. */
static void the_bell_rings_after_the_commit(void **state)
{
	struct lab *lab = *state;
	CLEAN_FREE char *bell = xasprintf("%s/bell", lab->home);
	struct pollfd rung = {.fd = os_watch_new(), .events = POLLIN};
	struct registry *other = NULL;
	struct event *events = NULL;
	size_t n = 0;

	lab_add(lab, lab_task("web"));
	assert_int_equal(registry_open(lab->home, &lab->err, &other), 0);
	assert_true(os_watch_closed(rung.fd, bell) >= 0);
	assert_int_equal(registry_begin(lab->reg, &lab->err), 0);
	assert_int_equal(event_add(lab->reg, "web", EVENT_NOTIFY, 0, "hello", &lab->err), 0);
	sqlite3_commit_hook(lab->reg->db.sql, is_silent, &rung);
	assert_int_equal(registry_commit(lab->reg, &lab->err), 0);
	assert_int_equal(poll(&rung, 1, 0), 1);
	assert_int_equal(event_read(other, 0, NULL, 10, &lab->err, &events, &n), 0);
	assert_int_equal(n, 1);
	event_free_all(events, n);
	registry_close(other);
	close(rung.fd);
}

/* ---- finding ---- */

static void assert_found(struct lab *lab, const char *word, const char *id)
{
	struct task task = {0};

	assert_int_equal(registry_find(lab->reg, word, &lab->err, &task), 0);
	assert_string_equal(task.id, id);
	task_done(&task);
}

static void add_named(struct lab *lab, const char *id, const char *name)
{
	struct task task = lab_task(id);

	task.name = xstrdup(name);
	lab_add(lab, task);
}

static void words_mean_an_id_else_a_name_else_a_prefix(void **state)
{
	struct lab *lab = *state;

	add_named(lab, "web", "other");
	add_named(lab, "webber", "web");
	add_named(lab, "abc", "ab");
	add_named(lab, "abd", "abc");
	assert_found(lab, "web", "web");     /* not the name, not the prefix of webber */
	assert_found(lab, "abc", "abc");     /* not the name */
	assert_found(lab, "ab", "abc");	     /* the name, although an ambiguous prefix */
	assert_found(lab, "webb", "webber"); /* the only prefix */
	assert_found(lab, "webber", "webber");
}

static void a_name_means_the_newest_that_runs_else_the_newest(void **state)
{
	struct lab *lab = *state;

	add_named(lab, "first", "web");
	add_named(lab, "second", "web");
	add_named(lab, "third", "web");
	lab_start(lab, "first");
	lab_start(lab, "second");
	lab_start(lab, "third");
	assert_found(lab, "web", "third");
	lab_end(lab, "third", (struct ending){.wstatus = 0, .at_ms = 1});
	assert_found(lab, "web", "second");
	lab_end(lab, "second", (struct ending){.wstatus = 0, .at_ms = 2});
	assert_found(lab, "web", "first");
	lab_end(lab, "first", (struct ending){.wstatus = 0, .at_ms = 3});
	assert_found(lab, "web", "third");
}

static void what_cannot_be_found_is_told(void **state)
{
	static const char *const none[] = {"", "x", "%", "_", "a%", "a_", "a__", "AB", "'", "web\n", "*"};
	struct lab *lab = *state;
	struct task task = {0};

	for (int i = 0; i < 12; i++) {
		CLEAN_FREE char *id = xasprintf("ab%02d", i);

		lab_add(lab, lab_task(id));
	}
	lab_add(lab, lab_task("abx"));
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		assert_int_equal(registry_find(lab->reg, none[i], &lab->err, &task), -ESRCH);
		assert_non_null(strstr(lab->err.text, none[i]));
		assert_non_null(strstr(lab->err.text, "hob list"));
	}
	assert_int_equal(registry_find(lab->reg, "ab0", &lab->err, &task), -ENOTUNIQ);
	for (int i = 0; i < 10; i++) {
		CLEAN_FREE char *id = xasprintf("ab%02d", i);

		assert_non_null(strstr(lab->err.text, id));
	}
	assert_null(strstr(lab->err.text, "ab10"));
	assert_null(strstr(lab->err.text, " and "));
	assert_int_equal(registry_find(lab->reg, "ab", &lab->err, &task), -ENOTUNIQ);
	assert_non_null(strstr(lab->err.text, "and 3 more"));
	assert_found(lab, "abx", "abx");
}

/* An id may hold LIKE's wildcard: it is a letter like others. */
static void prefixes_know_no_wildcards(void **state)
{
	struct lab *lab = *state;
	struct task task = {0};

	lab_add(lab, lab_task("a_b"));
	lab_add(lab, lab_task("axb"));
	assert_found(lab, "a_", "a_b");
	assert_found(lab, "ax", "axb");
	assert_int_equal(registry_find(lab->reg, "a", &lab->err, &task), -ENOTUNIQ);
}

static void exact_means_exact(void **state)
{
	struct lab *lab = *state;
	struct task task = {0};

	add_named(lab, "web", "name");
	assert_int_equal(registry_get(lab->reg, "we", &lab->err, &task), -ESRCH);
	assert_int_equal(registry_get(lab->reg, "name", &lab->err, &task), -ESRCH);
	task = lab_get(lab, "web");
	task_done(&task);
}

/* ---- forgetting ---- */

static void only_what_has_ended_whole_is_removed(void **state)
{
	struct lab *lab = *state;
	struct task task = lab_task("over");
	int64_t before, after;

	words_add(&task.tags, "tag");
	lab_add(lab, task);
	lab_add(lab, lab_task("pending"));
	lab_add(lab, lab_task("runs"));
	lab_add(lab, lab_task("leftover"));
	lab_start(lab, "over");
	lab_start(lab, "runs");
	lab_start(lab, "leftover");
	lab_end(lab, "leftover", (struct ending){.wstatus = 0, .at_ms = 1, .leftover = true});
	lab_end(lab, "over", (struct ending){.wstatus = 0, .at_ms = 1});
	assert_int_equal(event_before(lab->reg, NULL, 0, &lab->err, &before), 0);
	assert_int_equal(registry_remove(lab->reg, "pending", &lab->err), 0);
	assert_int_equal(registry_remove(lab->reg, "runs", &lab->err), 0);
	assert_int_equal(registry_remove(lab->reg, "leftover", &lab->err), 0);
	assert_int_equal(registry_remove(lab->reg, "none", &lab->err), 0);
	assert_int_equal(registry_remove(lab->reg, "over", &lab->err), 1);
	assert_int_equal(registry_remove(lab->reg, "over", &lab->err), 0);
	/* its events and tags go with it */
	assert_int_equal(count_events(lab, "over", EVENT_EXIT), 0);
	assert_int_equal(count_events(lab, "leftover", EVENT_EXIT), 1);
	lab_add(lab, lab_task("over"));
	task = lab_get(lab, "over");
	assert_int_equal(words_count(task.tags), 0);
	task_done(&task);
	/* no number is ever given twice */
	lab_start(lab, "over");
	assert_int_equal(event_before(lab->reg, NULL, 0, &lab->err, &after), 0);
	assert_true(after > before);
}

/* ---- opening ---- */

static void the_file_is_private_whatever_the_umask(void **state)
{
	mode_t before = umask(0);
	char *home = lab_folder(), *file = xasprintf("%s/hob.db", home);
	struct registry *reg = NULL;
	struct err err = {0};
	struct stat st;

	(void)state;
	assert_int_equal(registry_open(home, &err, &reg), 0);
	umask(before);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	free(file);
	file = xasprintf("%s/bell", home);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	free(file);
	file = xasprintf("%s/hob.db-wal", home);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	free(file);
	registry_close(reg);
	lab_remove(home);
}

static struct str contents(const char *home)
{
	CLEAN_FREE char *file = xasprintf("%s/hob.db", home);
	struct str bytes = {0};
	FILE *f = fopen(file, "r");
	char buf[4096];
	size_t n;

	assert_non_null(f);
	while ((n = fread(buf, 1, sizeof buf, f)) > 0)
		str_addn(&bytes, buf, n);
	fclose(f);
	return bytes;
}

static void assert_refused(struct lab *lab, int code, const char *sentence)
{
	struct str before = contents(lab->home), after;
	struct registry *reg = NULL;

	assert_int_equal(registry_open(lab->home, &lab->err, &reg), code);
	assert_null(reg);
	assert_non_null(strstr(lab->err.text, sentence));
	assert_non_null(strstr(lab->err.text, lab->home));
	after = contents(lab->home);
	assert_int_equal(after.len, before.len);
	assert_memory_equal(after.buf, before.buf, before.len);
	str_done(&before);
	str_done(&after);
}

/* What version 1 had, with a task in it, becomes what this hob knows; nothing of it is lost. */
static void an_older_schema_grows(void **state)
{
	struct lab *lab = *state;
	struct task old = lab_task("old"), task = lab_task("new"), back = {0};

	assert_int_equal(registry_add(lab->reg, &old, &lab->err), 0);
	registry_close(lab->reg);
	lab_sql(lab, "ALTER TABLE tasks DROP COLUMN watches; ALTER TABLE tasks DROP COLUMN idle_after_ms;"
		     "ALTER TABLE tasks DROP COLUMN port_event; ALTER TABLE tasks DROP COLUMN input_event;"
		     "ALTER TABLE tasks DROP COLUMN stdin_pipe; ALTER TABLE tasks DROP COLUMN pty_cols;"
		     "ALTER TABLE tasks DROP COLUMN pty_rows; PRAGMA user_version = 1");
	assert_int_equal(registry_open(lab->home, &lab->err, &lab->reg), 0);
	words_add(&task.watches, "1error");
	task.pty_cols = 132;
	assert_int_equal(registry_add(lab->reg, &task, &lab->err), 0);
	assert_int_equal(registry_get(lab->reg, "new", &lab->err, &back), 0);
	assert_string_equal(back.watches[0], "1error");
	assert_int_equal(back.pty_cols, 132);
	task_done(&back);
	assert_int_equal(registry_get(lab->reg, "old", &lab->err, &back), 0);
	assert_int_equal(words_count(back.watches), 0);
	assert_int_equal(back.pty_cols, 0);
	task_done(&back);
	task_done(&task);
	task_done(&old);
}

static void a_newer_schema_is_left_alone(void **state)
{
	struct lab *lab = *state;

	lab_sql(lab, "PRAGMA user_version = 3; PRAGMA wal_checkpoint(TRUNCATE)");
	assert_refused(lab, -EPROTO, "newer hob");
	lab_sql(lab, "PRAGMA user_version = 1000000; PRAGMA wal_checkpoint(TRUNCATE)");
	assert_refused(lab, -EPROTO, "1000000");
}

static void a_damaged_file_is_left_alone(void **state)
{
	struct lab *lab = *state;
	CLEAN_FREE char *file = xasprintf("%s/hob.db", lab->home);
	int fd;

	registry_close(lab->reg);
	lab->reg = NULL;
	/* the last to close moves what the WAL holds into the file */
	lab_sql(lab, "SELECT count(*) FROM tasks");
	fd = open(file, O_WRONLY | O_TRUNC);
	assert_int_equal(path_write(fd, "This is no database, and was never one.\n", 40), 0);
	close(fd);
	assert_refused(lab, -EUCLEAN, "damaged");
}

/* Twenty that come first at once: one makes the tables, the others wait. */
static void many_may_be_first(void **state)
{
	char *home = lab_folder();
	pid_t pids[20];

	(void)state;
	for (int i = 0; i < 20; i++) {
		pids[i] = lab_fork();
		if (pids[i] == 0) {
			struct registry *reg = NULL;
			struct err err = {0};
			CLEAN_FREE char *id = xasprintf("id%d", i);
			struct task task = lab_task(id);
			int r = registry_open(home, &err, &reg);

			if (r == 0)
				r = registry_add(reg, &task, &err);
			if (r < 0)
				fprintf(stderr, "%s\n", err.text);
			registry_close(reg);
			task_done(&task);
			_exit(r < 0);
		}
	}
	for (int i = 0; i < 20; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	lab_remove(home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    LAB_TEST(rows_give_back_what_was_put_in),
	    LAB_TEST(absent_stays_absent),
	    LAB_TEST(an_id_is_taken_once),
	    LAB_TEST(a_start_is_recorded_once),
	    LAB_TEST(an_end_is_recorded_once),
	    LAB_TEST(leftovers_settle_after_the_end_only),
	    LAB_TEST(wishes_to_cancel_count_as_the_cause),
	    LAB_TEST(the_scanned_offset_and_its_events_go_together),
	    LAB_TEST(the_bell_rings_after_the_commit),
	    LAB_TEST(words_mean_an_id_else_a_name_else_a_prefix),
	    LAB_TEST(a_name_means_the_newest_that_runs_else_the_newest),
	    LAB_TEST(what_cannot_be_found_is_told),
	    LAB_TEST(prefixes_know_no_wildcards),
	    LAB_TEST(exact_means_exact),
	    LAB_TEST(only_what_has_ended_whole_is_removed),
	    cmocka_unit_test(the_file_is_private_whatever_the_umask),
	    LAB_TEST(an_older_schema_grows),
	    LAB_TEST(a_newer_schema_is_left_alone),
	    LAB_TEST(a_damaged_file_is_left_alone),
	    cmocka_unit_test(many_may_be_first),
	};

	return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
