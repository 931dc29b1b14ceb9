/* os: what differs between operating systems, in one list; src/os/linux*.c fulfil it.
 * Every fd handed out is CLOEXEC and belongs to the caller. Nothing here allocates, so guard and keeper
 * may call all of it; nothing here prints. Unless said otherwise: 0 or a count, or a negative errno. */
#ifndef HOB_OS_OS_H
#define HOB_OS_OS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A process: a number, and the kernel's start time (clock ticks since boot) that makes it unique. */
struct os_proc {
	pid_t pid;
	uint64_t start;
};

/* What /proc tells of a process. */
struct os_stat {
	struct os_proc proc;
	pid_t ppid, pgid, sid;
	uid_t uid;
	char state; /* R S D T Z X … */
};

/* Time: UTC in milliseconds; CLOCK_MONOTONIC in nanoseconds. */
int64_t os_now_ms(void);
int64_t os_mono_ns(void);

/* Fills BYTES from the kernel's random source. */
int os_random(void *bytes, size_t len);

/* Identity of this boot (36 characters and NUL) and of this pid namespace (an inode number, 0 if unknown). */
int os_boot_id(char ret_id[40]);
uint64_t os_pid_namespace(void);

/* Reads the process PID; -ESRCH when there is none. */
int os_stat(pid_t pid, struct os_stat *ret_stat);

/* True while exactly this process lives (a zombie does not live). START 0 matches any start time. */
bool os_alive(struct os_proc proc);

/* The children of PID (all its threads'), at most MAX of them; returns how many, -ESRCH, or -ENOSYS. */
int os_children(pid_t pid, pid_t *ret_pids, int max);

/* Calls FN for every process of the machine until it returns non-zero; returns that. */
int os_each_process(int (*fn)(pid_t pid, void *arg), void *arg);

/* The command line of PID, arguments separated by NUL, cut at SIZE; returns its length. */
int os_cmdline(pid_t pid, char *ret_line, size_t size);

/* The short name of PID (15 bytes at most), which a process keeps while it exits; its command line is gone then. */
int os_name(pid_t pid, char ret_name[16]);

/* True when the environment PID was started with holds exactly the string NAME=VALUE. */
bool os_environ_has(pid_t pid, const char *entry);

/* A descriptor that becomes readable when PROC ends; -ESRCH when it is gone or is another process. */
int os_pidfd(struct os_proc proc);

/* Sends SIG to the process behind PIDFD. */
int os_pidfd_signal(int pidfd, int sig);

/* The wait status of the ended process PROC, PIDFD, that somebody else is to reap or reaped: from /proc while it is a
 * zombie (proc(5), exit_code), from the pidfd afterwards (PIDFD_GET_INFO, Linux 6.15). -ENOSYS where neither tells,
 * -EAGAIN while it may still come. */
int os_foreign_status(struct os_proc proc, int pidfd, int *ret_status);

/* A descriptor of a process. */
enum os_file_kind { OS_FILE_OTHER, OS_FILE_PIPE, OS_FILE_SOCKET, OS_FILE_TERMINAL, OS_FILE_MASTER };
struct os_file {
	int fd;
	enum os_file_kind kind;
	uint64_t id; /* pipe, socket: its inode; terminal, master: the terminal's device number, 0 if unknown */
	bool writes; /* open for writing */
};

/* What descriptor FD of PID is (/dev/tty: the terminal behind it); -EACCES when PID may not be looked at. */
int os_file(pid_t pid, int fd, struct os_file *ret);

/* Calls FN for each descriptor of PID until it returns non-zero; returns that. -EACCES likewise. */
int os_each_file(pid_t pid, int (*fn)(const struct os_file *file, void *arg), void *arg);

/* Calls FN for each descriptor that some thread of PID sleeps on until it can be read, until FN returns non-zero;
 * returns that. ALONE: the thread waits for nothing else (read), not for several or for a time (poll, select, epoll).
 * -EACCES when PID may not be looked at, -ENOSYS where the kernel does not tell. */
int os_each_awaited(pid_t pid, int (*fn)(int fd, bool alone, void *arg), void *arg);

/* Opens the terminal that descriptor FD of PID is, without becoming its session's leader; or the one with this device
 * number. The caller closes it soon: a terminal that somebody holds open is not hung up. */
int os_terminal_open(pid_t pid, int fd);
int os_terminal_find(uint64_t id);

/* The controlling terminal of PID (a device number, 0: none) and its foreground process group. */
int os_terminal_of(pid_t pid, uint64_t *ret_id, pid_t *ret_foreground);

/* A TCP socket that listens. */
struct os_listener {
	uint64_t inode;
	uint16_t port;
};

/* Lists the sockets that listen in PID's network namespace, v4 and v6, at most MAX; how many, or -ENOENT. */
int os_listeners(pid_t pid, struct os_listener *ret, int max);

