/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What AWS Config sends: change notifications with the item in them, notices of deliveries,
 * compliance and evaluations, and the summary that stands for an item too big for SNS. The diff
 * that comes with an item is not kept: it is made anew from the states, aligned and complete.
 */

#include "parser.h"

static const struct {
	const char *type;
	const char *notice;
} notices[] = {
	{ "ConfigurationHistoryDeliveryCompleted", "config-delivery" },
	{ "ConfigurationSnapshotDeliveryCompleted", "config-delivery" },
	{ "ConfigurationSnapshotDeliveryStarted", "config-delivery" },
	{ "ConfigurationSnapshotDeliveryFailed", "config-delivery" },
	{ "ComplianceChangeNotification", "config-compliance" },
	{ "ConfigRulesEvaluationStarted", "config-evaluation" },
	{ "ScheduledNotification", "config-scheduled" },
	{ "CONTROL_MESSAGE", "logs-control" },
};

static int parse_items(struct parser *p, const struct parse_source *src,
		       const struct jv *v, enum item_guise guise)
{
	bool refused = false;

	if (v->type == JV_STRING)
		return parse_inner(p, src, v, "configurationItem");
	if (v->type == JV_OBJECT)
		return parse_item(p, src, v, guise);
	/* In 2014 it was an array of one. */
	if (v->type != JV_ARRAY || v->len == 0)
		return parse_refuse(p, src, v, "configurationItem", "not an object");
	for (uint32_t i = 0; i < v->len; i++) {
		int r = parse_item(p, src, &v->items[i], guise);

		if (r < 0)
			return r;
		refused |= r != 0;
	}
	return refused ? PARSE_E_REFUSED : 0;
}

int guise_config_message(struct parser *p, const struct parse_source *src,
			 const struct jv *v)
{
	struct str type = jv_get_text(v, "messageType");

	if (parse_has(v, "configurationItem"))
		return parse_items(p, src, jv_get(v, "configurationItem"),
				   ITEM_GUISE_DELIVERY);
	if (parse_has(v, "ConfigurationItem"))
		return parse_items(p, src, jv_get(v, "ConfigurationItem"),
				   ITEM_GUISE_API);
	for (size_t i = 0; i < ARRAY_SIZE(notices); i++) {
		int r = 0;

		if (!str_is(type, notices[i].type))
			continue;
		if (str_ends(type, "DeliveryCompleted"))
			r = parse_config_delivery(p, v);
		return r ? r : parse_notice(p, notices[i].notice);
	}
	if (jv_is(jv_get(v, "logEvents"), JV_ARRAY))
		return guise_containers(p, src, v);
	if (str_starts(type, "Oversized"))
		return parse_refuse(p, src, v, "configurationItemSummary", "missing");
	if (str_is(type, "ConfigurationItemChangeNotification") ||
	    jv_get(v, "configurationItemDiff"))
		return parse_refuse(p, src, v, "configurationItem", "missing");
	return parse_unknown(p, src, v, "a message of a type that is not known");
}

/*
 * The item itself is in S3, and is imported from there. Only where it could not be delivered the
 * summary is all there is; likewise in a rule's event, which says nothing of a delivery.
 */
int guise_summary(struct parser *p, const struct parse_source *src, const struct jv *v)
{
	const struct jv *summary = jv_get(v, "configurationItemSummary");
	const struct jv *delivery = jv_get(v, "s3DeliverySummary");

	if (parse_has(v, "configurationItem"))
		return guise_config_message(p, src, v);
	if (!jv_is(summary, JV_OBJECT))
		return parse_refuse(p, src, summary, "configurationItemSummary",
				    "not an object");
	if (jv_is(delivery, JV_OBJECT) && jv_str(jv_get(delivery, "errorCode")).n == 0)
		return parse_notice(p, "config-oversized");
	return parse_item(p, src, summary, ITEM_GUISE_SUMMARY);
}
