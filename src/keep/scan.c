#include "keep/scan.h"

#include "keep/rules.h"
#include "log/plain.h"

#include <stdio.h>
#include <string.h>

#define LOOKS_MAX     64u /* bytes that might begin a marker and do not, before lines are looked at one by one */
#define LOOKS_A_CLOCK 16u /* how many lines are looked at between two looks at the clock; a power of two */

void scan_init(struct scan *scan, const char *prefixes, int nprefixes, struct rules *rules, struct hold_mark mark)
{
	scan->prefixes = prefixes;
	scan->nprefixes = nprefixes;
	scan->rules = rules;
	scan->spent = mark.spent;
	scan->failed = mark.failed;
	scan->at = scan->held_start = mark.at;
	scan->line_start = mark.at - mark.within;
	scan->lines = mark.lines;
	scan->inside = mark.inside;
	scan->cut = scan->force = scan->late = false;
	scan->crowded = mark.crowded && rules;
	scan->crowd = mark;
	scan->dropped = 0;
	scan->until_ns = 0;
	scan->looks = 0;
	scan->held = 0;
}

/* Where a scan of what is not told yet would begin, but for what goes by. */
static struct hold_mark place(const struct scan *scan)
{
	struct hold_mark mark = {
	    .at = scan->at,
	    .lines = scan->lines,
	    .spent = scan->spent,
	    .failed = scan->failed,
	    .inside = scan->inside,
	};

	if (!scan->inside) {
		mark.at = scan->held_start;
		mark.within = scan->held_start - scan->line_start;
	}
	return mark;
}

struct hold_mark scan_mark(const struct scan *scan)
{
	return scan->crowded ? scan->crowd : place(scan);
}

uint64_t scan_told(const struct scan *scan)
{
	return place(scan).at;
}

void scan_crowd_begin(struct scan *scan)
{
	scan->crowd = place(scan);
	scan->crowd.crowded = true;
	scan->crowded = true;
}

/* Rules that are not asked. */
static uint64_t passed_over(const struct scan *scan)
{
	return scan->spent | (scan->crowded ? ~rules_once(scan->rules) : 0);
}

bool scan_asks_rules(const struct scan *scan)
{
	return scan->rules && rules_all(scan->rules) & ~passed_over(scan);
}

