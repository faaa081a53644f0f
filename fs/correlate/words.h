/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the names say: an event's verb and noun, a resource type's noun and service. */

#include "model/event.h"
#include "model/item.h"
#include "model/service.h"

#define WORD_SIZE 96

enum verb_kind {
	VERB_CHANGES, /* Put, Modify, Attach, Authorize ... */
	VERB_MAKES,   /* Create, Run, Allocate ... */
	VERB_REMOVES, /* Delete, Terminate, Release ... */
	VERB_INERT,   /* Reboot, Send, Test ...: writes that change no configuration */
};

struct call_words {
	enum verb_kind verb;
	char noun[WORD_SIZE]; /* lower case, without version suffix: "securitygroupingress" */
	bool tags;            /* the call sets or removes tags */
};

struct type_words {
	char noun[WORD_SIZE];       /* last segment, lower case: "securitygroup" */
	char service[SERVICE_SIZE]; /* see service_of_type(): "ec2" */
};

void words_of_call(struct str event_name, struct call_words *ret);
void words_of_type(struct str type, struct type_words *ret);

/* Does the verb take something off the thing called on (Detach, Revoke ...)? */
bool words_take_off(struct str event_name);
/* Does it put something on it, or set it to what the request says (Attach, Put ...)? */
bool words_put_on(struct str event_name);

enum noun_match {
	NOUN_OTHER,
	NOUN_PART,  /* the noun speaks of a part of the type: BucketPolicy of a Bucket */
	NOUN_EXACT, /* the type itself, singular or plural */
};
enum noun_match words_match_noun(const struct call_words *call,
				 const struct type_words *type);
/* Is the event's source the type's own service? */
bool words_match_service(struct str event_source, const struct type_words *type);

enum subject_match {
	SUBJECT_OTHER,   /* a key for another kind of thing: vpcId for a subnet */
	SUBJECT_GENERIC, /* name, id, arn, resourceId */
	SUBJECT_TYPE, /* groupId for a SecurityGroup, dBInstanceIdentifier for a DBInstance */
};
/* What a member name ("groupId") says about the thing its value names. */
enum subject_match words_match_key(struct str key, const struct type_words *type);
/* "dBInstanceIdentifier" -> "dbinstance"; "name" -> "". */
void words_subject(struct str key, char ret[WORD_SIZE]);
/* What {"tag": 1, "content": ...} has, newer EC2 calls' manner of lists: it goes by the key around; or NULL. */
const struct jv *words_listed(const struct jv *v);
/* Does the member name speak of what the event's noun speaks of (volumeId in AttachVolume)? */
bool words_key_in_noun(struct str key, const struct call_words *call);
/* Does the call's name speak of what stands there, beside the type itself (DeleteRetentionPolicy of
   "/configuration/RetentionInDays")? */
bool words_speak_of(struct str event_name, const struct type_words *type,
		    struct str pointer);
