/* The addon by which Node has many files dealt with in threads: `begin` starts them, `end` takes part and waits for them. */
#define _GNU_SOURCE
#include "many.h"
#include <fcntl.h>
#include <node_api.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_THREADS = 8 };

/* Files that are being dealt with. */
struct begun {
  struct many many;
  /* All paths, one after the other, each ended by a zero; and those of the packs. */
  char *paths;
  char *packs;
  /* Keeps what the threads write into. */
  napi_ref files;
  size_t count;
  pthread_t threads[MOST_THREADS];
};

static void *look_through_beside(void *many) {
  look_through(many);
  return NULL;
}

/* Starts so many threads, or fewer where there are no more; signals are for Node's own. */
static void start(struct begun *begun, size_t count) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (begun->count < count && pthread_create(&begun->threads[begun->count], NULL, look_through_beside, &begun->many) == 0)
    begun->count += 1;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void wait_for_threads(struct begun *begun) {
  for (; begun->count > 0; begun->count -= 1) pthread_join(begun->threads[begun->count - 1], NULL);
}

/* Lets go of all that files need, once what their threads have taken is dealt with. */
static void release(napi_env env, struct begun *begun) {
  atomic_store(&begun->many.next, begun->many.count);
  wait_for_threads(begun);
  if (begun->files != NULL) napi_delete_reference(env, begun->files);
  if (begun->many.folder >= 0) close(begun->many.folder);
  free(begun->many.paths);
  free(begun->many.packed.packs);
  free(begun->paths);
  free(begun->packs);
  *begun = (struct begun){.many.folder = -1};
}

static void drop(napi_env env, void *begun, void *hint) {
  (void)hint;
  release(env, begun);
  free(begun);
}

/* A property of an object; NULL where there is no such object. */
static napi_value property(napi_env env, napi_value object, const char *name) {
  napi_valuetype type = napi_undefined;
  napi_value value = NULL;
  if (object == NULL || napi_typeof(env, object, &type) != napi_ok || type != napi_object) return NULL;
  return napi_get_named_property(env, object, name, &value) == napi_ok ? value : NULL;
}

/* The text of a value, ended by a zero and to be freed, and how many bytes it has before that; NULL where there is none. */
static char *text_of(napi_env env, napi_value value, size_t *length) {
  if (value == NULL || napi_get_value_string_utf8(env, value, NULL, 0, length) != napi_ok) return NULL;
  char *text = malloc(*length + 1);
  if (text != NULL) napi_get_value_string_utf8(env, value, text, *length + 1, length);
  return text;
}

/* Where the bytes of a buffer or of a view of one are; what asks is trusted to have made it as long as its files need. */
static void *bytes_of(napi_env env, napi_value value) {
  void *bytes = NULL;
  if (value == NULL) return NULL;
  if (napi_get_arraybuffer_info(env, value, &bytes, NULL) != napi_ok) napi_get_typedarray_info(env, value, NULL, NULL, &bytes, NULL, NULL);
  return bytes;
}

/* Splits texts that stand one after the other with a zero between them; NULL where they are not so many. */
static char **split(char *text, size_t length, size_t count) {
  char **parts = calloc(count + 1, sizeof *parts);
  size_t found = 0;
  if (parts == NULL) return NULL;
  for (char *part = text; part <= text + length; part += strlen(part) + 1, found += 1)
    if (found < count) parts[found] = part;
  if (found == count) return parts;
  free(parts);
  return NULL;
}

/* Splits a text into as many as an array has entries. */
static char **texts_of(napi_env env, napi_value joined, napi_value array, char **text, size_t *count) {
  size_t length = 0;
  uint32_t entries = 0;
  if (array == NULL || napi_get_array_length(env, array, &entries) != napi_ok) return NULL;
  *count = entries;
  *text = text_of(env, joined, &length);
  return *text == NULL ? NULL : split(*text, length, entries);
}

