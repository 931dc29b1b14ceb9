/* prop: what tests start as a task, where a shell could not do it exactly or fast enough.
 *   prop write BYTES BLOCK [from=N] [line=N] [notify=N] [gate=FILE step=N] [exit=CODE]
 *       writes BYTES bytes in blocks of BLOCK, as if N were written before. Byte I is the same whatever the block:
 *       lines of 100 bytes (line=N; 0: one line without an end) that begin with their number; every N-th is a
 *       notification. With a gate, step bytes may be written for each byte that FILE holds.
 *   prop alternate N        N lines each to stdout and stderr, in turn
 *   prop many N             N children that wait; says "ready" when all are there
 *   prop storm N            N children at a time, each of which forks once more and ends soon, for ever
 *   prop hop [setsid]       forks and ends, and its child does the same, for ever; each in a session of its own
 *   prop wait               does nothing
 *   prop headless           the same in a second thread, in a session of its own; says its pid; its first
 *       thread has ended
 *   prop root               waits as root, where its file is setuid root
 *   prop unblocked PROGRAM ARG...   becomes the program, whose stdout does not block */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096
#define BLOCK_MAX      (1024 * 1024)

static void die(const char *what)
{
	fprintf(stderr, "prop: %s: %s\n", what, strerror(errno));
	exit(99);
}

static unsigned long long number(const char *text)
{
	char *end;
	unsigned long long n = text ? strtoull(text, &end, 10) : 0;

	if (!text || *end || end == text) {
		fprintf(stderr, "prop: no number: %s\n", text ? text : "(nothing)");
		exit(98);
	}
	return n;
}

static void nap(long us)
{
	nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL);
}

static void say(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t done = write(fd, bytes, n);

		if (done < 0 && errno != EINTR)
			die("write");
		if (done > 0) {
			bytes += done;
			n -= (size_t)done;
		}
	}
}

/* ---- write ---- */

struct text {
	unsigned long long bytes, from, line, notify, step, code;
	const char *gate;
	char word[2 * LINE_MAX_BYTES]; /* the line at hand */
	unsigned long long at;	       /* its number, plus one; 0: none yet */
};

static const char *option(const char *word, const char *name)
{
	size_t n = strlen(name);

	return strncmp(word, name, n) == 0 && word[n] == '=' ? word + n + 1 : NULL;
}

static void take(struct text *t, const char *word)
{
	const char *value;

	if ((value = option(word, "from")))
		t->from = number(value);
	else if ((value = option(word, "line")))
		t->line = number(value);
	else if ((value = option(word, "notify")))
		t->notify = number(value);
	else if ((value = option(word, "step")))
		t->step = number(value);
	else if ((value = option(word, "exit")))
		t->code = number(value);
	else if (!(t->gate = option(word, "gate")))
		number(word);
}

/* Letters without a pattern, of which each line shows another piece. */
static const char *letters(unsigned long long n)
{
	static char all[LINE_MAX_BYTES + 60000];
	unsigned long long x = 12345;

	for (size_t i = 0; !all[sizeof all - 1] && i < sizeof all; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		all[i] = (char)('a' + (x >> 33) % 26);
	}
	return all + n * 2654435761u % 60000;
}

static void make_line(struct text *t, unsigned long long n)
{
	bool marked = t->notify && n % t->notify == 0;
	int used = snprintf(t->word, sizeof t->word, "%s%010llu ", marked ? "OPENCODE_NOTIFY:" : "", n);

	memcpy(t->word + used, letters(n), t->line);
	t->word[t->line - 1] = '\n';
	t->at = n + 1;
}

/* Fills BLOCK with the N bytes that begin at FROM. */
static void fill(struct text *t, char *block, unsigned long long from, size_t n)
{
	for (size_t i = 0; i < n;) {
		unsigned long long at = from + i, part;

		if (t->line == 0) {
			block[i++] = (char)('a' + at % 26);
			continue;
		}
		if (at / t->line + 1 != t->at)
			make_line(t, at / t->line);
		part = t->line - at % t->line;
		if (part > n - i)
			part = n - i;
		memcpy(block + i, t->word + at % t->line, part);
		i += part;
	}
}

