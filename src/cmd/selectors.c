#include "cmd/selectors.h"

#include "base/path.h"
#include "base/words.h"
#include "cmd/cmd.h"

#include <stdlib.h>

enum { OPT_SESSION, OPT_PROJECT, OPT_VISIBLE, OPT_STATUS, OPT_TAG, OPT_LIFETIME };
_Static_assert(OPT_LIFETIME + 1 == SELECTOR_COUNT, "the table and the switch go together");

int selectors_take(struct selectors *s, int opt, const char *value, struct err *err)
{
	enum task_lifetime lifetime;
	enum task_status status;

	switch (opt) {
	case OPT_SESSION:
		s->sel.session = value;
		return cmd_filled(value, "-S", err);
	case OPT_PROJECT:
		free(s->project);
		s->project = path_absolute(value);
		return cmd_filled(value, "--project", err);
	case OPT_VISIBLE:
		s->sel.visible_to = value;
		return cmd_filled(value, "--visible-to", err);
	case OPT_STATUS:
		if (task_status_parse(value, &status) < 0)
			return cmd_usage(err, "no status '%s': pending, running, completed, failed or cancelled",
					 value);
		s->sel.statuses |= 1u << status;
		return 0;
	case OPT_TAG:
		words_add(&s->tags, value);
		return cmd_filled(value, "-t", err);
	default:
		if (task_lifetime_parse(value, &lifetime) < 0)
			return cmd_usage(err, "no lifetime '%s': session, app or detached", value);
		s->sel.lifetimes |= 1u << lifetime;
		return 0;
	}
}

const struct select *selectors_get(struct selectors *s)
{
	s->sel.tags = s->tags;
	s->sel.project = s->project;
	return &s->sel;
}

void selectors_done(struct selectors *s)
{
	words_free(s->tags);
	free(s->project);
}
