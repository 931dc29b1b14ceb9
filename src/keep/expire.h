/* expire: forgetting ended tasks: those that are old, and the oldest first past a total size of logs.
 * Removes rows, events and folders of tasks that ended and left no process; never touches another. */
#ifndef HOB_KEEP_EXPIRE_H
#define HOB_KEEP_EXPIRE_H

#include "task/registry.h"

#define EXPIRE_OLDER_MS (14ll * 24 * 3600 * 1000)
#define EXPIRE_BYTES	(2ull * 1024 * 1024 * 1024)

struct expire_rule {
	int64_t older_ms;
	uint64_t total_bytes;
	bool all; /* whatever has ended */
};

struct expire_result {
	size_t tasks;
	uint64_t bytes; /* of disk, holes not counted */
};

int expire_tasks(struct registry *reg, const struct expire_rule *rule, struct expire_result *ret, struct err *err);

/* The same with the usual rule, at most once an hour for all of this home; for those nobody waits for. */
void expire_hourly(struct registry *reg);

#endif
