/* lookout: a port and a question are told once each, again when they come again, and by no successor twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lab.h"

#include "keep/lookout.h"

#include <arpa/inet.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* A keeper's place: a terminal, a log, and a child that does what it is told by a letter. */
struct stage {
	int master, slave, log, orders[2], answers[2];
	struct os_proc child;
	struct lookout eye;
	struct lookout_told stored;
	struct lookout_job job;
	struct tree tree;
	struct str said;
	const char *late; /* what is on its way to the log */
	bool full;	  /* there is no room for what is told */
	int refused;	  /* so often it was so for a question */
};

static bool on_news(void *arg, const struct lookout_news *news)
{
	struct stage *s = arg;

	s->refused += s->full && !news->port;
	if (s->full)
		return false;
	if (news->port)
		str_add(&s->said, "port ");
	else
		str_addf(&s->said, "%s:%s@%llu ", question_kind_text(news->input), news->prompt->text,
			 (unsigned long long)news->prompt->end);
	return true;
}

static void write_log(struct stage *s, const char *text)
{
	assert_int_equal(path_write(s->log, text, strlen(text)), 0);
}

static bool on_settle(void *arg)
{
	struct stage *s = arg;
	const char *late = s->late;

	s->late = NULL;
	if (late)
		write_log(s, late);
	return late;
}

static int new_socket(uint16_t *ret_port)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(*ret_port)};
	socklen_t len = sizeof name;
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (void *)&name, sizeof name) < 0 || listen(fd, 1) < 0)
		_exit(1);
	getsockname(fd, (void *)&name, &len);
	*ret_port = ntohs(name.sin_port);
	return fd;
}

static void obey(struct stage *s)
{
	uint16_t port = 0;
	int fd = -1;
	char order, line[64];

	while (read(s->orders[0], &order, 1) == 1) {
		if (order == 'l')
			fd = new_socket(&port);
		if (order == 'c')
			close(fd);
		(void)!write(s->answers[1], &order, 1);
		if (order == 'r')
			(void)!read(s->slave, line, sizeof line);
	}
	_exit(0);
}

static int enter(void **state)
{
	struct stage *s = xcalloc(1, sizeof *s);
	char log[] = "/tmp/hob-unit-XXXXXX";
	struct os_stat st;
	pid_t pid;

	s->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(s->master >= 0 && grantpt(s->master) == 0 && unlockpt(s->master) == 0);
	s->slave = open(ptsname(s->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	s->log = mkstemp(log);
	unlink(log);
	/* no pipe, which would be the child's input */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s->orders), 0);
	assert_int_equal(pipe(s->answers), 0);
	pid = lab_fork();
	if (pid == 0)
		obey(s);
	assert_int_equal(os_stat(pid, &st), 0);
	s->child = st.proc;
	assert_int_equal(os_stat(getpid(), &st), 0);
	s->tree.keeper = st.proc;
	s->job = (struct lookout_job){.ports = true,
				      .input = true,
				      .tree = &s->tree,
				      .log_fd = s->log,
				      .tell = on_news,
				      .settle = on_settle,
				      .arg = s};
	lookout_init(&s->eye, &s->stored);
	*state = s;
	return 0;
}

static int leave(void **state)
{
	struct stage *s = *state;
	int fds[] = {s->master, s->slave, s->log, s->orders[0], s->orders[1], s->answers[0], s->answers[1]};

	lab_kill(s->child);
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		close(fds[i]);
	str_done(&s->said);
	free(s);
	return 0;
}

static void order(struct stage *s, char letter)
{
	char answer;

	assert_int_equal(write(s->orders[1], &letter, 1), 1);
	assert_int_equal(read(s->answers[0], &answer, 1), 1);
}

static void look(struct stage *s)
{
	lookout_look(&s->eye, &s->job);
}

/* Looks until something is told: it is TEXT. A hang is the runner's to end. */
static void hears(struct stage *s, const char *text)
{
	do
		look(s);
	while (!s->said.len);
	assert_string_equal(s->said.buf, text);
	str_reset(&s->said);
}

static void hears_nothing(struct stage *s)
{
	for (int i = 0; i < 20; i++)
		look(s);
	assert_int_equal(s->said.len, 0);
}

/* The keeper was killed, and its successor begins. */
static void succeed(struct stage *s)
{
	lookout_init(&s->eye, &s->stored);
}

static void a_port_is_told_once_and_again_when_it_opens_again(void **state)
{
	struct stage *s = *state;

	hears_nothing(s);
	order(s, 'l');
	hears(s, "port ");
	hears_nothing(s);
	order(s, 'c');
	hears_nothing(s);
	order(s, 'l');
	hears(s, "port ");
	hears_nothing(s);
}

static void a_question_is_told_once_and_the_next_is_another(void **state)
{
	struct stage *s = *state;

	write_log(s, "Name: ");
	order(s, 'r');
	hears(s, "line:Name:@6 ");
	hears_nothing(s);
	/* what others write meanwhile is no question */
	write_log(s, "\nnoise\n");
	hears_nothing(s);
	/* the same words again, after an answer that came and went between two looks */
	assert_int_equal(write(s->master, "x\n", 2), 2);
	write_log(s, "Name: ");
	order(s, 'r');
	hears(s, "line:Name:@19 ");
	hears_nothing(s);
}

static void a_prompt_that_is_on_its_way_to_the_log_is_waited_for(void **state)
{
	struct stage *s = *state;

	s->late = "Name: ";
	order(s, 'r');
	hears(s, "line:Name:@6 ");
	hears_nothing(s);
}

static void what_is_stored_is_told_by_no_successor_and_what_is_not_is_told_again(void **state)
{
	struct stage *s = *state;

	write_log(s, "? ");
	order(s, 'l');
	hears(s, "port ");
	lookout_stored(&s->eye);
	succeed(s);
	hears_nothing(s);
	order(s, 'r');
	hears(s, "line:?@2 ");
	succeed(s);
	hears(s, "line:?@2 ");
	lookout_stored(&s->eye);
	succeed(s);
	hears_nothing(s);
}

static void without_room_it_is_told_later(void **state)
{
	struct stage *s = *state;

	s->full = true;
	write_log(s, "? ");
	order(s, 'l');
	order(s, 'r');
	while (!s->refused)
		look(s);
	hears_nothing(s);
	s->full = false;
	hears(s, "port line:?@2 ");
	s->job.ports = false;
	hears_nothing(s);
}

static void only_what_was_asked_for_is_told(void **state)
{
	struct stage *s = *state;

	s->job.ports = s->job.input = false;
	order(s, 'l');
	order(s, 'r');
	hears_nothing(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
	const struct CMUnitTest tests[] = {
	    TEST(a_port_is_told_once_and_again_when_it_opens_again),
	    TEST(a_question_is_told_once_and_the_next_is_another),
	    TEST(a_prompt_that_is_on_its_way_to_the_log_is_waited_for),
	    TEST(what_is_stored_is_told_by_no_successor_and_what_is_not_is_told_again),
	    TEST(without_room_it_is_told_later),
	    TEST(only_what_was_asked_for_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
