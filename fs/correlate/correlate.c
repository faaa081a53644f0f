/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting events to changes.
 *
 * An event belongs to the first state captured after it (Config records what it finds, minutes
 * later), unless a neighbouring change shows what the event set and that one does not: a
 * describe call can race with the change, and clocks differ by seconds. Then each part an event
 * can play (judge.c) has its own demands on the change: who made or removed the resource needs
 * no more; who called on it must not have asked for what was so already; bystanders count only
 * where the change shows a value of theirs.
 */
#include "correlate/correlate.h"

#include <errno.h>

#include "judge.h"
#include "values.h"

#define BIT(e) (1u << (e))

#define SKEW_MS 2000                      /* an event's clock ahead of the recorder's */
#define RACE_MS INT64_C(90000)            /* a describe call before the capture time */
#define LAG_MS  (INT64_C(60) * 60 * 1000) /* capture lag is half an hour at the most */
#define DAY_MS  (INT64_C(25) * 60 * 60 * 1000)

struct step {
	const struct correlate_step *in;
	struct value_set changed; /* what the change shows */
	struct value_set before;  /* of the state before it, made when first asked for */
	bool have_before;
	bool *explained; /* by entry of the difference */
	bool presumed; /* a call on it whose values do not show is taken to explain the rest */
	size_t n_causes;
	int64_t made_ms; /* when the resource's present life began, by its maker; -1 unknown */
};

struct candidate {
	const struct event *e;
	struct judgement j;
	struct value_set values;
	size_t natural; /* the step it belongs to by time, n_steps when after all */
	size_t step;    /* the step chosen */
	size_t shared, strong; /* with the chosen step's change */
	bool noop;             /* asked for what was so already */
	bool live;             /* still to be decided */
};

struct work {
	struct item *subjects; /* one a step: whom its calls name */
	struct arena *arena;
	const struct correlate_input *in;
	struct step *steps;
	struct candidate *candidates;
	struct correlate_verdict *verdicts;
};

/* --- preparation --------------------------------------------------------------------------- */

