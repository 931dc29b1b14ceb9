/* show: also how `run --wait` and `restart` print a task: its record and the last of its output. */
#ifndef HOB_CMD_SHOW_H
#define HOB_CMD_SHOW_H

#include "base/json.h"
#include "task/registry.h"

#define SHOW_LINES 20

/* Prints TASK for people, or as JSON with `output`, with the last LINES lines. 0 or a negative errno. */
int show_print(struct registry *reg, struct task *task, uint64_t lines, bool json, struct err *err);

/* The last LINES lines of TASK's output, clean and bounded, added to OUT; and the cursor behind them. */
int show_tail(struct registry *reg, const struct task *task, uint64_t lines, struct str *out, uint64_t *ret_next,
	      struct err *err);

#endif
