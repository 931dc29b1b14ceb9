/* logs_json: what `hob logs --json` answers: a page of a log, or what a search of it found, as one object.
 * Prints to stdout; owns nothing beyond a call. */
#ifndef HOB_CMD_LOGS_JSON_H
#define HOB_CMD_LOGS_JSON_H

#include "base/json.h"
#include "base/str.h"
#include "log/search.h"
#include "task/task.h"

/* Prints the page TEXT of TASK. */
void logs_json_page(const struct task *task, const struct str *text, const struct view_result *res);

/* For a search: formats a line as an object (search_format), and adds it to the array given as ARG (view_emit);
 * sentences are told by the result's list instead. */
void logs_json_format(void *arg, const struct search_line *line, struct str *out);
int logs_json_take(void *arg, const char *text, size_t len);

/* Prints what was FOUND in the log of TASK; FOUND is released. */
void logs_json_search(const struct task *task, json_t *found, const struct search_result *res);

#endif
