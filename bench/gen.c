/* gen: the generators and clocks of the benchmarks, in C so that what is measured is not node.
 *   gen lines BYTES WRITE LINE        prints BYTES in lines of LINE bytes, WRITE bytes a write(2)
 *   gen block BYTES WRITE LINE        the same, but writes one block over and over: nothing but write(2)
 *   gen text BYTES                    prints BYTES in lines such as servers write, each another
 *   gen notify COUNT MS PREFIX        a line every MS milliseconds: PREFIX, then at=CLOCK in nanoseconds
 *   gen stamp COUNT                   reads lines with at=CLOCK, prints how old each was on arrival
 *   gen spawn ROUNDS A... -- B...     runs A and B in turn, prints how long each took: two columns
 *   gen start COUNT CMD...            runs CMD COUNT times, two side by side
 * All times are CLOCK_MONOTONIC in nanoseconds. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "gen: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static size_t number(const char *text)
{
	char *end;
	size_t n = strtoul(text, &end, 10);

	if (!n || *end) {
		errno = EINVAL;
		fail(text);
	}
	return n;
}

/* The next SIZE bytes of endless lines of LINE bytes, each printed with its number as a program would. */
static void print_lines(char *buf, size_t size, size_t line)
{
	static char text[4096];
	static size_t at, count;

	for (size_t n; size; buf += n, size -= n) {
		if (at == 0) {
			int len = snprintf(text, sizeof text, "%zu ", ++count);

			memset(text + len, 'a' + (int)(count % 26), line - (size_t)len);
			text[line - 1] = '\n';
		}
		n = line - at < size ? line - at : size;
		memcpy(buf, text + at, n);
		at = (at + n) % line;
	}
}

static int lines(size_t bytes, size_t block, size_t line, bool print)
{
	char *buf = malloc(block);

	if (!buf || line > 4096 || line < 24) {
		errno = EINVAL;
		fail("lines");
	}
	print_lines(buf, block, line);
	for (size_t size; bytes; bytes -= size) {
		size = bytes < block ? bytes : block;
		for (size_t at = 0; at < size;) {
			ssize_t n = write(1, buf + at, size - at);

			if (n < 0)
				fail("write");
			at += (size_t)n;
		}
		if (print)
			print_lines(buf, block, line);
	}
	free(buf);
	return 0;
}

static unsigned dice(unsigned sides)
{
	static unsigned seed = 1;

	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % sides;
}

static int text(size_t bytes)
{
	static const char *const levels[] = {"INFO", "INFO", "INFO", "DEBUG", "WARN"};
	static const char *const deeds[] = {"GET /api/items/",	  "POST /api/orders/",	  "GET /static/app.",
					    "cache hit for key ", "worker finished job ", "connected to db-"};
	static const char *const ends[] = {"200 in 12 ms", "304 not modified", "retrying with backoff", "ok",
					   "queue length now 17, next poll in 250 ms"};
	size_t count = 0;

	while (bytes > 0) {
		int n = printf("2026-11-22T11:%02u:%02u.%03uZ %s [srv-%u] %s%u %s trace=%08x n=%zu\n", dice(60),
			       dice(60), dice(1000), levels[dice(5)], dice(9), deeds[dice(6)], dice(100000),
			       ends[dice(5)], dice(1u << 24), ++count);

		if (n < 0)
			fail("write");
		bytes -= (size_t)n < bytes ? (size_t)n : bytes;
	}
	return fflush(stdout) == 0 ? 0 : 1;
}

static int notify(size_t count, size_t ms, const char *prefix)
{
	struct timespec pause = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

	for (size_t i = 0; i < count; i++) {
		nanosleep(&pause, NULL);
		dprintf(1, "%s at=%" PRIu64 "\n", prefix, now());
	}
	return 0;
}

static int stamp(size_t count)
{
	char *line = NULL;
	size_t size = 0;

	while (count && getline(&line, &size, stdin) > 0) {
		uint64_t arrived = now();
		const char *at = strstr(line, "at=");

		if (!at)
			continue;
		printf("%" PRIu64 "\n", arrived - (uint64_t)strtoull(at + 3, NULL, 10));
		count--;
	}
	free(line);
	return count != 0;
}

static pid_t start(char **argv)
{
	posix_spawn_file_actions_t files;
	pid_t pid;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	errno = posix_spawnp(&pid, argv[0], &files, NULL, argv, environ);
	if (errno)
		fail(argv[0]);
	posix_spawn_file_actions_destroy(&files);
	return pid;
}

/* A command that fails would be a fast one: it ends the benchmark. */
static void finish(void)
{
	int status;

	if (wait(&status) < 0)
		fail("wait");
	if (status) {
		fprintf(stderr, "gen: a command ended with status %d\n", status);
		exit(1);
	}
}

static uint64_t once(char **argv)
{
	uint64_t from = now();

	start(argv);
	finish();
	return now() - from;
}

static int spawn(size_t rounds, char **a)
{
	char **b = a;

	while (*b && strcmp(*b, "--") != 0)
		b++;
	if (!*b) {
		errno = EINVAL;
		fail("--");
	}
	*b++ = NULL;
	for (size_t i = 0; i < rounds; i++) {
		uint64_t one = once(a);

		printf("%" PRIu64 " %" PRIu64 "\n", one, once(b));
	}
	return 0;
}

static int start_many(size_t count, char **argv)
{
	start(argv);
	for (size_t i = 1; i < count; i++) {
		start(argv);
		finish();
	}
	finish();
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if ((!strcmp(what, "lines") || !strcmp(what, "block")) && argc == 5)
		return lines(number(argv[2]), number(argv[3]), number(argv[4]), *what == 'l');
	if (!strcmp(what, "text") && argc == 3)
		return text(number(argv[2]));
	if (!strcmp(what, "notify") && argc == 5)
		return notify(number(argv[2]), number(argv[3]), argv[4]);
	if (!strcmp(what, "stamp") && argc == 3)
		return stamp(number(argv[2]));
	if (!strcmp(what, "spawn") && argc > 5)
		return spawn(number(argv[2]), argv + 3);
	if (!strcmp(what, "start") && argc > 3)
		return start_many(number(argv[2]), argv + 3);
	fprintf(stderr, "gen: see the head of bench/gen.c\n");
	return 2;
}
