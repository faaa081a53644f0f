/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A failure at any point: the n-th write, truncation or sync of SQLite, for every n, and the
 * n-th allocation of ours. Each time the import says so, the history opens afterwards, and
 * the import run again completes it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "private.h"
#include "scenario.h"

/* --- a file system that fails -------------------------------------------------------------- */

static struct {
	int countdown; /* of writing calls until the failure; < 0: none */
	bool stays;    /* it fails from then on */
	int code;
	bool happened;
	bool taken; /* another process takes the log into the file just now */
} failure = { .countdown = -1 };

#define SHM_CHECKPOINT 1 /* the lock of who does */

struct shim_file {
	sqlite3_file base;
	sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;

static sqlite3_file *real_of(sqlite3_file *f)
{
	return ((struct shim_file *)f)->real;
}

static int fails(void)
{
	if (failure.countdown < 0)
		return SQLITE_OK;
	if (failure.countdown > 0) {
		failure.countdown--;
		return SQLITE_OK;
	}
	if (!failure.stays)
		failure.countdown = -1;
	failure.happened = true;
	return failure.code;
}

static int shim_close(sqlite3_file *f)
{
	return real_of(f)->pMethods->xClose(real_of(f));
}

static int shim_read(sqlite3_file *f, void *bytes, int n, sqlite3_int64 at)
{
	return real_of(f)->pMethods->xRead(real_of(f), bytes, n, at);
}

/* A full disk has taken half of the bytes. */
static int shim_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at)
{
	int rc = fails();

	if (rc == SQLITE_OK)
		return real_of(f)->pMethods->xWrite(real_of(f), bytes, n, at);
	(void)real_of(f)->pMethods->xWrite(real_of(f), bytes, n / 2, at);
	return rc;
}

static int shim_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	int rc = fails();

	return rc ? rc : real_of(f)->pMethods->xTruncate(real_of(f), size);
}

static int shim_sync(sqlite3_file *f, int flags)
{
	int rc = fails();

	return rc ? rc : real_of(f)->pMethods->xSync(real_of(f), flags);
}

static int shim_size(sqlite3_file *f, sqlite3_int64 *ret)
{
	return real_of(f)->pMethods->xFileSize(real_of(f), ret);
}

