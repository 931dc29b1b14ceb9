/* path: where the state is, that it is private or refused, and small work on files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"

static char *folder;

static int enter(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	folder = xasprintf("%s/hob-path-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave(void **state)
{
	char *line = xasprintf("chmod -R u+rwx '%s' && rm -r '%s'", folder, folder);
	int r = chdir("/") == 0 ? system(line) : -1;

	(void)state;
	free(line);
	free(folder);
	return r;
}

static void assert_home(const char *wanted)
{
	struct err err = {0};
	char *path = NULL;

	assert_int_equal(path_home(&err, &path), 0);
	assert_string_equal(path, wanted);
	free(path);
}

static void homes_come_in_order(void **state)
{
	struct err err = {0};
	char *path = NULL, *relative;

	(void)state;
	setenv("HOB_HOME", "/a/hob", 1);
	setenv("XDG_STATE_HOME", "/b", 1);
	setenv("HOME", "/c", 1);
	assert_home("/a/hob");
	setenv("HOB_HOME", "", 1);
	assert_home("/b/hob");
	setenv("XDG_STATE_HOME", "", 1);
	assert_home("/c/.local/state/hob");
	unsetenv("HOME");
	assert_int_equal(path_home(&err, &path), -ENOENT);
	assert_non_null(strstr(err.text, "HOB_HOME"));
	assert_null(path);
	setenv("HOB_HOME", "state", 1);
	relative = xasprintf("%s/state", folder);
	assert_home(relative);
	free(relative);
	unsetenv("HOB_HOME");
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void private_folders_are_made_with_what_is_above(void **state)
{
	struct err err = {0};
	mode_t before = umask(0);
	int fd = -1;

	(void)state;
	assert_int_equal(path_private_dir("one/two/three", &err, &fd), 0);
	umask(before);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(mode_of("one"), 0700);
	assert_int_equal(mode_of("one/two"), 0700);
	assert_int_equal(mode_of("one/two/three"), 0700);
	close(fd);
	/* and found again */
	assert_int_equal(path_private_dir("one/two/three", &err, &fd), 0);
	close(fd);
}

static void folders_open_to_others_are_refused(void **state)
{
	static const mode_t open_modes[] = {0777, 0770, 0707, 0701, 0710, 01777, 0740, 0704};

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	for (size_t i = 0; i < sizeof open_modes / sizeof *open_modes; i++) {
		struct err err = {0};
		char mode[8];
		int fd = -7;

		chmod("state", open_modes[i]);
		assert_int_equal(path_private_dir("state", &err, &fd), -EPERM);
		snprintf(mode, sizeof mode, "%04o", open_modes[i]);
		assert_non_null(strstr(err.text, mode));
		assert_non_null(strstr(err.text, "chmod 700"));
		assert_int_equal(fd, -7);
		assert_int_equal(mode_of("state"), open_modes[i]);
	}
}

static void folders_of_others_are_refused(void **state)
{
	const char *path = geteuid() == 0 ? "others" : "/";
	struct err err = {0};
	int fd = -7;

	(void)state;
	/* root makes one; to everybody else the root of the file system is somebody else's */
	if (geteuid() == 0) {
		assert_int_equal(mkdir(path, 0700), 0);
		assert_int_equal(chown(path, 65534, 65534), 0);
	}
	assert_int_equal(path_private_dir(path, &err, &fd), -EPERM);
	assert_non_null(strstr(err.text, path));
	assert_non_null(strstr(err.text, "HOB_HOME"));
	assert_int_equal(fd, -7);
}

static void what_is_no_folder_is_refused(void **state)
{
	struct err err = {0};
	int fd = -7;

	(void)state;
	close(open("file", O_WRONLY | O_CREAT, 0600));
	assert_int_equal(path_private_dir("file", &err, &fd), -ENOTDIR);
	assert_non_null(strstr(err.text, "file"));
	assert_int_equal(path_private_dir("file/below", &err, &fd), -ENOTDIR);
	assert_int_equal(path_private_dir("/proc/none/below", &err, &fd), -ENOENT);
	assert_non_null(strstr(err.text, "/proc/none/below"));
	assert_int_equal(fd, -7);
}

static void subfolders_are_no_symlinks(void **state)
{
	int dir = open(".", O_RDONLY | O_DIRECTORY), fd = -7;

	(void)state;
	assert_int_equal(path_subdir(dir, "sub", &fd), 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(mode_of("sub"), 0700);
	close(fd);
	fd = -7;
	assert_int_equal(symlink("sub", "link"), 0);
	assert_true(path_subdir(dir, "link", &fd) < 0);
	assert_int_equal(fd, -7);
	close(dir);
}

static void absolute_paths_are_real_where_they_exist(void **state)
{
	char *real = realpath(".", NULL), *wanted = xasprintf("%s/a", real), *got;

	(void)state;
	mkdir("a", 0700);
	assert_int_equal(symlink("a", "b"), 0);
	assert_string_equal(got = path_absolute("./b/../b"), wanted);
	free(got);
	assert_string_equal(got = path_absolute("/nowhere/x"), "/nowhere/x");
	free(got);
	free(wanted);
	wanted = xasprintf("%s/nowhere/x", real);
	assert_string_equal(got = path_absolute("nowhere/x"), wanted);
	free(got);
	free(wanted);
	free(real);
}

static void reads_end_where_the_file_ends(void **state)
{
	int fd = open("f", O_RDWR | O_CREAT, 0600);
	char buf[8] = "";

	(void)state;
	assert_int_equal(path_write(fd, "0123456789", 10), 0);
	assert_int_equal(path_read_at(fd, buf, 4, 2), 4);
	assert_memory_equal(buf, "2345", 4);
	assert_int_equal(path_read_at(fd, buf, 8, 7), 3);
	assert_memory_equal(buf, "789", 3);
	assert_int_equal(path_read_at(fd, buf, 8, 10), 0);
	assert_int_equal(path_read_at(fd, buf, 8, 1000), 0);
	close(fd);
	assert_int_equal(path_read_at(fd, buf, 8, 0), -EBADF);
	assert_int_equal(path_write(fd, "x", 1), -EBADF);
	assert_int_equal(path_write(fd, "", 0), 0);
}

static void folders_go_but_not_what_links_point_to(void **state)
{
	int dir = open(".", O_RDONLY | O_DIRECTORY);

	(void)state;
	mkdir("task", 0700);
	mkdir("kept", 0700);
	close(open("kept/file", O_WRONLY | O_CREAT, 0600));
	close(open("task/log", O_WRONLY | O_CREAT, 0600));
	assert_int_equal(symlink("../kept/file", "task/link"), 0);
	assert_int_equal(path_remove_dir(dir, "task"), 0);
	assert_int_equal(access("task", F_OK), -1);
	assert_int_equal(access("kept/file", F_OK), 0);
	assert_int_equal(path_remove_dir(dir, "task"), 0);
	assert_int_equal(symlink("kept", "task"), 0);
	assert_true(path_remove_dir(dir, "task") < 0);
	assert_int_equal(access("kept/file", F_OK), 0);
	close(dir);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
	const struct CMUnitTest tests[] = {
	    TEST(homes_come_in_order),
	    TEST(private_folders_are_made_with_what_is_above),
	    TEST(folders_open_to_others_are_refused),
	    TEST(folders_of_others_are_refused),
	    TEST(what_is_no_folder_is_refused),
	    TEST(subfolders_are_no_symlinks),
	    TEST(absolute_paths_are_real_where_they_exist),
	    TEST(reads_end_where_the_file_ends),
	    TEST(folders_go_but_not_what_links_point_to),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
