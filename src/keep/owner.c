#include "keep/owner.h"

#include <errno.h>
#include <stdlib.h>

int owner_parse(const char *text, struct err *err, struct os_proc *ret)
{
	unsigned long long start = 0;
	struct os_stat st;
	char *end;
	long pid;

	errno = 0;
	pid = strtol(text, &end, 10);
	if (*end == ':' && end[1])
		start = strtoull(end + 1, &end, 10);
	if (pid <= 0 || pid > INT32_MAX || *end || errno)
		return err_set(err, -EINVAL, "the owner '%s' is not PID or PID:START (field 22 of /proc/PID/stat)",
			       text);
	if (os_stat((pid_t)pid, &st) < 0 || st.state == 'Z' || (start && st.proc.start != start))
		return err_set(err, -ESRCH, "the owner, process %s, is gone", text);
	*ret = st.proc;
	return 0;
}
