/* linux_tty: pseudo terminals, and descriptors that tell changes only. */
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

int os_pty_open(int cols, int rows)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK), r;

	if (fd < 0)
		return -errno;
	r = grantpt(fd) < 0 || unlockpt(fd) < 0 ? -errno : os_pty_resize(fd, cols, rows);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

int os_pty_take(int master)
{
	/* through the master: /dev/pts may be another mount's by now, and no path is needed */
	int fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios mode;

	if (fd < 0 || ioctl(fd, TIOCSCTTY, 0) < 0)
		return -errno;
	if (tcgetattr(fd, &mode) == 0) {
		/* backspace takes characters, not bytes */
		mode.c_iflag |= IUTF8;
		tcsetattr(fd, TCSANOW, &mode);
	}
	for (int i = 0; i < 3; i++)
		if (dup2(fd, i) < 0)
			return -errno;
	if (fd > 2)
		close(fd);
	return 0;
}

int os_pty_resize(int fd, int cols, int rows)
{
	struct winsize size = {.ws_col = (unsigned short)cols, .ws_row = (unsigned short)rows};

	return ioctl(fd, TIOCSWINSZ, &size) < 0 ? -errno : 0;
}

int os_pty_size(int fd, int *ret_cols, int *ret_rows)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		return -errno;
	*ret_cols = size.ws_col;
	*ret_rows = size.ws_row;
	return 0;
}

int os_pty_mode(int fd, struct os_pty_mode *ret)
{
	struct termios mode;

	if (tcgetattr(fd, &mode) < 0)
		return -errno;
	*ret = (struct os_pty_mode){
	    .lines = (mode.c_lflag & ICANON) != 0,
	    .echo = (mode.c_lflag & ECHO) != 0,
	    .eof = (char)mode.c_cc[VEOF],
	    .flow = (mode.c_iflag & IXON) != 0,
	    .any = (mode.c_iflag & IXANY) != 0,
	    .stop = (char)mode.c_cc[VSTOP],
	    .start = (char)mode.c_cc[VSTART],
	};
	return 0;
}

bool os_pty_abandoned(int master)
{
	struct pollfd news = {.fd = master};

	return poll(&news, 1, 0) == 1 && (news.revents & POLLHUP);
}

int os_edge_new(int fd)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	int edge = epoll_create1(EPOLL_CLOEXEC);

	if (edge < 0)
		return -errno;
	if (epoll_ctl(edge, EPOLL_CTL_ADD, fd, &event) < 0) {
		int code = -errno;

		close(edge);
		return code;
	}
	return edge;
}

void os_edge_drain(int edge)
{
	struct epoll_event event;

	while (epoll_wait(edge, &event, 1, 0) > 0)
		;
}
