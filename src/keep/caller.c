#include "keep/caller.h"

#include "keep/ending.h"
#include "keep/keeper.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define FOLLOWER_GRACE_MS 2000
#define BEHIND_BYTES	  (16 * 1024 * 1024) /* so far a caller may stay behind, as with a pipe */

void caller_init(struct caller *c, struct hold *hold)
{
	*c = (struct caller){.hold = hold};
}

/* True for a command that its caller still waits for: the registry knows nothing of it, and may never. */
static bool unlisted(const struct caller *c)
{
	return c->hold->unlisted && !c->hold->state->go;
}

void caller_report(struct caller *c, int code, int stage)
{
	struct keeper_report text = {
	    .code = code, .stage = stage, .command = c->hold->state->command, .started_ms = os_now_ms()};

	send(c->hold->fd[HOLD_RUN], &text, sizeof text, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* A word about a command that is not listed. */
static bool obey_unlisted(struct caller *c, const char *word)
{
	struct hold_state *st = c->hold->state;
	unsigned long long copied;
	int sig;

	if (!unlisted(c))
		return false;
	if (sscanf(word, "copied %llu", &copied) == 1)
		st->copied = copied;
	else if (sscanf(word, "abort %d", &sig) == 1)
		ending_begin(st, REASON_ABORT, sig, c->hold->grace_ms);
	else if (strcmp(word, "forget") == 0)
		st->forgotten = true;
	else
		return false;
	return true;
}

/* That the caller is gone and left something unread is told before what it said last. */
static ssize_t take_word(int fd, char *word, size_t size)
{
	ssize_t n = recv(fd, word, size, MSG_DONTWAIT);

	return n < 0 && errno == ECONNRESET ? recv(fd, word, size, MSG_DONTWAIT) : n;
}

bool caller_hear(struct caller *c)
{
	struct hold_state *st = c->hold->state;
	char word[32];
	ssize_t n = take_word(c->hold->fd[HOLD_RUN], word, sizeof word - 1);
	bool check = false;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	word[n > 0 ? n : 0] = '\0';
	if (n > 0 && obey_unlisted(c, word))
		return false;
	if (n > 0 && (strcmp(word, "go") == 0 || strcmp(word, "follow") == 0)) {
		st->go = true;
		st->follow = strcmp(word, "follow") == 0;
	} else if (n > 0 && strcmp(word, "bye") == 0) {
		st->follow = false;
	} else if (!st->go) {
		check = !st->forgotten;
	} else if (st->follow) {
		st->follow = false;
		ending_begin(st, REASON_ABORT, SIGTERM, FOLLOWER_GRACE_MS);
	}
	if (!st->follow) {
		hold_close(c->hold, HOLD_RUN);
		os_poke(c->hold->fd[HOLD_POKE_GUARD]);
	}
	return check;
}

void caller_follow(struct caller *c, bool unknown)
{
	if (unlisted(c) && c->hold->state->launched && c->hold->fd[HOLD_RUN] < 0 && unknown)
		ending_begin(c->hold->state, REASON_ABORT, SIGKILL, 0);
}

void caller_tell_end(struct caller *c, bool gone, uint64_t end)
{
	struct hold_state *st = c->hold->state;
	struct keeper_report text = {
	    .ended = true, .command = st->command, .wstatus = st->wstatus, .leftover = !gone, .output = end};

	if (!unlisted(c) || c->hold->fd[HOLD_RUN] < 0 || (c->end_told && (c->gone_told || !gone)))
		return;
	c->end_told = true;
	c->gone_told = gone;
	send(c->hold->fd[HOLD_RUN], &text, sizeof text, MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool caller_behind(const struct caller *c, uint64_t end)
{
	const struct hold_state *st = c->hold->state;

	return unlisted(c) && !st->ended && c->hold->fd[HOLD_RUN] >= 0 && end > st->copied + BEHIND_BYTES;
}
