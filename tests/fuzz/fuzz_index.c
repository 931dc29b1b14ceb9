/* The index: whatever stands in the file, it loads to something ordered or is refused; a writer that goes on with it
 * leaves an index that loads, within its bound. Input: the file. */
#include <errno.h>
#include <sys/stat.h>

#include "base/err.h"
#include "folder.h"
#include "log/index.h"
#include "must.h"

static void check_order(const struct index *ix)
{
	for (size_t i = 1; i < ix->nmarks; i++)
		MUST(ix->marks[i].end >= ix->marks[i - 1].end && ix->marks[i].lines >= ix->marks[i - 1].lines);
	for (size_t i = 0; i < ix->nlosses; i++)
		MUST(ix->losses[i].from < ix->losses[i].to && (i == 0 || ix->losses[i].from > ix->losses[i - 1].to));
	for (size_t i = 1; i < ix->nterms; i++)
		MUST(ix->terms[i].at >= ix->terms[i - 1].at);
	MUST(ix->freed_from <= ix->freed_to);
}

static void check_answers(const struct index *ix, uint64_t offset)
{
	const struct index_mark *m = index_mark_at(ix, offset);
	const struct index_loss *loss = index_loss_at(ix, offset);
	uint64_t at;
	int64_t ms;

	MUST(!m || m->end >= offset);
	MUST((index_time_at(ix, offset, &ms) == 0) == (m != NULL));
	index_lines_at(ix, offset, &at);
	MUST(at <= offset);
	MUST(!loss || loss->to > offset);
}

static int load_and_check(void)
{
	struct index ix;
	struct err err;
	int rc = index_load(folder(), &ix, &err);

	MUST(rc == 0 || rc == -EBADMSG || rc == -ENOTSUP);
	check_order(&ix);
	check_answers(&ix, 0);
	check_answers(&ix, 5000);
	check_answers(&ix, UINT64_MAX);
	if (ix.nmarks)
		check_answers(&ix, ix.marks[ix.nmarks / 2].end);
	MUST(index_refresh(folder(), &ix) == rc);
	index_done(&ix);
	return rc;
}

static void go_on(void)
{
	struct index_writer w;
	struct err err;
	struct stat st;
	uint64_t end;

	if (index_open_write(folder(), &w, &err) != 0)
		return;
	end = w.last.end > w.loss.to ? w.last.end : w.loss.to;
	if (end > INT64_MAX / 2)
		end = 0;
	MUST(index_loss(&w, end + 5, end + 10, 1000) == 0);
	MUST(index_mark(&w, end + 20, 2000, w.last.lines) == 0);
	MUST(index_size(&w, end + 20, 2000, 80, 24) == 0);
	MUST(index_freed(&w, 1, 2) == 0);
	index_close(&w);
	MUST(fstatat(folder(), INDEX_FILE, &st, 0) == 0 && st.st_size <= INDEX_MAX);
	MUST(load_and_check() == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int rc;

	folder_put(INDEX_FILE, data, size);
	rc = load_and_check();
	if (rc != -ENOTSUP)
		go_on();
	return 0;
}

#define REPLAY_CORPUS "index"
#include "replay.h"
