#include "base/json.h"

#include "base/str.h"
#include "base/time.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

static void repair(struct str *out, const char *text, size_t len)
{
	while (len) {
		char buf[UTF8_MAX];
		uint32_t cp = UTF8_BAD;
		size_t n = utf8_next(text, len, &cp);

		/* 0: a character cut off by the end of the text */
		if (n == 0)
			n = len;
		str_addn(out, buf, utf8_put(buf, cp));
		text += n;
		len -= n;
	}
}

json_t *json_text(const char *text)
{
	return text ? json_textn(text, strlen(text)) : json_null();
}

json_t *json_textn(const char *text, size_t len)
{
	CLEAN_STR struct str clean = {0};
	json_t *value = json_stringn(text, len);

	if (value)
		return value;
	repair(&clean, text, len);
	value = json_stringn(clean.buf, clean.len);
	return value ? value : json_null();
}

json_t *json_time(int64_t ms)
{
	char text[32];

	if (!ms)
		return json_null();
	time_iso(ms, text);
	return json_string(text);
}

json_t *json_words(char *const *words)
{
	json_t *array = json_array();

	for (; words && *words; words++)
		json_array_append_new(array, json_text(*words));
	return array;
}

char *json_line(json_t *value)
{
	/* 0.1, not 0.10000000000000001 */
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));

	json_decref(value);
	return text ? text : xstrdup("null");
}
