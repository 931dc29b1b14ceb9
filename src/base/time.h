/* time: durations, sizes and instants as people and programs write them.
 * Nothing here owns memory or reads a clock. */
#ifndef HOB_BASE_TIME_H
#define HOB_BASE_TIME_H

#include <stddef.h>
#include <stdint.h>

/* Reads "500ms", "2s", "1.5m", "3h", "14d" or a bare number of seconds as milliseconds; -EINVAL. */
int time_parse_duration(const char *text, int64_t *ret_ms);

/* Reads "4096", "64K", "64M", "1G" (powers of 1024; an ending "B" or "iB" is allowed) as bytes; -EINVAL. */
int time_parse_size(const char *text, uint64_t *ret_bytes);

/* Writes the UTC instant MS as ISO 8601 with milliseconds: 2026-11-22T08:30:00.123Z (24 characters). */
void time_iso(int64_t ms, char ret_text[32]);

/* Writes a duration for people: "850ms", "12s", "3m04s", "2h05m", "3d04h". */
void time_span(int64_t ms, char ret_text[32]);

/* Writes a number of bytes for people: "812 B", "1.4 MiB". */
void time_bytes(uint64_t bytes, char ret_text[32]);

#endif
