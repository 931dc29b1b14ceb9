#include "task/select.h"

#include "base/words.h"

bool select_empty(const struct select *sel)
{
	return !sel->session && !sel->project && !sel->visible_to && !sel->tags && !sel->statuses && !sel->lifetimes;
}

static void words_in(struct str *sql, const char *column, unsigned bits, int n, const char *(*text)(int))
{
	const char *comma = "";

	str_addf(sql, "%s IN (", column);
	for (int i = 0; i < n; i++) {
		if (bits & (1u << i)) {
			str_addf(sql, "%s'%s'", comma, text(i));
			comma = ",";
		}
	}
	str_add(sql, ")");
}

static const char *status_text(int i)
{
	return task_status_text((enum task_status)i);
}

static const char *lifetime_text(int i)
{
	return task_lifetime_text((enum task_lifetime)i);
}

static void where_project(const struct select *sel, struct str *sql)
{
	if (sel->visible_to)
		str_addf(sql, " AND (session = @visible%s)",
			 sel->project ? " OR (lifetime IN ('app','detached') AND project = @project)" : "");
	else if (sel->project)
		str_add(sql, " AND project = @project");
}

static void where_tags(const struct select *sel, struct str *sql)
{
	size_t n = words_count(sel->tags);

	if (!n)
		return;
	str_add(sql, " AND EXISTS (SELECT 1 FROM tags WHERE tags.task = tasks.id AND tag IN (");
	for (size_t i = 0; i < n; i++)
		str_addf(sql, "%s@tag%zu", i ? "," : "", i);
	str_add(sql, "))");
}

void select_where(const struct select *sel, struct str *sql)
{
	str_add(sql, " WHERE 1");
	if (sel->session)
		str_add(sql, " AND session = @session");
	where_project(sel, sql);
	where_tags(sel, sql);
	if (sel->statuses) {
		str_add(sql, " AND (");
		words_in(sql, "status", sel->statuses, TASK_STATUS_COUNT, status_text);
		/* what still has a living process counts as running */
		str_add(sql, sel->statuses & (1u << TASK_RUNNING) ? " OR leftover)" : ")");
	}
	if (sel->lifetimes) {
		str_add(sql, " AND ");
		words_in(sql, "lifetime", sel->lifetimes, TASK_LIFETIME_COUNT, lifetime_text);
	}
	if (sel->living)
		str_add(sql, " AND (status IN ('pending','running') OR leftover)");
}
