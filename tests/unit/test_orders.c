/* orders: what run hands to the guard comes out as it went in, and a block that is not whole is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "keep/orders.h"
#include "lab.h"

static struct task spec(void)
{
	struct task task = lab_task("a-task_id");

	free(task.cwd);
	task.cwd = xstrdup("/with blanks/and\nnewlines/\xff");
	task.lifetime = LIFETIME_APP;
	task.grace_ms = 0;
	task.timeout_ms = 86400000ll * 365;
	task.log_max = 1ull << 50;
	words_add(&task.prefixes, "second: ");
	words_add(&task.watches, "*error|warning");
	words_add(&task.watches, "1ready\nor not");
	task.idle_after_ms = 30000;
	task.input_event = true;
	task.pty_cols = 132;
	task.pty_rows = 50;
	return task;
}

static void orders_come_out_as_they_went_in(void **state)
{
	struct task task = spec();
	struct hold hold = {0};
	size_t len;
	char *block = orders_pack(&task, "/the/home", "/run/user/0/hob", &len);

	(void)state;
	assert_int_equal(orders_read(&hold, block, len), 0);
	assert_string_equal(hold.id, "a-task_id");
	assert_string_equal(hold.home, "/the/home");
	assert_string_equal(hold.cwd, task.cwd);
	assert_string_equal(hold.token, task.token);
	assert_string_equal(hold.socket_dir, "/run/user/0/hob");
	assert_int_equal(hold.lifetime, LIFETIME_APP);
	assert_int_equal(hold.grace_ms, 0);
	assert_int_equal(hold.timeout_ms, task.timeout_ms);
	assert_int_equal(hold.log_max, task.log_max);
	assert_int_equal(hold.nprefixes, 2);
	assert_string_equal(hold.prefixes, "OPENCODE_NOTIFY:");
	assert_string_equal(hold.prefixes + strlen(hold.prefixes) + 1, "second: ");
	assert_int_equal(hold.nwatches, 2);
	assert_string_equal(hold.watches, "*error|warning");
	assert_string_equal(hold.watches + strlen(hold.watches) + 1, "1ready\nor not");
	assert_int_equal(hold.idle_after_ms, 30000);
	assert_false(hold.port_event);
	assert_true(hold.input_event);
	assert_false(hold.stdin_pipe);
	assert_int_equal(hold.pty_cols, 132);
	assert_int_equal(hold.pty_rows, 50);
	task_done(&task);
	free(block);
}

static void without_a_socket_folder_there_is_none(void **state)
{
	struct task task = spec();
	struct hold hold = {0};
	size_t len;
	char *block;

	(void)state;
	words_free(task.prefixes);
	task.prefixes = NULL;
	block = orders_pack(&task, "/h", NULL, &len);
	assert_int_equal(orders_read(&hold, block, len), 0);
	assert_null(hold.socket_dir);
	assert_int_equal(hold.nprefixes, 0);
	assert_int_equal(hold.nwatches, 2);
	task_done(&task);
	free(block);
}

/* Cut at every byte, in memory of just that size: refused, and nothing behind the end is read. */
static void a_cut_block_is_refused(void **state)
{
	struct task task = spec();
	size_t len;
	char *block = orders_pack(&task, "/h", "/s", &len);

	(void)state;
	for (size_t part = 0; part < len; part++) {
		char *cut = xmalloc(part);
		struct hold hold = {0};

		memcpy(cut, block, part);
		assert_int_equal(orders_read(&hold, cut, part), -EPROTO);
		free(cut);
	}
	task_done(&task);
	free(block);
}

static void another_version_is_refused(void **state)
{
	static const char other[] = "hob orders 9\0id\0home\0cwd\0token\0\0000\0000\0000\0000\0000";
	struct hold hold = {0};

	(void)state;
	assert_int_equal(orders_read(&hold, other, sizeof other), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(orders_come_out_as_they_went_in),
	    cmocka_unit_test(without_a_socket_folder_there_is_none),
	    cmocka_unit_test(a_cut_block_is_refused),
	    cmocka_unit_test(another_version_is_refused),
	};

	return cmocka_run_group_tests_name("orders", tests, NULL, NULL);
}
