#include "cmd/living.h"

#include "base/path.h"
#include "base/utf8.h"
#include "keep/files.h"
#include "keep/input.h"
#include "keep/lost.h"
#include "keep/tree.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *living_command(pid_t pid)
{
	char line[201];
	int n = os_cmdline(pid, line, sizeof line);

	if (n <= 0)
		return xstrdup("?");
	while (n > 0 && line[n - 1] == '\0')
		n--;
	for (int i = 0; i < n; i++)
		if (line[i] == '\0')
			line[i] = ' ';
	line[n] = '\0';
	line[utf8_cut(line, (size_t)n, (size_t)n)] = '\0';
	return xstrdup(line);
}

bool living_possible(const struct task *task)
{
	return !task_ended(task->status) || task->leftover;
}

static int list_tree(const struct task *task, int dirfd, const struct os_stat **ret, pid_t *ret_keeper)
{
	struct files_keepers keepers = {0};
	struct tree tree;

	if (!lost_is_here(task) || files_read_keepers(dirfd, &keepers) < 0)
		return -1;
	tree = (struct tree){.guard = keepers.guard, .keeper = keepers.keeper, .command = task->proc};
	if (ret_keeper)
		*ret_keeper = os_alive(keepers.guard)	 ? keepers.guard.pid
			      : os_alive(keepers.keeper) ? keepers.keeper.pid
							 : 0;
	return tree_list(&tree, ret);
}

int living_tree(struct registry *reg, const struct task *task, const struct os_stat **ret, pid_t *ret_keeper)
{
	CLEAN_FD int dirfd = -1;

	if (!living_possible(task) || lost_open_folder(reg, task->id, &dirfd) < 0 || !files_kept(dirfd))
		return -1;
	return list_tree(task, dirfd, ret, ret_keeper);
}

bool living_settle(struct registry *reg, const struct task *task, int log, const struct prompt *prompt)
{
	struct input input;
	struct err err = {0};
	struct stat st;

	if (input_open(reg, task, &err, &input) == 0)
		input_close(&input);
	return fstat(log, &st) == 0 && (uint64_t)st.st_size != prompt->end;
}

/* Who asks mostly shows a prompt; where there is none it may be about to come. */
static void look_for_input(struct living *living, struct registry *reg, const struct task *task,
			   const struct os_stat *list, int n, pid_t keeper, int dirfd)
{
	struct question_source source;
	CLEAN_FD int log = -1;

	if (!keeper || !question_source(keeper, &source))
		return;
	log = openat(dirfd, "log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	living->input = question_look(&source, list, n, log, &living->prompt);
	if (living->input.kind != QUESTION_NONE && !living->prompt.open &&
	    living_settle(reg, task, log, &living->prompt))
		living->input = question_look(&source, list, n, log, &living->prompt);
}

void living_look(struct registry *reg, const struct task *task, struct living *ret)
{
	const struct os_stat *list;
	CLEAN_FD int dirfd = -1;
	pid_t keeper = 0;
	int n;

	*ret = (struct living){0};
	if (!living_possible(task) || lost_open_folder(reg, task->id, &dirfd) < 0)
		return;
	ret->kept = files_kept(dirfd);
	n = ret->kept ? list_tree(task, dirfd, &list, &keeper) : -1;
	if (n < 0)
		return;
	ret->seen = true;
	ret->total = (size_t)n;
	ret->procs = xcalloc(LIVING_PROCS, sizeof *ret->procs);
	for (int i = 0; i < n && ret->n < LIVING_PROCS; i++) {
		ret->procs[ret->n].pid = list[i].proc.pid;
		ret->procs[ret->n++].command = living_command(list[i].proc.pid);
	}
	ret->usage = usage_of(list, n, task->started_ms, os_now_ms());
	ports_look(&ret->ports, list, n);
	look_for_input(ret, reg, task, list, n, keeper, dirfd);
}

void living_done(struct living *living)
{
	for (size_t i = 0; i < living->n; i++)
		free(living->procs[i].command);
	free(living->procs);
	*living = (struct living){0};
}

void living_add_ports(struct str *out, const struct ports *ports)
{
	for (int i = 0; i < ports->n; i++)
		str_addf(out, "%s%u", i ? ", " : "", ports->list[i].number);
}

/* ---- who holds a port ---- */

/* The id in "hob keeper ID", which an emulator's words may precede; NULL without one. */
static const char *id_in_title(const char *line, int n)
{
	const char *end = line + n, *word = line;

	for (; word < end; word += strlen(word) + 1)
		if (strcmp(word, "guard") == 0 || strcmp(word, "keeper") == 0)
			return word + strlen(word) + 1 < end ? word + strlen(word) + 1 : NULL;
	return NULL;
}

/* The id of the task whose guard or keeper PID descends from; false without one. */
static bool task_above(pid_t pid, char ret_id[TASK_ID_MAX + 1])
{
	struct os_stat st;
	char line[1024];
	const char *id;

	while (pid > 1 && !tree_is_keeper(pid))
		pid = os_stat(pid, &st) == 0 ? st.ppid : 0;
	id = pid > 1 ? id_in_title(line, os_cmdline(pid, line, sizeof line)) : NULL;
	if (!id || strlen(id) > TASK_ID_MAX)
		return false;
	strcpy(ret_id, id);
	return true;
}

static bool tree_holds(struct registry *reg, const struct task *task, pid_t pid)
{
	const struct os_stat *list;
	int n = living_tree(reg, task, &list, NULL);

	for (int i = 0; i < n; i++)
		if (list[i].proc.pid == pid)
			return true;
	return false;
}

bool living_holder(struct registry *reg, uint16_t number, struct living_holder *ret)
{
	pid_t pid = ports_holder(number);
	struct task task = {0};
	struct err err = {0};
	char id[TASK_ID_MAX + 1];

	*ret = (struct living_holder){0};
	if (pid == 0)
		return false;
	if (pid < 0)
		return true;
	ret->pid = pid;
	ret->command = living_command(pid);
	/* another state folder may have a task of this id, too */
	if (task_above(pid, id) && registry_get(reg, id, &err, &task) == 0 && tree_holds(reg, &task, pid)) {
		strcpy(ret->id, id);
		ret->name = task.name ? xstrdup(task.name) : NULL;
	}
	task_done(&task);
	return true;
}

void living_holder_done(struct living_holder *holder)
{
	free(holder->name);
	free(holder->command);
	*holder = (struct living_holder){0};
}
