/* str: memory that cannot fail, and strings that grow.
 * A struct str owns its bytes until str_done; what is handed out belongs to the caller.
 * Out of memory ends the process with a sentence; guard and keeper therefore allocate at start only. */
#ifndef HOB_BASE_STR_H
#define HOB_BASE_STR_H

#include <stddef.h>

/* malloc, calloc, realloc, strdup, strndup that never return NULL. */
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);

/* A new string printed from FMT; the caller frees it. */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

struct str {
	char *buf; /* NUL-terminated once anything was added; NULL before */
	size_t len;
	size_t cap;
};

/* Adds to the end of S: a C string, LEN bytes, one byte, printed text. */
void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const void *bytes, size_t len);
void str_addc(struct str *s, char c);
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Empties S and keeps its memory. */
void str_reset(struct str *s);

/* Hands the bytes to the caller (never NULL) and leaves S empty. */
char *str_take(struct str *s);

/* Frees the bytes; S is empty and usable again. */
void str_done(struct str *s);

/* For __attribute__((cleanup)). */
void str_free_ptr(char **s);

#define CLEAN_FREE __attribute__((cleanup(str_free_ptr)))
#define CLEAN_STR  __attribute__((cleanup(str_done)))

/* 1 when TEXT begins with FRONT, else 0. */
int str_starts(const char *text, const char *front);

#endif
