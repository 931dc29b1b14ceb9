/* shell: hob called by a shell's name, through a link, by a program that believes it to be its shell.
 * SHELL -c LINE, with what the caller's plugin put into the environment, runs the line as a task that is listed only if
 * it outlives the caller's patience. In every other case, and whenever that cannot be done, the process becomes the
 * real shell, as if there were no hob. */
#ifndef HOB_CMD_SHELL_H
#define HOB_CMD_SHELL_H

#include <stdbool.h>

/* The environment that says what to do. All of them are taken out of it before anything runs. */
#define SHELL_PREFIX "HOB_SHELL_"

/* True when this program was started under the name NAME, a shell's. */
bool shell_called(const char *name);

/* Runs the line, or becomes the real shell. The exit code, if it returns. */
int shell_main(int argc, char **argv);

#endif
