/* read: a log as a sequence of pieces: bytes that are there, and ranges that are not, with the reason.
 * A reader owns its fd, the index and one block; a piece is valid until the next call. The log may grow, be punched
 * or be truncated meanwhile: a hole is never taken for bytes, and no call waits. */
#ifndef HOB_LOG_READ_H
#define HOB_LOG_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct reader;
struct str;

#define READER_BLOCK (64u * 1024u)

enum reader_kind {
	READER_DATA,
	READER_FREED, /* let go by the window */
	READER_LOST,  /* never stored, the disk was full */
};

struct reader_piece {
	enum reader_kind kind;
	uint64_t from; /* cursors; empty at the end of a log that was truncated meanwhile */
	uint64_t to;
	const unsigned char *bytes; /* of data */
};

/* Opens the log in DIRFD, which must stay open as long as the reader. A log that is not there is empty. */
int reader_open(int dirfd, struct reader **ret, struct err *err);

void reader_close(struct reader *r);

/* Looks how far the log is now, and what is missing. */
int reader_refresh(struct reader *r, struct err *err);

/* The cursor behind the last byte, lost ones included, when the log was opened or refreshed. */
uint64_t reader_end(const struct reader *r);

/* Where [SINCE, UNTIL) ends in this log; UNTIL 0, or one past the end, means the end. -ERANGE with a sentence that
 * names the end when there is no such range. */
int reader_range(const struct reader *r, uint64_t since, uint64_t until, uint64_t *ret, struct err *err);

/* The piece at FROM, not beyond TO (FROM < TO <= end) nor a block. */
int reader_next(struct reader *r, uint64_t from, uint64_t to, struct reader_piece *ret, struct err *err);

/* The missing range that holds FROM or is the next behind it, if one begins before TO: as a piece cut to [FROM, TO).
 * Returns whether there is one. */
bool reader_missing(const struct reader *r, uint64_t from, uint64_t to, struct reader_piece *ret);

/* Where the last N lines of [FROM, TO) begin; looks at no more than MAX_BACK bytes, and then says where it stopped. */
int reader_tail(struct reader *r, uint64_t from, uint64_t to, uint64_t n, uint64_t max_back, uint64_t *ret,
		struct err *err);

/* Where the first N lines of [FROM, TO) end; looks at no more than MAX_AHEAD bytes. */
int reader_head(struct reader *r, uint64_t from, uint64_t to, uint64_t n, uint64_t max_ahead, uint64_t *ret,
		struct err *err);

/* The newlines in [FROM, TO), from the index where that spares reading. False when that cannot be told. */
bool reader_lines(struct reader *r, uint64_t from, uint64_t to, uint64_t *ret);

/* The newlines before AT, freed and lost ones included. False when that cannot be told. */
bool reader_lines_before(struct reader *r, uint64_t at, uint64_t *ret);

/* Where to begin so that FROM is understood: behind a newline, which ends every escape, or as far back as one may
 * reach. Never before a gap. */
int reader_lead(struct reader *r, uint64_t from, uint64_t *ret, struct err *err);

/* When the bytes before OFFSET had come, UTC in milliseconds. False when that cannot be told. */
bool reader_time_at(const struct reader *r, uint64_t offset, int64_t *ret_ms);

/* Adds that time to OUT as "HH:MM:SS.mmm ", local or UTC, with dashes for what cannot be told. */
void reader_add_time(const struct reader *r, uint64_t offset, bool utc, struct str *out);

#endif
