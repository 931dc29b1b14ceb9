/* notes: events that the keeper found and the registry does not have yet, in the order of their keys.
 * A bounded queue without allocation; its owner is the keeper, its copy in a forked scribe is read-only. */
#ifndef HOB_KEEP_NOTES_H
#define HOB_KEEP_NOTES_H

#include "keep/hold.h"
#include "task/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOTES_BYTES (64 * 1024)

struct note {
	enum event_type type;
	uint16_t len;	       /* bytes of the raw message that follow in the queue */
	bool cut;	       /* the line was longer */
	uint64_t cursor;       /* the event's: where its line begins, or what else it is about */
	uint64_t next;	       /* how far the registry knows the output once it is stored */
	uint64_t key;	       /* it is known there, or was let go, when the registry knows more than that */
	struct hold_mark mark; /* from where a scan would find it again */
};

struct notes {
	size_t used, count;
	_Alignas(struct note) char bytes[NOTES_BYTES];
};

/* True when a note with LEN bytes of message has room. */
bool notes_room(const struct notes *notes, size_t len);

/* Adds NOTE and its MESSAGE; false when there is no room. */
bool notes_add(struct notes *notes, struct note note, const char *message);

/* The first note (NULL: none), the one after NOTE (NULL: none), and the message of one. */
const struct note *notes_first(const struct notes *notes);
const struct note *notes_after(const struct notes *notes, const struct note *note);
const char *notes_message(const struct note *note);

/* Forgets the first COUNT notes; or those whose keys are before CURSOR. */
void notes_drop(struct notes *notes, size_t count);
void notes_drop_before(struct notes *notes, uint64_t cursor);

#endif
