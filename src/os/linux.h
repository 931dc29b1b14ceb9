/* linux: what the files linux*.c of this room share, and nobody else sees.
 * Nothing here owns anything beyond a call, allocates or prints. */
#ifndef HOB_OS_LINUX_H
#define HOB_OS_LINUX_H

#include "os/os.h"

/* Reads a small file whole; returns its length or a negative errno. RET_TEXT is NUL-terminated. */
int linux_read(const char *path, char *ret_text, size_t size);

/* Calls FN for every name in the folder PATH that is a number, until it returns non-zero; returns that. */
int linux_each_number(const char *path, int (*fn)(int n, void *arg), void *arg);

#endif
