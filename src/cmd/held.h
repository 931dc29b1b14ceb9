/* held: a failed task could not have its port: who has it.
 * Reads the end of the task's output; a port counts only while somebody listens on it. What is handed out is the
 * caller's until held_done. */
#ifndef HOB_CMD_HELD_H
#define HOB_CMD_HELD_H

#include "base/json.h"
#include "cmd/living.h"

struct held {
	uint16_t port; /* 0: nothing of the kind */
	struct living_holder holder;
};

/* Looks whether TASK failed because its address was in use, and who holds the port now. */
void held_look(struct registry *reg, const struct task *task, struct held *ret);
void held_done(struct held *held);

/* "port 3000 is held by task web (pid 123, node server.js)", with a newline, added to OUT; nothing without one. */
void held_text(const struct held *held, struct str *out);

/* {port, id, name, pid, command}, or null. */
json_t *held_json(const struct held *held);

/* The phrases of system and programs for it; apart for tests. */
bool held_is_told(const char *line);

#endif
