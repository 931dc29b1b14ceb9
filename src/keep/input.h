/* input: what a task reads, from the side of those who write it.
 * A struct input owns a descriptor of the task's stdin pipe or terminal, which the task's keepers handed out; nothing
 * here waits longer than it is told to, and nothing is ever written twice. For commands only. */
#ifndef HOB_KEEP_INPUT_H
#define HOB_KEEP_INPUT_H

#include "base/err.h"
#include "task/registry.h"

struct input {
	int fd;		 /* -1: not open; non-blocking, and to stay so */
	uint64_t cursor; /* what the task wrote before it was opened lies before this cursor of its log */
	bool terminal;
};

#define INPUT_NONE ((struct input){.fd = -1})

/* Opens the input of TASK, a dying keeper's successor included. -ENOTTY: it has none; -EPIPE: its pipe has ended;
 * -ENODATA: the task has ended. */
int input_open(struct registry *reg, const struct task *task, struct err *err, struct input *ret);

/* Writes the N BYTES; stops when the task takes none for PATIENCE_NS (0: what goes at once). *RET_TAKEN gets how many
 * it took, whatever is returned: 0 when all, -EAGAIN when it does not read, -EPIPE when nobody has the pipe, -EIO when
 * nobody has the terminal open. */
int input_write(const struct input *input, const void *bytes, size_t n, int64_t patience_ns, size_t *ret_taken);

/* Ends the stdin pipe of TASK; errors as input_open. Whoever still has it open by input_open delays that. */
int input_end(struct registry *reg, const struct task *task, struct err *err);

/* Gives the terminal of TASK another size; errors as input_open. */
int input_resize(struct registry *reg, const struct task *task, int cols, int rows, struct err *err);

void input_close(struct input *input);

#endif
