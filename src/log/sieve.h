/* sieve: the bytes a terminal was sent, without those that cannot change how it looks in the end: lines that scroll
 * off without a trace, and whatever no terminal shows. A stream: how the bytes are cut into feeds changes nothing.
 * The sieve owns what it holds back, some thousand lines at most; it knows no terminal and never reads a file. What it
 * hands on holds whole escape sequences only, so that its reader is never left inside of one. */
#ifndef HOB_LOG_SIEVE_H
#define HOB_LOG_SIEVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sieve;

/* Gets the bytes that matter, in order. */
typedef void sieve_emit(void *arg, const char *bytes, size_t len);

/* A new sieve for a terminal of ROWS rows; the caller frees it. */
struct sieve *sieve_new(unsigned rows, sieve_emit *emit, void *arg);

/* Takes the next LEN bytes. */
void sieve_feed(struct sieve *s, const void *bytes, size_t len);

/* Hands on all that is held back but a sequence or character whose end is not there yet. */
void sieve_flush(struct sieve *s);

/* Forgets an unfinished sequence or character, because the bytes that follow it are missing; flushes before. */
void sieve_break(struct sieve *s);

/* Whether lines may scroll within a part of the screen only. */
bool sieve_margins(const struct sieve *s);

/* The terminal has ROWS rows from here on, and scrolls as a whole; flushes before. */
void sieve_resize(struct sieve *s, unsigned rows);

/* How many of the bytes fed last begin a sequence or character whose end is not there yet. */
uint64_t sieve_open(const struct sieve *s);

/* Frees S, which may be NULL. */
void sieve_free(struct sieve *s);

#endif
