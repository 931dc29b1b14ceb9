/* page: text within a budget of bytes: head and tail stay, the middle is named.
 * The caller hands over finished lines in order; the page hands on the head at once, keeps at most the budget in
 * memory, and fills the caller's struct view_result. Without a budget everything is handed on at once. */
#ifndef HOB_LOG_PAGE_H
#define HOB_LOG_PAGE_H

#include "log/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_ITEM_OMISSIONS 2

/* One line of text as it will be shown, or one sentence about what is missing. */
struct page_item {
	const char *text; /* with its newline */
	size_t len;
	uint64_t from; /* cursors of what it stands for */
	uint64_t to;
	uint64_t lines;		 /* lines of the task; 0 for a sentence */
	enum view_reason reason; /* what it counts as when it is left out; VIEW_LEFT_OUT, the first, as a rule */
	struct view_omission omitted[PAGE_ITEM_OMISSIONS]; /* what TEXT names; a sentence has exactly one */
	size_t nomitted;
};

/* A new page of BUDGET bytes (0: no budget), of which HEAD_PERCENT go to the head. The caller frees it and owns RES,
 * which must be zeroed and outlive it. */
struct page *page_new(size_t budget, unsigned head_percent, view_emit *emit, void *arg, struct view_result *res);

void page_free(struct page *p);

/* Adds a line or sentence; its text is copied where it must be kept. Returns 0, or what EMIT returned. */
int page_add(struct page *p, const struct page_item *item);

/* Adds the sentence for OM as a line of its own. */
int page_add_note(struct page *p, const struct view_omission *om);

/* True when the head is full: from now on only the last lines before page_finish are shown. */
bool page_wants_tail(const struct page *p);

/* Hands on the middle's sentences and the tail. */
int page_finish(struct page *p);

/* Adds OM to the list in RES, while there is room in it. */
void page_record(struct view_result *res, const struct view_omission *om);

#endif
