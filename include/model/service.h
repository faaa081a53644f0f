/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Services: a resource type (AWS::ElasticLoadBalancingV2::LoadBalancer) and an event's source
 * (elasticloadbalancing.amazonaws.com) name one and the same in two ways.
 */

#include "util/str.h"

#define SERVICE_SIZE 96

/* The service of a type as CloudTrail writes it, in lower case without dashes: "ec2"; cut at
   SERVICE_SIZE. */
void service_of_type(struct str type, char ret[SERVICE_SIZE]);
/* The service of an event's source, in the same form. */
void service_of_source(struct str source, char ret[SERVICE_SIZE]);
