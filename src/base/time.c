#include "base/time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct unit {
	const char *name;
	double factor;
};

/* A non-negative decimal number followed by one of UNITS; exponents, signs, hex and "inf" are refused. */
static int parse_with_unit(const char *text, const struct unit *units, double *ret)
{
	size_t digits = strspn(text, "0123456789.");
	char *end;
	double value;

	if (digits == 0 || digits > 24)
		return -EINVAL;
	value = strtod(text, &end);
	if (end != text + digits)
		return -EINVAL;
	for (; units->name; units++) {
		if (strcasecmp(end, units->name) == 0) {
			*ret = value * units->factor;
			return 0;
		}
	}
	return -EINVAL;
}

int time_parse_duration(const char *text, int64_t *ret_ms)
{
	static const struct unit units[] = {{"", 1e3},	  {"ms", 1},	{"s", 1e3},    {"m", 6e4},
					    {"min", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}, {NULL, 0}};
	double ms;

	if (parse_with_unit(text, units, &ms) < 0 || ms > 3.2e12)
		return -EINVAL;
	/* rounded up: half a millisecond is not no time at all */
	*ret_ms = (int64_t)ms + (ms > (double)(int64_t)ms);
	return 0;
}

int time_parse_size(const char *text, uint64_t *ret_bytes)
{
	static const struct unit units[] = {{"", 1},	     {"b", 1},	     {"k", 0x1p10},   {"kb", 0x1p10},
					    {"kib", 0x1p10}, {"m", 0x1p20},  {"mb", 0x1p20},  {"mib", 0x1p20},
					    {"g", 0x1p30},   {"gb", 0x1p30}, {"gib", 0x1p30}, {"t", 0x1p40},
					    {NULL, 0}};
	double bytes;

	if (parse_with_unit(text, units, &bytes) < 0 || bytes > 0x1p60)
		return -EINVAL;
	*ret_bytes = (uint64_t)bytes;
	return 0;
}

void time_iso(int64_t ms, char ret_text[32])
{
	time_t seconds = (time_t)(ms / 1000);
	char day[24];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(ret_text, 32, "%s.%03uZ", day, (unsigned)(ms % 1000) % 1000u);
}

void time_span(int64_t ms, char ret_text[32])
{
	int64_t s = ms / 1000;

	if (ms < 0)
		ms = s = 0;
	if (ms < 1000)
		snprintf(ret_text, 32, "%dms", (int)ms);
	else if (s < 60)
		snprintf(ret_text, 32, "%ds", (int)s);
	else if (s < 3600)
		snprintf(ret_text, 32, "%dm%02ds", (int)(s / 60), (int)(s % 60));
	else if (s < 86400)
		snprintf(ret_text, 32, "%dh%02dm", (int)(s / 3600), (int)(s / 60 % 60));
	else
		snprintf(ret_text, 32, "%lldd%02dh", (long long)(s / 86400), (int)(s / 3600 % 24));
}

void time_bytes(uint64_t bytes, char ret_text[32])
{
	static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
	double value = (double)bytes;
	int unit = -1;

	/* what would be rounded up to 1024.0 is one of the next */
	while (value >= (unit < 0 ? 1024 : 1023.95) && unit < 4) {
		value /= 1024;
		unit++;
	}
	if (unit < 0)
		snprintf(ret_text, 32, "%llu B", (unsigned long long)bytes);
	else
		snprintf(ret_text, 32, "%.1f %s", value, names[unit]);
}
