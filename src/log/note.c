#include "log/note.h"

#include "base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* "1,234 lines", "1 line" */
static void add_count(struct str *out, uint64_t n, const char *one, const char *many)
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%" PRIu64, n);

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			str_addc(out, ',');
		str_addc(out, digits[i]);
	}
	str_addc(out, ' ');
	str_add(out, n == 1 ? one : many);
}

static void add_range(struct str *out, const char *before, const struct view_omission *om)
{
	str_addf(out, ": %s--since %" PRIu64 " --until %" PRIu64, before, om->from, om->to);
}

static void add_cursors(struct str *out, const struct view_omission *om)
{
	str_addf(out, ": cursors %" PRIu64 " to %" PRIu64, om->from, om->to);
}

static void add_left_out(struct str *out, const struct view_omission *om)
{
	if (om->lines > 0) {
		add_count(out, om->lines, "line", "lines");
		str_add(out, " (");
		add_count(out, om->count, "byte", "bytes");
		str_add(out, ") left out");
	} else {
		add_count(out, om->count, "byte", "bytes");
		str_add(out, " left out");
	}
	add_range(out, "", om);
}

void note_add(struct str *out, const struct view_omission *om)
{
	str_add(out, "[… ");
	switch (om->reason) {
	case VIEW_LEFT_OUT:
		add_left_out(out, om);
		break;
	case VIEW_FREED:
		add_count(out, om->count, "byte", "bytes");
		str_add(out, " no longer kept");
		add_cursors(out, om);
		break;
	case VIEW_LOST:
		add_count(out, om->count, "byte", "bytes");
		str_add(out, " lost, the disk was full");
		add_cursors(out, om);
		break;
	case VIEW_CUT:
		add_count(out, om->count, "character", "characters");
		str_add(out, " cut");
		add_range(out, "", om);
		break;
	case VIEW_REDRAWN:
		add_count(out, om->count, "redraw", "redraws");
		add_range(out, "--raw ", om);
		break;
	case VIEW_MATCHES:
		add_count(out, om->lines, "match", "matches");
		str_add(out, " left out");
		add_range(out, "-g with ", om);
		break;
	case VIEW_UNSEARCHED:
		add_count(out, om->count, "byte", "bytes");
		str_add(out, " not searched");
		add_range(out, "-g with ", om);
		break;
	case VIEW_GAVE_UP:
		add_count(out, om->lines, "line", "lines");
		str_add(out, " on which the pattern took too many steps");
		add_range(out, "", om);
		break;
	}
	str_add(out, " …]");
}

void note_add_times(struct str *out, uint64_t times)
{
	str_addf(out, " … ×%" PRIu64, times);
}
