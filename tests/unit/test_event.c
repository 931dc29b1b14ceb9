/* event: the outbox read in pages, and claims: one consumer each, until acknowledged, dead or late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "lab.h"

static void add(struct lab *lab, const char *id, enum event_type type, const char *message)
{
	assert_int_equal(event_post(lab->reg, id, type, message, &lab->err), 0);
}

static void add_task(struct lab *lab, const char *id, const char *session, struct os_proc owner)
{
	struct task task = lab_task(id);

	task.session = session ? xstrdup(session) : NULL;
	task.owner = owner;
	task.lifetime = LIFETIME_SESSION;
	lab_add(lab, task);
}

static void add_ours(struct lab *lab, const char *id, struct os_proc owner)
{
	add_task(lab, id, "ses", owner);
}

static char *const SES[] = {"ses", NULL};

/* ---- reading ---- */

static void events_carry_their_task(void **state)
{
	struct lab *lab = *state;
	struct task task = lab_task("web");
	struct event *events = NULL;
	size_t n = 0;

	task.name = xstrdup("name");
	task.session = xstrdup("ses");
	task.created_by = xstrdup("child");
	lab_add(lab, task);
	lab_start(lab, "web");
	assert_int_equal(registry_begin(lab->reg, &lab->err), 0);
	assert_int_equal(event_add(lab->reg, "web", EVENT_NOTIFY, 1ull << 40, "it's \xc3\xa4", &lab->err), 0);
	assert_int_equal(registry_commit(lab->reg, &lab->err), 0);
	lab_end(lab, "web", (struct ending){.wstatus = 9, .at_ms = 5, .output_bytes = 77});
	assert_int_equal(event_read(lab->reg, 0, NULL, 10, &lab->err, &events, &n), 0);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(events[i].id, "web");
		assert_string_equal(events[i].name, "name");
		assert_string_equal(events[i].session, "ses");
		assert_string_equal(events[i].created_by, "child");
		assert_string_equal(events[i].project, "/");
		assert_string_equal(events[i].command, "true");
		assert_true(events[i].at_ms > 0);
		assert_int_equal(events[i].seq, events[0].seq + (int64_t)i);
	}
	assert_int_equal(events[0].type, EVENT_STARTED);
	assert_null(events[0].message);
	assert_null(events[0].status);
	assert_int_equal(events[1].type, EVENT_NOTIFY);
	assert_string_equal(events[1].message, "it's \xc3\xa4");
	assert_int_equal(events[1].cursor, 1ull << 40);
	assert_null(events[1].status);
	assert_int_equal(events[1].exit_code, -1);
	assert_int_equal(events[2].type, EVENT_EXIT);
	assert_int_equal(events[2].cursor, 77);
	assert_string_equal(events[2].status, "failed");
	assert_string_equal(events[2].reason, "signal");
	assert_int_equal(events[2].exit_code, -1);
	assert_int_equal(events[2].signal, 9);
	event_free_all(events, n);
}

