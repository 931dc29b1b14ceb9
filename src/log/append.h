/* append: the growing end of a log: bytes go from a pipe into the file by splice(2), at an explicit offset.
 * The caller owns the struct, the pipe and the index writer; append owns only the log's fd number given to it.
 * Nothing here allocates, blocks on the pipe, or ever moves an offset: what cannot be stored leaves a hole. */
#ifndef HOB_LOG_APPEND_H
#define HOB_LOG_APPEND_H

#include "log/index.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define APPEND_HEAD (1024u * 1024u) /* bytes at the front that are always kept */
#define APPEND_STEP (1024u * 1024u) /* the window moves in such steps */

struct append {
	int fd;
	uint64_t end; /* cursor of the next byte */
	uint64_t max; /* bytes at the end that are kept */
	struct index_writer *index;
	bool copying;	  /* splice is not to be had here */
	bool no_punch;	  /* holes are not to be had here */
	int64_t retry_ns; /* the disk was full: no other try before */
};

/* Continues the log behind FD where the file, or a loss recorded in INDEX, ends. */
int append_open(struct append *a, int fd, uint64_t max, struct index_writer *index);

/* Moves what the pipe holds, up to LEN bytes. Returns the count, 0 at the pipe's end, -EAGAIN when it is empty,
 * -ENOSPC when the disk (or the file size limit) takes no more, or fails, and the caller should let the bytes go. */
ssize_t append_move(struct append *a, int pipe_fd, size_t len);

/* Adds N bytes that are in memory already; -ENOSPC as above. */
int append_write(struct append *a, const void *bytes, size_t n);

/* Counts N bytes as lost at the end: offsets go on behind them. */
void append_lose(struct append *a, uint64_t n);

/* Frees what lies between the first MiB and the last MAX bytes, as far as SAFE (everything before it was read). */
void append_window(struct append *a, uint64_t safe);

#endif
