/* relay: stands between a command that is not listed and a caller who knows nothing of hob: its output goes on, byte
 * by byte and no faster than the caller takes it, the caller's signals go to it, its end comes back.
 * Borrows the launch and the task; owns its descriptors until relay_close. */
#ifndef HOB_CMD_RELAY_H
#define HOB_CMD_RELAY_H

#include "keep/launch.h"
#include "log/read.h"

#include <stdbool.h>
#include <stdint.h>

struct relay {
	struct launch *launch;
	struct reader *log;
	int folder, watch, signals; /* the task's */
	uint64_t at;		    /* bytes copied so far, */
	uint64_t told;		    /* and how many of them the keeper knows of */
	uint64_t until;		    /* nothing behind is copied */
	uint64_t lost;		    /* bytes before AT that the disk had no room for: nobody gets them */
	bool ended, leftover;
	int wstatus;
	int signal; /* the last that came; 0: none */
	bool socket, midline;
	bool gone; /* nobody reads any more */
	const unsigned char *bytes;
	size_t len; /* what of the log's last piece is still to be written */
};

enum relay_end {
	RELAY_ENDED, /* the command: wstatus and leftover are good, all of its output is copied */
	RELAY_LATE,  /* the time is up, and what came until then is copied */
	RELAY_LOST,  /* guard and keeper are gone */
	RELAY_TWICE, /* a second signal: the caller will not wait */
};

/* What must be had before the command starts: -errno where it is not. */
int relay_open(struct relay *r, struct launch *launch);

/* Once it has started: from now on SIGINT, SIGTERM and SIGHUP are its, but for those that are ignored. HOME_FD is the
 * state folder. */
int relay_begin(struct relay *r, int home_fd, const char *id);

/* Copies until the command has ended with all that it left running, or the monotonic DEADLINE_NS (-1: none). An end
 * that leaves something running is told only then, at the latest after a tenth of a second. */
enum relay_end relay_run(struct relay *r, int64_t deadline_ns);

/* Puts a line of hob's own behind the output. */
void relay_say(struct relay *r, const char *line);

/* Waits until guard and keeper have gone without a trace; not for long. */
void relay_forget(struct relay *r);

/* Stays, after more than 48 KiB, until the reader has taken everything (10 s at most), and then MS milliseconds (0: not
 * at all); until a signal comes or the reader goes. For readers that drop what they have not looked at when we end. */
void relay_linger(const struct relay *r, int64_t ms);

void relay_close(struct relay *r);

#endif
