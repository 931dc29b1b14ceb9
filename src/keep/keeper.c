#include "keep/keeper.h"

#include "base/path.h"
#include "keep/caller.h"
#include "keep/capture.h"
#include "keep/control.h"
#include "keep/ending.h"
#include "keep/files.h"
#include "keep/ledger.h"
#include "keep/silence.h"
#include "keep/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OWNER_GRACE_MS 500 /* an owner that died is followed quickly, whatever the task's grace */
#define STATUS_TRIES   100 /* how often, 10 ms apart, an exit code is asked of a kernel that may still get it */
#define STATUS_GAP_NS  10000000

static struct keeper {
	struct hold *hold;
	struct hold_state *st;
	struct ledger ledger;
	struct caller caller;
	struct control control;
	struct ending_work ending;
	struct silence silence;
	int guard_fd; /* pidfd */
	int stray_fd; /* pidfd of the command, or of a leftover, that no adopter of ours will reap; -1: none */
	int lock_fd;
	bool look; /* processes came or went: see who is left */
	bool tree_gone;
	bool finishing;	 /* the command ended and its last output is in the log */
	bool end_ready;	 /* … and scanned, and told */
	bool emptied;	 /* nobody is left, and what the leftovers wrote is in the log, too; */
	bool tree_ready; /* … and scanned, and told */
	int status_tries;
	int64_t status_at_ns;
} k;

/* Apart from k, because it is large and mostly never touched: an idle task must not pay for them. */
static struct capture output;
static struct lookout eye;

_Static_assert(sizeof *k.st + sizeof *k.ledger.reply <= 4096, "the shared page (see guard) is too small");

static struct tree whole_tree(void)
{
	return (struct tree){
	    .guard = k.hold->guard,
	    .keeper = {.pid = getpid()},
	    .command = k.st->ended ? (struct os_proc){0} : k.st->command,
	    .token = k.st->strays ? k.hold->token : NULL,
	};
}

/* ---- birth ---- */

static int take_lock(void)
{
	k.lock_fd = openat(k.hold->fd[HOLD_DIR], "lock", O_RDWR | O_CLOEXEC);
	if (k.lock_fd < 0)
		return -errno;
	return os_lock(k.lock_fd, FILES_LOCK_KEEPER);
}

static void tell_place(void)
{
	struct os_stat me;

	if (os_stat(getpid(), &me) == 0)
		files_write_keeper(k.hold->fd[HOLD_DIR], me.proc);
}

/* Starts the command. 0, or a negative errno after `run` was told. */
static int launch(void)
{
	enum spawn_stage stage;
	int r = spawn_command(k.hold, &stage);

	hold_close(k.hold, HOLD_OUT_WRITE);
	hold_close(k.hold, HOLD_IN);
	hold_close(k.hold, HOLD_ARGV);
	if (r == 0 && k.hold->timeout_ms)
		k.st->timeout_at_ns = os_mono_ns() + k.hold->timeout_ms * 1000000;
	/* launched first: once `run` was told, a killed keeper must not pass for a failed start */
	k.st->launched = r == 0;
	caller_report(&k.caller, r, (int)stage);
	if (r < 0)
		return r;
	os_poke(k.hold->fd[HOLD_POKE_GUARD]);
	return 0;
}

/* When a second kill has put the command out of both adopters' reach, its end is seen through a pidfd only. */
static void watch_stray_command(void)
{
	struct os_stat st;

	if (k.st->ended || k.stray_fd >= 0 || !k.st->launched)
		return;
	if (os_stat(k.st->command.pid, &st) == 0 && st.proc.start == k.st->command.start &&
	    (st.ppid == getpid() || st.ppid == k.hold->guard.pid))
		return;
	k.st->strays = true;
	k.stray_fd = os_pidfd(k.st->command);
	if (k.stray_fd < 0)
		hold_command_ended(k.hold, -1);
}

/* A keeper that fails at every start, for the test of the guard's back-off (build/hob-crash). */
static void crash_in_tests(void)
{
#ifdef HOB_TEST_CRASH
	const char *file = getenv("HOB_TEST_CRASH");

	if (k.st->launched && file && access(file, F_OK) == 0)
		abort();
#endif
}

