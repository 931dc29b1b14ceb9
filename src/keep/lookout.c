#include "keep/lookout.h"

#include "keep/capture.h"

#include <stdio.h>
#include <unistd.h>

void lookout_init(struct lookout *l, struct lookout_told *stored)
{
	*l = (struct lookout){.told = *stored, .stored = stored};
}

void lookout_news(struct lookout *l, int64_t now_ns)
{
	pace_news(&l->pace, now_ns);
}

int64_t lookout_due(const struct lookout *l)
{
	return l->pace.next_ns;
}

void lookout_stored(struct lookout *l)
{
	*l->stored = l->told;
}

/* ---- ports ---- */

static bool is_told(const struct lookout_told *told, uint16_t number)
{
	for (int i = 0; i < told->nports; i++)
		if (told->ports[i] == number)
			return true;
	return false;
}

/* One that was closed is told again when it opens. */
static void forget_closed(struct lookout *l)
{
	int kept = 0;

	for (int i = 0; i < l->told.nports; i++)
		if (ports_has(&l->ports, l->told.ports[i], NULL))
			l->told.ports[kept++] = l->told.ports[i];
	l->told.nports = kept;
}

static void tell_ports(struct lookout *l, const struct lookout_job *job)
{
	forget_closed(l);
	for (int i = 0; i < l->ports.n && l->told.nports < PORTS_MAX; i++) {
		struct lookout_news news = {.port = l->ports.list[i].number};

		if (!is_told(&l->told, news.port) && job->tell(job->arg, &news))
			l->told.ports[l->told.nports++] = news.port;
	}
}

/* ---- input ---- */

static uint32_t sum_of(const struct prompt *prompt)
{
	uint32_t sum = 2166136261u;

	for (size_t i = 0; i < prompt->len; i++)
		sum = (sum ^ (unsigned char)prompt->text[i]) * 16777619u;
	return sum;
}

/* Who merely listens for keys, and shows no prompt, asks nobody. */
static bool is_question(const struct question *input, const struct prompt *prompt)
{
	return input->kind == QUESTION_LINE || input->kind == QUESTION_PASSWORD ||
	       (input->kind == QUESTION_KEYS && prompt->open);
}

/* The same wait as the one that was told: nothing was written since, or by others; who does nothing else meanwhile has
 * not run, who does shows the same prompt. */
static bool is_same(const struct lookout *l, const struct question *input, const struct prompt *prompt)
{
	const struct lookout_told *told = &l->told;

	if (told->input.kind != input->kind || told->input.pid != input->pid)
		return false;
	if (told->end == prompt->end)
		return true;
	return input->alone ? told->input.runs == input->runs : told->prompt == sum_of(prompt);
}

static struct question look_for_input(const struct lookout_job *job, const struct os_stat *list, int n,
				      struct prompt *ret_prompt)
{
	struct question_source source;

	return question_source(getpid(), &source) ? question_look(&source, list, n, job->log_fd, ret_prompt)
						  : (struct question){0};
}

static void tell_input(struct lookout *l, const struct lookout_job *job, const struct os_stat *list, int n)
{
	struct lookout_news news;
	struct prompt prompt;
	struct question input;
	int looks = 0;

	do {
		input = look_for_input(job, list, n, &prompt);
		if (input.kind == QUESTION_NONE) {
			l->told.input.kind = QUESTION_NONE;
			return;
		}
		if (!is_question(&input, &prompt) || is_same(l, &input, &prompt))
			return;
		/* others may write all the time: what was there at the first look is there at the second */
	} while (looks++ == 0 && job->settle(job->arg));
	news = (struct lookout_news){.input = input.kind, .prompt = &prompt};
	if (!job->tell(job->arg, &news))
		return;
	l->told.input = input;
	l->told.end = prompt.end;
	l->told.prompt = sum_of(&prompt);
}

void lookout_look(struct lookout *l, const struct lookout_job *job)
{
	const struct os_stat *list;
	int n = tree_list(job->tree, &list);

	pace_looked(&l->pace, os_mono_ns());
	if (job->ports && ports_look(&l->ports, list, n))
		pace_news(&l->pace, os_mono_ns());
	if (job->ports)
		tell_ports(l, job);
	if (job->input)
		tell_input(l, job, list, n);
}

/* ---- in the keeper ---- */

static bool wanted(const struct hold *hold)
{
	return (hold->port_event || hold->input_event) && hold->state->launched &&
	       hold->state->ending.cause == REASON_NONE;
}

/* What it wrote before it asked comes first. True when there was any. */
static bool store_output(void *arg)
{
	struct capture *c = arg;
	uint64_t end = c->log.end;

	capture_drain(c);
	capture_scan(c);
	return c->log.end != end;
}

static bool add_note(void *arg, const struct lookout_news *news)
{
	static const char *const asked[] = {"", "keys", "a line", "a password"};
	const struct capture *c = arg;
	char text[PROMPT_MAX + 64];
	int n;

	_Static_assert(sizeof asked / sizeof *asked == QUESTION_KIND_COUNT, "a kind of question was added");
	if (c->scan.at != c->log.end)
		return false;
	if (news->port)
		n = snprintf(text, sizeof text, "listens on port %u", news->port);
	else
		n = snprintf(text, sizeof text, "waits for %s%s%s", asked[news->input], news->prompt->len ? ": " : "",
			     news->prompt->text);
	return capture_note(arg, news->port ? EVENT_PORT : EVENT_INPUT, text, (size_t)n);
}

void lookout_step(struct lookout *l, struct capture *c, const struct tree *tree)
{
	const struct hold *hold = c->hold;
	const struct lookout_job job = {.ports = hold->port_event,
					.input = hold->input_event,
					.tree = tree,
					.log_fd = c->log.fd,
					.tell = add_note,
					.settle = store_output,
					.arg = c};

	if (!wanted(hold))
		return;
	if (!c->notes.count)
		lookout_stored(l);
	if (l->heard != c->log.end)
		lookout_news(l, os_mono_ns());
	l->heard = c->log.end;
	if (os_mono_ns() < lookout_due(l))
		return;
	store_output(c);
	if (c->scan.at == c->log.end)
		lookout_look(l, &job);
}

int64_t lookout_deadline(const struct lookout *l, const struct capture *c)
{
	/* while lines wait to be scanned there will be news anyway */
	return wanted(c->hold) && c->scan.at == c->log.end ? lookout_due(l) : -1;
}
