/* time: durations, sizes and instants, as people write them and as hob prints them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "base/time.h"

static void durations_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
	    {"0", 0},	     {"0s", 0},	       {"5", 5000},	    {"500ms", 500},    {"2s", 2000},
	    {"1.5m", 90000}, {"3h", 10800000}, {"14d", 1209600000}, {"10min", 600000}, {"1.5", 1500},
	    {"0.5ms", 1},    {"0.0001s", 1},   {".5s", 500},	    {"2S", 2000},      {"36500d", 3153600000000},
	    {"007s", 7000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		int64_t ms = -7;

		assert_int_equal(time_parse_duration(good[i].text, &ms), 0);
		assert_int_equal(ms, good[i].ms);
	}
}

static void other_durations_are_refused_and_change_nothing(void **state)
{
	static const char *const bad[] = {
	    "",	      "s",   ".",     "-1",    "+1", "1 s", " 1s", "1s ",   "1e3",  "0x10",
	    "inf",    "nan", "1.2.3", "1..2s", "5y", "1ss", "ten", "1h30m", "1,5s", "99999999999999999999999999",
	    "40000d", "1\n", "--",    "1s\t"};
	int64_t ms = -7;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(time_parse_duration(bad[i], &ms), -EINVAL);
	assert_int_equal(ms, -7);
}

static void sizes_are_read(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
	    {"0", 0},		{"4096", 4096},	  {"64K", 65536},	 {"64k", 65536},
	    {"64KB", 65536},	{"64KiB", 65536}, {"64M", 67108864},	 {"64mib", 67108864},
	    {"1G", 1073741824}, {"1.5K", 1536},	  {"2T", 2199023255552}, {"7B", 7},
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		uint64_t bytes = 7;

		assert_int_equal(time_parse_size(good[i].text, &bytes), 0);
		assert_int_equal(bytes, good[i].bytes);
	}
}

static void other_sizes_are_refused_and_change_nothing(void **state)
{
	static const char *const bad[] = {"", "K", "-1", "1 K", "1KK", "1X", "0x10", "1e9", "9999999T", "1.K.", "inf"};
	uint64_t bytes = 7;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(time_parse_size(bad[i], &bytes), -EINVAL);
	assert_int_equal(bytes, 7);
}

static void instants_are_iso_8601(void **state)
{
	char text[32];

	(void)state;
	time_iso(0, text);
	assert_string_equal(text, "1970-01-01T00:00:00.000Z");
	time_iso(1795336200123, text);
	assert_string_equal(text, "2026-11-22T08:30:00.123Z");
	time_iso(1709164800009, text);
	assert_string_equal(text, "2024-02-29T00:00:00.009Z");
}

static void spans_are_for_people(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} spans[] = {
	    {-5, "0ms"},	 {0, "0ms"},	       {850, "850ms"},
	    {999, "999ms"},	 {1000, "1s"},	       {59999, "59s"},
	    {60000, "1m00s"},	 {184000, "3m04s"},    {3599999, "59m59s"},
	    {3600000, "1h00m"},	 {7500000, "2h05m"},   {86399999, "23h59m"},
	    {86400000, "1d00h"}, {273600000, "3d04h"}, {40 * 86400000ll, "40d00h"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
		char text[32];

		time_span(spans[i].ms, text);
		assert_string_equal(text, spans[i].text);
	}
}

static void bytes_are_for_people(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} sizes[] = {
	    {0, "0 B"},
	    {812, "812 B"},
	    {1023, "1023 B"},
	    {1024, "1.0 KiB"},
	    {1468006, "1.4 MiB"},
	    /* nobody writes 1024.0 KiB */
	    {1048575, "1.0 MiB"},
	    {1048576, "1.0 MiB"},
	    {1ull << 30, "1.0 GiB"},
	    {3ull << 40, "3.0 TiB"},
	    {UINT64_MAX, "16384.0 PiB"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		char text[32];

		time_bytes(sizes[i].bytes, text);
		assert_string_equal(text, sizes[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(durations_are_read),    cmocka_unit_test(other_durations_are_refused_and_change_nothing),
	    cmocka_unit_test(sizes_are_read),	     cmocka_unit_test(other_sizes_are_refused_and_change_nothing),
	    cmocka_unit_test(instants_are_iso_8601), cmocka_unit_test(spans_are_for_people),
	    cmocka_unit_test(bytes_are_for_people),
	};

	return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
