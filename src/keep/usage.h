/* usage: what a task costs: processor time since its start and memory now, over all its processes.
 * A sum of what /proc says; owns nothing, allocates nothing. */
#ifndef HOB_KEEP_USAGE_H
#define HOB_KEEP_USAGE_H

#include "os/os.h"

struct usage {
	double cpu_percent; /* of one processor, since the start; children that ended count once they were waited for */
	uint64_t cpu_ms;    /* the time that this is a share of */
	uint64_t memory;    /* bytes, shared ones by their share (see os_usage) */
};

/* Sums up the N processes of LIST, a task that began at STARTED_MS (UTC) and is looked at at NOW_MS. */
struct usage usage_of(const struct os_stat *list, int n, int64_t started_ms, int64_t now_ms);

#endif
