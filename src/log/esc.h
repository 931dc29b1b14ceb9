/* esc: tells, byte by byte, what belongs to a terminal's escape sequence and where it ends.
 * A plain value in the caller's struct; it owns nothing and applies nothing.
 * No sequence lasts forever: a newline ends every one, so do ESC_STRING_MAX bytes. */
#ifndef HOB_LOG_ESC_H
#define HOB_LOG_ESC_H

#include <stdint.h>

#define ESC_BYTE       0x1b
#define ESC_PARAMS     4     /* more are read and forgotten */
#define ESC_CSI_MAX    256   /* bytes of a control sequence … */
#define ESC_STRING_MAX 65536 /* … and of a string (OSC, DCS, PM, APC, SOS) */

enum esc_state {
	ESC_NONE, /* outside: what a zeroed struct says */
	ESC_BEGUN,
	ESC_BETWEEN, /* charset switches and their like: ESC, intermediates, a final byte */
	ESC_CSI,
	ESC_STRING,
	ESC_STRING_END, /* an ESC within a string */
};

struct esc {
	enum esc_state state;
	uint32_t len;	 /* bytes so far */
	uint32_t nparam; /* of a control sequence, see esc_param */
	uint32_t param[ESC_PARAMS];
	char between; /* the first intermediate, as in ESC ( B: then FINAL means something else */
	char final;   /* what ended it; 0 when it was given up or a string */
	int csi;      /* it was a control sequence */
	int private;  /* with a private mark or intermediates: means something else than the plain one */
};

enum esc_result {
	ESC_MORE,   /* the byte belongs to the sequence, which goes on */
	ESC_ENDED,  /* the byte was its last: final, csi, private and the parameters say what it was */
	ESC_NOT_IT, /* the sequence was given up; the byte is none of it */
};

/* Begins a sequence: the caller saw ESC_BYTE outside of one. */
void esc_begin(struct esc *e);

/* Takes the next byte of a sequence begun. After all but ESC_MORE the state is ESC_NONE. */
enum esc_result esc_byte(struct esc *e, unsigned char b);

/* Parameter I, or WHEN_ABSENT when it is not given or 0. */
uint32_t esc_param(const struct esc *e, uint32_t i, uint32_t when_absent);

#endif
