#include "keep/input.h"

#include "base/path.h"
#include "keep/control.h"
#include "keep/files.h"
#include "keep/lost.h"
#include "os/os.h"

#include <errno.h>
#include <unistd.h>

#define PATIENCE_NS 5000000000ll /* for a keeper that dies and is replaced */
#define RETRY_NS    10000000ll

/* What to ask once connected. */
typedef int question(int fd, void *arg);

/* Connects to the keeper of TASK; -ENODATA when nobody keeps it. */
static int connect_to(struct registry *reg, const struct task *task, int *ret_fd)
{
	struct files_keepers keepers;
	CLEAN_FD int dirfd = -1;
	int fd;

	if (lost_open_folder(reg, task->id, &dirfd) < 0 || !files_kept(dirfd) ||
	    files_read_keepers(dirfd, &keepers) < 0)
		return -ENODATA;
	fd = control_connect(&keepers, dirfd);
	if (fd < 0)
		return files_kept(dirfd) ? -ECONNRESET : -ENODATA;
	*ret_fd = fd;
	return 0;
}

static int explain(const struct task *task, int code, struct err *err)
{
	const char *call = task->name ? task->name : task->id;

	switch (code) {
	case -ENODATA:
		return err_set(err, code, "task %s has ended", call);
	case -ENOTTY:
		return err_set(err, code, "task %s has no %s", call,
			       task->pty_cols ? "terminal" : "input: start it with --pty or --stdin");
	case -EPIPE:
		return err_set(err, code, "the input of task %s has ended (--eof)", call);
	default:
		return err_set(err, code, "the keeper of task %s does not answer", call);
	}
}

/* Asks the task's keeper, and when it dies meanwhile its successor. */
static int ask(struct registry *reg, const struct task *task, question *put, void *arg, struct err *err)
{
	int64_t until = os_mono_ns() + PATIENCE_NS;
	int r;

	do {
		CLEAN_FD int fd = -1;

		r = connect_to(reg, task, &fd);
		if (r == 0)
			r = put(fd, arg);
		if (r == -ECONNRESET)
			os_wait(NULL, 0, os_mono_ns() + RETRY_NS);
	} while (r == -ECONNRESET && os_mono_ns() < until);
	return r < 0 ? explain(task, r, err) : 0;
}

static int put_open(int fd, void *arg)
{
	struct input *input = arg;

	return control_input(fd, &input->fd, &input->cursor);
}

int input_open(struct registry *reg, const struct task *task, struct err *err, struct input *ret)
{
	*ret = INPUT_NONE;
	ret->terminal = task->pty_cols > 0;
	return ask(reg, task, put_open, ret, err);
}

/* Waits until the task may take more; false when it does not for so long. */
static bool wait_for_room(int fd, int64_t patience_ns)
{
	struct pollfd room = {.fd = fd, .events = POLLOUT};
	int64_t until = os_mono_ns() + patience_ns;
	int r;

	while ((r = os_wait(&room, 1, until)) == -EINTR)
		;
	return r > 0;
}

int input_write(const struct input *input, const void *bytes, size_t n, int64_t patience_ns, size_t *ret_taken)
{
	size_t taken = 0;
	int r = 0;

	while (r == 0 && taken < n) {
		ssize_t done;

		/* a terminal that nobody has open would take it all, for nobody */
		if (input->terminal && os_pty_abandoned(input->fd)) {
			r = -EIO;
			break;
		}
		done = write(input->fd, (const char *)bytes + taken, n - taken);
		if (done >= 0)
			taken += (size_t)done;
		else if (errno == EAGAIN && (!patience_ns || !wait_for_room(input->fd, patience_ns)))
			r = -EAGAIN;
		else if (errno != EAGAIN && errno != EINTR)
			r = -errno;
	}
	*ret_taken = taken;
	return r;
}

static int put_end(int fd, void *arg)
{
	int r = control_eof(fd);

	(void)arg;
	/* twice is no harm: its keeper may have died between the deed and the answer */
	return r == -EPIPE ? 0 : r;
}

int input_end(struct registry *reg, const struct task *task, struct err *err)
{
	return ask(reg, task, put_end, NULL, err);
}

static int put_size(int fd, void *arg)
{
	const int *size = arg;

	return control_size(fd, size[0], size[1]);
}

int input_resize(struct registry *reg, const struct task *task, int cols, int rows, struct err *err)
{
	int size[] = {cols, rows};

	return ask(reg, task, put_size, size, err);
}

void input_close(struct input *input)
{
	path_close(&input->fd);
}
