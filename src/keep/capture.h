/* capture: from the pipe into the log, and from the log into notes.
 * A terminal cannot be spliced into a file: its bytes go through a second pipe, which all keepers hold, so that a kill
 * between the two steps leaves them there.
 * The struct is the keeper's and lies in static memory; it borrows the hold's descriptors and owns the index writer.
 * It never waits, never allocates, and never lets the command wait for anything but the disk's own speed. */
#ifndef HOB_KEEP_CAPTURE_H
#define HOB_KEEP_CAPTURE_H

#include "keep/hold.h"
#include "keep/notes.h"
#include "keep/rules.h"
#include "keep/scan.h"
#include "log/append.h"
#include "log/index.h"

struct capture {
	struct hold *hold;
	struct append log;
	struct index_writer index;
	struct scan scan;
	struct rules *rules; /* NULL: the task has none */
	struct notes notes;
	uint64_t lost_from, lost_to; /* a loss that no note tells yet, */
	const char *lost_why;	     /* and why it was */
	uint64_t limit;		     /* nothing behind is scanned before the command's end is told (0: no limit) */
	int64_t quiet_until_ns;	     /* small writes are left to gather until then */
	int64_t moved_ns;
	int full_moves; /* how often running the pipe was found full */
	bool enlarged;
	uint64_t in_mid; /* bytes in the pipe between terminal and log */
	int edge_fd;	 /* tells that somebody opened the terminal again; -1: somebody has it open */
	bool copying;	 /* the terminal cannot be spliced here */
	bool behind;	 /* bytes in the log wait to be scanned, and could be */
};

/* Opens the log's end and its index, compiles the task's rules (which takes memory, if it has any), and begins to scan
 * where the shared mark says. */
int capture_open(struct capture *c, struct hold *hold);

/* What to poll for output: -1 once the pipe has ended. */
int capture_poll(const struct capture *c);

/* Moves what the pipe holds, once (up to 256 KiB). Closes the pipe at its end. True when something was moved; may be
 * called as well while the pipe is empty or closed and capture_pending(). */
bool capture_move(struct capture *c);

/* Where what a reader of the log can still get ends: a loss at its end has nothing to wait for. */
uint64_t capture_readable(const struct capture *c);

/* True while bytes that left the terminal wait to be moved on. */
bool capture_pending(const struct capture *c);

/* Moves what is in the pipe now, so that everything written before is in the log: exactly that, and of a terminal at
 * most what it can hold. */
void capture_drain(struct capture *c);

/* The terminal has another size from here on: told to it and to the index. */
int capture_resize(struct capture *c, int cols, int rows);

/* Scans what is new, publishes the mark, slides the window. Where what was found cannot be told as fast as output
 * comes, the scan waits; once it is 16 MiB behind, or holds up the record of the command's end, lines that match a rule
 * go by until it has caught up, and a note says so. */
void capture_scan(struct capture *c);

/* Adds an event that no line raises, TYPE, with LEN bytes of MESSAGE; its cursor is the log's end. False: no room. */
bool capture_note(struct capture *c, enum event_type type, const char *message, size_t len);

/* Everything before the limit was scanned and told, an unfinished marker line and a loss included. False when notes
 * must be stored first. */
bool capture_finish(struct capture *c);

/* The first COUNT notes, or those whose marks are before CURSOR, are in the registry. */
void capture_stored(struct capture *c, size_t count);
void capture_stored_before(struct capture *c, uint64_t cursor);

/* Closes and frees what it owns. */
void capture_close(struct capture *c);

#endif
