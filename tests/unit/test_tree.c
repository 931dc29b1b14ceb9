/* tree: who keeps a task is never taken for one of its processes, not while the title changes and not on the way out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lab.h"

#include "keep/tree.h"

#define LOOKS 20000

static char *area;
static size_t area_size;

static void become(const char *role)
{
	const char *const words[] = {"hob", role, "a", NULL};

	os_title(area, area_size, words);
}

static void test_title_changes(void **state)
{
	char word;
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = lab_fork();
	if (pid == 0) {
		become("guard");
		(void)!write(fds[1], "", 1);
		for (;;) {
			become("keeper");
			become("guard");
		}
	}
	assert_int_equal(read(fds[0], &word, 1), 1);
	for (int i = 0; i < LOOKS; i++)
		assert_false(tree_any_child());
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fds[0]);
	close(fds[1]);
	(void)state;
}

/* It has no command line any more, and its name holds the id where that is short. */
static void test_ended(void **state)
{
	static const char *const roles[] = {"guard", "keeper"};
	siginfo_t info;

	for (int i = 0; i < 2; i++) {
		pid_t pid = lab_fork();

		if (pid == 0) {
			become(roles[i]);
			_exit(0);
		}
		assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
		assert_true(tree_is_keeper(pid));
		waitpid(pid, NULL, 0);
	}
	(void)state;
}

static void test_others(void **state)
{
	static const char *const roles[] = {"run", "guards", "keep"};

	for (int i = 0; i < 3; i++) {
		siginfo_t info;
		pid_t pid = lab_fork();

		if (pid == 0) {
			become(roles[i]);
			raise(SIGSTOP);
		}
		assert_int_equal(waitid(P_PID, (id_t)pid, &info, WSTOPPED), 0);
		assert_true(tree_any_child());
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	(void)state;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_title_changes),
	    cmocka_unit_test(test_ended),
	    cmocka_unit_test(test_others),
	};

	area = argv[0];
	area_size = strlen(area) + 1;
	(void)argc;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
