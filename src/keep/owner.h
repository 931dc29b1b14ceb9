/* owner: the client's process that a task may not outlive.
 * Nothing here owns a descriptor for longer than the call that hands it out. */
#ifndef HOB_KEEP_OWNER_H
#define HOB_KEEP_OWNER_H

#include "base/err.h"
#include "os/os.h"

/* Reads "PID" or "PID:START"; without a start time the one of the process that lives now. A sentence when it is
 * no number, or no living process has it. */
int owner_parse(const char *text, struct err *err, struct os_proc *ret);

#endif
