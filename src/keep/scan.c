#include "keep/scan.h"

#include <string.h>

void scan_init(struct scan *scan, const char *prefixes, int nprefixes, struct hold_mark mark)
{
	scan->prefixes = prefixes;
	scan->nprefixes = nprefixes;
	scan->at = scan->line_start = mark.at;
	scan->lines = mark.lines;
	scan->inside = mark.inside;
	scan->cut = false;
	scan->force = false;
	scan->dropped = 0;
	scan->held = 0;
}

struct hold_mark scan_mark(const struct scan *scan)
{
	if (scan->inside)
		return (struct hold_mark){.at = scan->at, .lines = scan->lines, .inside = true};
	return (struct hold_mark){.at = scan->line_start, .lines = scan->lines};
}

/* The length of the prefix that the held line begins with; 0: none. *MAYBE: it could still become one. */
static size_t match_prefix(const struct scan *scan, bool *maybe)
{
	const char *prefix = scan->prefixes;

	*maybe = false;
	for (int i = 0; i < scan->nprefixes; i++) {
		size_t len = strlen(prefix);

		if (scan->held >= len && memcmp(scan->line, prefix, len) == 0)
			return len;
		if (scan->held < len && memcmp(scan->line, prefix, scan->held) == 0)
			*maybe = true;
		prefix += len + 1;
	}
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

/* The held line is whole. A marker with a message becomes a note that ends at NEXT; false: no room for it. */
static bool tell(struct scan *scan, uint64_t next, struct notes *notes)
{
	struct note note = {
	    .type = EVENT_NOTIFY, .cursor = scan->line_start, .next = next, .lines = scan->lines, .cut = scan->cut};
	size_t end = scan->held, from;
	bool maybe;

	from = match_prefix(scan, &maybe);
	if (!from)
		return true;
	while (end > from && is_blank(scan->line[end - 1]))
		end--;
	while (from < end && is_blank(scan->line[from]))
		from++;
	if (from == end)
		return true;
	note.len = (uint16_t)(end - from);
	if (notes_add(notes, note, scan->line + from))
		return true;
	if (scan->force)
		scan->dropped++;
	return scan->force;
}

/* Takes LEN bytes of the current line, which do not hold its newline. */
static void hold_front(struct scan *scan, const char *bytes, size_t len)
{
	size_t room = SCAN_LINE_MAX - scan->held;
	size_t n = len < room ? len : room;
	bool maybe;

	memcpy(scan->line + scan->held, bytes, n);
	scan->held += n;
	if (n < len)
		scan->cut = true;
	if (!match_prefix(scan, &maybe) && !maybe) {
		scan->inside = true;
		scan->held = 0;
	}
}

static void begin_line(struct scan *scan, uint64_t at)
{
	scan->lines++;
	scan->line_start = at;
	scan->inside = false;
	scan->cut = false;
	scan->held = 0;
}

/* Most lines of most programs fail at their first byte: so they never touch the line buffer. */
static bool may_begin(const struct scan *scan, char first)
{
	const char *prefix = scan->prefixes;

	for (int i = 0; i < scan->nprefixes; i++) {
		if (*prefix == first)
			return true;
		prefix += strlen(prefix) + 1;
	}
	return false;
}

size_t scan_feed(struct scan *scan, const char *bytes, size_t len, struct notes *notes)
{
	size_t at = 0;

	while (at < len) {
		const char *newline = memchr(bytes + at, '\n', len - at);
		size_t n = newline ? (size_t)(newline - (bytes + at)) : len - at;

		if (!scan->inside && n) {
			if (scan->held == 0 && !may_begin(scan, bytes[at]))
				scan->inside = true;
			else
				hold_front(scan, bytes + at, n);
		}
		at += n;
		scan->at += n;
		if (!newline)
			break;
		if (!scan->inside && !tell(scan, scan->at + 1, notes))
			return at;
		at++;
		scan->at++;
		begin_line(scan, scan->at);
	}
	return at;
}

bool scan_finish(struct scan *scan, struct notes *notes)
{
	if (!scan->inside && scan->held && !tell(scan, scan->at, notes))
		return false;
	if (scan->at > scan->line_start)
		scan->inside = true;
	scan->held = 0;
	return true;
}

void scan_skip(struct scan *scan, uint64_t n)
{
	scan->at += n;
	scan->inside = true;
	scan->held = 0;
}
