/* prompt: the line that a task's output ends with, as a person at a terminal would see it.
 * Reads the log's last few KiB into the caller's struct; no allocation. */
#ifndef HOB_KEEP_PROMPT_H
#define HOB_KEEP_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROMPT_MAX 512

struct prompt {
	char text[PROMPT_MAX]; /* the last line that is not blank, UTF-8, its beginning and end trimmed; "" without one
				*/
	size_t len;
	bool open;	/* it has no newline yet: the terminal's cursor stands behind it */
	bool status;	/* it is the bottom line of a pager: all in reverse video, ":" or "(END)" */
	uint64_t end;	/* the cursor of the log's end */
	int64_t age_ms; /* how long ago the log was written last */
};

/* Reads how the log LOG_FD ends, at NOW_MS (UTC). An empty or unreadable log has an empty prompt. */
void prompt_read(int log_fd, int64_t now_ms, struct prompt *ret);

/* Whether what runs on the terminal draws the screen, as editors and menus do: the alternate screen is on, or the
 * cursor hidden. The last megabyte is asked. */
bool prompt_draws(int log_fd);

#endif
