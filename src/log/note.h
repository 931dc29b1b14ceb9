/* note: the sentences that name what a reader is not shown. They are all made here, so that they read the same
 * everywhere. Text goes to the caller's struct str; nothing here knows files or budgets. */
#ifndef HOB_LOG_NOTE_H
#define HOB_LOG_NOTE_H

#include "log/view.h"

#include <stdint.h>

struct str;

#define NOTE_MAX 160 /* bytes of the longest sentence */

/* Adds the sentence for OM to OUT, in brackets, without a newline: "[… 1,234 lines (56,789 bytes) left out: …]". */
void note_add(struct str *out, const struct view_omission *om);

/* Adds " … ×57". */
void note_add_times(struct str *out, uint64_t times);

#endif
