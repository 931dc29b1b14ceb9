/* err: the one error object that travels from where something failed to where it is told.
 * The caller owns the struct; each level may put the noun it knows in front of the sentence.
 * Nothing here prints or ends the process. */
#ifndef HOB_BASE_ERR_H
#define HOB_BASE_ERR_H

struct err {
	int code;	 /* negative errno; 0 while nothing failed */
	char text[1024]; /* one sentence for a person, without a final newline */
};

/* Fills ERR with CODE (negative errno) and the sentence; returns CODE. ERR may be NULL. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Like err_set, with ": " and the system's words for CODE at the end. */
int err_sys(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts "…: " in front of the sentence already in ERR; returns ERR's code. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
