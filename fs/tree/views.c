/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which view a node belongs to.
 */

#include "view.h"

#include <errno.h>

#include "store/ledger.h"

static const struct view *const by_kind[NODE_KIND_COUNT] = {
	[NODE_FOLDER] = &view_folder,
	[NODE_RESOURCE] = &view_resource,
	[NODE_CHANGES] = &view_changes,
	[NODE_CHANGES_JSONL] = &view_changes,
	[NODE_LATEST] = &view_latest,
	[NODE_STATE] = &view_state,
	[NODE_METRICS] = &view_metrics,
	[NODE_METRIC] = &view_metric,
	[NODE_AT_FOLDER] = &view_at_folder,
	[NODE_AT_STATE] = &view_at_state,
	[NODE_AT_CSV] = &view_inventory,
	[NODE_AT_JSONL] = &view_inventory,
	[NODE_AT_SNAPSHOT] = &view_inventory,
	[NODE_YEAR] = &view_timeline,
	[NODE_MONTH] = &view_month,
	[NODE_DAY_LOG] = &view_day,
	[NODE_DAY_JSONL] = &view_day,
	[NODE_ACTIVITY_LOG] = &view_activity_value,
	[NODE_ACTIVITY_JSONL] = &view_activity_value,
	[NODE_AT_RELATIONSHIPS] = &view_at_relationships,
	[NODE_REFUSAL] = &view_refusal,
	[NODE_ALARM_FOLDER] = &view_alarms,
	[NODE_ALARM] = &view_alarm,
	[NODE_TRANSITION] = &view_transition,
	[NODE_KEY] = &view_key,
	[NODE_ID_KEY] = &view_key,
	[NODE_LINK] = &view_name_link,
	[NODE_NAME_LINK] = &view_name_link,
	[NODE_TAG_LINK] = &view_name_link,
	[NODE_ID_LINK] = &view_name_link,
	[NODE_ID_MEMBER] = &view_name_link,
	[NODE_TAG_KEY] = &view_tag_key,
	[NODE_STEM] = &view_stem,
	[NODE_ALIAS] = &view_alias,
	[NODE_ID_ALIAS] = &view_alias,
	[NODE_BLAME] = &view_blame,
	[NODE_RELATIONSHIPS] = &view_relationships,
};

static const struct view *const fixed[NODE_FIXED_COUNT] = {
	[NODE_FIXED_ROOT] = &view_root,
	[NODE_FIXED_README] = &view_readme,
	[NODE_FIXED_AT] = &view_at,
	[NODE_FIXED_AT_README] = &view_at_readme,
	[NODE_FIXED_RESOURCES] = &view_folder,
	[NODE_FIXED_TIMELINE] = &view_timeline,
	[NODE_FIXED_ACTIVITY] = &view_activity,
	[NODE_FIXED_PRINCIPAL] = &view_activity_kind,
	[NODE_FIXED_ADDRESS] = &view_activity_kind,
	[NODE_FIXED_ACCESS_KEY] = &view_activity_kind,
	[NODE_FIXED_EVENT_NAME] = &view_activity_kind,
	[NODE_FIXED_ERROR] = &view_activity_kind,
	[NODE_FIXED_ALARMS] = &view_alarms,
	[NODE_FIXED_STATUS] = &view_status,
	[NODE_FIXED_COVERAGE] = &view_coverage,
	[NODE_FIXED_GAPS] = &view_coverage,
	[NODE_FIXED_CHURN] = &view_churn,
	[NODE_FIXED_IMPORTS] = &view_ledger,
	[NODE_FIXED_REFUSALS] = &view_ledger,
	[NODE_FIXED_REFUSED] = &view_refused,
	[NODE_FIXED_SOURCES] = &view_sources,
	[NODE_FIXED_BY_ID] = &view_by,
	[NODE_FIXED_BY_NAME] = &view_by,
	[NODE_FIXED_BY_ARN] = &view_by,
	[NODE_FIXED_BY_TAG] = &view_by_tag,
};

const struct view *view_of(uint64_t node)
{
	unsigned kind = node_kind(node);
	int64_t row = node_row(node);

	if (kind == NODE_FIXED)
		return row < NODE_FIXED_COUNT ? fixed[row] : NULL;
	return kind < NODE_KIND_COUNT && row > 0 ? by_kind[kind] : NULL;
}

int view_newest(struct request *q, int64_t *ret_ms)
{
	struct store_totals totals;
	int r = view_error(store_totals(q->store, &totals));

	if (r)
		return r;
	*ret_ms = MAX(totals.item_last_ms, totals.event_last_ms);
	return *ret_ms > 0 ? 0 : view_error(store_finished_ms(q->store, ret_ms));
}

int view_attr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	int r = view_of(node)->getattr(q, node, ret);

	if (r || node_kind(node) != NODE_FIXED || ret->mtime_ms > 0)
		return r;
	return view_newest(q, &ret->mtime_ms);
}

int view_error(int store_result)
{
	if (store_result == STORE_E_NOT_FOUND)
		return TREE_E_NOT_FOUND;
	return store_result > 0 ? -EIO : store_result;
}