static int begin(struct hold *hold)
{
	int r;

	memset(&k, 0, sizeof k);
	k.hold = hold;
	k.st = hold->state;
	caller_init(&k.caller, hold);
	k.guard_fd = k.stray_fd = k.lock_fd = -1;
	k.look = true;
	crash_in_tests();
	os_adopt_orphans();
	r = take_lock();
	if (r == 0) {
		k.guard_fd = os_pidfd(hold->guard);
		/* gone between fork and here: as if it had died a moment later */
		r = k.guard_fd == -ESRCH ? 0 : k.guard_fd;
	}
	if (r < 0)
		return r;
	tell_place();
	if (k.st->input_ended) {
		hold_close(hold, HOLD_IN_WRITE);
		os_poke(hold->fd[HOLD_POKE_GUARD]);
	}
	control_init(&k.control, hold->fd[HOLD_LISTEN]);
	r = capture_open(&output, hold);
	if (r < 0)
		return r;
	if (hold->port_event || hold->input_event)
		lookout_init(&eye, &k.st->told);
	ledger_init(&k.ledger, hold, &output, (struct scribe_reply *)(void *)(k.st + 1));
	return 0;
}

/* ---- what happened ---- */

static void reap(void)
{
	int status;
	pid_t pid;

	os_signal_drain(k.hold->fd[HOLD_SIGNALS]);
	while ((pid = hold_reap(k.hold, &status)) > 0) {
		if (pid == k.ledger.scribe)
			ledger_scribe_ended(&k.ledger, status);
		k.look = true;
	}
}

/* The command's parent is neither of us: the kernel is asked, where it keeps exit codes (Linux 6.15). */
static void ask_status(void)
{
	int status = -1, r = os_foreign_status(k.st->command, k.stray_fd, &status);

	if (r == -EAGAIN && k.status_tries++ < STATUS_TRIES) {
		k.status_at_ns = os_mono_ns() + STATUS_GAP_NS;
		return;
	}
	k.status_at_ns = 0;
	path_close(&k.stray_fd);
	hold_command_ended(k.hold, r == 0 ? status : -1);
	k.look = true;
}

static void stray_ended(void)
{
	if (!k.st->ended) {
		ask_status();
		return;
	}
	path_close(&k.stray_fd);
	k.look = true;
}

static void end_tree(const struct control_order *order)
{
	if (k.ending.given_up) {
		/* somebody tries again what could not be done before */
		k.ending = (struct ending_work){0};
		k.st->ending.cause = REASON_NONE;
	}
	ending_begin(k.st, order->cause, order->signal, order->grace_ms);
}

/* Hands out what the task reads from. What it wrote up to now goes into the log first, so that the cursor tells it
 * from the answer to the input. */
static void give_input(int client)
{
	int fd = k.hold->fd[k.hold->pty_cols ? HOLD_PTY : HOLD_IN_WRITE];
	char word[CONTROL_TEXT_MAX];

	if (fd < 0) {
		control_reply(&k.control, client, k.st->input_ended ? "ended" : "none", -1);
		return;
	}
	capture_drain(&output);
	snprintf(word, sizeof word, "input %llu", (unsigned long long)output.log.end);
	control_reply(&k.control, client, word, fd);
}

/* The pipe's write end is the guard's too, and a later keeper's, if this one is killed here. */
static void end_input(int client)
{
	bool ended = k.st->input_ended;

	if (!k.hold->stdin_pipe) {
		control_reply(&k.control, client, "none", -1);
		return;
	}
	k.st->input_ended = true;
	hold_close(k.hold, HOLD_IN_WRITE);
	os_poke(k.hold->fd[HOLD_POKE_GUARD]);
	control_reply(&k.control, client, ended ? "ended" : "ok", -1);
}

static void obey(const struct control_order *order)
{
	switch (order->word) {
	case CONTROL_KILL:
		end_tree(order);
		break;
	case CONTROL_INPUT:
		give_input(order->client);
		break;
	case CONTROL_EOF:
		end_input(order->client);
		break;
	case CONTROL_SIZE:
		control_reply(&k.control, order->client,
			      capture_resize(&output, order->cols, order->rows) < 0 ? "none" : "ok", -1);
		break;
	}
}

