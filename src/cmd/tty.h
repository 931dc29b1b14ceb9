/* tty: the terminal of whoever called, while it shows a task's: raw, never waited for, and given back as it was,
 * whatever ends the program (but SIGKILL).
 * There is one in a process. What is put waits in a bounded buffer until the terminal takes it. */
#ifndef HOB_CMD_TTY_H
#define HOB_CMD_TTY_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define TTY_WAITING_MAX (128u * 1024u)

/* Makes stdin, which must be a terminal as stdout must be, raw. -ENOTTY: one of them is none, with a sentence. */
int tty_enter(struct err *err);

/* What is written last, by tty_leave or when a signal ends the program: the sequences that undo what the terminal was
 * sent, at most some 2 KiB of them. */
void tty_undo(const char *bytes, size_t len);

/* Gives the terminal back as it was, after what tty_undo said; what still waits is dropped. Does nothing twice. */
void tty_leave(void);

/* Its size. False when it does not know it. */
bool tty_size(int *ret_cols, int *ret_rows);

/* Puts LEN bytes in the buffer, or as many as it has room for. */
void tty_put(const char *bytes, size_t len);

/* How many bytes wait; the descriptor to poll for POLLOUT while there are some. */
size_t tty_waiting(void);
int tty_fd(void);

/* Forgets what waits. */
void tty_drop(void);

/* Writes what the terminal takes at once; WROTE gets each piece that it took. 0, or a negative errno when it is gone.
 */
int tty_flush(void (*wrote)(void *arg, const char *bytes, size_t len), void *arg);

#endif
