/* pace: when to look at /proc again: soon after news, at most 4 times a second on the average, and seldom while
 * nothing happens. A plain value in the caller's struct that reads no clock. */
#ifndef HOB_KEEP_PACE_H
#define HOB_KEEP_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_NS	      250000000ll	  /* between looks, on the average */
#define PACE_SLOW_NS  1000000000ll	  /* … once nothing has happened for long */
#define PACE_QUIET_NS (60 * PACE_SLOW_NS) /* for how long that is not yet so */
#define PACE_SOON_NS  20000000ll	  /* after news: output mostly comes a moment before what it tells of */

struct pace {
	int64_t next_ns; /* when to look; 0: at once */
	int64_t due_ns;	 /* when the next look would be on time, were they all PACE_NS apart */
	int64_t news_ns; /* when something happened last */
	int looks;	 /* since then */
};

/* Something happened at NOW (monotonic, as all of these): output came, a process came or went. */
void pace_news(struct pace *pace, int64_t now_ns);

/* A look was taken at NOW; next_ns says when the next is due. */
void pace_looked(struct pace *pace, int64_t now_ns);

#endif
