/* omitted: what a page or a screen of a log does not show, for programs.
 * The array handed out is a new reference that the caller owns. */
#ifndef HOB_CMD_OMITTED_H
#define HOB_CMD_OMITTED_H

#include "base/json.h"
#include "log/view.h"

/* The N omissions as an array of {reason, since, until, lines, count}. */
json_t *omitted_json(const struct view_omission *omissions, size_t n);

#endif
