/* direct: ending a tree without its keeper, for `hob kill` when none answers and for what a lost task left behind.
 * Waits, so it is for commands only; keepers have `ending`. */
#ifndef HOB_KEEP_DIRECT_H
#define HOB_KEEP_DIRECT_H

#include "keep/tree.h"

/* Sends SIG to TREE, after GRACE_MS SIGKILL, and waits until nobody is left, at most 2 s longer. Returns how many
 * are; *RET_LEFT is their list, valid until the next tree_ call. */
int direct_end(const struct tree *tree, int sig, int64_t grace_ms, const struct os_stat **ret_left);

#endif
