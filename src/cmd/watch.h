/* watch: being woken when something happens to tasks: an event's bell, new bytes in a log, the death of a keeper.
 * Owns its descriptors until watch_close. It costs no wake-up while nothing happens. */
#ifndef HOB_CMD_WATCH_H
#define HOB_CMD_WATCH_H

#include "task/registry.h"

#include <poll.h>

#define WATCH_TASKS 64
#define WATCH_OWN   8

struct watch {
	int fd;	  /* inotify; -1: not to be had, and a second passes between looks */
	int bell; /* its watch number */
	struct {
		char id[TASK_ID_MAX + 1];
		int pidfds[2]; /* guard and keeper, so that a death of both is noticed */
	} tasks[WATCH_TASKS];
	int ntasks;
	int signals;	    /* signalfd, or -1 */
	struct pollfd *own; /* the caller's, waited for too; at most WATCH_OWN; watch_wait fills their revents */
	int nown;
};

/* Begins to watch the bell; look at the registry after this call, then wait. Where inotify is missing a sentence
 * goes to stderr. */
int watch_open(struct watch *w, struct registry *reg, struct err *err);

/* Watches the keepers of task ID (of WATCH_TASKS at most), and its log if LOG. */
void watch_task(struct watch *w, struct registry *reg, const char *id, bool log);

/* Blocks SIGINT, SIGTERM and SIGHUP and makes them end watch_wait instead. */
int watch_signals(struct watch *w, struct err *err);

/* Wakes at the next write to the log of task ID, once; again after another call. Not for a log that watch_task watches.
 */
void watch_log_once(struct watch *w, struct registry *reg, const char *id);

enum watch_news { WATCH_TIMEOUT, WATCH_NEWS, WATCH_DEATH, WATCH_LOG, WATCH_OWNS };

/* Waits for news until the monotonic DEADLINE_NS (-1: for ever). Returns one of the above (after WATCH_DEATH, a
 * keeper's, the caller settles lost tasks; WATCH_LOG: news of logs alone; WATCH_OWNS: nothing but the caller's own
 * descriptors), or minus the number of a signal that came. Also ends when fd HANGUP (-1: none) is hung up, with
 * -SIGPIPE. */
int watch_wait(struct watch *w, struct registry *reg, int64_t deadline_ns, int hangup);

void watch_close(struct watch *w);

/* The same for a command that has said all it will say: closes stdin, stdout and stderr, and is through at once. */
void watch_leave(struct watch *w);

#endif
