#include "keep/ports.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LISTENERS_MAX  4096
#define NAMESPACES_MAX 16

static struct os_listener listeners[LISTENERS_MAX];
static int nlisteners;

/* FNV-1a */
static uint64_t mix(uint64_t key, uint64_t value)
{
	for (int i = 0; i < 8; i++, value >>= 8)
		key = (key ^ (value & 0xff)) * 0x100000001b3u;
	return key;
}

/* Lists the sockets of all namespaces that the processes live in; their inodes are unique on the machine. */
static uint64_t read_listeners(const struct os_stat *list, int n)
{
	uint64_t seen[NAMESPACES_MAX], key = 0xcbf29ce484222325u;
	int nseen = 0, r, j;

	nlisteners = 0;
	for (int i = 0; i < n; i++) {
		uint64_t space = os_net_namespace(list[i].proc.pid);

		key = mix(mix(key, (uint64_t)list[i].proc.pid), list[i].proc.start);
		for (j = 0; j < nseen && seen[j] != space; j++)
			;
		if (j < nseen || nseen == NAMESPACES_MAX || space == 0)
			continue;
		r = os_listeners(list[i].proc.pid, listeners + nlisteners, LISTENERS_MAX - nlisteners);
		if (r >= 0)
			nlisteners += r;
		seen[nseen++] = space;
	}
	for (int i = 0; i < nlisteners; i++)
		key = mix(key, listeners[i].inode);
	return key;
}

struct search {
	struct ports *ports;
	pid_t pid;
};

static void add(struct ports *ports, uint16_t number, pid_t pid)
{
	int at = 0;

	while (at < ports->n && ports->list[at].number < number)
		at++;
	if ((at < ports->n && ports->list[at].number == number) || ports->n == PORTS_MAX)
		return;
	memmove(ports->list + at + 1, ports->list + at, (size_t)(ports->n - at) * sizeof *ports->list);
	ports->list[at].number = number;
	ports->list[at].pid = pid;
	ports->n++;
}

static int on_file(const struct os_file *file, void *arg)
{
	const struct search *search = arg;

	if (file->kind == OS_FILE_SOCKET)
		for (int i = 0; i < nlisteners; i++)
			if (listeners[i].inode == file->id)
				add(search->ports, listeners[i].port, search->pid);
	return 0;
}

bool ports_look(struct ports *ports, const struct os_stat *list, int n)
{
	uint64_t key = read_listeners(list, n);

	if (key == ports->key)
		return false;
	*ports = (struct ports){.key = key};
	for (int i = 0; i < n && nlisteners; i++) {
		struct search search = {.ports = ports, .pid = list[i].proc.pid};

		os_each_file(search.pid, on_file, &search);
	}
	return true;
}

bool ports_has(const struct ports *ports, uint16_t number, uint16_t *ret_number)
{
	for (int i = 0; i < ports->n; i++) {
		if (number && ports->list[i].number != number)
			continue;
		if (ret_number)
			*ret_number = ports->list[i].number;
		return true;
	}
	return false;
}

static int is_wanted(const struct os_file *file, void *arg)
{
	const uint16_t *number = arg;

	if (file->kind == OS_FILE_SOCKET)
		for (int i = 0; i < nlisteners; i++)
			if (listeners[i].port == *number && listeners[i].inode == file->id)
				return 1;
	return 0;
}

struct holder {
	uint16_t number;
	pid_t pid;
};

static int holds(pid_t pid, void *arg)
{
	struct holder *holder = arg;

	if (os_each_file(pid, is_wanted, &holder->number) != 1)
		return 0;
	holder->pid = pid;
	return 1;
}

pid_t ports_holder(uint16_t number)
{
	struct holder holder = {.number = number, .pid = -EACCES};
	bool held = false;
	int r = os_listeners(getpid(), listeners, LISTENERS_MAX);

	nlisteners = r < 0 ? 0 : r;
	for (int i = 0; i < nlisteners; i++)
		held = held || listeners[i].port == number;
	if (!held)
		return 0;
	os_each_process(holds, &holder);
	return holder.pid;
}
