/* real_shell: the shell that the link stands for (see shell). */
#ifndef HOB_CMD_REAL_SHELL_H
#define HOB_CMD_REAL_SHELL_H

#include <stdbool.h>

/* True when PATH is a program that can be run, and not hob itself: nothing is to call itself for ever. */
bool real_shell_is(const char *path);

/* Becomes the shell that was meant by ARGV: the one that the plugin NAMED (NULL: none), the one that the link's
 * neighbour leads to, one of that name in PATH, bash, /bin/sh. Where there is none it says so and exits with 127. */
_Noreturn void real_shell_become(const char *named, char **argv);

#endif
