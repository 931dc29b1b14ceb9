/* size: how long a log is, in bytes and lines, and how much of it was lost.
 * Opens and closes what it reads; a missing log is empty. */
#ifndef HOB_LOG_SIZE_H
#define HOB_LOG_SIZE_H

#include <stdint.h>

struct size {
	uint64_t bytes; /* the cursor of its end */
	uint64_t lines; /* newlines */
	uint64_t lost;	/* bytes that were never stored */
};

/* Measures the log in folder DIRFD; 0 or a negative errno. Reads only what the last mark of the index leaves open. */
int size_of_log(int dirfd, struct size *ret);

#endif
