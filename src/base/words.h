/* words: NULL-terminated lists of strings (arguments, tags, prefixes), and their form on disk.
 * A list owns its strings and is freed whole. Bytes pass through unchanged, whatever they are. */
#ifndef HOB_BASE_WORDS_H
#define HOB_BASE_WORDS_H

#include <stddef.h>

/* Adds a copy of WORD to *LIST (NULL is the empty list). */
void words_add(char ***list, const char *word);

/* How many words LIST holds. */
size_t words_count(char *const *list);

/* A copy of LIST; NULL for NULL. */
char **words_copy(char *const *list);

/* Each word followed by a NUL, as one block of *RET_LEN bytes; and back. */
char *words_pack(char *const *list, size_t *ret_len);
char **words_unpack(const char *block, size_t len);

/* The words joined by single blanks, quoted for a shell where they need it. */
char *words_quote(char *const *list);

/* Frees LIST; NULL is fine. And the same for __attribute__((cleanup)). */
void words_free(char **list);
void words_free_ptr(char ***list);
#define CLEAN_WORDS __attribute__((cleanup(words_free_ptr)))

#endif
