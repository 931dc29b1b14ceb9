/* hold: what the guard and all keepers of one task hold in common: descriptors, the orders they were given, and
 * one page of shared memory that outlives whichever of them is killed.
 * Filled by guard_main once, inherited by fork, never freed. Nothing here allocates. */
#ifndef HOB_KEEP_HOLD_H
#define HOB_KEEP_HOLD_H

#include "keep/lookout.h"
#include "os/os.h"
#include "task/task.h"

#include <signal.h>
#include <sys/resource.h>

/* The descriptors `hob run` leaves open for the guard it starts. */
#define HOLD_FIRST_FD 3

/* One word a descriptor; the first HOLD_INHERITED come from `hob run` in this order, from HOLD_FIRST_FD up. */
#define HOLD_FDS(X)                                                                                                    \
	X(RUN)	     /* socket to `hob run`: its go, its follower's death */                                           \
	X(SPEC)	     /* memory file: orders */                                                                         \
	X(ARGV)	     /* memory file: the command's words; closed once it runs */                                       \
	X(OWNER)     /* pidfd of the owner, or -1 */                                                                   \
	X(DIR)	     /* tasks/<id> */                                                                                  \
	X(LOG)	     /* tasks/<id>/log */                                                                              \
	X(EXIT)	     /* tasks/<id>/exit */                                                                             \
	X(LOCK)	     /* the guard's own: byte 0 of tasks/<id>/lock */                                                  \
	X(OUT)	     /* the pipe's read end */                                                                         \
	X(OUT_WRITE) /* its write end, until the command runs */                                                       \
	X(IN)	     /* the read end of a stdin pipe, until the command runs */                                        \
	X(IN_WRITE)  /* its write end, non-blocking, until the end of input was sent */                                \
	X(PTY)	     /* the terminal's master; OUT is a copy of it */                                                  \
	X(MID)	     /* the pipe between the terminal and the log: its read end */                                     \
	X(MID_WRITE)                                                                                                   \
	X(LISTEN)     /* control socket */                                                                             \
	X(SIGNALS)    /* signalfd: SIGCHLD */                                                                          \
	X(POKE_GUARD) /* eventfd: the guard should look at the state */                                                \
	X(POKE_KEEPER)

enum hold_fd {
#define X(name) HOLD_##name,
	HOLD_FDS(X)
#undef X
	    HOLD_FD_COUNT
};
#define HOLD_INHERITED (HOLD_OWNER + 1)

/* Where scanning may start again: every event before AT is stored. */
struct hold_mark {
	uint64_t at;
	uint64_t lines;	 /* newlines before AT */
	uint64_t within; /* how far AT is behind the beginning of its line, where that line is still to be told */
	uint64_t spent;	 /* rules, a bit each: --watch-once that matched before AT */
	uint64_t failed; /* … those of which was told that they hit their limits */
	bool inside;	 /* AT is inside a line that raises nothing (or was told already) */
	bool crowded;	 /* from AT on, more lines matched than could be told, and no gap has told that yet */
};

/* How the tree is to be ended, once somebody wants it. */
struct hold_ending {
	enum task_reason cause; /* NONE: nobody does */
	int signal;
	int64_t kill_at_ns; /* monotonic: when SIGKILL takes over */
	bool signalled;	    /* the first signal was sent */
};

/* The shared page. Each field has one writer at a time; what must change together is published last. */
struct hold_state {
	struct os_proc command; /* pid written by the command itself before its exec */
	bool launched;		/* exec succeeded and `run` was told */
	bool go;		/* `run` recorded the start */
	bool follow;		/* the task ends with `run` */
	bool ended;		/* the command was reaped: wstatus and ended_ms are good */
	int wstatus;		/* -1: unknown */
	int64_t ended_ms;
	enum task_reason cause; /* who wanted it to end before it did; NONE: nobody */
	bool forgotten;		/* it was never listed, and nothing of it is to stay */
	uint64_t copied;	/* while it is not listed: how far `run` has copied the log */
	bool recorded;		/* its end is in the registry */
	bool guard_has_kids;	/* the guard adopted processes of the tree */
	bool strays;		/* processes of the tree may have left both adopters */
	bool input_ended;	/* the stdin pipe's write end is to be closed by whoever has it */
	int64_t timeout_at_ns;
	struct hold_ending ending;
	struct hold_mark marks[2];
	unsigned mark;	  /* which of the two is good */
	uint64_t drained; /* bytes that the guard threw away while no keeper would stay alive */
	/* for --idle-after: the log's end when output was last seen, and when that was; see silence */
	uint64_t heard_end;
	int64_t heard_ns;
	struct lookout_told told; /* for --port-event and --input-event: what the registry knows; see lookout */
};

struct hold {
	int fd[HOLD_FD_COUNT];
	struct hold_state *state;
	struct os_proc guard; /* as of the last fork */

	/* orders; the strings lie in the mapped spec */
	const char *id, *home, *cwd, *token, *socket_dir;
	const char *prefixes; /* NPREFIXES strings, each with its NUL */
	int nprefixes;
	enum task_lifetime lifetime;
	int64_t grace_ms, timeout_ms;
	uint64_t log_max;
	const char *watches; /* NWATCHES strings likewise (see TASK_WATCH_EACH) */
	int nwatches;
	int64_t idle_after_ms;
	bool port_event, input_event, unlisted, stdin_pipe;
	int pty_cols, pty_rows; /* 0: no terminal */

	/* what the command gets back */
	sigset_t mask, ignored;
	struct rlimit limits[RLIM_NLIMITS];
	mode_t umask;

	char *title; /* the argument area that ps shows */
	size_t title_size;
	char socket[108]; /* path of the control socket; empty: "ctl" in the task's folder */
};

/* Publishes where scanning may start again. */
void hold_set_mark(struct hold_state *state, struct hold_mark mark);
struct hold_mark hold_get_mark(const struct hold_state *state);

/* Records that the command ended: state first, then the file `exit`, which a full disk cannot lose. */
void hold_command_ended(struct hold *hold, int wstatus);

/* Reaps one child that ended: its pid and wait status, 0 when there is none. The command's end is recorded first:
 * who is killed in between leaves the zombie, and with it the code, to the next adopter. */
pid_t hold_reap(struct hold *hold, int *ret_status);

/* Closes descriptor WHICH if it is open. */
void hold_close(struct hold *hold, enum hold_fd which);

#endif
