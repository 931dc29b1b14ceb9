/* must: what each harness begins with: the engine's entry point, and a condition that ends the run when it fails. */
#ifndef HOB_FUZZ_MUST_H
#define HOB_FUZZ_MUST_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define MUST(condition)                                                                                                \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			abort();                                                                                       \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
