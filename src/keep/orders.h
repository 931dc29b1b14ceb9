/* orders: what `hob run` hands to the guard it starts, as one block of words.
 * Reading points into the block, which must stay mapped; packing returns memory of the caller's. */
#ifndef HOB_KEEP_ORDERS_H
#define HOB_KEEP_ORDERS_H

#include "keep/hold.h"

/* Packs what the guard must know of TASK; *RET_LEN bytes that the caller frees. SOCKET_DIR may be NULL. */
char *orders_pack(const struct task *task, const char *home, const char *socket_dir, size_t *ret_len);

/* Fills the orders in HOLD from BLOCK; -EPROTO when it is not whole. */
int orders_read(struct hold *hold, const char *block, size_t len);

#endif
