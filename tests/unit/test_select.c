/* select: which tasks the selectors of list and kill mean, asked of a real registry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lab.h"

#define BIT(x) (1u << (x))

static char **tags(const char *one, const char *two)
{
	static char *list[3];

	list[0] = (char *)(uintptr_t)one;
	list[1] = (char *)(uintptr_t)two;
	return list;
}

static void add(struct lab *lab, const char *id, const char *session, const char *project, enum task_lifetime lifetime,
		const char *tag)
{
	struct task task = lab_task(id);

	task.session = session ? xstrdup(session) : NULL;
	free(task.project);
	task.project = xstrdup(project);
	task.lifetime = lifetime;
	if (tag)
		words_add(&task.tags, tag);
	words_add(&task.tags, "all");
	lab_add(lab, task);
}

/* Named by what they are: the session, the project, the lifetime. */
static void fill(struct lab *lab)
{
	add(lab, "a-x-session", "a", "/x", LIFETIME_SESSION, "t1");
	add(lab, "a-y-app", "a", "/y", LIFETIME_APP, "t2");
	add(lab, "b-x-session", "b", "/x", LIFETIME_SESSION, "t3");
	add(lab, "b-x-app", "b", "/x", LIFETIME_APP, "it's");
	add(lab, "none-x-detached", NULL, "/x", LIFETIME_DETACHED, NULL);
	add(lab, "none-y-detached", NULL, "/y", LIFETIME_DETACHED, "%");
}

/* The ids that SEL selects, oldest first, a blank behind each. */
static void assert_selected(struct lab *lab, const struct select *sel, const char *wanted)
{
	CLEAN_STR struct str ids = {0};
	struct task *tasks = NULL;
	size_t n = 0;

	assert_int_equal(registry_select(lab->reg, sel, &lab->err, &tasks, &n), 0);
	for (size_t i = 0; i < n; i++)
		str_addf(&ids, "%s ", tasks[i].id);
	task_free_all(tasks, n);
	assert_string_equal(ids.buf ? ids.buf : "", wanted);
}

#define ALL "a-x-session a-y-app b-x-session b-x-app none-x-detached none-y-detached "

static void each_selector_by_itself(void **state)
{
	struct lab *lab = *state;

	fill(lab);
	assert_selected(lab, &(struct select){0}, ALL);
	assert_selected(lab, &(struct select){.session = "a"}, "a-x-session a-y-app ");
	assert_selected(lab, &(struct select){.session = "A"}, "");
	assert_selected(lab, &(struct select){.session = ""}, "");
	assert_selected(lab, &(struct select){.project = "/y"}, "a-y-app none-y-detached ");
	assert_selected(lab, &(struct select){.project = "/"}, "");
	assert_selected(lab, &(struct select){.lifetimes = BIT(LIFETIME_APP)}, "a-y-app b-x-app ");
	assert_selected(lab, &(struct select){.lifetimes = BIT(LIFETIME_APP) | BIT(LIFETIME_DETACHED)},
			"a-y-app b-x-app none-x-detached none-y-detached ");
}

static void tags_are_any_of_and_plain_text(void **state)
{
	struct lab *lab = *state;

	fill(lab);
	assert_selected(lab, &(struct select){.tags = tags("t1", NULL)}, "a-x-session ");
	assert_selected(lab, &(struct select){.tags = tags("t3", "t2")}, "a-y-app b-x-session ");
	/* one task that has both is one task */
	assert_selected(lab, &(struct select){.tags = tags("all", "t1")}, ALL);
	assert_selected(lab, &(struct select){.tags = tags("it's", NULL)}, "b-x-app ");
	assert_selected(lab, &(struct select){.tags = tags("%", NULL)}, "none-y-detached ");
	assert_selected(lab, &(struct select){.tags = tags("T1", "nobody")}, "");
	assert_selected(lab, &(struct select){.tags = tags("t1", NULL), .session = "b"}, "");
}

