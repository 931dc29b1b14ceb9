#include "log/keypad.h"

#include "log/read.h"

#include <string.h>

#define SEQUENCE_MAX 64 /* of a sequence of any use; what lies across two blocks is seen with the earlier one */

/* What the sequence at the ESC in BYTES says: "CSI ? … 1 … h" or "l", or a reset. */
static int judge(const char *bytes, size_t len)
{
	bool ours = false;
	size_t i, from;

	if (len >= 2 && bytes[1] == 'c')
		return 0;
	if (len >= 4 && memcmp(bytes + 1, "[!p", 3) == 0)
		return 0;
	if (len < 5 || memcmp(bytes + 1, "[?", 2) != 0)
		return -1;
	for (i = from = 3; i < len && i < SEQUENCE_MAX; i++) {
		if (bytes[i] >= '0' && bytes[i] <= '9')
			continue;
		ours = ours || (i == from + 1 && bytes[from] == '1');
		if (bytes[i] != ';')
			break;
		from = i + 1;
	}
	if (!ours || i >= len)
		return -1;
	return bytes[i] == 'h' ? 1 : bytes[i] == 'l' ? 0 : -1;
}

/* The last word among the sequences that begin in the first WITHIN bytes. */
static int last_within(const char *bytes, size_t len, size_t within)
{
	const char *esc;
	int word;

	while ((esc = memrchr(bytes, '\x1b', within))) {
		within = (size_t)(esc - bytes);
		word = judge(esc, len - within);
		if (word >= 0)
			return word;
	}
	return -1;
}

int keypad_last(const char *bytes, size_t len)
{
	return last_within(bytes, len, len);
}

/* The last word in the block [FROM, TO) of the log, sequences that go on a little beyond it included. */
static int look(struct reader *r, uint64_t from, uint64_t to, uint64_t end, int *ret_word, struct err *err)
{
	char bytes[READER_BLOCK / 4 + SEQUENCE_MAX];
	uint64_t stop = end - to > SEQUENCE_MAX ? to + SEQUENCE_MAX : end;
	size_t len = 0, within = (size_t)(to - from);

	for (uint64_t at = from; at < stop;) {
		struct reader_piece piece;
		int rc = reader_next(r, at, stop, &piece, err);

		if (rc < 0)
			return rc;
		if (piece.to <= at)
			break;
		if (piece.kind == READER_DATA)
			memcpy(bytes + len, piece.bytes, (size_t)(piece.to - at));
		else
			memset(bytes + len, 0, (size_t)(piece.to - at));
		len += (size_t)(piece.to - at);
		at = piece.to;
	}
	*ret_word = last_within(bytes, len, within < len ? within : len);
	return 0;
}

int keypad_read(int dirfd, uint64_t at, bool *ret_application, struct err *err)
{
	struct reader *r;
	uint64_t end, to, low;
	int word = -1, rc = reader_open(dirfd, &r, err);

	if (rc < 0)
		return rc;
	end = reader_end(r) < at ? reader_end(r) : at;
	low = end > KEYPAD_BACK ? end - KEYPAD_BACK : 0;
	for (to = end; rc == 0 && word < 0 && to > low;) {
		uint64_t from = to - low > READER_BLOCK / 4 ? to - READER_BLOCK / 4 : low;

		rc = look(r, from, to, end, &word, err);
		to = from;
	}
	reader_close(r);
	if (rc < 0)
		return rc;
	*ret_application = word == 1;
	return 0;
}
