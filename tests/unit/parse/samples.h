/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A small item and a small event as C strings, plain and as they stand inside a JSON string. */

#define ITEM                                                                                       \
	"{\"resourceType\":\"T\",\"resourceId\":\"i\",\"awsAccountId\":\"1\",\"awsRegion\":\"r\"," \
	"\"configurationItemCaptureTime\":\"2024-05-01\"}"
#define ITEM_QUOTED                                                                          \
	"{\\\"resourceType\\\":\\\"T\\\",\\\"resourceId\\\":\\\"i\\\",\\\"awsAccountId\\\":" \
	"\\\"1\\\",\\\"awsRegion\\\":\\\"r\\\",\\\"configurationItemCaptureTime\\\":"        \
	"\\\"2024-05-01\\\"}"
#define ITEM_LINE "item delivery 1 r T i\n"

#define EVENT                                                                                \
	"{\"eventVersion\":\"1.11\",\"eventTime\":\"2024-05-01T10:15:00Z\",\"eventSource\":" \
	"\"s\",\"eventName\":\"n\",\"recipientAccountId\":\"1\"}"
#define EVENT_QUOTED                                                                            \
	"{\\\"eventVersion\\\":\\\"1.11\\\",\\\"eventTime\\\":\\\"2024-05-01T10:15:00Z\\\","    \
	"\\\"eventSource\\\":\\\"s\\\",\\\"eventName\\\":\\\"n\\\",\\\"recipientAccountId\\\":" \
	"\\\"1\\\"}"
#define EVENT_LINE "event 1 s n\n"
