/* replay: gives a libFuzzer harness a main of its own, so that `make test` replays the corpus under any compiler.
 * Each file of the corpus is run as it is and with some hundred small changes, the same ones every time.
 * Included once, at the end of a harness that defines REPLAY_CORPUS; with -DFUZZ_ENGINE it is nothing. */
#ifndef HOB_FUZZ_REPLAY_H
#define HOB_FUZZ_REPLAY_H
#ifndef FUZZ_ENGINE

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REPLAY_MAX     (1u << 20)
#define REPLAY_CHANGES 300

static unsigned replay_seed;

static unsigned replay_random(unsigned below)
{
	replay_seed = replay_seed * 1103515245u + 12345u;
	return (replay_seed >> 8) % below;
}

/* Sets, takes out or repeats some bytes; returns the new length. */
static size_t replay_change(unsigned char *bytes, size_t len)
{
	size_t at = replay_random((unsigned)len), n = 1 + replay_random(8);

	if (n > len - at)
		n = len - at;
	switch (replay_random(3)) {
	case 0:
		bytes[at] = (unsigned char)replay_random(256);
		return len;
	case 1:
		memmove(bytes + at, bytes + at + n, len - at - n);
		return len - n;
	default:
		memmove(bytes + at + n, bytes + at, len - at);
		return len + n;
	}
}

/* Returns 1, or 0 when the file cannot be read. */
static int replay_file(const char *path)
{
	static unsigned char original[REPLAY_MAX], bytes[REPLAY_MAX + 1024];
	FILE *f = fopen(path, "rbe");
	size_t len;

	if (!f) {
		perror(path);
		return 0;
	}
	len = fread(original, 1, sizeof original, f);
	fclose(f);
	LLVMFuzzerTestOneInput(original, len);
	replay_seed = (unsigned)len;
	for (int i = 0; i < REPLAY_CHANGES && len > 0; i++) {
		size_t n = len;

		memcpy(bytes, original, len);
		for (unsigned k = 1 + replay_random(8); k > 0 && n > 0; k--)
			n = replay_change(bytes, n);
		LLVMFuzzerTestOneInput(bytes, n);
	}
	return 1;
}

/* Replays all files in FOLDER; returns how many, or -1. */
static int replay_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int n = 0;

	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		char path[PATH_MAX + 256];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (!replay_file(path))
			exit(1);
		n++;
	}
	closedir(dir);
	return n;
}

/* The corpus lies beside the build folder that the program is in. */
static void replay_default(char *out, size_t max)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;

	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	snprintf(out, max, "%s/../tests/fuzz/corpus/%s", self, REPLAY_CORPUS);
}

/* NAME [FOLDER | FILE]... : without one, the corpus. */
int main(int argc, char **argv)
{
	char folder[PATH_MAX + 64];
	int n = 0;

	if (argc < 2) {
		replay_default(folder, sizeof folder);
		n = replay_folder(folder);
	}
	for (int i = 1; i < argc; i++) {
		int found = replay_folder(argv[i]);

		n += found >= 0 ? found : replay_file(argv[i]);
	}
	printf("%s: %d inputs, each with %d changes\n", REPLAY_CORPUS, n, REPLAY_CHANGES);
	return n > 0 ? 0 : 1;
}

#endif
#endif
