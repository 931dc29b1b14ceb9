/* linux_usage: processor time and memory of a process. */
#include "os/linux.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The kernel walks the page tables for a PSS: about 1 ms for each 64 MiB. */
#define PSS_MAX (256ull << 20)

long os_ticks_per_second(void)
{
	return sysconf(_SC_CLK_TCK);
}

/* Fields 14 to 17 of /proc/PID/stat: its own time and that of the children it has waited for. */
static int read_ticks(pid_t pid, uint64_t *ret)
{
	char path[40], text[1024], *p;
	uint64_t t[4];

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (linux_read(path, text, sizeof text) <= 0 || !(p = strrchr(text, ')')) ||
	    sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
		   &t[0], &t[1], &t[2], &t[3]) != 4)
		return -ESRCH;
	*ret = t[0] + t[1] + t[2] + t[3];
	return 0;
}

static uint64_t read_resident(pid_t pid)
{
	char path[40], text[128];
	uint64_t pages;

	snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
	if (linux_read(path, text, sizeof text) <= 0 || sscanf(text, "%*u %" SCNu64, &pages) != 1)
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t read_share(pid_t pid)
{
	char path[40], text[2048], *line;
	uint64_t kb;

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	if (linux_read(path, text, sizeof text) <= 0 || !(line = strstr(text, "\nPss:")) ||
	    sscanf(line, " Pss: %" SCNu64, &kb) != 1)
		return 0;
	return kb * 1024;
}

int os_usage(pid_t pid, uint64_t *ret_ticks, uint64_t *ret_bytes)
{
	uint64_t ticks, resident, share = 0;
	int r = read_ticks(pid, &ticks);

	if (r < 0)
		return r;
	resident = read_resident(pid);
	if (resident <= PSS_MAX)
		share = read_share(pid);
	*ret_ticks = ticks;
	*ret_bytes = share ? share : resident;
	return 0;
}

uint64_t os_switches(pid_t pid)
{
	char path[40], text[4096], *line;
	uint64_t n;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	if (linux_read(path, text, sizeof text) <= 0 || !(line = strstr(text, "\nvoluntary_ctxt_switches:")) ||
	    sscanf(line, " voluntary_ctxt_switches: %" SCNu64, &n) != 1)
		return 0;
	return n;
}