/* The length of the prefix that TEXT begins with; 0: none. *MAYBE: it could still become one. */
static size_t match_prefix(const struct scan *scan, const char *text, size_t held, bool *maybe)
{
	const char *prefix = scan->prefixes;

	*maybe = false;
	if (scan->held_start != scan->line_start)
		return 0;
	for (int i = 0; i < scan->nprefixes; i++) {
		size_t len = strlen(prefix);

		if (held >= len && memcmp(text, prefix, len) == 0)
			return len;
		if (held < len && memcmp(text, prefix, held) == 0)
			*maybe = true;
		prefix += len + 1;
	}
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

/* What a marker line says, without blanks around it; returns its length. */
static size_t read_marker(const struct scan *scan, const char *text, size_t len, const char **ret)
{
	size_t end = len, from;
	bool maybe;

	from = match_prefix(scan, text, len, &maybe);
	if (!from)
		return 0;
	while (end > from && is_blank(text[end - 1]))
		end--;
	while (from < end && is_blank(text[from]))
		from++;
	*ret = text + from;
	return end - from;
}

static bool add_marker(const struct scan *scan, struct notes *notes, struct note note, const char *text, size_t len)
{
	note.type = EVENT_NOTIFY;
	note.len = (uint16_t)len;
	note.cut = scan->cut;
	return notes_add(notes, note, text);
}

static bool add_match(const struct scan *scan, struct notes *notes, struct note note, const struct rules_finding *found)
{
	note.type = EVENT_MATCH;
	note.len = (uint16_t)found->len;
	note.cut = found->cut || scan->cut;
	return notes_add(notes, note, found->text);
}

/* Told once for each pattern: whoever relies on it must know. */
static bool add_failure(const struct scan *scan, struct notes *notes, struct note note, uint64_t failed)
{
	int which = __builtin_ctzll(failed);
	char text[400];

	snprintf(
	    text, sizeof text,
	    "the line at cursor %llu is too much for the pattern '%.200s', which gave up on it; such lines count as "
	    "not matching, this is not told again, and after 100 of them it is not tried any more",
	    (unsigned long long)scan->line_start, rules_pattern(scan->rules, which));
	note.type = EVENT_GAP;
	note.len = (uint16_t)strlen(text);
	return notes_add(notes, note, text);
}

/* All that a line raises becomes notes, or (no room) nothing of it. RET_N: how many there are. */
static bool add_all(struct scan *scan, const char *text, size_t len, uint64_t next, struct notes *notes,
		    unsigned *ret_n)
{
	const struct note note = {
	    .cursor = scan->line_start, .next = next, .key = scan->held_start, .mark = scan_mark(scan)};
	struct rules_finding found = {0};
	size_t used = notes->used, count = notes->count;
	const char *message = NULL;
	size_t said = read_marker(scan, text, len, &message);
	uint64_t failed;
	bool fits = true;

	if (scan_asks_rules(scan))
		rules_look(scan->rules, text, len, passed_over(scan), &found);
	failed = found.failed & ~scan->failed;
	if (found.failed)
		scan->looks = LOOKS_A_CLOCK - 1;
	*ret_n = (said > 0 ? 1u : 0u) + (found.matched ? 1u : 0u);
	if (said)
		fits = add_marker(scan, notes, note, message, said);
	if (fits && found.matched)
		fits = add_match(scan, notes, note, &found);
	if (fits && failed)
		fits = add_failure(scan, notes, note, failed);
	if (!fits) {
		notes->used = used;
		notes->count = count;
	}
	if (fits || scan->force) {
		scan->spent |= found.spent;
		scan->failed |= failed;
	}
	return fits;
}

/* A line, or the front of a long one, is to be told; its notes end at NEXT. False: no room for them. */
static bool tell(struct scan *scan, const char *text, size_t len, uint64_t next, struct notes *notes)
{
	unsigned n;

	if (add_all(scan, text, len, next, notes, &n))
		return true;
	if (scan->force)
		scan->dropped += n;
	return scan->force;
}

/* A line that is drawn over and over (a progress bar) is held from its last carriage return on. False: there is none
 * but the one it begins with, or the line is a marker. */
static bool forget_states(struct scan *scan)
{
	const char *last = scan->held ? memrchr(scan->line + 1, '\r', scan->held - 1) : NULL;
	size_t gone;
	bool maybe;

	if (!last || match_prefix(scan, scan->line, scan->held, &maybe))
		return false;
	gone = (size_t)(last - scan->line);
	scan->held -= gone;
	scan->held_start += gone;
	memmove(scan->line, last, scan->held);
	return true;
}

/* Takes LEN bytes of the current line, which do not hold its newline. What has no room makes the line a cut one. */
static void hold_front(struct scan *scan, const char *bytes, size_t len)
{
	bool maybe;

	while (len > 0) {
		size_t room = SCAN_LINE_MAX - scan->held;
		size_t n = len < room ? len : room;

		memcpy(scan->line + scan->held, bytes, n);
		scan->held += n;
		bytes += n;
		len -= n;
		if (len > 0 && !(scan_asks_rules(scan) && forget_states(scan))) {
			scan->cut = true;
			break;
		}
	}
	if (!scan_asks_rules(scan) && !match_prefix(scan, scan->line, scan->held, &maybe) && !maybe)
		scan->inside = true;
}

static void begin_line(struct scan *scan, uint64_t at)
{
	scan->lines++;
	scan->line_start = scan->held_start = at;
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

/* Whether a line that begins with the N bytes at BYTES has to be looked at further. */
static bool is_news(const struct scan *scan, const char *bytes, size_t n)
{
	return scan_asks_rules(scan) || (n && may_begin(scan, *bytes));
}

/* Takes the N bytes at BYTES of the current line into what is held of it, and tells the line when there is more of it
 * than can be. False: no room, and what is left of the N bytes is to be fed again. */
static bool take_part(struct scan *scan, const char *bytes, size_t n, struct notes *notes)
{
	if (scan->inside || n == 0)
		return true;
	if (scan->held == 0 && !is_news(scan, bytes, n))
		scan->inside = true;
	else
		hold_front(scan, bytes, n);
	if (scan->cut && !tell(scan, scan->line, scan->held, scan->held_start + scan->held, notes))
		return false;
	if (scan->cut)
		scan->inside = true;
	if (scan->inside)
		scan->held = 0;
	return true;
}

/* Rules get a share of the keeper's time, so that the log never waits for them. */
static bool is_time_up(struct scan *scan)
{
	if (scan->until_ns && (scan->looks++ & (LOOKS_A_CLOCK - 1)) == LOOKS_A_CLOCK - 1)
		scan->late = os_mono_ns() >= scan->until_ns;
	return scan->late;
}

/* The first place among N bytes, before which whole lines lie, where a line begins as a marker may: N when there is
 * none, 0 when so many bytes look like it that they are better looked at line by line. */
static size_t first_candidate(const struct scan *scan, const char *bytes, size_t n)
{
	const char *prefix = scan->prefixes;
	unsigned looks = 0;

	for (int i = 0; i < scan->nprefixes; i++) {
		for (const char *p = bytes; (p = memchr(p, *prefix, n - (size_t)(p - bytes))); p++) {
			if (p == bytes ? !scan->inside : p[-1] == '\n')
				n = (size_t)(p - bytes);
			else if (++looks < LOOKS_MAX)
				continue;
			else
				return 0;
			break;
		}
		prefix += strlen(prefix) + 1;
	}
	return n;
}

/* Most output holds no marker: whole lines that are none are only counted. Returns how many bytes those are. */
static size_t pass_lines(struct scan *scan, const char *bytes, size_t len)
{
	const char *last;
	size_t n;

	if (scan->held || scan_asks_rules(scan) || (!scan->inside && scan->at != scan->line_start))
		return 0;
	last = memrchr(bytes, '\n', len);
	n = last ? first_candidate(scan, bytes, (size_t)(last - bytes) + 1) : 0;
	if (n == 0)
		return 0;
	scan->at += n;
	scan->lines += plain_lines(bytes, n);
	scan->line_start = scan->held_start = scan->at;
	scan->inside = scan->cut = false;
	return n;
}

size_t scan_feed(struct scan *scan, const char *bytes, size_t len, struct notes *notes)
{
	size_t at = pass_lines(scan, bytes, len);

	scan->late = false;
	while (at < len && !scan->late) {
		const char *newline = memchr(bytes + at, '\n', len - at);
		size_t n = newline ? (size_t)(newline - (bytes + at)) : len - at;
		bool whole = newline && !scan->inside && !scan->held && n <= SCAN_LINE_MAX;
		uint64_t next = scan->at + n + 1;

		if (whole && is_news(scan, bytes + at, n) && !tell(scan, bytes + at, n, next, notes))
			return at;
		if (!whole && !take_part(scan, bytes + at, n, notes))
			return at;
		at += n;
		scan->at += n;
		if (!newline)
			break;
		if (!whole && !scan->inside && !tell(scan, scan->line, scan->held, next, notes))
			return at;
		at++;
		scan->at++;
		begin_line(scan, scan->at);
		is_time_up(scan);
	}
	return at;
}

bool scan_finish(struct scan *scan, struct notes *notes)
{
	if (!scan->inside && scan->held && !tell(scan, scan->line, scan->held, scan->at, notes))
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
