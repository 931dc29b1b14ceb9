#include "log/index_format.h"

#include <errno.h>
#include <string.h>

static const char magic[8] = {'h', 'o', 'b', 'i', 'n', 'd', 'e', 'x'};

static void put(unsigned char *p, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (unsigned char)(v >> 8 * i);
}

static uint64_t get(const unsigned char *p, int bytes)
{
	uint64_t v = 0;

	for (int i = 0; i < bytes; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

void index_header_encode(unsigned char out[INDEX_HEADER], const struct index_header *h)
{
	memcpy(out, magic, sizeof magic);
	put(out + 8, INDEX_VERSION, 2);
	put(out + 10, INDEX_HEADER, 2);
	put(out + 12, INDEX_RECORD, 2);
	put(out + 14, h->res, 2);
	put(out + 16, h->freed_from, 8);
	put(out + 24, h->freed_to, 8);
	put(out + 32, h->lost, 8);
	put(out + 40, h->loss_from, 8);
	put(out + 48, h->loss_to, 8);
	put(out + 56, (uint64_t)h->loss_ms, 8);
}

int index_header_decode(const unsigned char in[INDEX_HEADER], struct index_header *ret)
{
	struct index_header h;

	if (memcmp(in, magic, sizeof magic) != 0)
		return -EBADMSG;
	h.version = (uint16_t)get(in + 8, 2);
	h.header_size = (uint16_t)get(in + 10, 2);
	h.record_size = (uint16_t)get(in + 12, 2);
	h.res = (uint16_t)get(in + 14, 2);
	h.freed_from = get(in + 16, 8);
	h.freed_to = get(in + 24, 8);
	h.lost = get(in + 32, 8);
	h.loss_from = get(in + 40, 8);
	h.loss_to = get(in + 48, 8);
	h.loss_ms = (int64_t)get(in + 56, 8);
	if (h.version > INDEX_VERSION)
		return -ENOTSUP;
	if (h.version == 0 || h.header_size != INDEX_HEADER || h.record_size != INDEX_RECORD || h.res > INDEX_RES_MAX)
		return -EBADMSG;
	/* Ranges that cannot be are taken for empty: a damaged index must not hide the log. */
	if (h.freed_from > h.freed_to || h.freed_to > INT64_MAX)
		h.freed_from = h.freed_to = 0;
	if (h.loss_from > h.loss_to || h.loss_to > INT64_MAX)
		h.loss_from = h.loss_to = 0;
	*ret = h;
	return 0;
}

void index_record_encode(unsigned char out[INDEX_RECORD], const struct index_record *r)
{
	out[0] = r->type;
	out[1] = 0;
	put(out + 2, r->a, 2);
	put(out + 4, r->b, 4);
	put(out + 8, r->end, 8);
	put(out + 16, (uint64_t)r->time_ms, 8);
	put(out + 24, r->lines, 8);
}

void index_record_decode(const unsigned char in[INDEX_RECORD], struct index_record *ret)
{
	ret->type = in[0];
	ret->a = (uint16_t)get(in + 2, 2);
	ret->b = (uint32_t)get(in + 4, 4);
	ret->end = get(in + 8, 8);
	ret->time_ms = (int64_t)get(in + 16, 8);
	ret->lines = get(in + 24, 8);
}