static int shim_lock(sqlite3_file *f, int level)
{
	return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int shim_unlock(sqlite3_file *f, int level)
{
	return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int shim_reserved(sqlite3_file *f, int *ret)
{
	return real_of(f)->pMethods->xCheckReservedLock(real_of(f), ret);
}

static int shim_control(sqlite3_file *f, int op, void *arg)
{
	return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int shim_sector(sqlite3_file *f)
{
	return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int shim_device(sqlite3_file *f)
{
	return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int shim_shm_map(sqlite3_file *f, int page, int size, int extend,
			void volatile **ret)
{
	return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, ret);
}

static int shim_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	if (failure.taken && at == SHM_CHECKPOINT && flags & SQLITE_SHM_LOCK)
		return SQLITE_BUSY;
	return real_of(f)->pMethods->xShmLock(real_of(f), at, n, flags);
}

static void shim_shm_barrier(sqlite3_file *f)
{
	real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int shim_shm_unmap(sqlite3_file *f, int remove)
{
	return real_of(f)->pMethods->xShmUnmap(real_of(f), remove);
}

static const sqlite3_io_methods shim_methods = {
	.iVersion = 2,
	.xClose = shim_close,
	.xRead = shim_read,
	.xWrite = shim_write,
	.xTruncate = shim_truncate,
	.xSync = shim_sync,
	.xFileSize = shim_size,
	.xLock = shim_lock,
	.xUnlock = shim_unlock,
	.xCheckReservedLock = shim_reserved,
	.xFileControl = shim_control,
	.xSectorSize = shim_sector,
	.xDeviceCharacteristics = shim_device,
	.xShmMap = shim_shm_map,
	.xShmLock = shim_shm_lock,
	.xShmBarrier = shim_shm_barrier,
	.xShmUnmap = shim_shm_unmap,
};

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags,
		     int *ret_flags)
{
	struct shim_file *file = (struct shim_file *)f;
	int rc;

	(void)vfs;
	file->real = (sqlite3_file *)(file + 1);
	rc = real_vfs->xOpen(real_vfs, name, file->real, flags, ret_flags);
	file->base.pMethods = file->real->pMethods ? &shim_methods : NULL;
	return rc;
}

static sqlite3_vfs shim;

static void install_shim(void)
{
	real_vfs = sqlite3_vfs_find(NULL);
	shim = *real_vfs;
	shim.zName = "shim";
	shim.pNext = NULL;
	shim.szOsFile = (int)sizeof(struct shim_file) + real_vfs->szOsFile;
	shim.xOpen = shim_open;
	assert_int_equal(sqlite3_vfs_register(&shim, 1), SQLITE_OK);
}

/* --- and memory that fails ----------------------------------------------------------------- */

static int allocations = -1; /* until one fails; < 0: none */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static bool no_memory(void)
{
	if (allocations < 0)
		return false;
	failure.happened = failure.happened || allocations == 0;
	return allocations-- == 0;
}

void *__wrap_malloc(size_t n)
{
	return no_memory() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return no_memory() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return no_memory() ? NULL : __real_realloc(p, n);
}

/* ------------------------------------------------------------------------------------------- */

static void start_over(struct history *h)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		_cleanup_(buf_deinit) struct buf path = BUF_INIT;

		buf_printf(&path, "%s%s", h->path, suffixes[i]);
		buf_put_char(&path, '\0');
		(void)unlink(path.data);
	}
}

/* An empty history, ready made: the making of one has tests of its own. */
static void start_made(struct history *h, const struct buf *made)
{
	FILE *file;

	start_over(h);
	file = fopen(h->path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(made->data, 1, made->len, file), made->len);
	assert_int_equal(fclose(file), 0);
}

static void make(struct history *h, struct buf *ret)
{
	char bytes[4096];
	FILE *file;
	size_t n;

	history_open(h, STORE_WRITE, 0);
	history_close(h);
	file = fopen(h->path, "rb");
	assert_non_null(file);
	while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_put(ret, bytes, n);
	(void)fclose(file);
	assert_int_equal(buf_error(ret), 0);
}

/* Runs with the n-th writing call failing; false when there are no so many. */
static bool fail_at(struct history *h, int n, int code, bool stays, int expected)
{
	int r;

	failure.countdown = n;
	failure.code = code;
	failure.stays = stays;
	failure.happened = false;
	r = scenario_run(h->path);
	failure.countdown = -1;
	/* Taking the log back into the file may fail unnoticed: nothing is lost. */
	if (r)
		assert_int_equal(r, expected);
	if (!failure.happened)
		assert_int_equal(r, 0);
	assert_int_equal(scenario_run(h->path), 0);
	scenario_assert(h);
	return failure.happened;
}

/* For every (or every step-th) n there is; how many there were. */
static int fail_everywhere(struct history *h, int code, bool stays, int step,
			   int expected)
{
	_cleanup_(buf_deinit) struct buf made = BUF_INIT;
	int n = 0;

	make(h, &made);
	start_made(h, &made);
	while (fail_at(h, n, code, stays, expected)) {
		n += step;
		start_made(h, &made);
	}
	return n;
}

/* Opens a history for writing with the n-th writing call failing; false when there are no so many. */
static bool fail_to_open(struct history *h, int n)
{
	int r;

	failure.countdown = n;
	failure.code = SQLITE_FULL;
	failure.stays = true;
	r = store_open(h->path, STORE_WRITE, false, &h->s, &h->fault);
	failure.countdown = -1;
	history_close(h);
	if (r)
		assert_int_equal(r, STORE_E_FULL);
	assert_int_equal(scenario_run(h->path), 0);
	scenario_assert(h);
	return r != 0;
}

static void test_making(void **state)
{
	struct history *h = *state;
	int n = 0;

	do
		start_over(h);
	while (fail_to_open(h, n++));
	assert_true(n > 20);
}

/* Each rung is a transaction: what is left of a climb is a history of some version. */
static void test_climbing(void **state)
{
	struct history *h = *state;
	int n = 0;

	do {
		start_over(h);
		history_make_first(h);
		n += 173;
	} while (fail_to_open(h, n));
	assert_true(n > 400);
}

static void test_full_once(void **state)
{
	assert_true(fail_everywhere(*state, SQLITE_FULL, false, 1, STORE_E_FULL) > 20);
}

static void test_full_from_then_on(void **state)
{
	assert_true(fail_everywhere(*state, SQLITE_FULL, true, 2, STORE_E_FULL) > 20);
}

static void test_write_error(void **state)
{
	assert_true(fail_everywhere(*state, SQLITE_IOERR_WRITE, false, 3, -EIO) > 20);
}

static void test_sync_error(void **state)
{
	assert_true(fail_everywhere(*state, SQLITE_IOERR_FSYNC, true, 3, -EIO) > 20);
}

static void test_message(void **state)
{
	struct item item = item_of(GROUP, "sg-1", 1, "1", "{}");
	struct history *h = *state;
	enum store_put put;

	history_open(h, STORE_WRITE, 0);
	begin(h);
	assert_int_equal(store_put_item(h->s, &item, 1, &put, NULL), 0);
	failure.countdown = 0;
	failure.code = SQLITE_FULL;
	failure.stays = true;
	assert_int_equal(store_commit(h->s), STORE_E_FULL);
	failure.countdown = -1;
	assert_non_null(strstr(store_message(h->s), "the disk is full"));
	/* The connection goes on. */
	assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
}

static int64_t items(struct history *h)
{
	return ask(h, "SELECT count(*) FROM state");
}

/* Who puts stories takes the log into the file: another one at it is no failure, a bad disk is one,
   which says so, and loses nothing. */
static void test_log(void **state)
{
	struct item item = item_of(GROUP, "sg-1", 1, "1", "{}"),
		    other = item_of(GROUP, "sg-2", 1, "1", "{}");
	struct history *h = *state;
	sqlite3_stmt *q = NULL;

	history_open(h, STORE_WRITE, 0);
	store_log_hold(h->s);
	assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	failure.taken = true;
	assert_int_equal(sqlite3_wal_checkpoint_v2(h->s->db, NULL,
						   SQLITE_CHECKPOINT_PASSIVE, NULL, NULL),
			 SQLITE_BUSY);
	assert_int_equal(store_log_take(h->s), 0);
	failure.taken = false;
	/* Nor is one of this connection's own that is read. */
	assert_int_equal(sqlite3_prepare_v2(h->s->db, "SELECT id FROM resource", -1, &q,
					    NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	assert_int_equal(store_log_take(h->s), 0);
	assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
	failure.countdown = 0;
	failure.code = SQLITE_IOERR_WRITE;
	failure.stays = true;
	assert_int_equal(store_log_take(h->s), -EIO);
	failure.countdown = -1;
	assert_string_equal(store_message(h->s),
			    "take the log into the file: disk I/O error");
	assert_int_equal(put_item(h, &other), STORE_PUT_NEW);
	assert_int_equal(store_log_take(h->s), 0);
	store_log_release(h->s);
	assert_int_equal(items(h), 2);
	history_open(h, STORE_READ, 0);
	assert_int_equal(items(h), 2);
}

static void test_no_memory(void **state)
{
	_cleanup_(buf_deinit) struct buf made = BUF_INIT;
	struct history *h = *state;

	make(h, &made);
	for (int n = 0;; n++) {
		int r;

		start_made(h, &made);
		failure.happened = false;
		allocations = n;
		r = scenario_run(h->path);
		allocations = -1;
		if (r)
			assert_int_equal(r, -ENOMEM);
		if (!failure.happened) {
			assert_int_equal(r, 0);
			assert_true(n > 50);
			return;
		}
		/* Every one would take minutes under a sanitizer. */
		if (n % 7)
			continue;
		assert_int_equal(scenario_run(h->path), 0);
		scenario_assert(h);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup_closed, history_teardown)

static const struct CMUnitTest full[] = { CASE(test_full_once),
					  CASE(test_full_from_then_on) };
static const struct CMUnitTest errors[] = { CASE(test_write_error), CASE(test_sync_error),
					    CASE(test_message) };
static const struct CMUnitTest log_taken[] = { CASE(test_log) };
static const struct CMUnitTest memory[] = { CASE(test_no_memory) };
static const struct CMUnitTest making[] = { CASE(test_making), CASE(test_climbing) };

/* Each takes its minute under a sanitizer; so they are run beside each other, by name. */
int main(int argc, char **argv)
{
	const char *group = argc > 1 ? argv[1] : "";

	install_shim();
	if (strcmp(group, "full") == 0)
		return cmocka_run_group_tests(full, NULL, NULL);
	if (strcmp(group, "errors") == 0)
		return cmocka_run_group_tests(errors, NULL, NULL);
	if (strcmp(group, "memory") == 0)
		return cmocka_run_group_tests(memory, NULL, NULL);
	if (strcmp(group, "making") == 0)
		return cmocka_run_group_tests(making, NULL, NULL);
	if (strcmp(group, "log") == 0)
		return cmocka_run_group_tests(log_taken, NULL, NULL);
	(void)fprintf(stderr, "usage: %s full|errors|memory|making|log\n", argv[0]);
	return 2;
}
