#include "keep/pace.h"

/* So many looks may be taken ahead of time. */
#define BURST 3

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Not before the average allows. */
static void plan(struct pace *pace, int64_t at_ns)
{
	pace->next_ns = later(at_ns, pace->due_ns - BURST * PACE_NS);
}

void pace_news(struct pace *pace, int64_t now_ns)
{
	pace->news_ns = now_ns;
	pace->looks = 0;
	/* a look that is due even sooner stays */
	if (pace->next_ns > now_ns + PACE_SOON_NS)
		plan(pace, now_ns + PACE_SOON_NS);
}

void pace_looked(struct pace *pace, int64_t now_ns)
{
	static const int64_t soon[BURST] = {2 * PACE_SOON_NS, 4 * PACE_SOON_NS, PACE_NS};
	int64_t gap = PACE_NS, quiet;

	pace->due_ns = later(pace->due_ns, now_ns) + PACE_NS;
	if (pace->news_ns == 0)
		pace->news_ns = now_ns;
	quiet = now_ns - pace->news_ns;
	if (pace->looks < BURST)
		gap = soon[pace->looks++];
	else if (quiet > PACE_QUIET_NS)
		gap = later(PACE_NS, quiet / (4 * PACE_QUIET_NS / PACE_SLOW_NS));
	plan(pace, now_ns + (gap > PACE_SLOW_NS ? PACE_SLOW_NS : gap));
}
