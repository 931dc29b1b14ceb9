/* question: what is told of processes that read, poll, select or epoll a terminal or a pipe, and of those that do not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lab.h"

#include "keep/question.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/uio.h>
#include <termios.h>

enum way { READ, READV, POLL, SELECT, EPOLL, THREAD, DEV_TTY, PAUSE, POLL_OTHER };

/* A task's terminal or pipe, its log, and who reads. */
struct stage {
	int master, slave, pipe[2], log, told[2];
	struct os_proc child;
	struct question_source source;
};

static int enter(void **state)
{
	struct stage *s = xcalloc(1, sizeof *s);
	char log[] = "/tmp/hob-unit-XXXXXX";

	s->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(s->master >= 0);
	assert_int_equal(grantpt(s->master), 0);
	assert_int_equal(unlockpt(s->master), 0);
	s->slave = open(ptsname(s->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(s->slave >= 0);
	assert_int_equal(pipe2(s->pipe, O_CLOEXEC), 0);
	assert_int_equal(pipe2(s->told, O_CLOEXEC), 0);
	s->log = mkstemp(log);
	assert_true(s->log >= 0);
	unlink(log);
	*state = s;
	return 0;
}

static int leave(void **state)
{
	struct stage *s = *state;
	int fds[] = {s->master, s->slave, s->pipe[0], s->pipe[1], s->told[0], s->told[1], s->log};

	if (s->child.pid)
		lab_kill(s->child);
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		close(fds[i]);
	free(s);
	return 0;
}

static void *read_in_thread(void *arg)
{
	char c;

	(void)arg;
	(void)!read(0, &c, 1);
	return NULL;
}

static void wait_in_way(enum way way, int pipe_fd)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct pollfd set[2] = {{.fd = pipe_fd, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
	struct iovec part;
	pthread_t thread;
	int fd = 0;
	fd_set fds;
	char c;

	part = (struct iovec){.iov_base = &c, .iov_len = 1};
	switch (way) {
	case DEV_TTY:
		fd = open("/dev/tty", O_RDWR);
		/* fall through */
	case READ:
		(void)!read(fd, &c, 1);
		break;
	case READV:
		(void)!readv(0, &part, 1);
		break;
	case POLL:
		poll(set, 2, -1);
		break;
	case POLL_OTHER:
		poll(set, 1, -1);
		break;
	case SELECT:
		FD_ZERO(&fds);
		FD_SET(0, &fds);
		select(1, &fds, NULL, NULL, NULL);
		break;
	case EPOLL:
		fd = epoll_create1(0);
		epoll_ctl(fd, EPOLL_CTL_ADD, 0, &event);
		epoll_wait(fd, &event, 1, -1);
		break;
	case THREAD:
		pthread_create(&thread, NULL, read_in_thread, NULL);
		/* fall through */
	case PAUSE:
		break;
	}
	for (;;)
		pause();
}

/* Starts who waits in WAY, on the terminal or the pipe. */
static void start(struct stage *s, enum way way, bool terminal)
{
	struct os_stat st;
	char c;
	pid_t pid = lab_fork();

	if (pid == 0) {
		int other[2];

		setsid();
		if (terminal)
			ioctl(s->slave, TIOCSCTTY, 0);
		dup2(terminal ? s->slave : s->pipe[0], 0);
		(void)!pipe(other);
		close(s->pipe[1]);
		close(s->master);
		(void)!write(s->told[1], "x", 1);
		wait_in_way(way, other[0]);
	}
	assert_true(pid > 0);
	assert_int_equal(read(s->told[0], &c, 1), 1);
	assert_int_equal(os_stat(pid, &st), 0);
	s->child = st.proc;
	assert_true(question_source(getpid(), &s->source));
}

static struct question look(struct stage *s)
{
	struct prompt prompt;
	struct os_stat st;

	assert_int_equal(os_stat(s->child.pid, &st), 0);
	return question_look(&s->source, &st, 1, s->log, &prompt);
}

/* It is told at last. */
static void expect(struct stage *s, enum question_kind kind)
{
	int64_t until = os_mono_ns() + 20000000000;
	struct question found;

	do
		found = look(s);
	while (found.kind != kind && os_mono_ns() < until);
	assert_int_equal(found.kind, kind);
	assert_int_equal(found.pid, kind ? s->child.pid : 0);
}

static bool sleeps(struct stage *s)
{
	struct os_stat st;

	return os_stat(s->child.pid, &st) == 0 && st.state == 'S';
}

/* It is never told, however long the process has slept. */
static void expect_nothing(struct stage *s)
{
	while (!sleeps(s))
		;
	for (int i = 0; i < 100; i++)
		assert_int_equal(look(s).kind, QUESTION_NONE);
}

static void mode(struct stage *s, bool lines, bool echo)
{
	struct termios t;

	assert_int_equal(tcgetattr(s->slave, &t), 0);
	t.c_lflag = (t.c_lflag & ~(tcflag_t)(ICANON | ECHO)) | (lines ? ICANON : 0) | (echo ? ECHO : 0);
	assert_int_equal(tcsetattr(s->slave, TCSANOW, &t), 0);
}

static void log_text(struct stage *s, const char *text)
{
	assert_int_equal(path_write(s->log, text, strlen(text)), 0);
}

static void restart(struct stage *s, enum way way, bool terminal)
{
	if (s->child.pid)
		lab_kill(s->child);
	s->child.pid = 0;
	start(s, way, terminal);
}

static void whoever_reads_waits_for_a_line(void **state)
{
	static const enum way ways[] = {READ, READV, THREAD, DEV_TTY};

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		restart(*state, ways[i], true);
		expect(*state, QUESTION_LINE);
		assert_true(look(*state).alone);
	}
	restart(*state, READ, false);
	expect(*state, QUESTION_LINE);
}

static void without_echo_it_is_a_password(void **state)
{
	mode(*state, true, false);
	for (enum way way = READ; way <= DEV_TTY; way++) {
		restart(*state, way, true);
		expect(*state, QUESTION_PASSWORD);
	}
}

static void a_set_that_holds_the_input_waits_for_a_line_behind_a_prompt(void **state)
{
	log_text(*state, "hello\nName: ");
	for (enum way way = POLL; way <= EPOLL; way++) {
		restart(*state, way, true);
		expect(*state, QUESTION_LINE);
		assert_false(look(*state).alone);
		restart(*state, way, false);
		expect(*state, QUESTION_LINE);
	}
}

static void and_without_one_it_accepts_keys(void **state)
{
	log_text(*state, "press h + enter to show help\n");
	for (enum way way = POLL; way <= EPOLL; way++) {
		restart(*state, way, true);
		expect(*state, QUESTION_KEYS);
		restart(*state, way, false);
		expect(*state, QUESTION_KEYS);
	}
}

static void a_raw_terminal_means_keys_unless_a_line_is_edited(void **state)
{
	mode(*state, false, false);
	restart(*state, READ, true);
	expect(*state, QUESTION_KEYS);
	restart(*state, EPOLL, true);
	expect(*state, QUESTION_KEYS);
	log_text(*state, "\r\n\x1b[1G\x1b[0J> \x1b[3G");
	expect(*state, QUESTION_LINE);
	log_text(*state, "\r\nNew password: ");
	expect(*state, QUESTION_PASSWORD);
	log_text(*state, "\r\n:\x1b[K");
	expect(*state, QUESTION_KEYS);
	log_text(*state, "\r\nx = ");
	expect(*state, QUESTION_LINE);
	log_text(*state, "\x1b[?1049h\x1b[H\x1b[2Jtext");
	expect(*state, QUESTION_KEYS);
	log_text(*state, "\x1b[?1049l\r\nx = ");
	expect(*state, QUESTION_LINE);
}

static void who_does_something_else_waits_for_nothing(void **state)
{
	mode(*state, true, false);
	restart(*state, PAUSE, true);
	expect_nothing(*state);
	restart(*state, POLL_OTHER, true);
	expect_nothing(*state);
	restart(*state, PAUSE, false);
	expect_nothing(*state);
}

static void another_pipe_is_not_the_tasks_input(void **state)
{
	struct stage *s = *state;

	start(s, READ, false);
	expect(s, QUESTION_LINE);
	s->source.npipes = 0;
	expect_nothing(s);
	s->source.terminal = 0;
	expect_nothing(s);
}

/* The question goes when it is answered, and the next one differs. */
static void a_later_wait_of_the_same_process_differs(void **state)
{
	struct stage *s = *state;
	struct question first, second;

	log_text(s, "Name: ");
	start(s, READ, true);
	expect(s, QUESTION_LINE);
	first = look(s);
	assert_int_equal(look(s).runs, first.runs);
	assert_int_equal(write(s->master, "x\n", 2), 2);
	expect(s, QUESTION_NONE);
	second = look(s);
	assert_int_equal(second.kind, QUESTION_NONE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
	const struct CMUnitTest tests[] = {
	    TEST(whoever_reads_waits_for_a_line),
	    TEST(without_echo_it_is_a_password),
	    TEST(a_set_that_holds_the_input_waits_for_a_line_behind_a_prompt),
	    TEST(and_without_one_it_accepts_keys),
	    TEST(a_raw_terminal_means_keys_unless_a_line_is_edited),
	    TEST(who_does_something_else_waits_for_nothing),
	    TEST(another_pipe_is_not_the_tasks_input),
	    TEST(a_later_wait_of_the_same_process_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
