/* id: the short names of tasks.
 * Nothing here looks anything up; see registry_find for what a person may type. */
#ifndef HOB_TASK_ID_H
#define HOB_TASK_ID_H

#include "base/err.h"

#include <stdbool.h>

/* True for [A-Za-z0-9][A-Za-z0-9_-]{0,63}. */
bool id_valid(const char *id);

/* A new random id: 5 characters of a lower-case alphabet without look-alikes. */
int id_random(struct err *err, char ret_id[6]);

/* A new run token: 128 random bits as 32 hex digits. */
int id_token(struct err *err, char ret_token[33]);

#endif
