/* index_format: the bytes of the file `index`, as index.h describes them, to values and back.
 * Pure functions on the caller's memory; only index.c and index_write.c include this. */
#ifndef HOB_LOG_INDEX_FORMAT_H
#define HOB_LOG_INDEX_FORMAT_H

#include <stdint.h>

#define INDEX_VERSION 1
#define INDEX_HEADER  64
#define INDEX_RECORD  32
#define INDEX_RES_MAX 40 /* 4 KiB << 40: more than any log */

enum index_type {
	INDEX_MARK = 1,
	INDEX_LOSS = 2,
	INDEX_SIZE = 3,
};

struct index_header {
	uint16_t version;
	uint16_t header_size;
	uint16_t record_size;
	uint16_t res;
	uint64_t freed_from, freed_to;
	uint64_t lost;
	uint64_t loss_from, loss_to;
	int64_t loss_ms;
};

struct index_record {
	uint8_t type;
	uint16_t a;
	uint32_t b;
	uint64_t end;
	int64_t time_ms;
	uint64_t lines;
};

void index_header_encode(unsigned char out[INDEX_HEADER], const struct index_header *h);

/* Returns 0; -EBADMSG: not an index; -ENOTSUP: one of a newer hob. */
int index_header_decode(const unsigned char in[INDEX_HEADER], struct index_header *ret);

void index_record_encode(unsigned char out[INDEX_RECORD], const struct index_record *r);
void index_record_decode(const unsigned char in[INDEX_RECORD], struct index_record *ret);

#endif
