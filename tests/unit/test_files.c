/* files: what exit and lock tell, that they never change their length, and who holds a lock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>

#include "keep/files.h"
#include "lab.h"

static char *folder;
static int dir = -1;

static int enter(void **state)
{
	(void)state;
	folder = lab_folder();
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return files_make(dir);
}

static int leave(void **state)
{
	(void)state;
	close(dir);
	lab_remove(folder);
	return 0;
}

static off_t size_of(const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(dir, name, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	return st.st_size;
}

static void fresh_files_say_nothing(void **state)
{
	struct files_keepers keepers = {.guard = {9, 9}, .keeper = {9, 9}};
	enum task_reason cause = REASON_LOST;
	int status = 77;
	int64_t at = 77;

	(void)state;
	assert_int_equal(size_of("log"), 0);
	assert_int_equal(files_read_exit(dir, &status, &at, &cause), -ENODATA);
	assert_int_equal(status, 77);
	assert_int_equal(files_read_keepers(dir, &keepers), 0);
	assert_int_equal(keepers.guard.pid, 0);
	assert_int_equal(keepers.keeper.pid, 0);
	assert_string_equal(keepers.socket, "");
	assert_false(files_kept(dir));
	/* a folder that is in use is not made anew */
	assert_int_equal(files_make(dir), -EEXIST);
}

static void ends_are_read_back_whatever_they_are(void **state)
{
	static const int statuses[] = {0, 3 << 8, 255 << 8, 9, 11 | 0x80, -1};
	off_t before = size_of("exit");
	int fd = openat(dir, "exit", O_WRONLY | O_CLOEXEC);

	(void)state;
	for (int reason = 0; reason < TASK_REASON_COUNT; reason++) {
		for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
			int64_t wanted = i % 2 ? 1 : INT64_MAX, at = 0;
			enum task_reason cause = REASON_LOST;
			int status = 77;

			assert_int_equal(files_write_exit(fd, statuses[i], wanted, (enum task_reason)reason), 0);
			assert_int_equal(files_read_exit(dir, &status, &at, &cause), 0);
			assert_int_equal(status, statuses[i]);
			assert_int_equal(at, wanted);
			assert_int_equal(cause, reason);
			/* it was long enough from the start: a full disk cannot lose it */
			assert_int_equal(size_of("exit"), before);
		}
	}
	close(fd);
}

static void a_cut_exit_is_none(void **state)
{
	int fd = openat(dir, "exit", O_RDWR | O_CLOEXEC), status = 77;
	enum task_reason cause;
	int64_t at;

	(void)state;
	assert_int_equal(files_write_exit(fd, 0, 5, REASON_NONE), 0);
	assert_int_equal(ftruncate(fd, size_of("exit") - 1), 0);
	assert_int_equal(files_read_exit(dir, &status, &at, &cause), -ENODATA);
	assert_int_equal(status, 77);
	close(fd);
	unlinkat(dir, "exit", 0);
	assert_int_equal(files_read_exit(dir, &status, &at, &cause), -ENODATA);
}

static void keepers_and_their_socket_are_read_back(void **state)
{
	struct os_proc guard = {4194304, UINT64_MAX}, keeper = {17, 1};
	struct files_keepers out;
	off_t before = size_of("lock");
	char longest[108];

	(void)state;
	memset(longest, 's', sizeof longest);
	longest[0] = '/';
	longest[50] = ' ';
	longest[107] = '\0';
	assert_int_equal(files_write_guard(dir, guard, longest), 0);
	assert_int_equal(files_write_keeper(dir, keeper), 0);
	assert_int_equal(files_read_keepers(dir, &out), 0);
	assert_int_equal(out.guard.pid, guard.pid);
	assert_true(out.guard.start == guard.start);
	assert_int_equal(out.keeper.pid, 17);
	assert_int_equal(out.keeper.start, 1);
	assert_string_equal(out.socket, longest);
	/* a guard that has its socket in the folder; the keeper's line stays */
	assert_int_equal(files_write_guard(dir, keeper, ""), 0);
	assert_int_equal(files_read_keepers(dir, &out), 0);
	assert_int_equal(out.guard.pid, 17);
	assert_int_equal(out.keeper.pid, 17);
	assert_string_equal(out.socket, "");
	assert_int_equal(size_of("lock"), before);
	unlinkat(dir, "lock", 0);
	assert_int_equal(files_read_keepers(dir, &out), -ENOENT);
	assert_false(files_kept(dir));
}

/* Locks belong to an open file: whoever dies lets go, and looking disturbs nobody. */
static void a_task_is_kept_while_either_lock_is_held(void **state)
{
	int guard = openat(dir, "lock", O_RDWR | O_CLOEXEC), keeper = openat(dir, "lock", O_RDWR | O_CLOEXEC);

	(void)state;
	assert_int_equal(os_lock(guard, FILES_LOCK_GUARD), 0);
	assert_true(files_kept(dir));
	assert_int_equal(os_lock(keeper, FILES_LOCK_KEEPER), 0);
	assert_true(files_kept(dir));
	close(guard);
	assert_true(files_kept(dir));
	assert_true(files_kept(dir));
	close(keeper);
	assert_false(files_kept(dir));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
	const struct CMUnitTest tests[] = {
	    TEST(fresh_files_say_nothing),
	    TEST(ends_are_read_back_whatever_they_are),
	    TEST(a_cut_exit_is_none),
	    TEST(keepers_and_their_socket_are_read_back),
	    TEST(a_task_is_kept_while_either_lock_is_held),
	};

	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
