/* index: what is on disk byte by byte, what is due, the bound, a full disk, and a kill before any system call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "log/index.h"

#define HEADER 64
#define RECORD 32

/* ---- system calls that fail or never return, on demand ---- */

static long calls_left = -1; /* the call after so many is where the process dies; -1: it lives */
static int disk_full;	     /* pwrite that would make the file longer fails */
static int disk_tears;	     /* … after half a record */
static jmp_buf died;

static void maybe_die(void)
{
	if (calls_left == 0) {
		calls_left = -1;
		longjmp(died, 1);
	}
	if (calls_left > 0)
		calls_left--;
}

ssize_t pwrite(int fd, const void *buf, size_t n, off_t at)
{
	struct stat st;

	maybe_die();
	if (disk_full && fstat(fd, &st) == 0 && at + (off_t)n > st.st_size) {
		if (disk_tears)
			return syscall(SYS_pwrite64, fd, buf, n / 2, at);
		errno = ENOSPC;
		return -1;
	}
	return syscall(SYS_pwrite64, fd, buf, n, at);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	maybe_die();
	return (int)syscall(SYS_renameat, from_dir, from, to_dir, to);
}

int ftruncate(int fd, off_t len)
{
	maybe_die();
	return (int)syscall(SYS_ftruncate, fd, len);
}

int unlinkat(int dir, const char *name, int flags)
{
	maybe_die();
	return (int)syscall(SYS_unlinkat, dir, name, flags);
}

/* ---- a folder for each test ---- */

static int dir = -1;

