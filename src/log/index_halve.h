/* index_halve: makes a full index half as long, as index.h says which records go.
 * Streams from the old file into a temporary one beside it and renames that: a kill leaves one of the two whole.
 * Allocates nothing, uses about 9 KiB of stack; only index_write.c includes this. */
#ifndef HOB_LOG_INDEX_HALVE_H
#define HOB_LOG_INDEX_HALVE_H

#include "log/index.h"
#include "log/index_format.h"

#define INDEX_CHUNK 4096 /* read and written at once: whole records */

/* What W's header says now. */
struct index_header index_writer_header(const struct index_writer *w);

/* On success W writes to the new file, at one exponent more if marks went. On failure W is as before. */
int index_halve(struct index_writer *w);

#endif
