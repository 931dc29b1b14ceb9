/* ports: the TCP ports that the processes of a task listen on, and who holds a port.
 * Looks at /proc in the caller's struct and in static memory: one look at a time, no allocation. What a process of
 * another user listens on is seen by root only. */
#ifndef HOB_KEEP_PORTS_H
#define HOB_KEEP_PORTS_H

#include "os/os.h"

#define PORTS_MAX 64

struct ports {
	uint64_t key; /* of what was looked at: nothing is looked at twice while that stays the same */
	int n;
	struct {
		uint16_t number;
		pid_t pid;
	} list[PORTS_MAX]; /* by number, each once */
};

/* Brings PORTS, zeroed at first, up to what the N processes of LIST listen on now. True when something may have
 * changed: processes or sockets came or went. */
bool ports_look(struct ports *ports, const struct os_stat *list, int n);

/* Whether NUMBER is among PORTS (0: any is). *RET_NUMBER, which may be NULL, gets it. */
bool ports_has(const struct ports *ports, uint16_t number, uint16_t *ret_number);

/* The process that listens on port NUMBER of this namespace; 0: nobody does; -EACCES: one that may not be looked at. */
pid_t ports_holder(uint16_t number);

#endif
