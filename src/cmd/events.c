/* events: the outbox: read, followed, claimed, acknowledged. */
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "base/words.h"
#include "cmd/cmd.h"
#include "cmd/record.h"
#include "cmd/text.h"
#include "cmd/watch.h"
#include "keep/owner.h"
#include "task/event.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PAGE 500

enum { OPT_FOLLOW, OPT_LAST, OPT_SINCE, OPT_SESSION, OPT_CLAIM, OPT_OWNER, OPT_ACK, OPT_JSON };

struct events_args {
	struct registry *reg;
	struct consumer who;
	char **sessions, **acks;
	const char *owner;
	int64_t since, last; /* -1: not given */
	bool follow, json;
};

static const struct cmd_opt opts[] = {
    {"follow", 'f', NULL, "go on as events come (from now, unless -n or --since)"},
    {"last", 'n', "N", "only the last N; with -f, begin with them"},
    {"since", 0, "SEQ", "those after this number"},
    {"session", 'S', "SESSION", "of this session; repeatable. With --claim: also its events whose owner is dead"},
    {"claim", 0, "NAME", "take the events that are nobody else's, until acknowledged; wants -o"},
    {"owner", 'o', "PID[:START]", "the process that consumes them"},
    {"ack", 0, "SEQ", "acknowledge claimed events; more numbers may follow"},
    {"json", 0, NULL, "one object a line"},
    {0},
};

static int take(void *arg, int opt, const char *value, struct err *err)
{
	struct events_args *a = arg;

	switch (opt) {
	case OPT_FOLLOW:
		a->follow = true;
		return 0;
	case OPT_LAST:
		return cmd_number(value, "the number of events", 0, err, &a->last);
	case OPT_SINCE:
		return cmd_number(value, "the sequence number", 0, err, &a->since);
	case OPT_SESSION:
		words_add(&a->sessions, value);
		return cmd_filled(value, "-S", err);
	case OPT_CLAIM:
		a->who.name = value;
		return cmd_filled(value, "--claim", err);
	case OPT_OWNER:
		a->owner = value;
		return 0;
	case OPT_ACK:
		words_add(&a->acks, value);
		return 0;
	default:
		a->json = true;
		return 0;
	}
}

/* As -o takes it. */
static json_t *owner_json(struct os_proc owner)
{
	char buf[48];

	if (!owner.pid)
		return json_null();
	snprintf(buf, sizeof buf, "%d:%llu", (int)owner.pid, (unsigned long long)owner.start);
	return json_string(buf);
}

static void print_json(const struct event *ev)
{
	json_t *o = json_object();
	char *line, buf[16];

	json_object_set_new(o, "seq", json_integer(ev->seq));
	json_object_set_new(o, "type", json_string(event_type_text(ev->type)));
	json_object_set_new(o, "at", json_time(ev->at_ms));
	json_object_set_new(o, "id", json_text(ev->id));
	json_object_set_new(o, "name", json_text(ev->name));
	json_object_set_new(o, "sessionId", json_text(ev->session));
	json_object_set_new(o, "createdBy", json_text(ev->created_by));
	json_object_set_new(o, "project", json_text(ev->project));
	json_object_set_new(o, "owner", owner_json(ev->owner));
	json_object_set_new(o, "message", json_text(ev->message));
	json_object_set_new(o, "cursor", json_integer((json_int_t)ev->cursor));
	json_object_set_new(o, "status", json_text(ev->status));
	json_object_set_new(o, "reason", json_text(ev->reason));
	json_object_set_new(o, "exitCode", ev->exit_code >= 0 ? json_integer(ev->exit_code) : json_null());
	json_object_set_new(o, "signal", json_text(ev->signal ? record_signal(ev->signal, buf) : NULL));
	line = json_line(o);
	puts(line);
	free(line);
}

static void print_text(const struct event *ev)
{
	CLEAN_FREE char *name = text_safe(ev->name ? ev->name : ev->id);
	CLEAN_FREE char *message = text_safe(ev->message);
	char at[32], buf[16];

	time_iso(ev->at_ms, at);
	printf("%6lld  %s  %-7s  %-5s  %s", (long long)ev->seq, at, event_type_text(ev->type), ev->id, name);
	if (ev->type == EVENT_EXIT) {
		printf("  %s", ev->status ? ev->status : "?");
		if (ev->exit_code >= 0)
			printf(", exit %d", ev->exit_code);
		if (ev->signal)
			printf(", %s", record_signal(ev->signal, buf));
	}
	if (*message)
		printf("  %s", message);
	putchar('\n');
}

static int print_all(const struct events_args *a, const struct event *events, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (a->json)
			print_json(&events[i]);
		else
			print_text(&events[i]);
	}
	return cmd_flush(err);
}

/* Prints what is there, a page at a time; the statement is reset before a byte is printed. RET_AGAIN_MS: see
 * event_claim. */
