/* spawn: from the orders to the running command.
 * The child gets back what `hob run` was given: signals, limits, umask, environment; a session of its own, the pipe
 * as stdout and stderr, /dev/null or a pipe as stdin; or a terminal, its controlling one, as all three. It never
 * inherits a descriptor of hob's. */
#ifndef HOB_KEEP_SPAWN_H
#define HOB_KEEP_SPAWN_H

#include "keep/hold.h"

/* Where a start can fail, besides in the exec itself. */
enum spawn_stage { SPAWN_FORK, SPAWN_CHDIR, SPAWN_EXEC, SPAWN_TERMINAL, SPAWN_STAGE_COUNT };

/* Starts the command; 0 once its exec has succeeded, else a negative errno, and RET_STAGE says where. */
int spawn_command(struct hold *hold, enum spawn_stage *ret_stage);

#endif
