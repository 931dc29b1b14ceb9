/* The keys of `send`: whatever a name is, it is a key whose bytes fit and are the same on a second look, or none; and
 * the last word on the cursor keys does not depend on what lies before the sequence that has it.
 * Input: a byte for the place, then a name up to a NUL, then what a program wrote. */
#include <stdlib.h>
#include <string.h>

#include "base/keys.h"
#include "base/utf8.h"
#include "log/keypad.h"
#include "must.h"

static void check_name(const char *name, struct keys_place place)
{
	/* on the heap, so that a byte too many is seen */
	char *bytes = malloc(KEYS_MAX), again[KEYS_MAX];
	struct keys_place other = {.terminal = place.terminal, .application = !place.application};
	int n = keys_encode(name, place, bytes);

	MUST(n < 0 || (n >= 1 && n <= KEYS_MAX));
	MUST(keys_encode(name, place, again) == n);
	MUST(n < 0 || memcmp(bytes, again, (size_t)n) == 0);
	MUST(n < 0 || utf8_valid(bytes, (size_t)n));
	/* only a cursor key has two forms */
	MUST(keys_encode(name, other, again) == n);
	if (n > 0)
		MUST(keys_is_cursor(name) == (memcmp(bytes, again, (size_t)n) != 0));
	free(bytes);
}

static void check_output(const char *text, size_t len)
{
	int word = keypad_last(text, len);

	MUST(word >= -1 && word <= 1);
	for (size_t from = 0; from < len && from < 64; from++) {
		int later = keypad_last(text + from, len - from);

		MUST(later == word || later == -1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keys_place place;
	const uint8_t *end;
	size_t len;
	char *name, *text;

	if (size < 2)
		return 0;
	place = (struct keys_place){.terminal = data[0] & 1, .application = data[0] & 2};
	end = memchr(data + 1, '\0', size - 1);
	len = end ? (size_t)(end - data - 1) : size - 1;
	name = malloc(len + 1);
	memcpy(name, data + 1, len);
	name[len] = '\0';
	check_name(name, place);
	free(name);
	if (!end)
		return 0;
	len = size - (size_t)(end + 1 - data);
	text = malloc(len + !len);
	memcpy(text, end + 1, len);
	check_output(text, len);
	free(text);
	return 0;
}

#define REPLAY_CORPUS "keys"
#include "replay.h"