/* What does a task; NULL where nothing does. */
static take *task_of(napi_env env, napi_value files) {
  static const struct {
    const char *name;
    take *take;
  } tasks[] = {
      {"stat", take_stat},     {"hash", take_hash},     {"stat and hash", take_stat_and_hash}, {"read", take_read},
      {"remove", take_remove}, {"unpack", take_unpack}, {"prove", take_prove},
  };
  char name[32] = "";
  napi_get_value_string_utf8(env, property(env, files, "task"), name, sizeof name, NULL);
  for (size_t index = 0; index < sizeof tasks / sizeof *tasks; index += 1)
    if (strcmp(name, tasks[index].name) == 0) return tasks[index].take;
  return NULL;
}

/* Opens what all paths are below, which for none is the folder that the process is in; -1 where that cannot be. */
static int open_folder(napi_env env, napi_value files) {
  size_t length = 0;
  char *path = text_of(env, property(env, files, "folder"), &length);
  int folder = path == NULL ? -1 : open(length == 0 ? "." : path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  free(path);
  return folder;
}

/* Takes in what the files are, whose paths and packs are given as one text each too; 0 where that cannot be. */
static int take_in(napi_env env, napi_value files, napi_value paths, napi_value packs, struct begun *begun) {
  struct many *many = &begun->many;
  napi_value packed = property(env, files, "packed"), into = property(env, files, "into");
  size_t packs_count = 0;
  many->take = task_of(env, files);
  many->folder = open_folder(env, files);
  many->paths = texts_of(env, paths, property(env, files, "paths"), &begun->paths, &many->count);
  many->learned = bytes_of(env, property(env, files, "learned"));
  many->marks = bytes_of(env, property(env, files, "marks"));
  many->digests = bytes_of(env, property(env, files, "digests"));
  many->into = bytes_of(env, property(env, into, "bytes"));
  many->offsets = bytes_of(env, property(env, into, "offsets"));
  many->packed.packs = texts_of(env, packs, property(env, packed, "packs"), &begun->packs, &packs_count);
  many->packed.places = bytes_of(env, property(env, packed, "places"));
  many->packed.digests = bytes_of(env, property(env, packed, "digests"));
  many->packed.executable = bytes_of(env, property(env, packed, "executable"));
  int is_packed = many->packed.packs != NULL || (many->take != take_unpack && many->take != take_prove);
  return many->take != NULL && many->folder >= 0 && many->paths != NULL && many->learned != NULL && many->marks != NULL && is_packed;
}

/* begin(files, paths, packs, threads): what `end` is given; undefined where nothing was begun. */
static napi_value begin(napi_env env, napi_callback_info info) {
  napi_value arguments[4], handle = NULL;
  size_t count = 4;
  uint32_t threads = 0;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  struct begun *begun = calloc(1, sizeof *begun);
  if (begun == NULL) return NULL;
  begun->many.folder = -1;
  napi_get_value_uint32(env, arguments[3], &threads);
  if (!take_in(env, arguments[0], arguments[1], arguments[2], begun) ||
      napi_create_reference(env, arguments[0], 1, &begun->files) != napi_ok ||
      napi_create_external(env, begun, drop, NULL, &handle) != napi_ok) {
    drop(env, begun, NULL);
    return NULL;
  }
  start(begun, threads < MOST_THREADS ? threads : MOST_THREADS);
  return handle;
}

/* end(begun): takes part in what is left, and waits for the threads. */
static napi_value end(napi_env env, napi_callback_info info) {
  napi_value handle;
  size_t count = 1;
  void *data = NULL;
  napi_get_cb_info(env, info, &count, &handle, NULL, NULL);
  if (napi_get_value_external(env, handle, &data) != napi_ok) return NULL;
  struct begun *begun = data;
  look_through(&begun->many);
  release(env, begun);
  return NULL;
}

NAPI_MODULE_INIT() {
  static const napi_property_descriptor functions[] = {
      {"begin", NULL, begin, NULL, NULL, NULL, napi_enumerable, NULL},
      {"end", NULL, end, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  if (can_hash()) napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  return exports;
}
