/* append: the growing end of a log, on a disk that takes all, nothing, or fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/path.h"
#include "log/append.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct index_writer no_index;
static struct append append;
static int out, in; /* of the pipe */

static void begin(int fd)
{
	int fds[2];

	no_index = (struct index_writer){.fd = -1};
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	out = fds[0];
	in = fds[1];
	assert_true(fd >= 0);
	assert_int_equal(append_open(&append, fd, 1 << 20, &no_index), 0);
}

static int leave(void **state)
{
	(void)state;
	path_close(&append.fd);
	path_close(&out);
	path_close(&in);
	return 0;
}

static void bytes_go_from_the_pipe_to_the_end(void **state)
{
	char text[8];

	(void)state;
	begin(os_memory_file("log"));
	assert_int_equal(append_move(&append, out, 100), -EAGAIN);
	assert_int_equal(write(in, "one", 3), 3);
	assert_int_equal(append_move(&append, out, 100), 3);
	append_lose(&append, 2);
	assert_int_equal(append.end, 5);
	assert_int_equal(append_write(&append, "six", 3), 0);
	assert_int_equal(path_read_at(append.fd, text, sizeof text, 0), 8);
	assert_memory_equal(text, "one\0\0six", 8);
	path_close(&in);
	assert_int_equal(append_move(&append, out, 100), 0);
}

/* One that went read-only, or fails: the writer must not wait for it. */
static void a_disk_that_takes_nothing_is_full_whatever_it_says(void **state)
{
	int fd = memfd_create("log", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	(void)state;
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_WRITE), 0);
	begin(fd);
	assert_int_equal(write(in, "lost", 4), 4);
	assert_int_equal(append_move(&append, out, 100), -ENOSPC);
	assert_int_equal(os_pipe_fill(out), 4);
	/* not tried again at once */
	assert_true(append.retry_ns > os_mono_ns());
	assert_int_equal(append_move(&append, out, 100), -ENOSPC);
	assert_int_equal(append.end, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(bytes_go_from_the_pipe_to_the_end, leave),
	    cmocka_unit_test_teardown(a_disk_that_takes_nothing_is_full_whatever_it_says, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
