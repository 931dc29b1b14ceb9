#include "log/page.h"

#include "base/str.h"
#include "log/note.h"

#include <stdlib.h>

#define MIDDLE_MAX 3 /* sentences for the middle; with more, the last two become one */

struct kept {
	struct page_item item;
	char *text; /* the item's, owned */
};

struct page {
	bool bounded;
	bool tailing; /* the head is full */
	size_t head_left;
	size_t tail_max;
	view_emit *emit;
	void *arg;
	struct view_result *res;
	struct str note;
	struct kept *ring; /* the tail so far */
	size_t cap, first, n;
	size_t bytes; /* of the texts in RING */
	struct view_omission middle[MIDDLE_MAX];
	size_t nmiddle;
};

struct page *page_new(size_t budget, unsigned head_percent, view_emit *emit, void *arg, struct view_result *res)
{
	struct page *p = xcalloc(1, sizeof *p);
	size_t notes = MIDDLE_MAX * (NOTE_MAX + 1);
	size_t text = budget > 2 * notes ? budget - notes : budget / 2;

	p->bounded = budget > 0;
	p->head_left = text / 100 * head_percent;
	p->tail_max = text - p->head_left;
	p->emit = emit;
	p->arg = arg;
	p->res = res;
	return p;
}

static struct kept *at(struct page *p, size_t i)
{
	return &p->ring[(p->first + i) % p->cap];
}

void page_free(struct page *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		free(at(p, i)->text);
	free(p->ring);
	str_done(&p->note);
	free(p);
}

bool page_wants_tail(const struct page *p)
{
	return p->tailing;
}

void page_record(struct view_result *res, const struct view_omission *om)
{
	if (res->nomitted == VIEW_OMITTED_MAX)
		return;
	if (!res->omitted)
		res->omitted = xcalloc(VIEW_OMITTED_MAX, sizeof *res->omitted);
	res->omitted[res->nomitted++] = *om;
}

static int show(struct page *p, const struct page_item *item)
{
	for (size_t i = 0; i < item->nomitted; i++)
		page_record(p->res, &item->omitted[i]);
	p->res->lines += item->lines;
	return p->emit(p->arg, item->text, item->len);
}

/* What an item becomes in the middle: a line is left out, a sentence stays what it says. */
static struct view_omission as_omission(const struct page_item *item)
{
	if (item->reason == VIEW_LEFT_OUT && item->lines == 0 && item->nomitted == 1)
		return item->omitted[0];
	return (struct view_omission){
	    .reason = item->reason,
	    .from = item->from,
	    .to = item->to,
	    .lines = item->lines,
	    .count = item->to - item->from,
	};
}

/* Makes one of two neighbours; two of different kinds become bytes left out, which name their gap when read. Matches
 * stay matches: a search of their range names the same gap, and they need not touch to be neighbours. Rows of a bar
 * that were drawn in turns overlap. */
static void join(struct view_omission *a, const struct view_omission *b)
{
	uint64_t from = b->from > a->to ? b->from : a->to;

	if (a->reason == VIEW_MATCHES || b->reason == VIEW_MATCHES) {
		a->lines = (a->reason == VIEW_MATCHES ? a->lines : 0) + (b->reason == VIEW_MATCHES ? b->lines : 0);
		a->reason = VIEW_MATCHES;
		a->to = b->to;
		a->count += b->count;
		return;
	}
	if (a->reason != b->reason)
		a->reason = VIEW_LEFT_OUT;
	a->lines = a->lines && b->lines ? a->lines + b->lines : 0; /* 0 is not known */
	if (b->to <= from)
		return;
	a->count += b->to - from;
	a->to = b->to;
}

static void leave_out(struct page *p, const struct view_omission *om)
{
	struct view_omission *last = p->nmiddle ? &p->middle[p->nmiddle - 1] : NULL;

	if (last && (p->nmiddle == MIDDLE_MAX ||
		     (last->reason == om->reason && (om->from <= last->to || om->reason == VIEW_MATCHES))))
		join(last, om);
	else
		p->middle[p->nmiddle++] = *om;
}

static void drop_first(struct page *p)
{
	struct kept *first = at(p, 0);
	struct view_omission om = as_omission(&first->item);

	leave_out(p, &om);
	p->bytes -= first->item.len;
	free(first->text);
	p->first = (p->first + 1) % p->cap;
	p->n--;
}

static void grow_ring(struct page *p)
{
	size_t cap = p->cap ? p->cap * 2 : 64;
	struct kept *ring = xcalloc(cap, sizeof *ring);

	for (size_t i = 0; i < p->n; i++)
		ring[i] = *at(p, i);
	free(p->ring);
	p->ring = ring;
	p->cap = cap;
	p->first = 0;
}

static void keep(struct page *p, const struct page_item *item)
{
	struct kept *last;

	if (p->n == p->cap)
		grow_ring(p);
	last = at(p, p->n++);
	last->item = *item;
	last->item.text = last->text = xstrndup(item->text, item->len);
	p->bytes += item->len;
	while (p->bytes > p->tail_max && p->n > 0)
		drop_first(p);
}

int page_add(struct page *p, const struct page_item *item)
{
	if (!p->bounded)
		return show(p, item);
	if (!p->tailing && item->len <= p->head_left) {
		p->head_left -= item->len;
		return show(p, item);
	}
	p->tailing = true;
	keep(p, item);
	return 0;
}

int page_add_note(struct page *p, const struct view_omission *om)
{
	struct page_item item = {.from = om->from, .to = om->to, .omitted = {*om}, .nomitted = 1};

	str_reset(&p->note);
	note_add(&p->note, om);
	str_addc(&p->note, '\n');
	item.text = p->note.buf;
	item.len = p->note.len;
	return page_add(p, &item);
}

int page_finish(struct page *p)
{
	int rc = 0;

	p->bounded = false;
	for (size_t i = 0; i < p->nmiddle && rc == 0; i++)
		rc = page_add_note(p, &p->middle[i]);
	for (size_t i = 0; i < p->n && rc == 0; i++)
		rc = show(p, &at(p, i)->item);
	return rc;
}
