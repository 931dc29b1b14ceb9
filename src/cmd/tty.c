#include "cmd/tty.h"

#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define UNDO_MAX   2560
#define UNDO_TRIES 100
#define UNDO_MS	   500

/* Static, because a handler has nobody to ask. */
static struct {
	volatile sig_atomic_t entered;
	struct termios before;
	int fd;	   /* to write to; opened anew, so that the caller's descriptor keeps its flags */
	int flags; /* of fd 1 where that could not be; -1: it could */
	char undo[UNDO_MAX];
	volatile sig_atomic_t nundo;
	char buf[TTY_WAITING_MAX];
	size_t len;
} tty = {.fd = -1, .flags = -1};

/* Signals whose default ends the program, and that nobody waits for by a descriptor. */
static const int fatal[] = {SIGQUIT, SIGILL,  SIGTRAP, SIGABRT, SIGBUS,	 SIGFPE,    SIGUSR1,
			    SIGSEGV, SIGUSR2, SIGALRM, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGSYS};

/* Waits for the terminal a little, but one that is stopped must not keep the program. */
static void write_undo(void)
{
	struct pollfd room = {.fd = tty.fd, .events = POLLOUT};
	const char *p = tty.undo;
	size_t len = (size_t)tty.nundo;

	for (int tries = 0; len > 0 && tries < UNDO_TRIES; tries++) {
		ssize_t n = write(tty.fd, p, len);

		if (n < 0 && errno == EAGAIN && poll(&room, 1, UNDO_MS) == 0)
			return;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return;
		p += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

/* For tty_leave and for a handler: calls only what a handler may. */
static void give_back(void)
{
	if (!tty.entered)
		return;
	tty.entered = 0;
	write_undo();
	tcsetattr(0, TCSANOW, &tty.before);
	if (tty.flags >= 0)
		fcntl(1, F_SETFL, tty.flags);
}

static void on_fatal(int sig)
{
	give_back();
	/* SA_RESETHAND: the default is in force again */
	raise(sig);
}

static void catch_fatal(void)
{
	struct sigaction action = {.sa_handler = on_fatal, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER)};

	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
		sigaction(fatal[i], &action, NULL);
}

static void open_output(void)
{
	if (tty.fd >= 0)
		return;
	tty.fd = open("/proc/self/fd/1", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (tty.fd >= 0)
		return;
	/* somebody else's terminal */
	tty.fd = 1;
	tty.flags = fcntl(1, F_GETFL);
}

int tty_enter(struct err *err)
{
	struct termios raw;

	if (tty.entered)
		return 0;
	/* once: after a stop, a shell may have left the terminal as we had made it */
	if (tty.fd < 0 && (!isatty(0) || !isatty(1) || tcgetattr(0, &tty.before) < 0))
		return err_set(err, -ENOTTY, "stdin and stdout are no terminal");
	open_output();
	catch_fatal();
	tty.entered = 1;
	if (tty.flags >= 0)
		fcntl(1, F_SETFL, tty.flags | O_NONBLOCK);
	raw = tty.before;
	cfmakeraw(&raw);
	if (tcsetattr(0, TCSANOW, &raw) < 0)
		return err_sys(err, -errno, "cannot make the terminal raw");
	return 0;
}

void tty_undo(const char *bytes, size_t len)
{
	/* half of a new one would be worse than an old one */
	if (len > sizeof tty.undo)
		return;
	tty.nundo = 0;
	memcpy(tty.undo, bytes, len);
	tty.nundo = (sig_atomic_t)len;
}

void tty_leave(void)
{
	tty_drop();
	give_back();
}

bool tty_size(int *ret_cols, int *ret_rows)
{
	struct winsize size;

	if (ioctl(1, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || size.ws_row == 0)
		return false;
	*ret_cols = size.ws_col;
	*ret_rows = size.ws_row;
	return true;
}

void tty_put(const char *bytes, size_t len)
{
	if (len > sizeof tty.buf - tty.len)
		len = sizeof tty.buf - tty.len;
	memcpy(tty.buf + tty.len, bytes, len);
	tty.len += len;
}

size_t tty_waiting(void)
{
	return tty.len;
}

int tty_fd(void)
{
	return tty.fd;
}

void tty_drop(void)
{
	tty.len = 0;
}

int tty_flush(void (*wrote)(void *arg, const char *bytes, size_t len), void *arg)
{
	size_t done = 0;
	int r = 0;

	while (r == 0 && done < tty.len) {
		ssize_t n = write(tty.fd, tty.buf + done, tty.len - done);

		if (n > 0) {
			wrote(arg, tty.buf + done, (size_t)n);
			done += (size_t)n;
		} else if (n == 0 || errno == EAGAIN) {
			break;
		} else if (errno != EINTR) {
			r = -errno;
		}
	}
	memmove(tty.buf, tty.buf + done, tty.len - done);
	tty.len -= done;
	return r;
}
