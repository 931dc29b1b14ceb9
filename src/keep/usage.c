#include "keep/usage.h"

struct usage usage_of(const struct os_stat *list, int n, int64_t started_ms, int64_t now_ms)
{
	struct usage sum = {0};
	double seconds = (double)(now_ms - started_ms) / 1000;
	uint64_t ticks = 0;

	for (int i = 0; i < n; i++) {
		uint64_t used, bytes;

		if (os_usage(list[i].proc.pid, &used, &bytes) < 0)
			continue;
		ticks += used;
		sum.memory += bytes;
	}
	sum.cpu_ms = ticks * 1000 / (uint64_t)os_ticks_per_second();
	if (seconds > 0)
		sum.cpu_percent = 100 * (double)ticks / (double)os_ticks_per_second() / seconds;
	return sum;
}
