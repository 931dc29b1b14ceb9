/* guard: the process above a keeper: adopts the tree and starts a new keeper when one dies.
 * Started by `hob run` (see launch) with the descriptors of hold.h open; ends when nothing is left to keep.
 * It allocates nothing, opens no database, and never signals a process but what is left of a failed start. */
#ifndef HOB_KEEP_GUARD_H
#define HOB_KEEP_GUARD_H

/* The whole life of `hob guard ID ""`; returns its exit code. */
int guard_main(int argc, char **argv);

#endif
