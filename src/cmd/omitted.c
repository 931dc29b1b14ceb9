#include "cmd/omitted.h"

static const char *reason_text(enum view_reason reason)
{
	static const char *const names[] = {"leftOut", "freed",	  "lost",	"cut",
					    "redrawn", "matches", "unsearched", "gaveUp"};

	return names[reason];
}

json_t *omitted_json(const struct view_omission *omissions, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct view_omission *o = &omissions[i];

		json_array_append_new(array, json_pack("{s:s, s:I, s:I, s:I, s:I}", "reason", reason_text(o->reason),
						       "since", (json_int_t)o->from, "until", (json_int_t)o->to,
						       "lines", (json_int_t)o->lines, "count", (json_int_t)o->count));
	}
	return array;
}