/* Its own tasks, wherever; with a project, also what others left for everybody there. */
static void a_session_sees_its_own_and_the_projects(void **state)
{
	struct lab *lab = *state;

	fill(lab);
	assert_selected(lab, &(struct select){.visible_to = "a"}, "a-x-session a-y-app ");
	assert_selected(lab, &(struct select){.visible_to = "a", .project = "/x"},
			"a-x-session a-y-app b-x-app none-x-detached ");
	assert_selected(lab, &(struct select){.visible_to = "c", .project = "/x"}, "b-x-app none-x-detached ");
	assert_selected(lab, &(struct select){.visible_to = "c", .project = "/y"}, "a-y-app none-y-detached ");
	assert_selected(lab, &(struct select){.visible_to = "a", .project = "/x", .tags = tags("it's", "t3")},
			"b-x-app ");
	assert_selected(lab, &(struct select){.visible_to = "a", .project = "/x", .session = "b"}, "b-x-app ");
}

static void statuses_and_what_lives(void **state)
{
	struct lab *lab = *state;

	fill(lab);
	lab_start(lab, "a-y-app");
	lab_start(lab, "b-x-session");
	lab_end(lab, "b-x-session", (struct ending){.wstatus = 0, .at_ms = 5});
	lab_start(lab, "b-x-app");
	lab_end(lab, "b-x-app", (struct ending){.wstatus = 3 << 8, .at_ms = 5, .leftover = true});
	lab_start(lab, "none-x-detached");
	lab_end(lab, "none-x-detached", (struct ending){.wstatus = 15, .at_ms = 5, .cause = REASON_REQUEST});
	assert_selected(lab, &(struct select){.statuses = BIT(TASK_PENDING)}, "a-x-session none-y-detached ");
	assert_selected(lab, &(struct select){.statuses = BIT(TASK_COMPLETED)}, "b-x-session ");
	assert_selected(lab, &(struct select){.statuses = BIT(TASK_FAILED)}, "b-x-app ");
	assert_selected(lab, &(struct select){.statuses = BIT(TASK_CANCELLED)}, "none-x-detached ");
	assert_selected(lab, &(struct select){.statuses = BIT(TASK_CANCELLED) | BIT(TASK_COMPLETED)},
			"b-x-session none-x-detached ");
	/* a leftover is of the living */
	assert_selected(lab, &(struct select){.statuses = BIT(TASK_RUNNING)}, "a-y-app b-x-app ");
	assert_selected(lab, &(struct select){.living = true}, "a-x-session a-y-app b-x-app none-y-detached ");
	assert_selected(lab, &(struct select){.statuses = BIT(TASK_RUNNING), .session = "a"}, "a-y-app ");
	assert_selected(lab, &(struct select){.living = true, .lifetimes = BIT(LIFETIME_APP)}, "a-y-app b-x-app ");
}

static void many_tags(void **state)
{
	struct lab *lab = *state;
	CLEAN_WORDS char **list = NULL;

	fill(lab);
	for (int i = 0; i < 200; i++) {
		CLEAN_FREE char *tag = xasprintf("tag%d", i);

		words_add(&list, tag);
	}
	words_add(&list, "t2");
	assert_selected(lab, &(struct select){.tags = list}, "a-y-app ");
}

/* What kill takes for "nothing was said". */
static void only_nothing_is_empty(void **state)
{
	(void)state;
	assert_true(select_empty(&(struct select){0}));
	assert_false(select_empty(&(struct select){.session = "a"}));
	assert_false(select_empty(&(struct select){.session = ""}));
	assert_false(select_empty(&(struct select){.project = "/"}));
	assert_false(select_empty(&(struct select){.visible_to = "a"}));
	assert_false(select_empty(&(struct select){.tags = tags("t", NULL)}));
	assert_false(select_empty(&(struct select){.statuses = BIT(TASK_PENDING)}));
	assert_false(select_empty(&(struct select){.lifetimes = BIT(LIFETIME_SESSION)}));
	/* this one nobody says: kill adds it by itself */
	assert_true(select_empty(&(struct select){.living = true}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    LAB_TEST(each_selector_by_itself),
	    LAB_TEST(tags_are_any_of_and_plain_text),
	    LAB_TEST(a_session_sees_its_own_and_the_projects),
	    LAB_TEST(statuses_and_what_lives),
	    LAB_TEST(many_tags),
	    cmocka_unit_test(only_nothing_is_empty),
	};

	return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
