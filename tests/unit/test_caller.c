/* caller: the words of `hob run`, or of the link that stands in for a shell, and what it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "keep/caller.h"
#include "keep/keeper.h"

#include <sys/socket.h>
#include <unistd.h>

#define MIB (1024u * 1024u)

static struct hold_state state;
static struct hold hold;
static struct caller caller;
static int run; /* the caller's end */

/* A keeper whose command runs, and its caller. */
static void begin(bool unlisted)
{
	int pair[2];

	state = (struct hold_state){.launched = true};
	hold = (struct hold){.state = &state, .unlisted = unlisted, .grace_ms = 5000};
	for (int i = 0; i < HOLD_FD_COUNT; i++)
		hold.fd[i] = -1;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	hold.fd[HOLD_RUN] = pair[0];
	run = pair[1];
	caller_init(&caller, &hold);
}

static int leave(void **arg)
{
	(void)arg;
	hold_close(&hold, HOLD_RUN);
	if (run >= 0)
		close(run);
	run = -1;
	return 0;
}

static void say(const char *word)
{
	assert_int_equal(send(run, word, strlen(word), 0), strlen(word));
}

static void go_away(void)
{
	close(run);
	run = -1;
}

/* How many reports lie there; the last is in RET. */
static int reports(struct keeper_report *ret)
{
	int n = 0;

	while (recv(run, ret, sizeof *ret, MSG_DONTWAIT) == (ssize_t)sizeof *ret)
		n++;
	return n;
}

static void a_follower_that_dies_ends_the_task(void **arg)
{
	(void)arg;
	begin(false);
	assert_false(caller_hear(&caller));
	say("follow");
	assert_false(caller_hear(&caller));
	assert_true(state.go && state.follow);
	go_away();
	assert_false(caller_hear(&caller));
	assert_int_equal(state.ending.cause, REASON_ABORT);
	assert_int_equal(state.ending.signal, SIGTERM);
	assert_int_equal(hold.fd[HOLD_RUN], -1);
}

/* A kernel tells first that the other end was closed with something unread in it, and only then what it had said. */
static void the_last_word_is_heard_whatever_was_left_unread(void **arg)
{
	(void)arg;
	begin(false);
	say("follow");
	caller_hear(&caller);
	caller_report(&caller, 0, 0);
	say("bye");
	go_away();
	assert_false(caller_hear(&caller));
	assert_int_equal(state.ending.cause, REASON_NONE);
	assert_false(state.follow);

	leave(NULL);
	begin(false);
	caller_report(&caller, 0, 0);
	say("go");
	go_away();
	assert_false(caller_hear(&caller));
	assert_true(state.go);
}

static void one_that_dies_before_its_word_is_asked_after(void **arg)
{
	(void)arg;
	begin(true);
	go_away();
	assert_true(caller_hear(&caller));
	assert_int_equal(hold.fd[HOLD_RUN], -1);
	caller_follow(&caller, false);
	assert_int_equal(state.ending.cause, REASON_NONE);
	caller_follow(&caller, true);
	assert_int_equal(state.ending.cause, REASON_ABORT);
	assert_int_equal(state.ending.signal, SIGKILL);
}

static void what_may_be_forgotten_is_not_asked_after(void **arg)
{
	(void)arg;
	begin(true);
	say("forget");
	assert_false(caller_hear(&caller));
	assert_true(state.forgotten);
	go_away();
	assert_false(caller_hear(&caller));
	caller_follow(&caller, false);
	assert_int_equal(state.ending.cause, REASON_NONE);
}

static void an_abort_is_for_what_is_not_listed(void **arg)
{
	(void)arg;
	begin(true);
	say("abort 2");
	assert_false(caller_hear(&caller));
	assert_int_equal(state.ending.cause, REASON_ABORT);
	assert_int_equal(state.ending.signal, SIGINT);

	leave(NULL);
	begin(true);
	state.follow = true;
	state.go = true;
	say("forget");
	caller_hear(&caller);
	assert_false(state.forgotten);
}

static void a_writer_waits_for_a_caller_that_stays_behind(void **arg)
{
	(void)arg;
	begin(true);
	assert_false(caller_behind(&caller, 16 * MIB));
	assert_true(caller_behind(&caller, 16 * MIB + 1));
	say("copied 4194304");
	caller_hear(&caller);
	assert_false(caller_behind(&caller, 20 * MIB));
	assert_true(caller_behind(&caller, 20 * MIB + 1));
	assert_false(caller_behind(&caller, 1 * MIB));
	state.go = true;
	assert_false(caller_behind(&caller, 100 * MIB));
	state.go = false;
	state.ended = true;
	assert_false(caller_behind(&caller, 100 * MIB));
	state.ended = false;
	hold_close(&hold, HOLD_RUN);
	assert_false(caller_behind(&caller, 100 * MIB));
}

static void the_end_is_told_once_and_once_more_when_nothing_is_left(void **arg)
{
	struct keeper_report report;

	(void)arg;
	begin(true);
	state.wstatus = 3 << 8;
	caller_tell_end(&caller, false, 70);
	caller_tell_end(&caller, false, 80);
	assert_int_equal(reports(&report), 1);
	assert_true(report.ended && report.leftover);
	assert_int_equal(report.wstatus, 3 << 8);
	assert_int_equal(report.output, 70);
	caller_tell_end(&caller, true, 90);
	caller_tell_end(&caller, true, 90);
	assert_int_equal(reports(&report), 1);
	assert_true(report.ended && !report.leftover);
	assert_int_equal(report.output, 90);

	leave(NULL);
	begin(false);
	caller_tell_end(&caller, true, 90);
	assert_int_equal(reports(&report), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(a_follower_that_dies_ends_the_task, leave),
	    cmocka_unit_test_teardown(the_last_word_is_heard_whatever_was_left_unread, leave),
	    cmocka_unit_test_teardown(one_that_dies_before_its_word_is_asked_after, leave),
	    cmocka_unit_test_teardown(what_may_be_forgotten_is_not_asked_after, leave),
	    cmocka_unit_test_teardown(an_abort_is_for_what_is_not_listed, leave),
	    cmocka_unit_test_teardown(a_writer_waits_for_a_caller_that_stays_behind, leave),
	    cmocka_unit_test_teardown(the_end_is_told_once_and_once_more_when_nothing_is_left, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