static void check_clock(void)
{
	if (k.st->timeout_at_ns && os_mono_ns() >= k.st->timeout_at_ns) {
		k.st->timeout_at_ns = 0;
		ending_begin(k.st, REASON_TIMEOUT, SIGTERM, k.hold->grace_ms);
	}
	if (k.status_at_ns && os_mono_ns() >= k.status_at_ns)
		ask_status();
	if (k.ledger.dead && k.st->ending.cause == REASON_NONE)
		ending_begin(k.st, REASON_LOST, SIGKILL, 0);
	caller_follow(&k.caller, k.ledger.gone || k.ledger.failing_ns);
}

static void owner_ended(void)
{
	int64_t grace = k.hold->grace_ms < OWNER_GRACE_MS ? k.hold->grace_ms : OWNER_GRACE_MS;

	hold_close(k.hold, HOLD_OWNER);
	ending_begin(k.st, REASON_OWNER, SIGTERM, grace);
}

/* ---- who is left ---- */

/* Strays send no SIGCHLD: one of them is watched, and when it ends the next. */
static bool any_strays(void)
{
	const struct os_stat *list;
	struct tree tree = whole_tree();

	if (!k.st->strays)
		return false;
	if (k.stray_fd >= 0)
		return true;
	while (tree_list(&tree, &list) > 0) {
		k.stray_fd = os_pidfd(list[0].proc);
		if (k.stray_fd >= 0)
			return true;
	}
	return false;
}

static void look_around(void)
{
	k.look = false;
	watch_stray_command();
	k.tree_gone = k.st->ended && !tree_any_child() && !k.st->guard_has_kids && !any_strays();
}

/* ---- the end ---- */

/* Once the command ended: its last bytes, then its last notes; only then may its end be recorded. */
static void finish_command(void)
{
	if (!k.st->ended || k.end_ready)
		return;
	if (!k.finishing) {
		capture_drain(&output);
		output.limit = output.log.end;
		k.finishing = true;
	}
	capture_scan(&output);
	if (capture_finish(&output)) {
		output.limit = 0;
		k.end_ready = true;
	}
}

/* Nobody is left to write: what the leftovers wrote last. */
static void finish_tree(void)
{
	if (!k.tree_gone || !k.finishing || k.tree_ready)
		return;
	capture_drain(&output);
	k.emptied = true;
	if (!k.end_ready)
		return;
	capture_scan(&output);
	k.tree_ready = capture_finish(&output);
	/* somebody outside the tree may hold the other end: that is no reason to stay */
	if (k.tree_ready)
		hold_close(k.hold, HOLD_OUT);
}

/* What was never listed has nobody to be told to. */
static bool all_done(void)
{
	if (k.st->forgotten)
		return k.emptied;
	return k.tree_ready && ledger_complete(&k.ledger, true);
}

/* ---- the loop ---- */

enum slot { SLOT_SIGNALS, SLOT_POKE, SLOT_GUARD, SLOT_OUT, SLOT_RUN, SLOT_OWNER, SLOT_STRAY, SLOT_CONTROL };

static int64_t earlier(int64_t a, int64_t b)
{
	if (a < 0 || (b >= 0 && b < a))
		return b;
	return a;
}

static int64_t deadline(bool quiet)
{
	int64_t at = -1;

	if (output.behind || (capture_pending(&output) && !quiet))
		return 0;
	if (k.st->timeout_at_ns)
		at = earlier(at, k.st->timeout_at_ns);
	if (k.status_at_ns)
		at = earlier(at, k.status_at_ns);
	if (quiet)
		at = earlier(at, output.quiet_until_ns);
	at = earlier(at, silence_deadline(&k.silence, &output));
	if (!k.tree_gone)
		at = earlier(at, lookout_deadline(&eye, &output));
	if (!k.tree_gone)
		at = earlier(at, ending_deadline(k.st, &k.ending));
	return earlier(at, ledger_deadline(&k.ledger));
}

static int wait_for_news(struct pollfd *fds)
{
	bool quiet = output.quiet_until_ns > os_mono_ns();
	bool owned = k.hold->lifetime != LIFETIME_DETACHED;
	int *fd = k.hold->fd, n;

	fds[SLOT_SIGNALS] = (struct pollfd){.fd = fd[HOLD_SIGNALS], .events = POLLIN};
	fds[SLOT_POKE] = (struct pollfd){.fd = fd[HOLD_POKE_KEEPER], .events = POLLIN};
	fds[SLOT_GUARD] = (struct pollfd){.fd = k.guard_fd, .events = POLLIN};
	fds[SLOT_OUT] = (struct pollfd){
	    .fd = quiet || caller_behind(&k.caller, capture_readable(&output)) ? -1 : capture_poll(&output),
	    .events = POLLIN};
	fds[SLOT_RUN] = (struct pollfd){.fd = fd[HOLD_RUN], .events = POLLIN};
	fds[SLOT_OWNER] = (struct pollfd){.fd = owned ? fd[HOLD_OWNER] : -1, .events = POLLIN};
	fds[SLOT_STRAY] = (struct pollfd){.fd = k.status_at_ns ? -1 : k.stray_fd, .events = POLLIN};
	n = SLOT_CONTROL + control_poll(&k.control, fds + SLOT_CONTROL);
	return os_wait(fds, (nfds_t)n, deadline(quiet));
}