/* The facts of an exit are the exit's, not those of whatever else the task says afterwards. */
static void a_notification_after_the_end_has_no_exit_facts(void **state)
{
	struct lab *lab = *state;
	struct event *events = NULL;
	size_t n = 0;

	lab_add(lab, lab_task("web"));
	lab_end(lab, "web", (struct ending){.wstatus = 9, .at_ms = 5, .leftover = true});
	add(lab, "web", EVENT_NOTIFY, "still here");
	assert_int_equal(event_read(lab->reg, 0, NULL, 10, &lab->err, &events, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(events[1].type, EVENT_NOTIFY);
	assert_null(events[1].status);
	assert_int_equal(events[1].exit_code, -1);
	assert_int_equal(events[1].signal, 0);
	event_free_all(events, n);
}

static void pages_meet_and_sessions_filter(void **state)
{
	struct lab *lab = *state;
	char *const both[] = {"a", "c", NULL}, *const nobody[] = {"x", NULL};
	int64_t last = -1, after = 0;
	struct event *events = NULL;
	size_t n = 0, seen = 0;

	assert_int_equal(event_before(lab->reg, NULL, 0, &lab->err, &last), 0);
	assert_int_equal(last, 0);
	add_task(lab, "one", "a", (struct os_proc){0});
	add_task(lab, "two", "b", (struct os_proc){0});
	add_task(lab, "three", NULL, (struct os_proc){0});
	for (int i = 0; i < 30; i++)
		add(lab, i % 3 == 0 ? "one" : i % 3 == 1 ? "two" : "three", EVENT_NOTIFY, "x");
	do {
		assert_int_equal(event_read(lab->reg, after, NULL, 7, &lab->err, &events, &n), 0);
		for (size_t i = 0; i < n; i++) {
			assert_true(events[i].seq > after);
			after = events[i].seq;
		}
		seen += n;
		event_free_all(events, n);
	} while (n == 7);
	assert_int_equal(seen, 30);
	assert_int_equal(event_before(lab->reg, NULL, 0, &lab->err, &last), 0);
	assert_int_equal(after, last);
	assert_int_equal(event_before(lab->reg, NULL, 29, &lab->err, &last), 0);
	assert_int_equal(last, 1);
	assert_int_equal(event_before(lab->reg, NULL, 30, &lab->err, &last), 0);
	assert_int_equal(last, 0);
	/* theirs are 1, 4, 7 …, the last 28 */
	assert_int_equal(event_before(lab->reg, both, 2, &lab->err, &last), 0);
	assert_int_equal(last, 22);
	assert_int_equal(event_before(lab->reg, nobody, 0, &lab->err, &last), 0);
	assert_int_equal(last, 0);
	assert_int_equal(event_read(lab->reg, 0, both, 100, &lab->err, &events, &n), 0);
	assert_int_equal(n, 10);
	event_free_all(events, n);
	assert_int_equal(event_read(lab->reg, 0, nobody, 100, &lab->err, &events, &n), 0);
	assert_int_equal(n, 0);
	event_free_all(events, n);
}

static void a_task_that_is_gone_has_no_events(void **state)
{
	struct lab *lab = *state;
	int64_t last = -1;

	assert_int_equal(event_post(lab->reg, "none", EVENT_NOTIFY, "x", &lab->err), -ENOENT);
	assert_non_null(strstr(lab->err.text, "none"));
	assert_int_equal(event_before(lab->reg, NULL, 0, &lab->err, &last), 0);
	assert_int_equal(last, 0);
}

/* ---- claiming ---- */

static struct consumer consumer(const char *name, struct os_proc proc, char *const *sessions)
{
	return (struct consumer){.name = name, .owner = proc, .holder = proc, .sessions = sessions};
}

/* The sequence numbers that WHO gets now, each with a blank behind it. */
static void assert_claims(struct lab *lab, struct consumer who, const char *wanted)
{
	CLEAN_STR struct str seqs = {0};
	struct event *events = NULL;
	int64_t again;
	size_t n = 0;

	assert_int_equal(event_claim(lab->reg, &who, 100, &lab->err, &events, &n, &again), 0);
	for (size_t i = 0; i < n; i++)
		str_addf(&seqs, "%lld ", (long long)events[i].seq);
	event_free_all(events, n);
	assert_string_equal(seqs.buf ? seqs.buf : "", wanted);
}

static void an_owner_gets_each_of_its_events_once(void **state)
{
	struct lab *lab = *state;
	struct os_proc me = lab_process(), other = lab_process();

	add_ours(lab, "mine", me);
	add_ours(lab, "others", other);
	add_task(lab, "nobodys", NULL, (struct os_proc){0});
	lab_start(lab, "mine"); /* 1: a started is for nobody to claim */
	add(lab, "mine", EVENT_NOTIFY, "a");
	add(lab, "others", EVENT_NOTIFY, "b");
	add(lab, "nobodys", EVENT_NOTIFY, "c");
	add(lab, "mine", EVENT_GAP, "d");
	assert_claims(lab, consumer("x", me, NULL), "2 5 ");
	assert_claims(lab, consumer("x", me, NULL), "");
	/* a second name in the same process is a second consumer: each event is one consumer's */
	assert_claims(lab, consumer("y", me, NULL), "");
	/* a session is no way to the events of an owner that lives */
	assert_claims(lab, consumer("x", me, SES), "");
	assert_claims(lab, consumer("z", other, NULL), "3 ");
	/* raised while nobody listened, handed over when somebody does */
	add(lab, "mine", EVENT_NOTIFY, "e");
	assert_claims(lab, consumer("y", me, NULL), "6 ");
	lab_kill(me);
	lab_kill(other);
}

static void every_type_but_started_is_claimed(void **state)
{
	struct lab *lab = *state;
	struct os_proc me = lab_process();

	add_ours(lab, "mine", me);
	for (int type = 0; type < EVENT_TYPE_COUNT; type++)
		add(lab, "mine", (enum event_type)type, "x");
	assert_int_equal(EVENT_STARTED, 0);
	assert_claims(lab, consumer("x", me, NULL), "2 3 4 5 6 7 8 ");
	lab_kill(me);
}

static void a_dead_owners_events_go_to_whom_names_the_session(void **state)
{
	char *const wrong[] = {"other", NULL}, *const many[] = {"other", "ses", NULL};
	struct os_proc owner = lab_process(), heir = lab_process(), late = lab_process();
	struct lab *lab = *state;

	add_ours(lab, "mine", owner);
	add_task(lab, "homeless", NULL, owner);
	add(lab, "mine", EVENT_NOTIFY, "a");
	add(lab, "homeless", EVENT_NOTIFY, "b");
	assert_claims(lab, consumer("heir", heir, SES), "");
	lab_kill(owner);
	assert_claims(lab, consumer("heir", heir, NULL), "");
	assert_claims(lab, consumer("heir", heir, wrong), "");
	assert_claims(lab, consumer("heir", heir, many), "1 ");
	/* two that name it: the second gets nothing while the first holds it */
	assert_claims(lab, consumer("late", late, SES), "");
	lab_kill(heir);
	lab_kill(late);
}

/* A number that was used again is another process: start times tell. */
static void another_process_with_the_same_number_is_no_owner(void **state)
{
	struct lab *lab = *state;
	struct os_proc me = lab_process(), earlier = {me.pid, me.start - 1};

	add_ours(lab, "mine", earlier);
	add(lab, "mine", EVENT_NOTIFY, "a");
	assert_claims(lab, consumer("x", me, NULL), "");
	assert_claims(lab, consumer("x", me, SES), "1 ");
	lab_kill(me);
}

static void a_dead_consumers_events_come_again(void **state)
{
	struct lab *lab = *state;
	struct os_proc me = lab_process(), holder = lab_process(), next = lab_process();
	struct consumer first = {.name = "x", .owner = me, .holder = holder};
	struct consumer second = {.name = "x", .owner = me, .holder = next};

	add_ours(lab, "mine", me);
	add(lab, "mine", EVENT_NOTIFY, "a");
	add(lab, "mine", EVENT_NOTIFY, "b");
	assert_claims(lab, first, "1 2 ");
	assert_claims(lab, second, "");
	assert_int_equal(event_ack(lab->reg, &first, (int64_t[]){1}, 1, &lab->err), 0);
	lab_kill(holder);
	assert_claims(lab, second, "2 ");
	assert_claims(lab, second, "");
	lab_kill(me);
	lab_kill(next);
}

static void an_event_that_nobody_acknowledged_for_60_s_comes_again(void **state)
{
	struct lab *lab = *state;
	struct os_proc me = lab_process();
	struct consumer who = consumer("x", me, NULL);
	struct event *events = NULL;
	int64_t again = -1, before = os_now_ms();
	size_t n = 0;

	add_ours(lab, "mine", me);
	assert_int_equal(event_claim(lab->reg, &who, 10, &lab->err, &events, &n, &again), 0);
	assert_int_equal(again, 0);
	event_free_all(events, n);
	add(lab, "mine", EVENT_NOTIFY, "a");
	assert_claims(lab, who, "1 ");
	/* it says when to come again */
	assert_int_equal(event_claim(lab->reg, &who, 10, &lab->err, &events, &n, &again), 0);
	assert_int_equal(n, 0);
	event_free_all(events, n);
	assert_in_range(again, before + EVENT_CLAIM_MS, os_now_ms() + EVENT_CLAIM_MS);
	lab_sql(lab, "UPDATE events SET claimed_ms = claimed_ms - 50000");
	assert_claims(lab, who, "");
	lab_sql(lab, "UPDATE events SET claimed_ms = claimed_ms - 10000");
	assert_claims(lab, who, "1 ");
	assert_claims(lab, who, "");
	lab_kill(me);
}

static void acknowledged_is_for_good_and_by_the_holder_only(void **state)
{
	struct lab *lab = *state;
	struct os_proc me = lab_process(), other = lab_process();
	struct consumer who = consumer("x", me, NULL), heir = consumer("x", other, SES);

	add_ours(lab, "mine", me);
	add(lab, "mine", EVENT_NOTIFY, "a");
	add(lab, "mine", EVENT_NOTIFY, "b");
	/* nobody can acknowledge what he was not given */
	assert_int_equal(event_ack(lab->reg, &who, (int64_t[]){1, 2}, 2, &lab->err), 0);
	assert_claims(lab, who, "1 2 ");
	assert_int_equal(event_ack(lab->reg, &heir, (int64_t[]){1, 2}, 2, &lab->err), 0);
	assert_int_equal(
	    event_ack(lab->reg, &(struct consumer){.name = "y", .owner = me}, (int64_t[]){1}, 1, &lab->err), 0);
	lab_sql(lab, "UPDATE events SET claimed_ms = 0");
	assert_claims(lab, who, "1 2 ");
	/* once, twice, with numbers that are not there: it is all one */
	for (int i = 0; i < 2; i++)
		assert_int_equal(event_ack(lab->reg, &who, (int64_t[]){2, 2, 99}, 3, &lab->err), 0);
	assert_int_equal(event_ack(lab->reg, &who, NULL, 0, &lab->err), 0);
	lab_sql(lab, "UPDATE events SET claimed_ms = 0");
	assert_claims(lab, who, "1 ");
	lab_kill(me);
	assert_claims(lab, heir, "1 ");
	/* late: it is the heir's by now */
	assert_int_equal(event_ack(lab->reg, &who, (int64_t[]){1}, 1, &lab->err), 0);
	lab_kill(other);
	assert_claims(lab, consumer("z", (struct os_proc){getpid(), 1}, SES), "1 ");
}

/* After a restart of the machine the tasks' owners are gone, but the consumers of today live. */
static void claims_hold_for_tasks_of_another_boot(void **state)
{
	struct os_proc owner = lab_process(), first = lab_process(), second = lab_process();
	struct lab *lab = *state;

	add_ours(lab, "mine", owner);
	add(lab, "mine", EVENT_NOTIFY, "a");
	lab_sql(lab, "UPDATE tasks SET boot = 'another'");
	/* the same number in another boot is another process */
	assert_claims(lab, consumer("x", owner, NULL), "");
	assert_claims(lab, consumer("x", first, SES), "1 ");
	assert_claims(lab, consumer("y", second, SES), "");
	lab_kill(first);
	assert_claims(lab, consumer("y", second, SES), "1 ");
	lab_kill(owner);
	lab_kill(second);
}

static void claims_come_in_pages(void **state)
{
	struct lab *lab = *state;
	struct os_proc me = lab_process();
	struct consumer who = consumer("x", me, NULL);
	int64_t after = 0, again;
	size_t n, seen = 0;

	add_ours(lab, "mine", me);
	for (int i = 0; i < 30; i++)
		add(lab, "mine", EVENT_NOTIFY, "x");
	do {
		struct event *events = NULL;

		assert_int_equal(event_claim(lab->reg, &who, 7, &lab->err, &events, &n, &again), 0);
		for (size_t i = 0; i < n; i++) {
			assert_true(events[i].seq > after);
			after = events[i].seq;
		}
		seen += n;
		event_free_all(events, n);
	} while (n == 7);
	assert_int_equal(seen, 30);
	lab_kill(me);
}

/* Eight at once take from a heap of events: each event is taken once. */
static void two_living_consumers_never_get_the_same(void **state)
{
	struct lab *lab = *state;
	struct os_proc owner = lab_process();
	bool seen[201] = {false};
	int pipes[2], total = 0;
	pid_t pids[8];
	int64_t seq;

	add_ours(lab, "mine", owner);
	for (int i = 0; i < 200; i++)
		add(lab, "mine", EVENT_NOTIFY, "x");
	lab_kill(owner);
	assert_int_equal(pipe(pipes), 0);
	for (int i = 0; i < 8; i++) {
		pids[i] = lab_fork();
		if (pids[i] == 0) {
			struct registry *reg = NULL;
			struct os_stat self;
			struct event *events = NULL;
			size_t n = 1;
			int r = registry_open(lab->home, &lab->err, &reg);

			close(pipes[0]);
			os_stat(getpid(), &self);
			while (r == 0 && n) {
				struct consumer who = consumer("x", self.proc, SES);

				r = event_claim(reg, &who, 3, &lab->err, &events, &n, &seq);
				for (size_t j = 0; r == 0 && j < n; j++)
					r = path_write(pipes[1], &events[j].seq, sizeof seq);
				if (r == 0)
					event_free_all(events, n);
			}
			registry_close(reg);
			close(pipes[1]);
			/* alive until all have had their turn: the claims of the dead are void */
			for (;;)
				pause();
		}
	}
	close(pipes[1]);
	while (read(pipes[0], &seq, sizeof seq) == sizeof seq) {
		assert_in_range(seq, 1, 200);
		assert_false(seen[seq]);
		seen[seq] = true;
		total++;
	}
	assert_int_equal(total, 200);
	close(pipes[0]);
	for (int i = 0; i < 8; i++)
		lab_kill((struct os_proc){.pid = pids[i]});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    LAB_TEST(events_carry_their_task),
	    LAB_TEST(a_notification_after_the_end_has_no_exit_facts),
	    LAB_TEST(pages_meet_and_sessions_filter),
	    LAB_TEST(a_task_that_is_gone_has_no_events),
	    LAB_TEST(an_owner_gets_each_of_its_events_once),
	    LAB_TEST(every_type_but_started_is_claimed),
	    LAB_TEST(a_dead_owners_events_go_to_whom_names_the_session),
	    LAB_TEST(another_process_with_the_same_number_is_no_owner),
	    LAB_TEST(a_dead_consumers_events_come_again),
	    LAB_TEST(an_event_that_nobody_acknowledged_for_60_s_comes_again),
	    LAB_TEST(acknowledged_is_for_good_and_by_the_holder_only),
	    LAB_TEST(claims_hold_for_tasks_of_another_boot),
	    LAB_TEST(claims_come_in_pages),
	    LAB_TEST(two_living_consumers_never_get_the_same),
	};

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
