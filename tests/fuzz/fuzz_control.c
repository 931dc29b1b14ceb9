/* The keeper's orders: whatever a packet holds, it is an order within its bounds, or none. */
#include <stdlib.h>
#include <string.h>

#include "keep/control.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control_order order = {0};
	size_t len = size < CONTROL_TEXT_MAX ? size : CONTROL_TEXT_MAX - 1;
	char *text = malloc(len + 1);
	bool good;

	memcpy(text, data, len);
	text[len] = '\0';
	good = control_parse(text, &order);
	free(text);
	if (!good)
		return 0;
	switch (order.word) {
	case CONTROL_KILL:
		MUST(order.signal >= 1 && order.signal <= 64 && order.grace_ms >= 0);
		MUST(order.cause >= 0 && order.cause < TASK_REASON_COUNT);
		break;
	case CONTROL_SIZE:
		MUST(order.cols >= 1 && order.cols <= CONTROL_SIZE_MAX);
		MUST(order.rows >= 1 && order.rows <= CONTROL_SIZE_MAX);
		break;
	case CONTROL_INPUT:
	case CONTROL_EOF:
		break;
	default:
		abort();
	}
	return 0;
}

#define REPLAY_CORPUS "control"
#include "replay.h"
