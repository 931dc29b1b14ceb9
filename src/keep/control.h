/* control: the socket on which a keeper takes orders, and the words spoken there.
 * Messages are single words and numbers in one packet (SOCK_SEQPACKET):
 *   to the keeper    "1 kill SIGNAL GRACE_MS CAUSE"
 *   from the keeper  "ok" at once, then "gone" when no process is left, or "left" when some cannot be ended
 * The keeper's side owns at most CONTROL_CLIENTS connections and drops whoever does not keep up; it never blocks. */
#ifndef HOB_KEEP_CONTROL_H
#define HOB_KEEP_CONTROL_H

#include "keep/files.h"
#include "task/task.h"

#include <poll.h>

#define CONTROL_CLIENTS 8

struct control {
	int listen_fd;
	int clients[CONTROL_CLIENTS]; /* -1: free */
};

struct control_order {
	int signal;
	int64_t grace_ms;
	enum task_reason cause;
};

/* Binds and listens: in $XDG_RUNTIME_DIR/hob/ under TOKEN's front if DIR says so (NULL: not), else as "ctl" in the
 * folder DIRFD. RET_PATH gets the path, empty for "ctl". The caller owns the returned fd. */
int control_listen(const char *dir, const char *token, int dirfd, char ret_path[108]);

/* The keeper's side: all fds to poll (returns how many), and what to do when they are ready. Returns 1 and fills
 * RET_ORDER when somebody gave one. */
void control_init(struct control *control, int listen_fd);
int control_poll(const struct control *control, struct pollfd *fds);
int control_serve(struct control *control, struct control_order *ret_order);

/* Tells WORD to all clients that wait, and lets them go. */
void control_answer(struct control *control, const char *word);

/* The command's side: connects to the keeper of the task in DIRFD; non-blocking. */
int control_connect(const struct files_keepers *keepers, int dirfd);
int control_order(int fd, const struct control_order *order);

#endif
