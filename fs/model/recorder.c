/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a recorder's description. Its shapes are those of AWS Config's API reference
 * (ConfigurationRecorder, RecordingGroup, RecordingMode, ConfigurationRecorderStatus,
 * DeliveryChannelStatus). Statuses are spelt Success or SUCCESS.
 */
#include "model/recorder.h"

#include "model/timestamp.h"

static int64_t time_of(const struct jv *v, const char *key)
{
	const struct jv *time = jv_get(v, key);
	int64_t ms;

	return time && timestamp_from_jv(time, &ms) == 0 ? ms : -1;
}

static bool fails(const struct jv *status)
{
	return str_eq_nocase(jv_get_text(status, "lastStatus"), STR("failure"));
}

static struct str failure_of(const struct jv *status)
{
	struct str code = jv_get_text(status, "lastErrorCode");

	if (!fails(status))
		return STR("");
	return code.n ? code : STR("failure");
}

static struct str delivery_failure_of(const struct jv *status)
{
	struct str history = failure_of(jv_get(status, "configHistoryDeliveryInfo"));

	return history.n ? history
			 : failure_of(jv_get(status, "configStreamDeliveryInfo"));
}

static int lacks(struct fault *f, const char *field)
{
	fault_set(f, FAULT_NO_OFFSET, field, "missing, or not what it should be");
	return RECORDER_E_NOT;
}

int recorder_from_jv(const struct jv *v, struct recorder *ret, struct fault *f)
{
	const struct jv *recorder = jv_get(v, "configurationRecorder");
	const struct jv *status = jv_get(v, "configurationRecorderStatus");
	const struct jv *recording = jv_get(status, "recording");

	*ret = (struct recorder){
		.account = jv_get_text(v, "accountId"),
		.region = jv_get_text(v, "awsRegion"),
		.name = jv_get_text(recorder, "name"),
		.asked_ms = time_of(v, "askedTime"),
		.recording = jv_is(recording, JV_TRUE),
		.started_ms = time_of(status, "lastStartTime"),
		.stopped_ms = time_of(status, "lastStopTime"),
		.failing_ms =
			fails(status) ? time_of(status, "lastStatusChangeTime") : -1,
		.failure = failure_of(status),
		.delivery_failure =
			delivery_failure_of(jv_get(v, "deliveryChannelStatus")),
		.value = v,
	};
	if (!ret->account.n)
		return lacks(f, "accountId");
	if (!ret->region.n)
		return lacks(f, "awsRegion");
	if (ret->asked_ms < 0)
		return lacks(f, "askedTime");
	if (!ret->name.n)
		return lacks(f, "configurationRecorder.name");
	if (!jv_is(recording, JV_TRUE) && !jv_is(recording, JV_FALSE))
		return lacks(f, "configurationRecorderStatus.recording");
	return 0;
}

bool recorder_is_daily(const struct recorder *r, struct str type)
{
	const struct jv *mode = jv_path(r->value, "configurationRecorder.recordingMode");
	const struct jv *overrides = jv_get(mode, "recordingModeOverrides");

	for (uint32_t i = 0; jv_is(overrides, JV_ARRAY) && i < overrides->len; i++)
		if (jv_holds(jv_get(&overrides->items[i], "resourceTypes"), type))
			return str_is(jv_get_text(&overrides->items[i],
						  "recordingFrequency"),
				      "DAILY");
	return str_is(jv_get_text(mode, "recordingFrequency"), "DAILY");
}

void recorder_essence(struct buf *out, const struct recorder *r)
{
	static const char *const settings[] = { "configurationRecorder",
						"deliveryChannel" };

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct jv *v = jv_get(r->value, settings[i]);

		if (v)
			jv_write_sorted(out, v);
		buf_put_char(out, '\n');
	}
	buf_printf(out, "%d %lld %lld %.*s %.*s\n", r->recording,
		   (long long)r->started_ms, (long long)r->stopped_ms,
		   STR_ARGS(r->failure), STR_ARGS(r->delivery_failure));
}
