/* clean: a task's bytes become lines that a reader can use: valid UTF-8, no escapes, progress bars of one row or many
 * at their last state, repeated lines folded, long lines cut. A stream: how the bytes are cut into feeds changes
 * nothing. A line comes when the terminal's cursor cannot go back to it (ROWS_MAX rows later), or at clean_flush.
 * The cleaner owns its few buffers (a line of any length costs line_max characters); it never reads a file, never
 * prints, and never changes what a cursor means: every line says which bytes of the log it stands for. */
#ifndef HOB_LOG_CLEAN_H
#define HOB_LOG_CLEAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str;

#define CLEAN_LINE_MAX 2000 /* characters of a line that are kept */

enum clean_kind {
	CLEAN_LINE,    /* text */
	CLEAN_FREED,   /* bytes the window let go: no text, from and to say which */
	CLEAN_LOST,    /* bytes a full disk did not take: likewise */
	CLEAN_SKIPPED, /* bytes the caller chose not to feed, up to the beginning of a line: likewise */
};

struct clean_line {
	enum clean_kind kind;
	const char *text; /* no newline, no control character but tab; NUL at the end; valid during the call only */
	size_t len;
	uint64_t
	    from;    /* cursors of the raw bytes, newline included; of all repeats when folded. FROM never goes back */
	uint64_t to; /* (but see clean_flush); TO is behind what changed the line last, so rows redrawn overlap */
	uint64_t times;	   /* 1, or how many identical lines this stands for */
	uint64_t cut;	   /* characters left out after the text, 0 as a rule */
	uint64_t cut_from; /* cursors that show them */
	uint64_t cut_to;
	uint64_t
	    redraws; /* how often it was begun again and overwritten; the last of rows drawn together tells for all */
	uint64_t drawn_from; /* cursors of all that these redraws wrote; without redraws 0 */
	uint64_t drawn_to;
	bool complete; /* ended by a newline, or by a move of the terminal's cursor to another line */
	bool rest;     /* the line began before opts.from or in a gap; this is only its rest */
};

/* Gets each line in order. Anything but 0 stops the cleaner; the call that emitted returns that value, and so does
 * every later one. */
typedef int clean_emit(void *arg, const struct clean_line *line);

struct clean_opts {
	bool fold;   /* fold identical neighbours */
	bool single; /* one row only: a line comes as soon as the terminal's cursor leaves it, and never again; nothing
		      * is allocated any more once a line of full length was cleaned */
	size_t line_max; /* characters; 0 means CLEAN_LINE_MAX */
	uint64_t start;	 /* cursor of the first byte that will be fed */
	uint64_t from;	 /* cursor of the first byte wanted. What is fed before it only tells whether FROM lies inside
			  * a character, an escape or a line; a character belongs where its last byte is. */
};

/* A new cleaner; the caller frees it. OPTS is copied. */
struct clean *clean_new(const struct clean_opts *opts, clean_emit *emit, void *arg);

/* Cleans the next LEN bytes. Returns 0, or what EMIT returned. */
int clean_feed(struct clean *c, const void *bytes, size_t len);

/* Says that [FROM, TO) is missing (KIND says why). The line before it ends there, incomplete; the
 * next byte fed is the one at TO. */
int clean_gap(struct clean *c, uint64_t from, uint64_t to, enum clean_kind kind);

/* For followers: emits the complete lines so far, but for rows that the stream is just going back to. One that is
 * written over later comes again as a new line, which begins where that writing did; an identical one is not folded
 * with one that was emitted. */
int clean_flush(struct clean *c);

/* Whether clean_flush held complete lines back, and emits them as they are: for followers of a stream that pauses. */
bool clean_holds(struct clean *c);
int clean_settle(struct clean *c);

/* Adds to OUT what no line was made of yet, as it stands now, each row with a newline: the unfinished line, and rows
 * that clean_flush held back. It stays where it is. */
void clean_peek(struct clean *c, struct str *out);

/* Emits everything left, an unfinished line too. ENDED: no byte will ever follow, so half a character at the end is
 * bad (U+FFFD) instead of left to the next read. */
int clean_finish(struct clean *c, bool ended);

/* The cursor of the next byte to feed. */
uint64_t clean_cursor(const struct clean *c);

/* Frees C, which may be NULL, without emitting anything. */
void clean_free(struct clean *c);

/* Adds BYTES to OUT as one harmless line: valid UTF-8, escapes removed, newlines and tabs as spaces, every other
 * control character dropped, blanks at both ends trimmed; nothing is overwritten, folded or cut. For names and
 * messages. */
void clean_text(struct str *out, const void *bytes, size_t len);

#endif