static size_t natural_step(const struct work *w, int64_t time_ms)
{
	size_t low = 0, high = w->in->n_steps;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (w->in->steps[mid].item.captured_ms < time_ms)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The identity an event would have met; deletions carry the inherited name. */
static const struct item *item_at(const struct work *w, size_t step)
{
	return &w->subjects[MIN(step, w->in->n_steps - 1)];
}

static bool is_compliance(const struct work *w)
{
	return str_is(w->in->steps[0].item.type, "AWS::Config::ResourceCompliance");
}

/*
 * A compliance item is named TYPE/ID of what was evaluated, and follows the calls on that
 * (AWS Config developer guide, "Viewing Compliance History").
 */
static int make_subjects(struct work *w)
{
	w->subjects = arena_alloc(w->arena, w->in->n_steps * sizeof(*w->subjects));
	if (!w->subjects)
		return -ENOMEM;
	for (size_t k = 0; k < w->in->n_steps; k++) {
		struct item *subject = &w->subjects[k];
		ptrdiff_t slash;

		*subject = w->in->steps[k].item;
		slash = str_chr(subject->id, '/');
		if (!is_compliance(w) || slash < 0)
			continue;
		subject->type = (struct str){ subject->id.p, (size_t)slash };
		subject->id = str_from(subject->id, (size_t)slash + 1);
		subject->name = subject->arn = STR_NULL;
	}
	return 0;
}

static const struct jv *state_before(const struct work *w, size_t step)
{
	if (step == w->in->n_steps)
		return w->in->steps[step - 1].change.after;
	return w->in->steps[step].change.before;
}

static const struct jv *state_after(const struct work *w, size_t step)
{
	return step < w->in->n_steps ? w->in->steps[step].change.after : NULL;
}

static bool is_read(const struct event *e)
{
	return e->read_only && !e->failed;
}

static int prepare_candidate(struct work *w, size_t i)
{
	struct candidate *c = &w->candidates[i];

	c->e = &w->in->events[i];
	c->natural = c->step = natural_step(w, c->e->time_ms);
	if (is_read(c->e) || event_issues_session(c->e))
		return 0;
	judge(c->e, item_at(w, c->natural), state_before(w, c->natural),
	      state_after(w, c->natural), w->in->disabled_evidence, &c->j);
	c->live = c->j.part != PART_NONE;
	if (!c->live || c->e->failed)
		return 0;
	return values_of_event(w->arena, c->e, item_at(w, c->natural), &c->values);
}

static int prepare_steps(struct work *w)
{
	for (size_t k = 0; k < w->in->n_steps; k++) {
		struct step *s = &w->steps[k];
		int r;

		s->in = &w->in->steps[k];
		s->made_ms = -1;
		s->explained = arena_zalloc(w->arena, s->in->change.diff.n + 1);
		if (!s->explained)
			return -ENOMEM;
		r = values_of_change(w->arena, &s->in->change, &s->changed);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- which step an event belongs to -------------------------------------------------------- */

static void share(const struct work *w, const struct candidate *c, size_t step,
		  size_t *ret_n, size_t *ret_strong)
{
	*ret_n = *ret_strong = 0;
	if (step < w->in->n_steps && !(w->in->disabled_evidence & BIT(EVIDENCE_VALUE)))
		*ret_n = values_shared(&c->values, &w->steps[step].changed, ret_strong,
				       NULL);
}

static enum change_type type_at(const struct work *w, size_t step)
{
	return w->in->steps[step].change.type;
}

/* Makers belong to a CREATE, removers to a DELETE, where one is near. */
static bool suits(const struct work *w, const struct candidate *c, size_t step)
{
	if (step >= w->in->n_steps)
		return false;
	if (c->j.part == PART_MAKER)
		return type_at(w, step) == CHANGE_CREATE;
	if (c->j.part == PART_REMOVER)
		return type_at(w, step) == CHANGE_DELETE;
	return false;
}

static bool close_before(const struct work *w, const struct candidate *c)
{
	return c->natural > 0 &&
	       c->e->time_ms - w->in->steps[c->natural - 1].item.captured_ms <= SKEW_MS;
}

static bool close_after(const struct work *w, const struct candidate *c)
{
	return c->natural + 1 < w->in->n_steps &&
	       w->in->steps[c->natural].item.captured_ms - c->e->time_ms <= RACE_MS;
}

static void choose_step(const struct work *w, struct candidate *c)
{
	size_t n, strong;

	share(w, c, c->natural, &c->shared, &c->strong);
	if (suits(w, c, c->natural))
		return;
	if (close_before(w, c)) {
		share(w, c, c->natural - 1, &n, &strong);
		if (suits(w, c, c->natural - 1) || (n > c->shared && !c->shared)) {
			c->step = c->natural - 1;
			c->shared = n;
			c->strong = strong;
			return;
		}
	}
	if (close_after(w, c) && type_at(w, c->natural + 1) != CHANGE_CREATE) {
		share(w, c, c->natural + 1, &n, &strong);
		if (suits(w, c, c->natural + 1) ||
		    (n > c->shared && !c->shared && strong)) {
			c->step = c->natural + 1;
			c->shared = n;
			c->strong = strong;
		}
	}
}

/* --- demands ------------------------------------------------------------------------------- */

static bool in_window(const struct work *w, const struct candidate *c)
{
	const struct correlate_step *s = &w->in->steps[c->step];
	int64_t lag = s->item.captured_ms - c->e->time_ms;

	if (c->j.part == PART_MAKER && s->change.type == CHANGE_CREATE)
		return true; /* however long the recorder took to be switched on */
	if (s->change.type == CHANGE_CREATE && w->steps[c->step].made_ms >= 0)
		return true; /* in this life of the resource: see before_life() */
	return lag <= (s->daily || c->strong ? DAY_MS : LAG_MS);
}

/* An event of an earlier life of the same name. */
static bool before_life(const struct work *w, const struct candidate *c)
{
	int64_t made = w->steps[c->step].made_ms;

	return type_at(w, c->step) == CHANGE_CREATE && made >= 0 &&
	       c->e->time_ms < made && c->j.part != PART_MAKER;
}

/* Did it ask for what was so already? Every value it set stands in the state before. */
static int check_noop(struct work *w, struct candidate *c)
{
	struct step *s = &w->steps[c->step];
	struct value_set asked;
	size_t strong;
	int r;

	if (c->shared || !s->in->change.before || !c->values.n ||
	    type_at(w, c->step) == CHANGE_CREATE ||
	    (w->in->disabled_evidence & BIT(EVIDENCE_VALUE)))
		return 0;
	if (!s->have_before) {
		r = values_of_state(w->arena, s->in->change.before, &s->before);
		if (r < 0)
			return r;
		s->have_before = true;
	}
	r = values_of_request(w->arena, c->e, item_at(w, c->step), &asked);
	if (r < 0)
		return r;
	c->noop = asked.n && values_shared(&asked, &s->before, &strong, NULL) == asked.n;
	return 0;
}

static bool accepts(const struct work *w, const struct candidate *c)
{
	enum change_type type = type_at(w, c->step);

	switch (c->j.part) {
	case PART_MAKER: /* what is put may be there already */
		return type == CHANGE_CREATE || (type == CHANGE_UPDATE && c->shared > 0 &&
						 str_starts(c->e->name, "Put"));
	case PART_REMOVER:
		return type != CHANGE_CREATE;
	case PART_OBJECT:
		return !c->noop;
	case PART_SUB:
		return c->shared > 0;
	case PART_SIDE:
		return type != CHANGE_UPDATE || c->strong > 0;
	case PART_BYSTANDER:
		return type == CHANGE_UPDATE && c->strong > 0;
	default:
		return false;
	}
}

/* --- verdicts ------------------------------------------------------------------------------ */

static enum confidence confidence_of(const struct work *w, const struct candidate *c,
				     uint32_t evidence)
{
	bool id = evidence & (BIT(EVIDENCE_REQUEST_ID) | BIT(EVIDENCE_RESPONSE_ID) |
			      BIT(EVIDENCE_OWNED_ID) | BIT(EVIDENCE_RESOURCES));
	bool shows = evidence & (BIT(EVIDENCE_VALUE) | BIT(EVIDENCE_VERB));

	(void)w;
	switch (c->j.part) {
	case PART_MAKER:
	case PART_REMOVER:
	case PART_OBJECT:
	case PART_SUB:
		if ((id || (evidence & BIT(EVIDENCE_REQUEST_NAME))) && shows)
			return CONFIDENCE_CERTAIN;
		return evidence & BIT(EVIDENCE_NOUN) ? CONFIDENCE_LIKELY
						     : CONFIDENCE_POSSIBLE;
	case PART_SIDE:
		return id ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
	default:
		return id ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
	}
}

static bool touches_relationships(const struct step *s)
{
	for (size_t i = 0; i < s->in->change.diff.n; i++)
		if (s->explained[i] &&
		    str_starts(s->in->change.diff.entries[i].pointer, "/relationships"))
			return true;
	return false;
}

static void make_cause(struct work *w, size_t i)
{
	struct candidate *c = &w->candidates[i];
	struct step *s = &w->steps[c->step];
	uint32_t evidence = c->j.evidence;
	size_t strong;

	if (c->shared) {
		evidence |= BIT(EVIDENCE_VALUE);
		values_shared(&c->values, &s->changed, &strong,
			      s->in->change.type == CHANGE_CREATE ? NULL : s->explained);
	}
	if (c->j.part == PART_BYSTANDER && touches_relationships(s))
		evidence |= BIT(EVIDENCE_RELATION);
	s->n_causes++;
	c->live = false;
	w->verdicts[i] =
		(struct correlate_verdict){ CORRELATE_CAUSE, c->step, SIZE_MAX, evidence,
					    confidence_of(w, c, evidence) };
}

/* On the resource, but in no change: shown at its own time. */
static void make_other(struct work *w, size_t i)
{
	struct candidate *c = &w->candidates[i];
	bool on_it = !is_compliance(w) &&
		     (c->j.part >= PART_OBJECT ||
		      (c->j.part == PART_SUB && c->j.naming.request_typed));

	w->verdicts[i] = (struct correlate_verdict){ .role = CORRELATE_NONE,
						     .also_step = SIZE_MAX };
	if (on_it)
		w->verdicts[i].role =
			c->e->failed ? CORRELATE_ATTEMPT : CORRELATE_ACTIVITY;
	w->verdicts[i].evidence = c->j.evidence;
	c->live = false;
}

/* Who made the resource sets where its life begins. */
static void note_makers(struct work *w)
{
	for (size_t i = 0; i < w->in->n_events; i++) {
		struct candidate *c = &w->candidates[i];

		if (!c->live || c->e->failed || c->step >= w->in->n_steps)
			continue;
		if (c->j.part == PART_MAKER && type_at(w, c->step) == CHANGE_CREATE)
			w->steps[c->step].made_ms =
				MAX(w->steps[c->step].made_ms, c->e->time_ms);
	}
}

/* Can it be a cause of the step it was put to at all? */
static bool eligible(const struct work *w, const struct candidate *c)
{
	return c->live && !c->e->failed && !c->j.inert && c->step < w->in->n_steps &&
	       !before_life(w, c) && in_window(w, c);
}

/* Would it explain something of the change that nothing else does? */
static int explains_more(struct work *w, const struct candidate *c, bool *ret)
{
	const struct step *s = &w->steps[c->step];
	size_t strong, n = s->in->change.diff.n;
	bool *marks = arena_zalloc(w->arena, n + 1);

	*ret = false;
	if (s->presumed || (!c->j.changes && s->n_causes))
		return 0;
	if (!marks)
		return -ENOMEM;
	values_shared(&c->values, &s->changed, &strong, marks);
	for (size_t i = 0; i < n; i++)
		*ret |= marks[i] && !s->explained[i];
	return 0;
}

/*
 * In order of weight: those whose object the resource is and whose values show; bystanders that
 * at least name it; then, where something is left to explain, those that only made or removed a
 * neighbour.
 */
enum pass { PASS_OBJECTS, PASS_NAMED, PASS_CALLS_ON_NEIGHBOURS, PASS_NEIGHBOURS, PASSES };

static bool belongs_to(const struct candidate *c, enum pass pass)
{
	bool named = c->j.naming.evidence;

	if (c->j.part != PART_BYSTANDER)
		return pass == PASS_OBJECTS &&
		       (c->shared || c->j.part >= PART_MAKER || c->j.part == PART_SIDE);
	if (named)
		return pass == PASS_NAMED;
	return pass == (c->j.changes ? PASS_CALLS_ON_NEIGHBOURS : PASS_NEIGHBOURS);
}

static bool of_earlier_life(const struct work *w, const struct candidate *c)
{
	return c->j.part == PART_MAKER && type_at(w, c->step) == CHANGE_CREATE &&
	       c->e->time_ms < w->steps[c->step].made_ms;
}

static int decide(struct work *w, enum pass pass)
{
	for (size_t i = 0; i < w->in->n_events; i++) {
		struct candidate *c = &w->candidates[i];
		bool more = true;
		int r;

		if (!eligible(w, c) || !belongs_to(c, pass) || of_earlier_life(w, c))
			continue;
		r = check_noop(w, c);
		if (r < 0)
			return r;
		if (!accepts(w, c))
			continue;
		if (pass >= PASS_CALLS_ON_NEIGHBOURS)
			r = explains_more(w, c, &more);
		if (r < 0)
			return r;
		if (more)
			make_cause(w, i);
	}
	return 0;
}

/* Relationships are another resource's affair. */
static bool all_explained(const struct step *s)
{
	for (size_t i = 0; i < s->in->change.diff.n; i++)
		if (!s->explained[i] &&
		    !str_starts(s->in->change.diff.entries[i].pointer, "/relationships"))
			return false;
	return true;
}

/* What is taken off a thing before its end is part of the end. */
static bool takes_off(struct str event_name)
{
	static const char *const verbs[] = { "Remove", "Detach", "Disassociate",
					     "Revoke", "Delete", "Deregister",
					     NULL };

	for (size_t i = 0; verbs[i]; i++)
		if (str_starts(event_name, verbs[i]))
			return true;
	return false;
}

/* Calls on the resource whose values do not show: only where something is left to explain. */
static int decide_silent(struct work *w)
{
	for (size_t i = 0; i < w->in->n_events; i++) {
		struct candidate *c = &w->candidates[i];
		int r;

		if (!eligible(w, c) || c->j.part != PART_OBJECT ||
		    (type_at(w, c->step) == CHANGE_DELETE && !takes_off(c->e->name)))
			continue;
		r = check_noop(w, c);
		if (r < 0)
			return r;
		if (c->noop)
			continue;
		if (type_at(w, c->step) == CHANGE_UPDATE &&
		    all_explained(&w->steps[c->step]))
			continue;
		if (type_at(w, c->step) == CHANGE_CREATE &&
		    w->steps[c->step].made_ms < 0 && w->steps[c->step].n_causes)
			continue;
		make_cause(w, i);
		w->steps[c->step].presumed = true;
	}
	return 0;
}

/* "creating", "modifying", "pending": the change was not over when it was recorded. */
static bool was_under_way(const struct json_diff *d)
{
	for (size_t i = 0; i < d->n; i++) {
		struct str was = jv_str(d->entries[i].previous);

		if (str_ends(was, "ing") && d->entries[i].kind == JSON_DIFF_UPDATE &&
		    memmem(d->entries[i].pointer.p, d->entries[i].pointer.n, "tat", 3))
			return true;
	}
	return false;
}

/* What took its time shows a second time when it is over. */
static void decide_endings(struct work *w)
{
	for (size_t k = 1; k < w->in->n_steps; k++) {
		if (type_at(w, k) != CHANGE_UPDATE || w->steps[k].n_causes ||
		    !was_under_way(&w->in->steps[k].change.diff))
			continue;
		for (size_t i = w->in->n_events; i-- > 0;) {
			struct correlate_verdict *v = &w->verdicts[i];

			if (v->role != CORRELATE_CAUSE || v->step != k - 1 ||
			    v->also_step != SIZE_MAX ||
			    !(v->evidence & BIT(EVIDENCE_VALUE)))
				continue;
			v->also_step = k;
			w->steps[k].n_causes++;
			break;
		}
	}
}

/* An evaluation follows the last of the calls before it. */
static void keep_last_cause(struct work *w)
{
	for (size_t i = w->in->n_events; is_compliance(w) && i-- > 1;)
		for (size_t j = i; w->verdicts[i].role == CORRELATE_CAUSE && j-- > 0;)
			if (w->verdicts[j].role == CORRELATE_CAUSE &&
			    w->verdicts[j].step == w->verdicts[i].step)
				w->verdicts[j].role = CORRELATE_NONE;
}

/* A deletion in two steps: its call is the cause of both. */
static void decide_second_steps(struct work *w)
{
	for (size_t k = 1; k < w->in->n_steps; k++) {
		if (type_at(w, k) != CHANGE_DELETE || w->steps[k].n_causes)
			continue;
		for (size_t i = w->in->n_events; i-- > 0;) {
			struct correlate_verdict *v = &w->verdicts[i];
			struct candidate *c = &w->candidates[i];

			if (v->role != CORRELATE_CAUSE || c->j.part != PART_REMOVER ||
			    v->step >= k ||
			    w->in->steps[k].item.captured_ms - c->e->time_ms > DAY_MS)
				continue;
			v->also_step = k;
			w->steps[k].n_causes++;
			break;
		}
	}
}

/* --- reasons ------------------------------------------------------------------------------- */

static bool only_relationships(const struct json_diff *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (!str_starts(d->entries[i].pointer, "/relationships"))
			return false;
	return d->n > 0;
}

static enum reason reason_of(const struct work *w, size_t k)
{
	const struct correlate_input *in = w->in;
	const struct correlate_step *s = &in->steps[k];
	int64_t captured = s->item.captured_ms;

	if (w->steps[k].n_causes)
		return REASON_NONE;
	if (!in->trail_known || captured < in->trail_first_ms ||
	    s->previous_ms > in->trail_last_ms || captured - LAG_MS > in->trail_last_ms)
		return REASON_NO_TRAIL;
	if (s->change.type == CHANGE_CREATE && s->previous_ms < 0)
		return REASON_FIRST_RECORDED;
	if (s->change.type == CHANGE_UPDATE && s->change.diff.n == 0)
		return REASON_NOTHING;
	if (s->change.type == CHANGE_UPDATE && only_relationships(&s->change.diff))
		return REASON_RELATIONSHIPS;
	return REASON_NO_EVENT;
}

int correlate(struct arena *a, const struct correlate_input *in,
	      struct correlate_verdict *verdicts, enum reason *reasons)
{
	struct work w = { .arena = a, .in = in, .verdicts = verdicts };
	int r;

	if (in->n_steps == 0) {
		memset(verdicts, 0, in->n_events * sizeof(*verdicts));
		return 0;
	}
	w.steps = arena_zalloc(a, in->n_steps * sizeof(*w.steps));
	w.candidates = arena_zalloc(a, (in->n_events + 1) * sizeof(*w.candidates));
	if (!w.steps || !w.candidates)
		return -ENOMEM;
	r = make_subjects(&w);
	if (r == 0)
		r = prepare_steps(&w);
	for (size_t i = 0; r == 0 && i < in->n_events; i++) {
		r = prepare_candidate(&w, i);
		if (r == 0 && w.candidates[i].live && !in->events[i].failed)
			choose_step(&w, &w.candidates[i]);
	}
	if (r < 0)
		return r;
	for (size_t i = 0; i < in->n_events; i++)
		verdicts[i] = (struct correlate_verdict){ .also_step = SIZE_MAX };
	note_makers(&w);
	for (enum pass pass = PASS_OBJECTS; r == 0 && pass < PASS_CALLS_ON_NEIGHBOURS;
	     pass++)
		r = decide(&w, pass);
	if (r == 0)
		r = decide_silent(&w);
	for (enum pass pass = PASS_CALLS_ON_NEIGHBOURS; r == 0 && pass < PASSES; pass++)
		r = decide(&w, pass);
	if (r < 0)
		return r;
	for (size_t i = 0; i < in->n_events; i++)
		if (w.candidates[i].live)
			make_other(&w, i);
	keep_last_cause(&w);
	decide_second_steps(&w);
	decide_endings(&w);
	for (size_t k = 0; k < in->n_steps; k++)
		reasons[k] = reason_of(&w, k);
	return 0;
}