/* The network namespace of PID, an inode number; 0 if unknown. */
uint64_t os_net_namespace(pid_t pid);

/* What a process used so far: clock ticks, ended children included; and what it occupies, in bytes: its share of the
 * memory (PSS), or where that may not be asked or would take long, what is resident of it. */
int os_usage(pid_t pid, uint64_t *ret_ticks, uint64_t *ret_bytes);
long os_ticks_per_second(void);

/* How often the first thread of PID gave up the processor of itself; 0 if unknown. */
uint64_t os_switches(pid_t pid);

/* Orphans of the calling process' descendants become its children. */
int os_adopt_orphans(void);

/* Calls that the name `ps` shows: rewrites the argument area [BEGIN, BEGIN+SIZE). Whoever looks meanwhile sees the
 * words that were the same before, and any mixture of the others; and one of the two short names. */
void os_title(char *begin, size_t size, const char *const *words);

/* A descriptor that is readable while one of SIGS (0-terminated) is pending; and its emptying. */
int os_signal_fd(const int *sigs);
void os_signal_drain(int fd);

/* A descriptor somebody else can make readable; its poking and its emptying. */
int os_poke_fd(void);
void os_poke(int fd);
void os_poke_drain(int fd);

/* Blocks on FDS until one is ready or the monotonic time DEADLINE_NS (-1: for ever). */
int os_wait(struct pollfd *fds, nfds_t n, int64_t deadline_ns);

/* Moves up to LEN bytes from the pipe into FD at OFFSET; bytes leave the pipe only once they are in the
 * file. Returns the count, 0 at the pipe's end, -EAGAIN when it is empty, -EINVAL where it cannot be done. */
ssize_t os_move(int pipe_fd, int fd, uint64_t offset, size_t len);

/* Moves up to LEN bytes from one pipe into another without copying them; they are never in neither. Returns the count,
 * 0 at the first one's end, -EAGAIN when it is empty or the other one full. */
ssize_t os_pipe_move(int from, int to, size_t len);

/* Frees the disk space of [FROM, TO) of FD; offsets stay. */
int os_punch(int fd, uint64_t from, uint64_t to);

/* Sets and reads the capacity of a pipe. */
int os_pipe_resize(int fd, int bytes);

/* How many bytes wait in the pipe. */
int os_pipe_fill(int fd);

/* Nonzero while the other end of the socket has not taken all that was written into this one. */
int os_socket_fill(int fd);

/* Holds byte N of FD for as long as FD's open file description lives; waits for whoever holds it. */
int os_lock(int fd, int n);

/* True while somebody holds byte N; disturbs nobody. */
bool os_locked(int fd, int n);

/* A set of watched files; each becomes readable when something happened. MODIFIED: somebody wrote;
 * CLOSED: somebody who could write closed it. Returns a watch number. */
int os_watch_new(void);
int os_watch_modified(int watch_fd, const char *path);
int os_watch_closed(int watch_fd, const char *path);
int os_watch_once(int watch_fd, const char *path); /* as MODIFIED, but tells only the first write */
void os_watch_drain(int watch_fd);

/* The same, and tells whether watch NUMBER was among what happened (or so much did that it was not counted). */
bool os_watch_take(int watch_fd, int number);

/* A new terminal of this size: its master, non-blocking. The calling process never gets it as its own. */
int os_pty_open(int cols, int rows);

/* In a child that leads a session: MASTER's terminal becomes its controlling one, and its stdin, stdout and stderr. */
int os_pty_take(int master);

/* The terminal's size; setting it sends SIGWINCH to the foreground job. Either end will do. */
int os_pty_resize(int fd, int cols, int rows);
int os_pty_size(int fd, int *ret_cols, int *ret_rows);

/* What the program on the terminal asked for: input by lines or as it comes; the character that ends input; whether
 * two others, or ANY after the first, stop and start what the terminal shows (FLOW). */
struct os_pty_mode {
	bool lines, echo;
	char eof;
	bool flow, any;
	char stop, start;
};
int os_pty_mode(int fd, struct os_pty_mode *ret);

/* True while no process has the terminal of MASTER open. */
bool os_pty_abandoned(int master);

/* A descriptor that becomes readable each time something happens on FD (and once at first), but not while a state
 * lasts; and its emptying. */
int os_edge_new(int fd);
void os_edge_drain(int edge);

/* For a process about to exit: the end of the watch set WATCH_FD, for which the kernel makes whoever closes it last
 * wait some 6 ms, is left to a child that does nothing else. */
void os_watch_leave(int watch_fd);

/* A file without a name, for handing bytes to a child. */
int os_memory_file(const char *name);

/* Marks every descriptor from FIRST up CLOEXEC. */
int os_cloexec_from(int first);

#endif
