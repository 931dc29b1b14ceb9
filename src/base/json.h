/* json: the little that every user of jansson here needs: absent is null, bad UTF-8 never fails.
 * Values made here are new references that the caller owns. */
#ifndef HOB_BASE_JSON_H
#define HOB_BASE_JSON_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* TEXT as a JSON string, bad UTF-8 replaced by U+FFFD; null for NULL. */
json_t *json_text(const char *text);
json_t *json_textn(const char *text, size_t len);

/* The instant MS (UTC milliseconds) as ISO 8601; null for 0. */
json_t *json_time(int64_t ms);

/* The NULL-terminated list WORDS as an array of strings. */
json_t *json_words(char *const *words);

/* VALUE on one line, freed with free(); VALUE is released. */
char *json_line(json_t *value);

#endif