static void wait_at_gate(const struct text *t, unsigned long long end)
{
	struct stat st;

	for (;;) {
		if (stat(t->gate, &st) < 0)
			die(t->gate);
		if ((unsigned long long)st.st_size * t->step >= end)
			return;
		nap(200);
	}
}

static int do_write(char **words)
{
	static char block[BLOCK_MAX];
	static struct text t = {.line = 100};
	size_t size;

	t.bytes = number(words[0]);
	size = (size_t)number(words[1]);
	for (char **w = words + 2; *w; w++)
		take(&t, *w);
	if (size == 0 || size > sizeof block || t.line > LINE_MAX_BYTES)
		return 98;
	for (unsigned long long at = 0; at < t.bytes;) {
		size_t n = t.bytes - at < size ? (size_t)(t.bytes - at) : size;

		if (t.gate)
			wait_at_gate(&t, at + n);
		fill(&t, block, t.from + at, n);
		say(1, block, n);
		at += n;
	}
	return (int)t.code;
}

/* ---- the others ---- */

static int do_alternate(char **words)
{
	unsigned long long n = number(words[0]);
	char line[64];

	for (unsigned long long i = 0; i < n; i++) {
		say(1, line, (size_t)snprintf(line, sizeof line, "out %llu\n", i));
		say(2, line, (size_t)snprintf(line, sizeof line, "err %llu\n", i));
	}
	return 0;
}

static pid_t child(void)
{
	pid_t pid;

	while ((pid = fork()) < 0)
		nap(1000);
	return pid;
}

static int do_wait(char **words)
{
	(void)words;
	for (;;)
		pause();
	return 0;
}

static void *wait_in_thread(void *words)
{
	dprintf(1, "%d\n", (int)getpid());
	do_wait(words);
	return NULL;
}

/* /proc says Z of such a process, but it lives. */
static int do_headless(char **words)
{
	pthread_t thread;

	setsid();
	if (pthread_create(&thread, NULL, wait_in_thread, words) != 0)
		die("thread");
	pthread_exit(NULL);
}

static int do_many(char **words)
{
	unsigned long long n = number(words[0]);

	for (unsigned long long i = 0; i < n; i++)
		if (child() == 0)
			return do_wait(words);
	say(1, "ready\n", 6);
	return do_wait(words);
}

/* Nobody can catch what hops and storms if hob fails to: they end with their test's folder. */
static bool test_goes_on(void)
{
	const char *lab = getenv("HOB_TEST_LAB");

	return !lab || access(lab, F_OK) == 0;
}

static int do_storm(char **words)
{
	unsigned long long n = number(words[0]), living = 0;

	say(1, "ready\n", 6);
	while (test_goes_on()) {
		if (living == n && waitpid(-1, NULL, 0) > 0)
			living--;
		if (child() == 0) {
			child();
			nap(2000);
			_exit(0);
		}
		living++;
	}
	return 0;
}

static int do_hop(char **words)
{
	bool apart = words[0] && strcmp(words[0], "setsid") == 0;

	say(1, "ready\n", 6);
	while (test_goes_on()) {
		if (child() > 0)
			_exit(0);
		if (apart)
			setsid();
		nap(100);
	}
	return 0;
}

static int do_root(char **words)
{
	if (setuid(0) < 0)
		die("setuid");
	say(1, "ready\n", 6);
	return do_wait(words);
}

static int do_unblocked(char **words)
{
	if (fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_NONBLOCK) < 0)
		die("fcntl");
	execv(words[0], words);
	die(words[0]);
	return 99;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(char **words);
	} modes[] = {{"write", do_write},
		     {"alternate", do_alternate},
		     {"many", do_many},
		     {"storm", do_storm},
		     {"hop", do_hop},
		     {"root", do_root},
		     {"headless", do_headless},
		     {"wait", do_wait},
		     {"unblocked", do_unblocked}};

	for (size_t i = 0; argc > 1 && i < sizeof modes / sizeof *modes; i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run(argv + 2);
	fprintf(stderr, "prop: no such mode\n");
	return 98;
}
