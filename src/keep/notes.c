#include "keep/notes.h"

#include <string.h>

static size_t size_of(size_t len)
{
	size_t align = _Alignof(struct note);

	return (sizeof(struct note) + len + align - 1) / align * align;
}

bool notes_room(const struct notes *notes, size_t len)
{
	return notes->used + size_of(len) <= NOTES_BYTES;
}

bool notes_add(struct notes *notes, struct note note, const char *message)
{
	char *at = notes->bytes + notes->used;

	if (!notes_room(notes, note.len))
		return false;
	memcpy(at, &note, sizeof note);
	if (note.len)
		memcpy(at + sizeof note, message, note.len);
	notes->used += size_of(note.len);
	notes->count++;
	return true;
}

const struct note *notes_first(const struct notes *notes)
{
	return notes->count ? (const void *)notes->bytes : NULL;
}

const struct note *notes_after(const struct notes *notes, const struct note *note)
{
	const char *at = (const char *)note + size_of(note->len);

	return at < notes->bytes + notes->used ? (const void *)at : NULL;
}

const char *notes_message(const struct note *note)
{
	return (const char *)note + sizeof *note;
}

void notes_drop(struct notes *notes, size_t count)
{
	size_t at = 0, left = count < notes->count ? count : notes->count;

	notes->count -= left;
	while (left--)
		at += size_of(((const struct note *)(const void *)(notes->bytes + at))->len);
	notes->used -= at;
	memmove(notes->bytes, notes->bytes + at, notes->used);
}

void notes_drop_before(struct notes *notes, uint64_t cursor)
{
	size_t count = 0;

	for (const struct note *n = notes_first(notes); n && n->key < cursor; n = notes_after(notes, n))
		count++;
	notes_drop(notes, count);
}
