#include "base/path.h"

#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void path_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static const char *env_dir(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

int path_home(struct err *err, char **ret_path)
{
	CLEAN_FREE char *path = NULL;
	const char *dir;

	if ((dir = env_dir("HOB_HOME")))
		path = xstrdup(dir);
	else if ((dir = env_dir("XDG_STATE_HOME")))
		path = xasprintf("%s/hob", dir);
	else if ((dir = env_dir("HOME")))
		path = xasprintf("%s/.local/state/hob", dir);
	else
		return err_set(err, -ENOENT, "no place for hob's state: set HOB_HOME (or HOME) to a folder of yours");
	*ret_path = path_absolute(path);
	return 0;
}

static int make_parents(char *path)
{
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST) {
			int code = -errno;

			if (access(path, F_OK) < 0) {
				*p = '/';
				return code;
			}
		}
		*p = '/';
	}
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int path_private_dir(const char *path, struct err *err, int *ret_fd)
{
	CLEAN_FREE char *copy = xstrdup(path);
	CLEAN_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 && errno == ENOENT) {
		r = make_parents(copy);
		if (r < 0)
			return err_sys(err, r, "cannot make the state folder %s (set HOB_HOME to a folder of yours)",
				       path);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, -errno, "cannot open the state folder %s", path);
	if (st.st_uid != geteuid())
		return err_set(
		    err, -EPERM,
		    "the state folder %s belongs to user %u, not to you (%u): set HOB_HOME to a folder of yours", path,
		    st.st_uid, geteuid());
	if (st.st_mode & 077)
		return err_set(
		    err, -EPERM,
		    "the state folder %s is open to others (mode %04o): run chmod 700 on it if it is hob's alone, else "
		    "set HOB_HOME to one that is",
		    path, st.st_mode & 07777);
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int path_subdir(int dirfd, const char *name, int *ret_fd)
{
	int fd;

	if (mkdirat(dirfd, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

char *path_absolute(const char *path)
{
	char *real = realpath(path, NULL);
	char cwd[PATH_MAX];

	if (real)
		return real;
	if (*path == '/' || !getcwd(cwd, sizeof cwd))
		return xstrdup(path);
	return xasprintf("%s/%s", cwd, path);
}

int path_write(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

ssize_t path_read_at(int fd, void *ret_bytes, size_t len, off_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, (char *)ret_bytes + done, len - done, offset + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int path_read_all(int fd, size_t max, struct str *ret)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(fd, buf, sizeof buf)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		str_addn(ret, buf, (size_t)n);
		if (ret->len > max)
			return -EFBIG;
	}
	return 0;
}

int path_remove_dir(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct dirent *d;
	DIR *dir;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while ((d = readdir(dir)))
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			unlinkat(fd, d->d_name, 0);
	closedir(dir);
	return unlinkat(dirfd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}
