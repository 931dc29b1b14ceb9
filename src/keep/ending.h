/* ending: how a tree is brought to its end: first a signal, after the grace SIGKILL, swept until nobody is left.
 * What was decided lies in the shared page, so that a new keeper goes on with it; the rest is the keeper's. */
#ifndef HOB_KEEP_ENDING_H
#define HOB_KEEP_ENDING_H

#include "keep/hold.h"
#include "keep/tree.h"

struct ending_work {
	int64_t sweep_at_ns; /* when to sweep again */
	int64_t sweep_gap_ns;
	bool given_up; /* some may not be signalled */
};

/* Somebody wants the tree ended. Of two wishes the first gives the cause, the stricter one the time. */
void ending_begin(struct hold_state *state, enum task_reason cause, int signal, int64_t grace_ms);

/* Sends what is due to TREE. Returns true once it gave up because processes stay that may not be signalled (2 s
 * after the grace). To be called when a process ended and when the deadline comes. */
bool ending_step(struct hold_state *state, struct ending_work *work, const struct tree *tree);

/* When ending_step wants to be called: monotonic ns, -1 never. */
int64_t ending_deadline(const struct hold_state *state, const struct ending_work *work);

#endif
