/* index: when the bytes of a log came, how many lines lie before them, and which bytes are missing.
 * The writer lives in memory of the caller's, allocates nothing, owns one fd and may be killed between any two
 * system calls; the reader owns what it loaded. Nothing here ever delays or fails the log itself.
 *
 * File `index` of a task's folder, little-endian, at most INDEX_MAX bytes:
 *   header   0 "hobindex"  8 u16 version  10 u16 header size  12 u16 record size  14 u16 resolution exponent
 *           16 u64 freed from  24 u64 freed to  32 u64 bytes lost in all
 *           40 u64 open loss from  48 u64 open loss to  56 i64 its time   (overwritten in place)
 *   records  0 u8 type  1 u8 flags (0)  2 u16 a  4 u32 b  8 u64 end  16 i64 UTC ms  24 u64 lines
 *   types    1 mark: the newlines before END   2 loss: LINES bytes before END were never stored
 *            3 terminal size: from END on, A columns and B rows
 * A loss stays open in the header, which needs no room on a full disk, until the log goes on after it.
 * When the file is full, each type that takes more than a quarter of it is halved: of two neighbouring marks or sizes
 * the later stays, and for marks the exponent rises by one; of losses the closest neighbours become one, two by two,
 * which then counts the bytes between them as lost too. */
#ifndef HOB_LOG_INDEX_H
#define HOB_LOG_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct err;

#define INDEX_FILE  "index"
#define INDEX_TEMP  "index.new" /* only while a full file is being halved */
#define INDEX_MAX   (1024u * 1024u)
#define INDEX_BYTES 4096u /* a mark is due after so many bytes << exponent … */
#define INDEX_MS    50	  /* … or after so many ms << exponent */

struct index_mark {
	uint64_t end;	 /* cursor: what lies before it had come at TIME_MS */
	int64_t time_ms; /* UTC, milliseconds since 1970 */
	uint64_t lines;	 /* newlines before END */
};

struct index_loss {
	uint64_t from; /* cursors */
	uint64_t to;
	int64_t time_ms;
};

struct index_term {
	uint64_t at; /* cursor from which the size holds */
	int64_t time_ms;
	unsigned cols;
	unsigned rows;
};

/* ---- writing: the keeper ---- */

/* The caller provides the memory and reads only what is commented. fd -1: every call below does nothing and returns 0,
 * but index_freed, which returns -EBADF. */
struct index_writer {
	int dirfd; /* borrowed; must stay open */
	int fd;
	struct index_mark last;	   /* newest mark in the file; all 0 when there is none */
	struct index_mark pending; /* newest mark that was not due; end 0 when there is none */
	struct index_loss loss;	   /* open loss; the log goes on at max(size of the log, loss.to) */
	uint64_t lost;		   /* bytes lost in all */
	uint64_t freed_from, freed_to;
	uint64_t size;	  /* of the file, in whole records */
	unsigned res;	  /* resolution exponent */
	int headed;	  /* the header is in the file */
	int64_t retry_ms; /* no other try to halve the file before */
};

/* Opens the index in DIRFD for writing, or makes it (0600). A torn tail and a temporary file left by a kill are
 * repaired; what is no index is begun anew. A full disk is no error. On failure W is usable and does nothing;
 * -ENOTSUP: written by a newer hob, untouched. */
int index_open_write(int dirfd, struct index_writer *w, struct err *err);

/* Tells that the log reached END at TIME_MS with LINES newlines before it. Call it after every move: it decides
 * itself whether a record is due. A full disk drops the mark and is no error. */
int index_mark(struct index_writer *w, uint64_t end, int64_t time_ms, uint64_t lines);

/* Records that [FROM, TO) could not be stored. Call it before the log goes on at TO. Never forgotten: what the disk
 * cannot take waits in W and in the header; two losses become one when the first cannot be written away. */
int index_loss(struct index_writer *w, uint64_t from, uint64_t to, int64_t time_ms);

/* Records the terminal's size from cursor AT on. A full disk drops it. */
int index_size(struct index_writer *w, uint64_t at, int64_t time_ms, unsigned cols, unsigned rows);

/* Says that [FROM, TO) is freed. Call it before the hole is punched, so that no reader takes the hole for data, and
 * punch only when it returned 0. */
int index_freed(struct index_writer *w, uint64_t from, uint64_t to);

/* Writes the mark that was not due (at the command's end, or when it falls silent). */
int index_flush(struct index_writer *w);

/* Flushes and closes; W is then a writer that does nothing. */
void index_close(struct index_writer *w);

/* ---- reading ---- */

struct index {
	struct index_mark *marks; /* by ascending end */
	size_t nmarks;
	struct index_loss *losses; /* ascending, neither touching nor overlapping */
	size_t nlosses;
	struct index_term *terms; /* ascending */
	size_t nterms;
	uint64_t freed_from, freed_to; /* empty when equal */
	uint64_t lost;
	unsigned res;
};

/* Loads the index in DIRFD. A missing, empty or torn one is no error: what is whole is loaded. -ENOTSUP: a newer
 * hob wrote it; -EBADMSG: no index at all. IX is to be given to index_done either way. */
int index_load(int dirfd, struct index *ix, struct err *err);

/* Reads only freed_from, freed_to and lost as they are now into IX, and leaves the rest (cheap: done for each block
 * that is read from the log). A missing or empty index changes nothing. Returns 0 or a negative errno. */
int index_refresh(int dirfd, struct index *ix);

/* The first mark with end >= OFFSET, or NULL. */
const struct index_mark *index_mark_at(const struct index *ix, uint64_t offset);

/* When the bytes before OFFSET had come: the time of that mark. -ENOENT: there is none. */
int index_time_at(const struct index *ix, uint64_t offset, int64_t *ret_ms);

/* The newlines before the last mark with end <= OFFSET; RET_AT gets that mark's end (both 0 when there is none). */
uint64_t index_lines_at(const struct index *ix, uint64_t offset, uint64_t *ret_at);

/* The first loss that ends after OFFSET, or NULL. */
const struct index_loss *index_loss_at(const struct index *ix, uint64_t offset);

/* Frees what was loaded; IX is empty then. */
void index_done(struct index *ix);

#endif
