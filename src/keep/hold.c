#include "keep/hold.h"

#include "keep/files.h"

#include <sys/wait.h>
#include <unistd.h>

void hold_set_mark(struct hold_state *state, struct hold_mark mark)
{
	unsigned next = !state->mark;

	/* a kill between the two lines leaves the old mark good */
	state->marks[next] = mark;
	__atomic_store_n(&state->mark, next, __ATOMIC_RELEASE);
}

struct hold_mark hold_get_mark(const struct hold_state *state)
{
	return state->marks[__atomic_load_n(&state->mark, __ATOMIC_ACQUIRE)];
}

void hold_command_ended(struct hold *hold, int wstatus)
{
	struct hold_state *st = hold->state;

	if (st->ended)
		return;
	st->wstatus = wstatus;
	st->ended_ms = os_now_ms();
	st->cause = st->ending.cause;
	__atomic_store_n(&st->ended, true, __ATOMIC_RELEASE);
	files_write_exit(hold->fd[HOLD_EXIT], wstatus, st->ended_ms, st->cause);
}

/* waitid's answer as the wait status it stands for. */
static int status_of(const siginfo_t *info)
{
	if (info->si_code == CLD_EXITED)
		return info->si_status << 8;
	return info->si_status | (info->si_code == CLD_DUMPED ? 0x80 : 0);
}

pid_t hold_reap(struct hold *hold, int *ret_status)
{
	siginfo_t info = {0};

	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
		return 0;
	if (info.si_pid == hold->state->command.pid)
		hold_command_ended(hold, status_of(&info));
	return waitpid(info.si_pid, ret_status, 0) == info.si_pid ? info.si_pid : 0;
}

void hold_close(struct hold *hold, enum hold_fd which)
{
	if (hold->fd[which] >= 0)
		close(hold->fd[which]);
	hold->fd[which] = -1;
}
