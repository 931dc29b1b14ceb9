/* path: folders and files, reached through descriptors so that long paths work and nothing moves underneath.
 * Every fd handed out is CLOEXEC and the caller's. Nothing here prints. */
#ifndef HOB_BASE_PATH_H
#define HOB_BASE_PATH_H

#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

struct str;

/* For __attribute__((cleanup)): closes *FD unless it is negative. */
void path_close(int *fd);
#define CLEAN_FD __attribute__((cleanup(path_close)))

/* The state folder's absolute path: $HOB_HOME, else $XDG_STATE_HOME/hob, else ~/.local/state/hob.
 * The caller frees it. -ENOENT with a sentence when none of the three is set. */
int path_home(struct err *err, char **ret_path);

/* Makes PATH and what is missing above it (0700), opens it, and refuses what is not ours or open to others. */
int path_private_dir(const char *path, struct err *err, int *ret_fd);

/* Makes NAME (0700) in DIRFD if it is missing and opens it. */
int path_subdir(int dirfd, const char *name, int *ret_fd);

/* The absolute form of PATH seen from the current directory, "." and ".." resolved where it exists. */
char *path_absolute(const char *path);

/* Writes all LEN bytes; 0 or a negative errno. */
int path_write(int fd, const void *bytes, size_t len);

/* Reads up to LEN bytes at OFFSET, all of them unless the file ends; the count or a negative errno. */
ssize_t path_read_at(int fd, void *ret_bytes, size_t len, off_t offset);

/* Appends what FD holds, until its end. 0; -EFBIG: more than MAX bytes in all; or another negative errno. */
int path_read_all(int fd, size_t max, struct str *ret);

/* Removes NAME in DIRFD and everything in it; the names a task's folder holds go one level deep only. */
int path_remove_dir(int dirfd, const char *name);

#endif