static bool client_spoke(const struct pollfd *fds)
{
	for (int i = 0; i < 1 + CONTROL_CLIENTS; i++)
		if (fds[SLOT_CONTROL + i].revents)
			return true;
	return false;
}

static void handle_news(const struct pollfd *fds)
{
	struct control_order order;

	if (fds[SLOT_POKE].revents) {
		os_poke_drain(k.hold->fd[HOLD_POKE_KEEPER]);
		k.look = true;
	}
	if (fds[SLOT_SIGNALS].revents)
		reap();
	if (fds[SLOT_RUN].revents)
		k.ledger.check = caller_hear(&k.caller) || k.ledger.check;
	if (fds[SLOT_OWNER].revents)
		owner_ended();
	if (fds[SLOT_STRAY].revents)
		stray_ended();
	if (fds[SLOT_OUT].revents || capture_pending(&output))
		capture_move(&output);
	/* as many as may speak at once: who goes on and on keeps nobody from their turn */
	for (int i = 0; client_spoke(fds) && i < CONTROL_CLIENTS && control_serve(&k.control, &order); i++)
		obey(&order);
	check_clock();
}

/* One round after news: everything that may have become possible. */
static void proceed(void)
{
	struct tree tree;

	if (output.behind || output.scan.at < output.log.end)
		capture_scan(&output);
	if (k.look)
		look_around();
	finish_command();
	if (!k.tree_gone) {
		tree = whole_tree();
		if (ending_step(k.st, &k.ending, &tree))
			control_answer(&k.control, "left");
		lookout_step(&eye, &output, &tree);
		/* a sweep may have ended strays, which tell nobody */
		k.look = k.look || (k.st->strays && k.st->ending.cause != REASON_NONE && !k.ending.given_up);
	}
	finish_tree();
	/* while nothing is listed, what was scanned stays here: the end cannot wait for it */
	if (k.finishing)
		caller_tell_end(&k.caller, k.emptied, output.log.end);
	silence_step(&k.silence, &output);
	ledger_step(&k.ledger, k.end_ready, k.tree_gone);
	/* who asked for the end gets its answer with the record where that is to be had, else without */
	if (k.tree_gone && ledger_stuck(&k.ledger))
		control_answer(&k.control, "gone");
}

static enum keeper_end finish(enum keeper_end end)
{
	if (end == KEEPER_DONE) {
		control_answer(&k.control, "gone");
		ledger_leave(&k.ledger);
	}
	capture_close(&output);
	path_close(&k.guard_fd);
	path_close(&k.stray_fd);
	return end;
}

void keeper_release(void)
{
	path_close(&k.lock_fd);
}

enum keeper_end keeper_run(struct hold *hold)
{
	struct pollfd fds[SLOT_CONTROL + 1 + CONTROL_CLIENTS];

	if (begin(hold) < 0)
		return KEEPER_BROKEN;
	/* the keeper before this one may have been killed just before it could tell `run` */
	if (k.st->launched && !k.st->go && hold->fd[HOLD_RUN] >= 0)
		caller_report(&k.caller, 0, 0);
	if (!k.st->launched && launch() < 0)
		return finish(KEEPER_UNSTARTED);
	proceed();
	while (!all_done()) {
		memset(fds, 0, sizeof fds);
		if (wait_for_news(fds) < 0)
			continue;
		if (fds[SLOT_GUARD].revents || k.guard_fd < 0) {
			for (int i = 0; i < CONTROL_CLIENTS; i++)
				path_close(&k.control.clients[i]);
			return finish(KEEPER_PROMOTED);
		}
		handle_news(fds);
		proceed();
	}
	return finish(KEEPER_DONE);
}
