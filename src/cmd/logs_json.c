#include "cmd/logs_json.h"

#include "cmd/omitted.h"

#include <stdio.h>
#include <stdlib.h>

/* What both answers have in common. */
static void print(json_t *o, const struct view_result *res)
{
	char *line;

	json_object_set_new(o, "since", json_integer((json_int_t)res->from));
	json_object_set_new(o, "cursor", json_integer((json_int_t)res->next));
	json_object_set_new(o, "end", json_integer((json_int_t)res->end));
	json_object_set_new(o, "lines", json_integer((json_int_t)res->lines));
	json_object_set_new(o, "omitted", omitted_json(res->omitted, res->nomitted));
	line = json_line(o);
	puts(line);
	free(line);
}

static json_t *answer(const struct task *task)
{
	json_t *o = json_object();

	json_object_set_new(o, "id", json_string(task->id));
	json_object_set_new(o, "status", json_string(task_status_text(task->status)));
	return o;
}

void logs_json_page(const struct task *task, const struct str *text, const struct view_result *res)
{
	json_t *o = answer(task);

	json_object_set_new(o, "text", json_textn(text->buf ? text->buf : "", text->len));
	print(o, res);
}

void logs_json_format(void *arg, const struct search_line *line, struct str *out)
{
	json_t *o = json_object();
	char *text;

	(void)arg;
	json_object_set_new(o, "line", line->number ? json_integer((json_int_t)line->number) : json_null());
	json_object_set_new(o, "cursor", json_integer((json_int_t)line->from));
	json_object_set_new(o, "until", json_integer((json_int_t)line->to));
	json_object_set_new(o, "text", json_textn(line->text, line->len));
	json_object_set_new(o, "match", json_boolean(line->match));
	json_object_set_new(o, "times", json_integer((json_int_t)line->times));
	text = json_line(o);
	str_add(out, text);
	str_addc(out, '\n');
	free(text);
}

int logs_json_take(void *arg, const char *text, size_t len)
{
	if (len > 0 && *text == '{')
		json_array_append_new(arg, json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL));
	return 0;
}

void logs_json_search(const struct task *task, json_t *found, const struct search_result *res)
{
	json_t *o = answer(task);

	json_object_set_new(o, "found", found);
	json_object_set_new(o, "matches", json_integer((json_int_t)res->matches));
	print(o, &res->page);
}
