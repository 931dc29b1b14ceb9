/* control: the words to a keeper, and who may speak. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "keep/control.h"

static void orders(void **state)
{
	struct control_order order;

	(void)state;
	assert_true(control_parse("1 kill 15 5000 request", &order));
	assert_int_equal(order.word, CONTROL_KILL);
	assert_int_equal(order.signal, 15);
	assert_int_equal(order.grace_ms, 5000);
	assert_int_equal(order.cause, REASON_REQUEST);
	assert_true(control_parse("1 input", &order));
	assert_int_equal(order.word, CONTROL_INPUT);
	assert_true(control_parse("1 eof", &order));
	assert_int_equal(order.word, CONTROL_EOF);
	assert_true(control_parse("1 size 132 43", &order));
	assert_int_equal(order.word, CONTROL_SIZE);
	assert_int_equal(order.cols, 132);
	assert_int_equal(order.rows, 43);
}

static void what_is_no_order(void **state)
{
	static const char *const texts[] = {"",
					    "1",
					    "1 ",
					    "1 kill",
					    "1 kill 0 1 request",
					    "1 kill 65 1 request",
					    "1 kill 9 -1 request",
					    "1 kill 9 1 because",
					    "2 kill 9 1 request",
					    "1 inputs",
					    "1 input ",
					    "1 eof now",
					    "1 size",
					    "1 size 80",
					    "1 size 0 24",
					    "1 size 80 0",
					    "1 size -1 24",
					    "1 size 80 24 1",
					    "1 size 80 24x",
					    "1 size 4097 24",
					    "1 size 80 99999999999"};
	struct control_order order;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_false(control_parse(texts[i], &order));
}

struct talk {
	char path[32];
	int dirfd;
	struct control control;
	struct files_keepers keepers;
};

static void talk_open(struct talk *t)
{
	char ignored[108];
	int fd;

	strcpy(t->path, "/tmp/control-XXXXXX");
	assert_non_null(mkdtemp(t->path));
	t->dirfd = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = control_listen(NULL, "token", t->dirfd, ignored);
	assert_true(fd >= 0);
	t->keepers = (struct files_keepers){0};
	control_init(&t->control, fd);
}

static void talk_close(struct talk *t)
{
	control_answer(&t->control, "gone");
	close(t->control.listen_fd);
	unlinkat(t->dirfd, "ctl", 0);
	close(t->dirfd);
	rmdir(t->path);
}

static int say(struct talk *t, const char *text)
{
	int fd = control_connect(&t->keepers, t->dirfd);

	assert_true(fd >= 0);
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	return fd;
}

static void hears(int fd, const char *word)
{
	char got[64] = "";
	ssize_t n = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);

	/* dropped before it was heard */
	if (n < 0 && errno == ECONNRESET)
		n = 0;
	assert_int_equal(n, strlen(word));
	assert_string_equal(got, word);
}

static void a_killer_waits_and_others_do_not(void **state)
{
	struct control_order order;
	struct talk t;
	int killer, sizer;

	(void)state;
	talk_open(&t);
	killer = say(&t, "1 kill 15 0 request");
	sizer = say(&t, "1 size 80 24");
	assert_int_equal(control_serve(&t.control, &order), 1);
	assert_int_equal(order.word, CONTROL_KILL);
	hears(killer, "ok");
	assert_int_equal(control_serve(&t.control, &order), 1);
	assert_int_equal(order.word, CONTROL_SIZE);
	control_reply(&t.control, order.client, "ok", -1);
	hears(sizer, "ok");
	assert_int_equal(control_serve(&t.control, &order), 0);
	control_answer(&t.control, "gone");
	hears(killer, "gone");
	hears(sizer, "");
	close(killer);
	close(sizer);
	talk_close(&t);
}

static void who_waits_keeps_its_place(void **state)
{
	int killers[CONTROL_CLIENTS - 1], idle, late, more;
	struct control_order order;
	struct talk t;

	(void)state;
	talk_open(&t);
	idle = say(&t, "1 eof");
	assert_int_equal(control_serve(&t.control, &order), 1);
	for (int i = 0; i < CONTROL_CLIENTS - 1; i++) {
		killers[i] = say(&t, "1 kill 15 0 request");
		assert_int_equal(control_serve(&t.control, &order), 1);
		assert_int_equal(order.word, CONTROL_KILL);
	}
	/* all places are taken: who has nothing to wait for makes room */
	late = say(&t, "1 kill 9 0 request");
	assert_int_equal(control_serve(&t.control, &order), 1);
	assert_int_equal(order.signal, 9);
	hears(idle, "");
	hears(late, "ok");
	/* and now nobody does */
	more = say(&t, "1 kill 3 0 request");
	assert_int_equal(control_serve(&t.control, &order), 0);
	hears(more, "");
	for (int i = 0; i < CONTROL_CLIENTS - 1; i++) {
		hears(killers[i], "ok");
		close(killers[i]);
	}
	close(idle);
	close(late);
	close(more);
	talk_close(&t);
}

static void input_is_handed_over(void **state)
{
	struct control_order order;
	uint64_t cursor = 0;
	struct talk t;
	int ends[2], client, got = -1;
	char byte;
	pid_t pid;

	(void)state;
	talk_open(&t);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	client = control_connect(&t.keepers, t.dirfd);
	assert_true(client >= 0);
	/* the keeper's side answers in a child: control_input waits */
	pid = fork();
	if (pid == 0) {
		struct pollfd fds[1 + CONTROL_CLIENTS];

		while (!control_serve(&t.control, &order))
			poll(fds, (nfds_t)control_poll(&t.control, fds), -1);
		control_reply(&t.control, order.client, "input 12345678901", ends[1]);
		_exit(0);
	}
	assert_int_equal(control_input(client, &got, &cursor), 0);
	assert_int_equal(cursor, 12345678901u);
	assert_int_equal(fcntl(got, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(write(got, "x", 1), 1);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(got);
	/* the child is gone, its end of the connection with it */
	assert_int_equal(control_input(client, &got, &cursor), -ECONNRESET);
	close(client);
	close(ends[0]);
	close(ends[1]);
	talk_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(orders),
	    cmocka_unit_test(what_is_no_order),
	    cmocka_unit_test(a_killer_waits_and_others_do_not),
	    cmocka_unit_test(who_waits_keeps_its_place),
	    cmocka_unit_test(input_is_handed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
