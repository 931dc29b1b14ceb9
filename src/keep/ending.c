#include "keep/ending.h"

#include <signal.h>

#define SWEEP_FIRST_NS 1000000ll
#define SWEEP_MAX_NS   20000000ll
#define QUICK_PASSES   20
#define GIVE_UP_NS     1800000000ll /* a little before `hob kill` stops waiting, 2 s after the grace */

void ending_begin(struct hold_state *state, enum task_reason cause, int signal, int64_t grace_ms)
{
	int64_t kill_at = os_mono_ns() + grace_ms * 1000000;

	if (state->ending.cause == REASON_NONE) {
		state->ending = (struct hold_ending){.signal = signal, .kill_at_ns = kill_at};
		/* published last: until then nobody wants anything */
		__atomic_store_n(&state->ending.cause, cause, __ATOMIC_RELEASE);
		return;
	}
	if (kill_at < state->ending.kill_at_ns)
		state->ending.kill_at_ns = kill_at;
	if (signal != state->ending.signal) {
		state->ending.signal = signal;
		state->ending.signalled = false;
	}
}

static void sweep(struct hold_state *state, struct ending_work *work, const struct tree *tree, int64_t now)
{
	struct tree all = *tree;
	int denied = 0, n;

	for (int i = 0; i < QUICK_PASSES && tree_kill_children() > 0; i++)
		;
	n = tree_signal(&all, SIGKILL, &denied);
	if (denied && n == denied && now > state->ending.kill_at_ns + GIVE_UP_NS / 2)
		work->given_up = true;
	work->sweep_gap_ns = work->sweep_gap_ns ? work->sweep_gap_ns * 2 : SWEEP_FIRST_NS;
	if (work->sweep_gap_ns > SWEEP_MAX_NS)
		work->sweep_gap_ns = SWEEP_MAX_NS;
	work->sweep_at_ns = now + work->sweep_gap_ns;
	if (now > state->ending.kill_at_ns + GIVE_UP_NS)
		work->given_up = true;
}

bool ending_step(struct hold_state *state, struct ending_work *work, const struct tree *tree)
{
	int64_t now = os_mono_ns();

	if (state->ending.cause == REASON_NONE || work->given_up)
		return false;
	if (now >= state->ending.kill_at_ns) {
		sweep(state, work, tree, now);
		return work->given_up;
	}
	if (!state->ending.signalled) {
		tree_signal(tree, state->ending.signal, NULL);
		/* a stopped process gets its signal only when it goes on */
		tree_signal(tree, SIGCONT, NULL);
		state->ending.signalled = true;
	}
	return false;
}

int64_t ending_deadline(const struct hold_state *state, const struct ending_work *work)
{
	if (state->ending.cause == REASON_NONE || work->given_up)
		return -1;
	if (!state->ending.signalled)
		return 0;
	return work->sweep_at_ns > state->ending.kill_at_ns ? work->sweep_at_ns : state->ending.kill_at_ns;
}