static int enter(void **state)
{
	char path[] = "/tmp/hob-test-index-XXXXXX";

	calls_left = -1;
	disk_full = disk_tears = 0;
	if (!mkdtemp(path))
		return -1;
	*state = strdup(path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

static int leave(void **state)
{
	unlinkat(dir, INDEX_FILE, 0);
	unlinkat(dir, INDEX_TEMP, 0);
	close(dir);
	rmdir(*state);
	free(*state);
	return 0;
}

static uint64_t file_size(void)
{
	struct stat st;

	return fstatat(dir, INDEX_FILE, &st, 0) == 0 ? (uint64_t)st.st_size : 0;
}

static size_t file_read(unsigned char *buf, size_t max)
{
	int fd = openat(dir, INDEX_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, buf, max);

	close(fd);
	return (size_t)n;
}

static void file_write(const void *buf, size_t n)
{
	int fd = openat(dir, INDEX_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, buf, n), n);
	close(fd);
}

static void assert_sane(const struct index *ix)
{
	for (size_t i = 1; i < ix->nmarks; i++) {
		assert_true(ix->marks[i].end >= ix->marks[i - 1].end);
		assert_true(ix->marks[i].lines >= ix->marks[i - 1].lines);
	}
	for (size_t i = 0; i < ix->nlosses; i++) {
		assert_true(ix->losses[i].from < ix->losses[i].to);
		if (i > 0)
			assert_true(ix->losses[i].from > ix->losses[i - 1].to);
	}
}

static struct index_writer writer(void)
{
	struct index_writer w;
	struct err err;

	assert_int_equal(index_open_write(dir, &w, &err), 0);
	return w;
}

static struct index loaded(void)
{
	struct index ix;
	struct err err;

	assert_int_equal(index_load(dir, &ix, &err), 0);
	assert_sane(&ix);
	return ix;
}

/* ---- the tests ---- */

static void bytes_on_disk_are_the_format(void **state)
{
	static const unsigned char want[HEADER + 3 * RECORD] = {
	    'h',  'o',	'b',  'i',  'n',  'd',	'e', 'x', 1,  0, 64,   0, 32,	0, 0, 0, /* version, sizes, exponent */
	    0,	  0,	0x10, 0,    0,	  0,	0,   0,	  0,  0, 0x30, 0, 0,	0, 0, 0, /* freed 1 MiB to 3 MiB */
	    0x10, 0,	0,    0,    0,	  0,	0,   0,					 /* lost 16 */
	    0,	  0,	0,    0,    0,	  0,	0,   0,	  0,  0, 0,    0, 0,	0, 0, 0, 0, 0, 0,  0,
	    0,	  0,	0,    0,    1,	  0,	0,   0,	  0,  0, 0,    0, 0x05, 0, 0, 0, 0, 0, 0,  0, /* mark: end 5 */
	    0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0,   0,	  2,  0, 0,    0, 0,	0, 0, 0, 3, 0, 80, 0,
	    24,	  0,	0,    0,    0x05, 0,	0,   0,	  0,  0, 0,    0, /* size: 80x24 from 5 on */
	    0x89, 0x77, 0x66, 0x55, 0x44, 0x33, 0,   0,	  0,  0, 0,    0, 0,	0, 0, 0, 2, 0, 0,  0,
	    0,	  0,	0,    0,    0x15, 0,	0,   0,	  0,  0, 0,    0, /* loss: 16 bytes before 21 */
	    0x8a, 0x77, 0x66, 0x55, 0x44, 0x33, 0,   0,	  16, 0, 0,    0, 0,	0, 0, 0,
	};
	const int64_t t = 0x334455667788;
	struct index_writer w = writer();
	unsigned char got[4096];

	(void)state;
	assert_int_equal(index_freed(&w, 1 << 20, 3 << 20), 0);
	assert_int_equal(index_mark(&w, 5, t, 2), 0);
	assert_int_equal(index_size(&w, 5, t + 1, 80, 24), 0);
	assert_int_equal(index_loss(&w, 5, 21, t + 2), 0);
	assert_int_equal(index_mark(&w, 22, t + 3, 2), 0); /* not due, but the log went on: the loss is told */
	assert_int_equal(file_read(got, sizeof got), sizeof want);
	assert_memory_equal(got, want, sizeof want);
	index_close(&w);
	assert_int_equal(w.fd, -1);
}

static void marks_come_per_block_or_per_time(void **state)
{
	struct index_writer w = writer();
	struct index ix;
	uint64_t end = 0;

	(void)state;
	/* 1 byte each ms for 10 s: one in 50 ms */
	for (int64_t t = 0; t < 10000; t++)
		index_mark(&w, (uint64_t)t + 1, t, 1);
	assert_in_range((file_size() - HEADER) / RECORD, 195, 205);
	/* 1 KiB each microsecond or so: one in 4 KiB */
	for (int i = 1; i <= 400; i++)
		index_mark(&w, end = 10000 + (uint64_t)i * 1024, 10000, 1);
	assert_in_range((file_size() - HEADER) / RECORD, 290, 310);
	index_close(&w);
	ix = loaded();
	assert_int_equal(ix.marks[ix.nmarks - 1].end, end); /* closing tells the last one */
	index_done(&ix);
}

static void silence_does_not_shift_times(void **state)
{
	struct index_writer w = writer();
	struct index ix;
	int64_t t = 0;
	uint64_t at = 1;

	(void)state;
	index_mark(&w, 10, 1000, 1);
	index_mark(&w, 20, 1010, 2);   /* not due */
	index_mark(&w, 30, 1020, 3);   /* not due */
	index_mark(&w, 40, 900000, 4); /* a quarter of an hour later */
	index_mark(&w, 50, 500000, 5); /* the clock was set back */
	ix = loaded();
	assert_int_equal(index_time_at(&ix, 0, &t), 0);
	assert_int_equal(t, 1000);
	index_time_at(&ix, 10, &t);
	assert_int_equal(t, 1000);
	index_time_at(&ix, 11, &t);
	assert_int_equal(t, 1020);
	index_time_at(&ix, 30, &t);
	assert_int_equal(t, 1020);
	index_time_at(&ix, 31, &t);
	assert_int_equal(t, 900000);
	index_time_at(&ix, 50, &t);
	assert_int_equal(t, 500000);
	assert_int_equal(index_time_at(&ix, 51, &t), -ENOENT);
	assert_int_equal(index_lines_at(&ix, 9, &at), 0);
	assert_int_equal(at, 0);
	assert_int_equal(index_lines_at(&ix, 39, &at), 3);
	assert_int_equal(at, 30);
	assert_int_equal(index_lines_at(&ix, UINT64_MAX, &at), 5);
	index_done(&ix);
	index_close(&w);
}

static void missing_empty_and_foreign_files(void **state)
{
	struct index_writer w;
	struct index ix;
	struct err err = {0};
	unsigned char bytes[256];
	size_t n;

	(void)state;
	ix = loaded();
	assert_int_equal(ix.nmarks, 0);
	index_done(&ix);
	file_write("", 0);
	ix = loaded();
	index_done(&ix);
	memset(bytes, 'x', sizeof bytes);
	file_write(bytes, sizeof bytes);
	assert_int_equal(index_load(dir, &ix, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "damaged"));
	assert_int_equal(index_refresh(dir, &ix), -EBADMSG);
	index_done(&ix);
	w = writer(); /* what is no index is begun anew */
	index_mark(&w, 1, 1, 1);
	index_close(&w);
	ix = loaded();
	assert_int_equal(ix.nmarks, 1);
	index_done(&ix);
	n = file_read(bytes, sizeof bytes);
	bytes[8] = 2;
	file_write(bytes, n);
	assert_int_equal(index_load(dir, &ix, &err), -ENOTSUP);
	assert_string_equal(err.text, "the index of the log was written by a newer hob (format 2, this one reads 1)");
	index_done(&ix);
	assert_int_equal(index_open_write(dir, &w, &err), -ENOTSUP);
	assert_int_equal(w.fd, -1);
	assert_int_equal(index_mark(&w, 100, 100, 100), 0); /* a writer that does nothing */
	assert_int_equal(index_loss(&w, 100, 200, 100), 0);
	assert_int_equal(index_freed(&w, 1, 2), -EBADF); /* nobody would know of the hole */
	index_close(&w);
	assert_int_equal(file_read(bytes, sizeof bytes), n);
	assert_int_equal(bytes[8], 2);
}

static void a_tail_torn_anywhere_is_repaired(void **state)
{
	unsigned char whole[HEADER + 20 * RECORD];
	struct index_writer w = writer();

	(void)state;
	for (uint64_t i = 1; i <= 20; i++)
		index_mark(&w, i * 5000, (int64_t)i * 100, i);
	index_close(&w);
	assert_int_equal(file_read(whole, sizeof whole), sizeof whole);
	for (size_t len = 0; len <= sizeof whole; len++) {
		size_t records = len < HEADER ? 0 : (len - HEADER) / RECORD;
		struct index ix;

		file_write(whole, len);
		ix = loaded();
		assert_int_equal(ix.nmarks, records);
		index_done(&ix);
		w = writer();
		assert_int_equal(w.last.end, records * 5000);
		assert_int_equal(w.last.lines, records);
		index_mark(&w, 200000, 9000, 77);
		index_close(&w);
		assert_int_equal(file_size(), HEADER + (records + 1) * RECORD);
		ix = loaded();
		assert_int_equal(ix.nmarks, records + 1);
		assert_int_equal(ix.marks[records].lines, 77);
		index_done(&ix);
	}
}

static void zeros_and_nonsense_at_the_end_are_cut_off(void **state)
{
	unsigned char bytes[HEADER + 10 * RECORD] = {0};
	struct index_writer w = writer();
	struct index ix;

	(void)state;
	for (uint64_t i = 1; i <= 3; i++)
		index_mark(&w, i * 5000, (int64_t)i * 100, i);
	index_close(&w);
	file_read(bytes, sizeof bytes);
	bytes[HEADER + 5 * RECORD] = 1; /* a mark that goes back to 0, behind two records of zeros */
	file_write(bytes, sizeof bytes);
	ix = loaded();
	assert_int_equal(ix.nmarks, 3);
	index_done(&ix);
	w = writer();
	assert_int_equal(w.size, HEADER + 3 * RECORD);
	assert_int_equal(file_size(), HEADER + 3 * RECORD);
	index_close(&w);
}

static void three_million_marks_stay_in_bounds(void **state)
{
	struct index_writer w = writer();
	struct index ix;
	const uint64_t n = 3000000;
	int64_t t = 0;
	uint64_t at, step;

	(void)state;
	for (uint64_t i = 1; i <= n; i++) {
		if (i % 1000 == 0)
			assert_true(file_size() <= INDEX_MAX);
		assert_int_equal(index_mark(&w, i * 5000, (int64_t)i * 60, i * 3), 0);
	}
	assert_int_equal(w.last.end + w.pending.end >= n * 5000, 1);
	index_close(&w);
	assert_true(file_size() <= INDEX_MAX);
	assert_int_equal(faccessat(dir, INDEX_TEMP, F_OK, 0), -1);
	ix = loaded();
	assert_in_range(ix.res, 6, 8);
	assert_true(ix.nmarks > INDEX_MAX / RECORD / 3);
	assert_int_equal(ix.marks[ix.nmarks - 1].end, n * 5000);
	assert_int_equal(ix.marks[ix.nmarks - 1].lines, n * 3);
	/* what is left is true, and as dense as the exponent says */
	step = 2u * ((uint64_t)INDEX_BYTES << ix.res) + 5000;
	for (size_t i = 0; i < ix.nmarks; i++) {
		assert_int_equal(ix.marks[i].time_ms, (int64_t)(ix.marks[i].end / 5000 * 60));
		assert_int_equal(ix.marks[i].lines, ix.marks[i].end / 5000 * 3);
		if (i > 0)
			assert_true(ix.marks[i].end - ix.marks[i - 1].end <= step);
	}
	assert_int_equal(index_time_at(&ix, n / 2 * 5000, &t), 0);
	assert_true(t >= (int64_t)(n / 2 * 60));
	assert_true(index_lines_at(&ix, n / 2 * 5000, &at) <= n / 2 * 3);
	index_done(&ix);
}

static void many_losses_and_sizes_stay_in_bounds(void **state)
{
	struct index_writer w = writer();
	struct index ix;
	uint64_t at = 0, lost = 0;

	(void)state;
	for (int i = 0; i < 60000; i++) {
		/* pairs of losses lie 100 bytes apart, and 100,000 from the next pair */
		index_loss(&w, at, at + 10, i);
		lost += 10;
		at += 10u + (i % 2 ? 100000u : 100u);
		index_mark(&w, at, i * 100, (uint64_t)i);
		index_size(&w, at, i, 80 + (unsigned)i % 100, 24);
		if (i % 1000 == 0)
			assert_true(file_size() <= INDEX_MAX);
	}
	index_close(&w);
	assert_true(file_size() <= INDEX_MAX);
	ix = loaded();
	assert_int_equal(ix.lost, lost); /* the sum stays exact */
	assert_true(ix.nlosses > 1000);
	for (size_t i = 0; i < ix.nlosses; i++) /* the fewest that will do become one */
		assert_true(ix.losses[i].to - ix.losses[i].from < at / 200);
	assert_true(ix.nterms > 1000);
	assert_true(ix.nmarks > 1000);
	assert_int_equal(ix.terms[ix.nterms - 1].cols, 80 + 59999 % 100);
	/* every byte lost is still called lost */
	at = 0;
	for (int i = 0; i < 60000; i++) {
		const struct index_loss *loss = index_loss_at(&ix, at);

		assert_non_null(loss);
		assert_true(loss->from <= at && loss->to >= at + 10);
		at += 10u + (i % 2 ? 100000u : 100u);
	}
	index_done(&ix);
}

static void losses_run_together_and_are_found(void **state)
{
	struct index_writer w = writer();
	struct index ix;

	(void)state;
	index_mark(&w, 1000, 1, 10);
	index_loss(&w, 1000, 1100, 2);
	index_loss(&w, 1100, 1200, 3);
	assert_int_equal(file_size(), HEADER + RECORD); /* still open: in the header only */
	ix = loaded();
	assert_int_equal(ix.nlosses, 1);
	assert_int_equal(ix.losses[0].from, 1000);
	assert_int_equal(ix.losses[0].to, 1200);
	assert_int_equal(ix.losses[0].time_ms, 2);
	assert_int_equal(ix.lost, 200);
	index_done(&ix);
	index_mark(&w, 1200, 4, 10); /* the log stands where the loss ends: still open */
	assert_int_equal(file_size(), HEADER + RECORD);
	index_loss(&w, 1200, 1300, 5);
	index_mark(&w, 2000, 100, 20);
	index_loss(&w, 2000, 2001, 101);
	index_loss(&w, 3000, 3001, 101); /* without a mark between */
	index_loss(&w, 3000, 3000, 101); /* nothing */
	ix = loaded();
	assert_int_equal(ix.nlosses, 3);
	assert_int_equal(ix.losses[0].to, 1300);
	assert_int_equal(ix.lost, 302);
	assert_int_equal(index_loss_at(&ix, 0)->from, 1000);
	assert_int_equal(index_loss_at(&ix, 1299)->from, 1000);
	assert_int_equal(index_loss_at(&ix, 1300)->from, 2000);
	assert_null(index_loss_at(&ix, 3001));
	index_done(&ix);
	index_close(&w);
	w = writer(); /* the open loss lives on in the next writer, who goes on behind it */
	assert_int_equal(w.loss.to, 3001);
	assert_int_equal(w.lost, 302);
	index_close(&w);
}

static void a_full_disk_costs_marks_but_no_loss(void **state)
{
	struct index_writer w = writer();
	struct index ix;

	(void)state;
	index_mark(&w, 5000, 100, 1);
	for (int tears = 0; tears < 2; tears++) {
		uint64_t base = 10000 + 1000000u * (unsigned)tears;

		disk_full = 1;
		disk_tears = tears;
		assert_int_equal(index_mark(&w, base, 1000, 2), 0);
		assert_int_equal(index_loss(&w, base, base + 100, 1000), 0);
		assert_int_equal(index_loss(&w, base + 100, base + 200, 1000), 0);
		assert_int_equal(index_mark(&w, base + 300, 2000, 3), 0); /* the log goes on, the index cannot */
		assert_int_equal(index_loss(&w, base + 300, base + 400, 3000), 0);
		ix = loaded();
		assert_int_equal(ix.losses[tears].from, base);
		assert_int_equal(ix.losses[tears].to, base + 400); /* one, since the first could not be written away */
		index_done(&ix);
		disk_full = 0;
		assert_int_equal(index_mark(&w, base + 500, 4000, 4), 0);
	}
	index_close(&w);
	ix = loaded();
	assert_int_equal(ix.nlosses, 2);
	assert_int_equal(ix.lost, 600);
	assert_int_equal(ix.marks[ix.nmarks - 1].end, 1010500);
	index_done(&ix);
}

static void a_disk_full_from_the_start(void **state)
{
	struct index_writer w;
	struct index ix;
	struct err err;

	(void)state;
	disk_full = 1;
	assert_int_equal(index_open_write(dir, &w, &err), 0);
	assert_int_equal(index_mark(&w, 10, 1, 1), 0);
	assert_int_equal(index_loss(&w, 10, 20, 1), 0);
	ix = loaded();
	index_done(&ix);
	disk_full = 0;
	assert_int_equal(index_mark(&w, 30, 100, 2), 0);
	index_close(&w);
	ix = loaded();
	assert_int_equal(ix.nlosses, 1);
	assert_int_equal(ix.nmarks, 2);
	index_done(&ix);
}

static void a_full_index_on_a_full_disk_waits(void **state)
{
	struct index_writer w = writer();
	uint64_t i;

	(void)state;
	for (i = 1; file_size() + RECORD <= INDEX_MAX; i++)
		index_mark(&w, i * 5000, (int64_t)i * 60, i);
	disk_full = 1;
	for (int n = 0; n < 1000; n++, i++)
		assert_int_equal(index_mark(&w, i * 5000, (int64_t)i * 60, i), 0);
	assert_int_equal(w.res, 0);
	assert_int_equal(faccessat(dir, INDEX_TEMP, F_OK, 0), -1);
	disk_full = 0;
	for (int n = 0; n < 100; n++, i++)
		index_mark(&w, i * 5000, (int64_t)i * 60, i);
	assert_int_equal(w.res, 1);
	index_close(&w);
	assert_true(file_size() <= INDEX_MAX);
}

static void freed_is_told_in_place(void **state)
{
	struct index_writer w = writer();
	struct index ix, now = {0};

	(void)state;
	index_mark(&w, 5000, 1, 1);
	ix = loaded();
	for (uint64_t to = 2; to < 100; to++) {
		assert_int_equal(index_freed(&w, 1 << 20, to << 20), 0);
		assert_int_equal(index_refresh(dir, &ix), 0);
		assert_int_equal(ix.freed_from, 1 << 20);
		assert_int_equal(ix.freed_to, to << 20);
		assert_int_equal(ix.nmarks, 1);
	}
	assert_int_equal(file_size(), HEADER + RECORD);
	index_close(&w);
	w = writer();
	assert_int_equal(w.freed_to, 99 << 20);
	index_close(&w);
	index_done(&ix);
	unlinkat(dir, INDEX_FILE, 0);
	assert_int_equal(index_refresh(dir, &now), 0);
}

/* A life with everything in it, from cursor BASE on. TOLD counts the bytes of losses whose call returned. */
static void live(struct index_writer *w, uint64_t base, volatile uint64_t *told)
{
	struct err err;

	assert_int_equal(index_open_write(dir, w, &err), 0);
	for (uint64_t i = 1; i < 40; i++) {
		uint64_t at = base + i * 100000;

		index_loss(w, at, at + 7, (int64_t)at);
		*told += 7;
		index_mark(w, at + 10000, (int64_t)at, at);
		index_mark(w, at + 10001, (int64_t)at + 1, at);
		index_size(w, at + 10001, (int64_t)at, 80, (unsigned)i);
		index_freed(w, 1, w->freed_to + 1);
	}
	index_close(w);
}

/* Returns the bytes lost, which may be those of one call more than returned. */
static uint64_t assert_life_is_whole(uint64_t told)
{
	struct index ix = loaded();
	uint64_t sum = 0;

	for (size_t i = 0; i < ix.nlosses; i++)
		sum += ix.losses[i].to - ix.losses[i].from;
	assert_true(ix.lost >= told && ix.lost <= told + 7);
	assert_int_equal(sum, ix.lost); /* a loss in the header and in a record counts once */
	index_done(&ix);
	return sum;
}

static void a_kill_before_any_system_call_costs_nothing_told(void **state)
{
	static struct index_writer w;
	static volatile uint64_t told;

	(void)state;
	for (volatile long n = 0;; n++) {
		told = 0;
		unlinkat(dir, INDEX_FILE, 0);
		if (setjmp(died) == 0) {
			calls_left = n;
			live(&w, 0, &told);
			break; /* it lived to its end: all calls were tried */
		}
		close(w.fd);
		told = assert_life_is_whole(told);
		live(&w, 100000000, &told);
		assert_life_is_whole(told);
	}
	assert_true(told > 0);
	calls_left = -1;
}

static void a_kill_while_halving_keeps_one_of_the_two(void **state)
{
	static struct index_writer w;
	unsigned char *full = malloc(INDEX_MAX);
	struct index_writer fill = writer();
	uint64_t i;
	size_t len;

	(void)state;
	for (i = 1; file_size() + RECORD <= INDEX_MAX; i++) {
		index_mark(&fill, i * 5000, (int64_t)i * 60, i);
		if (i % 100 == 0)
			index_loss(&fill, i * 5000, i * 5000 + 10, (int64_t)i);
	}
	index_close(&fill);
	len = file_read(full, INDEX_MAX);
	for (volatile long n = 0;; n++) {
		struct index ix;
		uint64_t lost;

		file_write(full, len);
		w = writer();
		lost = w.lost;
		if (setjmp(died) == 0) {
			calls_left = n;
			index_mark(&w, i * 5000, (int64_t)i * 60, i);
			index_mark(&w, i * 5000 + 5000, (int64_t)i * 60 + 60, i + 1);
			break;
		}
		close(w.fd);
		ix = loaded();
		assert_true(ix.nmarks > 10000);
		assert_int_equal(ix.lost, lost);
		assert_true(ix.nlosses >= 300);
		index_done(&ix);
		w = writer();
		assert_int_equal(faccessat(dir, INDEX_TEMP, F_OK, 0), -1);
		index_mark(&w, i * 6000, (int64_t)i * 70, i + 1);
		assert_int_equal(w.last.end, i * 6000);
		index_close(&w);
		assert_true(file_size() <= INDEX_MAX);
	}
	assert_int_equal(w.res, 1);
	calls_left = -1;
	index_close(&w);
	free(full);
}

static void writing_allocates_nothing(void **state)
{
	struct mallinfo2 before, after;
	struct index_writer w;
	struct err err;

	(void)state;
	before = mallinfo2();
	index_open_write(dir, &w, &err);
	for (uint64_t i = 1; i < 40000; i++)
		index_mark(&w, i * 5000, (int64_t)i * 60, i);
	index_close(&w);
	after = mallinfo2();
	assert_int_equal(before.uordblks, after.uordblks);
}

/* Whatever stands in the file, loading ends and gives something sane. */
static void noise_loads_without_harm(void **state)
{
	unsigned char bytes[HEADER + 40 * RECORD];
	struct index_writer w = writer();
	unsigned seed = 7;
	size_t len;

	(void)state;
	for (uint64_t i = 1; i <= 20; i++) {
		index_mark(&w, i * 5000, (int64_t)i * 100, i);
		index_loss(&w, i * 5000, i * 5000 + 9, 1);
	}
	index_close(&w);
	len = file_read(bytes, sizeof bytes);
	for (int round = 0; round < 4000; round++) {
		unsigned char bad[sizeof bytes];
		struct index ix;
		struct err err;
		int rc;

		memcpy(bad, bytes, len);
		for (int i = 0; i < 1 + round % 8; i++) {
			seed = seed * 1103515245u + 12345u;
			bad[(seed >> 8) % len] = (unsigned char)(seed >> 24);
		}
		file_write(bad, len);
		rc = index_load(dir, &ix, &err);
		assert_true(rc == 0 || rc == -EBADMSG || rc == -ENOTSUP);
		assert_sane(&ix);
		index_done(&ix);
		if (index_open_write(dir, &w, &err) == 0) {
			index_mark(&w, w.last.end + 5000, 1, w.last.lines);
			index_close(&w);
		}
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
	const struct CMUnitTest tests[] = {
	    TEST(bytes_on_disk_are_the_format),
	    TEST(marks_come_per_block_or_per_time),
	    TEST(silence_does_not_shift_times),
	    TEST(missing_empty_and_foreign_files),
	    TEST(a_tail_torn_anywhere_is_repaired),
	    TEST(zeros_and_nonsense_at_the_end_are_cut_off),
	    TEST(three_million_marks_stay_in_bounds),
	    TEST(many_losses_and_sizes_stay_in_bounds),
	    TEST(losses_run_together_and_are_found),
	    TEST(a_full_disk_costs_marks_but_no_loss),
	    TEST(a_disk_full_from_the_start),
	    TEST(a_full_index_on_a_full_disk_waits),
	    TEST(freed_is_told_in_place),
	    TEST(a_kill_before_any_system_call_costs_nothing_told),
	    TEST(a_kill_while_halving_keeps_one_of_the_two),
	    TEST(writing_allocates_nothing),
	    TEST(noise_loads_without_harm),
	};

	return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
