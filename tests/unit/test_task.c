/* task: the words of the tables, and what an end is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>

#include "base/str.h"
#include "base/words.h"
#include "task/task.h"

#define EXITED(code) ((code) << 8)
#define DUMPED(sig)  ((sig) | 0x80)

static void words_go_both_ways(void **state)
{
	(void)state;
	for (int i = 0; i < TASK_STATUS_COUNT; i++) {
		enum task_status back = TASK_STATUS_COUNT;

		assert_int_equal(task_status_parse(task_status_text((enum task_status)i), &back), 0);
		assert_int_equal(back, i);
	}
	for (int i = 0; i < TASK_REASON_COUNT; i++) {
		enum task_reason back = TASK_REASON_COUNT;

		assert_int_equal(task_reason_parse(task_reason_text((enum task_reason)i), &back), 0);
		assert_int_equal(back, i);
	}
	for (int i = 0; i < TASK_LIFETIME_COUNT; i++) {
		enum task_lifetime back = TASK_LIFETIME_COUNT;

		assert_int_equal(task_lifetime_parse(task_lifetime_text((enum task_lifetime)i), &back), 0);
		assert_int_equal(back, i);
	}
}

/* The words are a contract with programs: a renamed one breaks them. */
static void words_are_those_of_the_design(void **state)
{
	static const char *const statuses[] = {"pending", "running", "completed", "failed", "cancelled"};
	static const char *const lifetimes[] = {"session", "app", "detached"};
	static const char *const reasons[] = {"",     "exit",	 "signal",  "exec",  "timeout",
					      "lost", "request", "session", "owner", "abort"};

	(void)state;
	for (int i = 0; i < TASK_STATUS_COUNT; i++)
		assert_string_equal(task_status_text((enum task_status)i), statuses[i]);
	for (int i = 0; i < TASK_LIFETIME_COUNT; i++)
		assert_string_equal(task_lifetime_text((enum task_lifetime)i), lifetimes[i]);
	for (int i = 0; i < TASK_REASON_COUNT; i++)
		assert_string_equal(task_reason_text((enum task_reason)i), reasons[i]);
}

static void other_words_are_refused_and_change_nothing(void **state)
{
	static const char *const bad[] = {"Running", "runnin", "running ", " running", "done", "0"};
	enum task_lifetime lifetime = LIFETIME_APP;
	enum task_status status = TASK_FAILED;
	enum task_reason reason = REASON_EXEC;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(task_status_parse(bad[i], &status), -EINVAL);
		assert_int_equal(task_lifetime_parse(bad[i], &lifetime), -EINVAL);
		assert_int_equal(task_reason_parse(bad[i], &reason), -EINVAL);
	}
	assert_int_equal(task_status_parse("", &status), -EINVAL);
	assert_int_equal(task_lifetime_parse("", &lifetime), -EINVAL);
	assert_int_equal(status, TASK_FAILED);
	assert_int_equal(lifetime, LIFETIME_APP);
	assert_int_equal(reason, REASON_EXEC);
}

static void three_statuses_are_ends(void **state)
{
	(void)state;
	assert_false(task_ended(TASK_PENDING));
	assert_false(task_ended(TASK_RUNNING));
	assert_true(task_ended(TASK_COMPLETED));
	assert_true(task_ended(TASK_FAILED));
	assert_true(task_ended(TASK_CANCELLED));
}

static void ends_have_status_reason_code_and_signal(void **state)
{
	static const struct {
		int wstatus;
		enum task_reason cause;
		enum task_status status;
		enum task_reason reason;
		int code, signal;
	} ends[] = {
	    {EXITED(0), REASON_NONE, TASK_COMPLETED, REASON_EXIT, 0, 0},
	    {EXITED(3), REASON_NONE, TASK_FAILED, REASON_EXIT, 3, 0},
	    {EXITED(255), REASON_NONE, TASK_FAILED, REASON_EXIT, 255, 0},
	    {SIGKILL, REASON_NONE, TASK_FAILED, REASON_SIGNAL, -1, SIGKILL},
	    {DUMPED(SIGSEGV), REASON_NONE, TASK_FAILED, REASON_SIGNAL, -1, SIGSEGV},
	    /* an unknown code is never taken for 0 */
	    {-1, REASON_NONE, TASK_FAILED, REASON_LOST, -1, 0},
	    {-1, REASON_LOST, TASK_FAILED, REASON_LOST, -1, 0},
	    {-1, REASON_EXEC, TASK_FAILED, REASON_EXEC, -1, 0},
	    {-1, REASON_REQUEST, TASK_CANCELLED, REASON_REQUEST, -1, 0},
	    /* what was ended on request is cancelled, however it took it */
	    {EXITED(0), REASON_REQUEST, TASK_CANCELLED, REASON_REQUEST, 0, 0},
	    {SIGTERM, REASON_REQUEST, TASK_CANCELLED, REASON_REQUEST, -1, SIGTERM},
	    {SIGTERM, REASON_SESSION, TASK_CANCELLED, REASON_SESSION, -1, SIGTERM},
	    {SIGKILL, REASON_OWNER, TASK_CANCELLED, REASON_OWNER, -1, SIGKILL},
	    {SIGTERM, REASON_ABORT, TASK_CANCELLED, REASON_ABORT, -1, SIGTERM},
	    /* a timeout is the task's failure */
	    {SIGTERM, REASON_TIMEOUT, TASK_FAILED, REASON_TIMEOUT, -1, SIGTERM},
	    {EXITED(0), REASON_TIMEOUT, TASK_FAILED, REASON_TIMEOUT, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		enum task_reason reason = REASON_NONE;
		int code = 77, signal = 77;

		assert_int_equal(task_end_status(ends[i].wstatus, ends[i].cause, &reason, &code, &signal),
				 ends[i].status);
		assert_int_equal(reason, ends[i].reason);
		assert_int_equal(code, ends[i].code);
		assert_int_equal(signal, ends[i].signal);
	}
}

static void tasks_are_freed_whole_and_twice(void **state)
{
	struct task task = {.name = xstrdup("n"), .command = xstrdup("c"), .error = xstrdup("e"), .lines = 7};

	(void)state;
	words_add(&task.argv, "a");
	words_add(&task.tags, "t");
	words_add(&task.prefixes, "p");
	task_done(&task);
	assert_null(task.name);
	assert_null(task.argv);
	assert_int_equal(task.lines, 0);
	task_done(&task);
	task_free_all(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_go_both_ways),
	    cmocka_unit_test(words_are_those_of_the_design),
	    cmocka_unit_test(other_words_are_refused_and_change_nothing),
	    cmocka_unit_test(three_statuses_are_ends),
	    cmocka_unit_test(ends_have_status_reason_code_and_signal),
	    cmocka_unit_test(tasks_are_freed_whole_and_twice),
	};

	return cmocka_run_group_tests_name("task", tests, NULL, NULL);
}