static int drain(struct events_args *a, struct err *err, int64_t *ret_again_ms)
{
	size_t n = PAGE;
	int r = 0;

	*ret_again_ms = 0;
	while (r == 0 && n == PAGE) {
		struct event *events = NULL;

		r = a->who.name ? event_claim(a->reg, &a->who, PAGE, err, &events, &n, ret_again_ms)
				: event_read(a->reg, a->since, a->sessions, PAGE, err, &events, &n);
		if (r < 0)
			break;
		if (n)
			a->since = events[n - 1].seq;
		r = print_all(a, events, n, err);
		event_free_all(events, n);
	}
	return r;
}

/* When a claim that stands in the way may end, in monotonic time; -1: none does. */
static int64_t next_look(int64_t again_ms)
{
	int64_t now = os_now_ms();

	if (!again_ms)
		return -1;
	return os_mono_ns() + (again_ms > now ? again_ms - now + 1 : 1) * 1000000;
}

/* Where reading begins: as was said, or with the last N (-1: with all). */
static int find_start(struct events_args *a, int64_t n, struct err *err)
{
	n = a->last >= 0 ? a->last : n;
	return a->since >= 0 || n < 0 ? 0 : event_before(a->reg, a->sessions, n, err, &a->since);
}

static int read_once(struct events_args *a, struct err *err)
{
	int64_t again_ms;
	int r = a->who.name ? 0 : find_start(a, -1, err);

	return r < 0 ? r : drain(a, err, &again_ms);
}

static int follow(struct events_args *a, struct err *err)
{
	int64_t again_ms;
	struct watch w;
	int r = watch_open(&w, a->reg, err), news;

	if (r == 0 && !a->who.name)
		r = find_start(a, 0, err);
	signal(SIGPIPE, SIG_IGN);
	while (r == 0) {
		r = drain(a, err, &again_ms);
		if (r < 0)
			break;
		news = watch_wait(&w, a->reg, next_look(again_ms), 1);
		if (news < 0)
			r = -EPIPE;
	}
	watch_close(&w);
	/* a reader that went away is how following ends */
	return r == -EPIPE ? EXIT_DONE : r;
}

static int acknowledge(struct events_args *a, char **more, struct err *err)
{
	int64_t *seqs;
	size_t n = 0;
	int r = 0;

	for (; *more; more++)
		words_add(&a->acks, *more);
	seqs = xcalloc(words_count(a->acks), sizeof *seqs);
	for (char **word = a->acks; r == 0 && *word; word++)
		r = cmd_number(*word, "the sequence number", 1, err, &seqs[n++]);
	if (r == 0)
		r = event_ack(a->reg, &a->who, seqs, n, err);
	free(seqs);
	return r;
}

/* The claim holds as long as its holder lives: a follower itself, else the owner that reads once and acts later. */
static int fill_consumer(struct events_args *a, struct err *err)
{
	struct os_stat me;
	int r;

	if (!a->who.name)
		return a->owner ? cmd_usage(err, "-o goes with --claim") : 0;
	if (!a->owner)
		return cmd_usage(err, "--claim wants -o PID: events go to a living process");
	r = owner_parse(a->owner, err, &a->who.owner);
	if (r < 0)
		return r == -ESRCH ? -ECHILD : r;
	a->who.sessions = a->sessions;
	a->who.holder = a->who.owner;
	if (a->follow && os_stat(getpid(), &me) == 0)
		a->who.holder = me.proc;
	return 0;
}

static int check(const struct events_args *a, int extra, struct err *err)
{
	if (a->acks && (!a->who.name || a->follow))
		return cmd_usage(err, "--ack wants --claim NAME -o PID, and not -f");
	if (a->who.name && (a->since >= 0 || a->last >= 0))
		return cmd_usage(err, "--claim knows itself what is next: %s does not go with it",
				 a->last >= 0 ? "-n" : "--since");
	if (a->since >= 0 && a->last >= 0)
		return cmd_usage(err, "-n and --since both say where to begin: give one of them");
	if (extra && !a->acks)
		return cmd_usage(err, "events takes no argument: -S says of which session, --ack takes numbers");
	return 0;
}

static int exec(int argc, char **argv, struct err *err)
{
	struct events_args a = {.since = -1, .last = -1};
	int r = cmd_options(&cmd_events, argc, argv, false, take, &a, err), first = r;

	if (r >= 0)
		r = check(&a, first < argc, err);
	if (r >= 0)
		r = fill_consumer(&a, err);
	if (r >= 0)
		r = cmd_open(err, &a.reg);
	if (r >= 0 && a.acks)
		r = acknowledge(&a, argv + first, err);
	else if (r >= 0 && a.follow)
		r = follow(&a, err);
	else if (r >= 0)
		r = read_once(&a, err);
	words_free(a.sessions);
	words_free(a.acks);
	registry_close(a.reg);
	return r == -EPIPE ? EXIT_FAILED : r;
}

const struct cmd cmd_events = {
    .name = "events",
    .args = "[SEQ...]",
    .summary = "what happened: read, follow, claim, acknowledge",
    .opts = opts,
    .examples = "hob events                                   all there are\n"
		"hob events -n 20                             the last 20\n"
		"hob events -f --json                         from now on\n"
		"hob events -f --claim me -o $$ --json        those of the tasks I own, to me alone\n"
		"hob events --ack 17 18 --claim me -o $$      done with these\n",
    .exec = exec,
};
