/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How AWS Config's recorder is set, whether it records, and how its deliveries went: four answers,
 * made into one document in the form of model/recorder.h. Nothing else tells that a type is left
 * out. Asked for now and then, since a row of the history says until when it was so:
 *
 *	URL?recorder   when it was asked for last
 */
#include <errno.h>

#include "source_config.h"

#define AGAIN_MS (10 * 60 * API_SECOND_MS)
#define ANSWERS  4u

static const struct {
	const char *operation, *list;
	const char *key; /* in the document */
} parts[ANSWERS] = {
	{ "DescribeConfigurationRecorders", "ConfigurationRecorders",
	  "configurationRecorder" },
	{ "DescribeConfigurationRecorderStatus", "ConfigurationRecordersStatus",
	  "configurationRecorderStatus" },
	{ "DescribeDeliveryChannels", "DeliveryChannels", "deliveryChannel" },
	{ "DescribeDeliveryChannelStatus", "DeliveryChannelsStatus",
	  "deliveryChannelStatus" },
};

static const struct jv *list_of(const struct api_answer *answers, size_t part)
{
	return jv_get(&answers[part].value, parts[part].list);
}

/* There is one channel, whatever it is called; a recorder's status bears its name. */
static const struct jv *part_of(const struct api_answer *answers, size_t part,
				struct str recorder)
{
	const struct jv *list = list_of(answers, part);

	for (uint32_t i = 0; jv_is(list, JV_ARRAY) && i < list->len; i++)
		if (part > 1 || str_eq(jv_get_text(&list->items[i], "name"), recorder))
			return &list->items[i];
	return NULL;
}

static struct jv_member member_of(const char *key, struct jv value)
{
	return (struct jv_member){ jv_make_string(str_of(key)), value };
}

static int push_recorder(struct config_walk *w, const struct api_answer *answers,
			 const struct jv *recorder, const char *account, struct fault *f)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT, asked = BUF_INIT;
	struct jv_member members[3 + ANSWERS];
	struct jv document;
	size_t n = 0;

	(void)f;
	buf_printf(&asked, "%lld.%03d", (long long)(w->s->now_ms / 1000),
		   (int)(w->s->now_ms % 1000));
	members[n++] = member_of("accountId", jv_make_string(str_of(account)));
	members[n++] = member_of("awsRegion", jv_make_string(str_of(w->s->region)));
	members[n++] = member_of("askedTime", jv_make_number(buf_str(&asked)));
	for (size_t i = 0; i < ANSWERS; i++) {
		const struct jv *v =
			i ? part_of(answers, i, jv_get_text(recorder, "name")) : recorder;

		if (v)
			members[n++] = member_of(parts[i].key, *v);
	}
	document = jv_make_object(members, n);
	jv_write(&text, &document);
	if (buf_error(&text) || buf_error(&asked))
		return -ENOMEM;
	return api_source_push(w->s, buf_str(&text), NULL, 0);
}

static int push_recorders(struct config_walk *w, const struct api_answer *answers,
			  struct fault *f)
{
	const struct api_note done = { "?recorder", w->s->now_ms };
	const struct jv *list = list_of(answers, 0);
	char account[AWS_ACCOUNT_SIZE];
	int r = aws_caller_account(w->h, w->s->region, account, f);

	for (uint32_t i = 0; !r && jv_is(list, JV_ARRAY) && i < list->len; i++)
		/* Those of services deliver to nobody. */
		if (!jv_get_text(&list->items[i], "servicePrincipal").n)
			r = push_recorder(w, answers, &list->items[i], account, f);
	return r ? r : api_source_push(w->s, STR_NULL, &done, 1);
}

int config_recorders(struct config_walk *w, struct fault *f)
{
	struct api_answer answers[ANSWERS] = { 0 };
	int64_t last;
	int r = api_source_noted(w->s, "?recorder", &last);

	if (r || (w->s->again && last > w->s->now_ms - AGAIN_MS))
		return r;
	for (size_t i = 0; !r && i < ANSWERS; i++) {
		const struct api_operation op = { AWS_CONFIG, parts[i].operation, 50 };

		r = api_source_call(w->s, w->h, &op, json_build_new(), &answers[i], f);
	}
	if (!r)
		r = push_recorders(w, answers, f);
	for (size_t i = 0; i < ANSWERS; i++)
		api_answer_deinit(&answers[i]);
	return r;
}
