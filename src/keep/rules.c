#include "keep/rules.h"

#include "base/err.h"
#include "base/regex.h"
#include "base/str.h"
#include "base/utf8.h"
#include "keep/scan.h"
#include "log/clean.h"
#include "task/task.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct rules {
	int n;
	uint64_t once; /* a bit for each --watch-once */
	struct {
		char *pattern;
		struct regex *regex;
		unsigned gave_up; /* how often */
	} list[RULES_MAX];
	struct clean *clean;
	uint64_t spent; /* of the look at hand, */
	struct rules_finding *finding;
	bool seen;		      /* the cleaner has shown something of the line */
	char text[EVENT_MESSAGE_MAX]; /* and what matched, where that is not the raw line */
};

int rules_check(const char *pattern, struct err *err)
{
	struct regex *regex = NULL;
	int r = regex_compile(pattern, REGEX_FRUGAL, err, &regex);

	regex_free(regex);
	return r;
}

/* Every rule that is told once is asked, for it is spent by a line that another one tells, too. */
static bool any_match(struct rules *r, const char *text, size_t len)
{
	uint64_t skip = r->spent | r->finding->spent;
	bool matched = false;
	size_t from, to;

	for (int i = 0; i < r->n; i++) {
		uint64_t bit = 1ull << i;
		int found;

		if (skip & bit || (matched && !(r->once & bit)) || r->list[i].gave_up == RULES_GIVE_UP)
			continue;
		found = regex_match(r->list[i].regex, text, len, 0, &from, &to);
		if (found < 0) {
			r->finding->failed |= bit;
			r->list[i].gave_up++;
		}
		if (found <= 0)
			continue;
		matched = true;
		r->finding->spent |= r->once & bit;
	}
	return matched;
}

static void found(struct rules *r, const char *text, size_t len)
{
	struct rules_finding *f = r->finding;

	f->matched = true;
	f->text = text;
	f->len = utf8_cut(text, len, EVENT_MESSAGE_MAX);
	f->cut = f->len < len;
}

/* A line that moves the terminal's cursor may leave several behind; the first that matches is told. */
static int see_line(void *arg, const struct clean_line *line)
{
	struct rules *r = arg;

	r->seen = true;
	if (r->finding && any_match(r, line->text, line->len) && !r->finding->matched) {
		found(r, line->text, line->len);
		memcpy(r->text, line->text, r->finding->len);
		r->finding->text = r->text;
	}
	return 0;
}

/* The longest and widest line there can be, so that no later one needs memory. */
static void make_room(struct rules *r)
{
	static const char wide[] = "\xf0\x9f\x98\x80";

	for (int i = 0; i < SCAN_LINE_MAX; i++)
		clean_feed(r->clean, i % 2 ? "x" : wide, i % 2 ? 1 : 4);
	clean_gap(r->clean, clean_cursor(r->clean), clean_cursor(r->clean), CLEAN_SKIPPED);
}

int rules_open(const char *watches, int n, struct rules **ret)
{
	const struct clean_opts opts = {.line_max = SCAN_LINE_MAX, .single = true};
	struct rules *r;
	int code = 0;

	*ret = NULL;
	if (n == 0)
		return 0;
	if (n > RULES_MAX)
		return -E2BIG;
	r = xcalloc(1, sizeof *r);
	for (; code == 0 && r->n < n; watches += strlen(watches) + 1) {
		struct err ignored = {0};

		r->list[r->n].pattern = xstrdup(watches + 1);
		if (*watches == TASK_WATCH_ONCE)
			r->once |= 1ull << r->n;
		code = regex_compile(watches + 1, REGEX_JIT | REGEX_FRUGAL, &ignored, &r->list[r->n].regex);
		r->n++;
	}
	if (code < 0) {
		rules_close(r);
		return code;
	}
	r->clean = clean_new(&opts, see_line, r);
	make_room(r);
	*ret = r;
	return 0;
}

void rules_close(struct rules *rules)
{
	if (!rules)
		return;
	for (int i = 0; i < rules->n; i++) {
		free(rules->list[i].pattern);
		regex_free(rules->list[i].regex);
	}
	clean_free(rules->clean);
	free(rules);
}

uint64_t rules_all(const struct rules *rules)
{
	return ~0ull >> (RULES_MAX - rules->n);
}

uint64_t rules_once(const struct rules *rules)
{
	return rules->once;
}

const char *rules_pattern(const struct rules *rules, int i)
{
	return rules->list[i].pattern;
}

/* Whether a person would read just these bytes: printable ASCII and tabs. Eight at a time, for most lines are. */
static bool is_plain(const char *line, size_t len)
{
	const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
	size_t i = 0;

	for (; i + 8 <= len; i += 8) {
		uint64_t word;

		memcpy(&word, line + i, 8);
		if (((word - ones * 0x20) | (word + ones) | word) & highs)
			break;
	}
	for (; i < len; i++)
		if ((unsigned char)line[i] >= 0x7f || ((unsigned char)line[i] < 0x20 && line[i] != '\t'))
			return false;
	return true;
}

/* Each line is cleaned by itself: nothing of one reaches the next. The cleaner shows no empty line, which may match. */
static void look_cleaned(struct rules *r, const char *line, size_t len)
{
	r->seen = false;
	clean_feed(r->clean, line, len);
	clean_gap(r->clean, clean_cursor(r->clean), clean_cursor(r->clean), CLEAN_SKIPPED);
	if (!r->seen && any_match(r, "", 0))
		found(r, "", 0);
}

void rules_look(struct rules *rules, const char *line, size_t len, uint64_t spent, struct rules_finding *ret)
{
	*ret = (struct rules_finding){0};
	rules->spent = spent;
	rules->finding = ret;
	while (len && line[len - 1] == '\r')
		len--;
	if (is_plain(line, len)) {
		if (any_match(rules, line, len))
			found(rules, line, len);
	} else {
		look_cleaned(rules, line, len);
	}
	rules->finding = NULL;
}
