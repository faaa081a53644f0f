/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a message in a queue is for us: content of its own, or the names of objects that are to be
 * fetched (S3's own notifications, EventBridge's, CloudTrail's, those of AWS Config's deliveries),
 * whichever envelopes of SNS and EventBridge it came in. Pure.
 */

#include "util/arena.h"
#include "util/str.h"

struct sqs_pointer {
	struct str bucket, key; /* decoded */
};

struct sqs_content {
	bool ignored; /* a test, or of objects that went: there is nothing to take in */
	struct sqs_pointer
		*pointers; /* in the arena; none: the message itself is the content */
	size_t n_pointers;
};

/* Whatever cannot be understood is content: the parsers say what is wrong with it. 0, -ENOMEM. */
int sqs_message_read(struct arena *a, struct str body,
		     struct sqs_content *ret) _must_check_;
