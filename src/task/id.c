#include "task/id.h"

#include "os/os.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Without look-alikes: no 0 and o, no 1, i and l. */
static const char alphabet[] = "23456789abcdefghjkmnpqrstuvwxyz";
#define LETTERS (sizeof alphabet - 1)

bool id_valid(const char *id)
{
	static const char alnum[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	size_t len = strlen(id);

	return len >= 1 && len <= 64 && strchr(alnum, id[0]) &&
	       len == strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
}

int id_random(struct err *err, char ret_id[6])
{
	int n = 0;

	while (n < 5) {
		uint8_t byte;
		int r = os_random(&byte, 1);

		if (r < 0)
			return err_sys(err, r, "no random bytes from the kernel");
		/* five bits give 32 values, the alphabet has 31: the last is thrown away, so none is likelier */
		if ((byte & 31) < LETTERS)
			ret_id[n++] = alphabet[byte & 31];
	}
	ret_id[n] = '\0';
	return 0;
}

int id_token(struct err *err, char ret_token[33])
{
	uint8_t bytes[16];
	int r = os_random(bytes, sizeof bytes);

	if (r < 0)
		return err_sys(err, r, "no random bytes from the kernel");
	for (int i = 0; i < 16; i++)
		snprintf(ret_token + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}
