/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What can be told from a canonical body alone: identity, status, and the hash by which two
 * recordings of one content are known as such. The hash is folded member by member, so that
 * whoever writes a body can compute it over the bytes just written without writing them twice.
 */

#include "model/item.h"

#include <errno.h>

#include "model/timestamp.h"
#include "util/buf.h"

static const struct {
	const char *name;
	enum item_status status;
} statuses[] = {
	/* The published names first, in the order of the enum. */
	{ "OK", ITEM_OK },
	{ "ResourceDiscovered", ITEM_DISCOVERED },
	{ "ResourceNotRecorded", ITEM_NOT_RECORDED },
	{ "ResourceDeleted", ITEM_DELETED },
	{ "ResourceDeletedNotRecorded", ITEM_DELETED_NOT_RECORDED },
	/* Before November 2017. */
	{ "Discovered", ITEM_DISCOVERED },
	{ "Deleted", ITEM_DELETED },
};

enum item_status item_status_parse(struct str text)
{
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		if (str_eq_nocase(text, str_of(statuses[i].name)))
			return statuses[i].status;
	}
	return ITEM_STATUS_OTHER;
}

const char *item_status_name(enum item_status status)
{
	return status < ITEM_STATUS_OTHER ? statuses[status].name : "";
}

bool item_key_is_metadata(struct str key)
{
	static const struct str keys[] = {
		STR("configurationItemCaptureTime"),
		STR("configurationItemDeliveryTime"),
		STR("configurationItemVersion"),
		STR("configurationStateId"),
		STR("configurationStateMd5Hash"),
		STR("recordingFrequency"),
		STR("relatedEvents"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (str_eq(key, keys[i]))
			return true;
	}
	return false;
}

/*
 * What AWS Config recorded while its types were spelt in capitals (schema 1.0, 2014 and 2015),
 * by today's names. No two types of AWS differ in capitals only.
 */
static const struct str old_types[] = {
	STR("AWS::CloudTrail::Trail"),
	STR("AWS::EC2::CustomerGateway"),
	STR("AWS::EC2::EIP"),
	STR("AWS::EC2::Host"),
	STR("AWS::EC2::Instance"),
	STR("AWS::EC2::InternetGateway"),
	STR("AWS::EC2::NetworkAcl"),
	STR("AWS::EC2::NetworkInterface"),
	STR("AWS::EC2::RouteTable"),
	STR("AWS::EC2::SecurityGroup"),
	STR("AWS::EC2::Subnet"),
	STR("AWS::EC2::VPC"),
	STR("AWS::EC2::VPNConnection"),
	STR("AWS::EC2::VPNGateway"),
	STR("AWS::EC2::Volume"),
	STR("AWS::IAM::Group"),
	STR("AWS::IAM::Policy"),
	STR("AWS::IAM::Role"),
	STR("AWS::IAM::User"),
	STR("AWS::RDS::DBInstance"),
	STR("AWS::RDS::DBSecurityGroup"),
	STR("AWS::RDS::DBSnapshot"),
	STR("AWS::RDS::DBSubnetGroup"),
	STR("AWS::RDS::EventSubscription"),
};

struct str item_type_today(struct str type)
{
	for (size_t i = 0; i < ARRAY_SIZE(old_types); i++) {
		if (str_eq_nocase(type, old_types[i]))
			return old_types[i];
	}
	return type;
}

bool item_is_global(struct str type)
{
	return str_starts(type, "AWS::IAM::");
}

/* The final mixing of splitmix64: every bit of the input touches every bit of the output. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static uint64_t content_hash_add(uint64_t hash, struct str key, struct str value)
{
	if (str_is(value, "null") || item_key_is_metadata(key))
		return hash;
	return mix(hash + UINT64_C(0x9e3779b97f4a7c15) + str_hash(key)) ^ str_hash(value);
}

/* The next key in byte order after `last`; NULL when there is none. Bodies have few members. */
static const struct jv_member *member_after(const struct jv *body, const struct jv *last)
{
	const struct jv_member *best = NULL;

	for (uint32_t i = 0; i < body->len; i++) {
		const struct jv_member *m = &body->members[i];

		if (last && str_cmp(jv_str(&m->key), jv_str(last)) <= 0)
			continue;
		/* Of two with one name the later one counts, as everywhere. */
		if (!best || str_cmp(jv_str(&m->key), jv_str(&best->key)) <= 0)
			best = m;
	}
	return best;
}

uint64_t item_content_hash(const struct jv *body)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	const struct jv_member *m = NULL;
	uint64_t hash = ITEM_CONTENT_HASH_INIT;

	if (!jv_is(body, JV_OBJECT))
		return hash;
	while ((m = member_after(body, m ? &m->key : NULL)) != NULL) {
		if (item_key_is_metadata(jv_str(&m->key)))
			continue;
		buf_reset(&text);
		jv_write_sorted(&text, &m->value);
		hash = content_hash_add(hash, jv_str(&m->key), buf_str(&text));
	}
	return hash;
}

int item_view(const struct jv *body, struct item *ret)
{
	struct item item = *ret;

	item.account = jv_get_text(body, "awsAccountId");
	item.region = jv_get_text(body, "awsRegion");
	item.type = jv_get_text(body, "resourceType");
	item.id = jv_get_text(body, "resourceId");
	item.name = jv_get_text(body, "resourceName");
	item.arn = jv_get_text(body, "ARN");
	item.state_id = jv_str(jv_get(body, "configurationStateId"));
	item.status = item_status_parse(jv_get_text(body, "configurationItemStatus"));
	if (item.account.n == 0 || item.region.n == 0 || item.type.n == 0 ||
	    item.id.n == 0)
		return -EBADMSG;
	if (timestamp_parse(jv_get_text(body, "configurationItemCaptureTime"),
			    &item.captured_ms) != 0)
		return -EBADMSG;
	*ret = item;
	return 0;
}
