/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The number by which the kernel and we speak of a node. It is not the node's own (which users see
 * as its inode number): the kernel finds inodes in a hash table, by the product of that number and
 * an address that is a multiple of some thousand. What a node has in its upper bits, kind and
 * moment, is lost there: all files of a resource, and the state of the same row, would share one
 * chain. So the upper bits are mixed into the lower ones, which a second time undoes.
 */

#include <stdint.h>

#define NODEID_LOW_BITS 36 /* rows; and the lower part of the first of two */

/* From node to number, and from number to node. The root keeps its 1, and none becomes 0. */
static inline uint64_t nodeid(uint64_t n)
{
	/* The product's upper bits depend on all of a factor's bits. */
	return n ^ (n >> NODEID_LOW_BITS) * UINT64_C(0x9e3779b97f4a7c15) >>
			   (64 - NODEID_LOW_BITS);
}
