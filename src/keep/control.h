/* control: the socket on which a keeper takes orders, and the words spoken there.
 * Messages are single words and numbers in one packet (SOCK_SEQPACKET). To the keeper, and what it answers:
 *   "1 kill SIGNAL GRACE_MS CAUSE"  "ok" at once, then "gone" when no process is left, or "left" when some cannot be
 *                                   ended
 *   "1 input"                       "input CURSOR" and a descriptor: what is written to it the task gets as input, what
 *                                   it had written before lies in the log before CURSOR
 *   "1 eof"                         "ok": its stdin pipe ends as soon as nobody writes to it any more
 *   "1 size COLS ROWS"              "ok": its terminal has that size, in the index from the log's end on
 * "none" instead: the task has no such thing (pipe or terminal); "ended": its stdin pipe has ended already.
 * Input never passes through the keeper, so none is lost or sent twice when it is killed.
 * The keeper's side owns at most CONTROL_CLIENTS connections and drops whoever does not keep up, or has nothing to wait
 * for when another one comes; it never blocks. */
#ifndef HOB_KEEP_CONTROL_H
#define HOB_KEEP_CONTROL_H

#include "keep/files.h"
#include "task/task.h"

#include <poll.h>

#define CONTROL_CLIENTS	 8
#define CONTROL_TEXT_MAX 64 /* bytes of a packet, a final NUL included */
#define CONTROL_SIZE_MAX 4096

struct control {
	int listen_fd;
	int clients[CONTROL_CLIENTS];  /* -1: free */
	bool waiting[CONTROL_CLIENTS]; /* for the tree's end */
};

enum control_word { CONTROL_KILL, CONTROL_INPUT, CONTROL_EOF, CONTROL_SIZE };

struct control_order {
	enum control_word word;
	int client;		/* whom to answer */
	int signal;		/* KILL: … */
	int64_t grace_ms;	/* … */
	enum task_reason cause; /* … */
	int cols, rows;		/* SIZE */
};

/* Binds and listens: in $XDG_RUNTIME_DIR/hob/ under TOKEN's front if DIR says so (NULL: not), else as "ctl" in the
 * folder DIRFD. RET_PATH gets the path, empty for "ctl". The caller owns the returned fd. */
int control_listen(const char *dir, const char *token, int dirfd, char ret_path[108]);

/* The keeper's side: all fds to poll (returns how many), and what to do when they are ready. Returns 1 and fills
 * RET_ORDER with the next order, 0 when there is none. A KILL was answered "ok" already; every other one wants a
 * control_reply. */
void control_init(struct control *control, int listen_fd);
int control_poll(const struct control *control, struct pollfd *fds);
int control_serve(struct control *control, struct control_order *ret_order);

/* Reads one packet's TEXT; false when it is no order. */
bool control_parse(const char *text, struct control_order *ret);

/* Answers the client of one order with WORD, and the descriptor FD unless it is negative. */
void control_reply(struct control *control, int client, const char *word, int fd);

/* Tells WORD to all clients that wait for the tree's end, and lets all go. */
void control_answer(struct control *control, const char *word);

/* ---- the commands' side ---- */

/* Connects to the keeper of the task in DIRFD; non-blocking. */
int control_connect(const struct files_keepers *keepers, int dirfd);
int control_order(int fd, const struct control_order *order);

/* These ask on a connection and wait for the answer, 2 s at most. Besides 0: -ENOTTY the task has no such thing, -EPIPE
 * its input has ended, -ECONNRESET the keeper died or dropped us (nothing was done that may not be asked for again:
 * connect anew), -ETIMEDOUT it does not answer. To send keys, ask once for the descriptor, which outlives the
 * connection and the keeper, and write to it as keep/input does; close it when you are done. */
int control_input(int fd, int *ret_fd, uint64_t *ret_cursor);
int control_eof(int fd);
int control_size(int fd, int cols, int rows);

#endif
