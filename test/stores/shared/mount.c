/*
 * A folder as a client of a file server shows it (FUSE): what the client learned of names, attributes and listings counts for so many
 * seconds, unless it changes the folder itself; opening a file asks how it stands; a file that another client removed is stale; there are no
 * locks. Two mounts of one folder are two clients.
 *
 *   mount FOLDER SECONDS MOUNTPOINT     stays in the foreground
 */
#define FUSE_USE_VERSION 31
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <libgen.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 4096, NAMES = 65536 };

/* What is known of a path: how it stands, or that it is not there; of a folder, its names. */
struct known {
  struct known *next;
  char *path;
  struct stat stats;
  int error;
  double learned;
  char *names;
  double listed;
};

static struct known *table[SLOTS];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const char *root;
static double seconds;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void real(char *to, const char *path) { snprintf(to, PATH_MAX, "%s%s", root, path); }

#define REAL(name, path) char name[PATH_MAX]; real(name, path)

static struct known *of(const char *path) {
  unsigned hash = 5381;
  for (const char *at = path; *at != 0; at++) hash = hash * 33 + (unsigned char)*at;
  struct known **slot = &table[hash % SLOTS];
  for (struct known *one = *slot; one != NULL; one = one->next)
    if (strcmp(one->path, path) == 0) return one;
  struct known *one = calloc(1, sizeof *one);
  one->path = strdup(path);
  one->next = *slot;
  *slot = one;
  return one;
}

/* Asks the server. */
static struct known *learn(const char *path) {
  REAL(at, path);
  struct known *one = of(path);
  one->error = lstat(at, &one->stats) == 0 ? 0 : errno;
  one->learned = now();
  return one;
}

static struct known *look(const char *path) {
  struct known *one = of(path);
  return one->learned != 0 && now() - one->learned < seconds ? one : learn(path);
}

static void folder_of(char *to, const char *path) {
  strncpy(to, path, PATH_MAX - 1);
  char *slash = strrchr(to, '/');
  if (slash == to) slash++;
  *slash = 0;
}

/* Forgets a folder that was changed from here, and all in it. */
static void forget(const char *path) {
  char folder[PATH_MAX] = {0};
  folder_of(folder, path);
  size_t length = strlen(folder);
  for (int slot = 0; slot < SLOTS; slot++)
    for (struct known *one = table[slot]; one != NULL; one = one->next) {
      int inside = strncmp(one->path, folder, length) == 0 && (length == 1 || one->path[length] == '/') && strchr(one->path + length + (length > 1), '/') == NULL;
      if (inside || strcmp(one->path, folder) == 0 || strcmp(one->path, path) == 0) one->learned = one->listed = 0;
    }
}

#define LOCKED(work) \
  pthread_mutex_lock(&mutex); \
  work; \
  pthread_mutex_unlock(&mutex)

static int ended(const char *path, int result) {
  int error = errno;
  LOCKED(forget(path));
  return result < 0 ? -error : 0;
}

static int on_getattr(const char *path, struct stat *stats, struct fuse_file_info *info) {
  int error;
  (void)info;
  LOCKED(struct known *one = look(path); *stats = one->stats; error = one->error);
  return -error;
}

static int on_readlink(const char *path, char *to, size_t size) {
  REAL(at, path);
  ssize_t length = readlink(at, to, size - 1);
  if (length < 0) return -errno;
  to[length] = 0;
  return 0;
}

static int on_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info *info, enum fuse_readdir_flags flags) {
  (void)offset, (void)info, (void)flags;
  REAL(at, path);
  pthread_mutex_lock(&mutex);
  struct known *one = of(path);
  if (one->listed == 0 || now() - one->listed >= seconds) {
    DIR *folder = opendir(at);
    if (folder == NULL) {
      int error = errno;
      pthread_mutex_unlock(&mutex);
      return -error;
    }
    free(one->names);
    size_t size = 1, used = 0;
    one->names = calloc(1, size);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
      size_t length = strlen(entry->d_name) + 1;
      one->names = realloc(one->names, used + length + 1);
      memcpy(one->names + used, entry->d_name, length);
      used += length;
      one->names[used] = 0;
    }
    closedir(folder);
    one->listed = now();
  }
  for (char *name = one->names; *name != 0; name += strlen(name) + 1) fill(buffer, name, NULL, 0, 0);
  pthread_mutex_unlock(&mutex);
  return 0;
}

static int on_mkdir(const char *path, mode_t mode) { REAL(at, path); return ended(path, mkdir(at, mode)); }
static int on_unlink(const char *path) { REAL(at, path); return ended(path, unlink(at)); }
static int on_rmdir(const char *path) { REAL(at, path); return ended(path, rmdir(at)); }
static int on_symlink(const char *target, const char *path) { REAL(at, path); return ended(path, symlink(target, at)); }

static int on_rename(const char *from, const char *to, unsigned flags) {
  REAL(at, from);
  REAL(target, to);
  int result = ended(from, renameat2(AT_FDCWD, at, AT_FDCWD, target, flags));
  LOCKED(forget(to));
  return result;
}

static int on_link(const char *from, const char *to) {
  REAL(at, from);
  REAL(target, to);
  int result = ended(to, link(at, target));
  LOCKED(learn(from));
  return result;
}

static int changed(const char *path, int result) {
  int error = errno;
  LOCKED(learn(path));
  return result < 0 ? -error : 0;
}

static int on_chmod(const char *path, mode_t mode, struct fuse_file_info *info) { (void)info; REAL(at, path); return changed(path, chmod(at, mode)); }
static int on_chown(const char *path, uid_t user, gid_t group, struct fuse_file_info *info) { (void)info; REAL(at, path); return changed(path, lchown(at, user, group)); }
static int on_truncate(const char *path, off_t size, struct fuse_file_info *info) { (void)info; REAL(at, path); return changed(path, truncate(at, size)); }
static int on_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *info) { (void)info; REAL(at, path); return changed(path, utimensat(AT_FDCWD, at, times, AT_SYMLINK_NOFOLLOW)); }

static int on_open(const char *path, struct fuse_file_info *info) {
  REAL(at, path);
  int descriptor = open(at, (info->flags & ~O_APPEND & ~O_NOFOLLOW) | O_CLOEXEC);
  if (descriptor < 0) return -errno;
  LOCKED(learn(path));
  info->fh = (uint64_t)descriptor;
  return 0;
}

static int on_create(const char *path, mode_t mode, struct fuse_file_info *info) {
  REAL(at, path);
  int descriptor = open(at, (info->flags & ~O_APPEND) | O_CREAT | O_CLOEXEC, mode);
  int result = ended(path, descriptor);
  info->fh = (uint64_t)descriptor;
  return result;
}

/* Whether another client removed an open file. */
static int is_stale(struct fuse_file_info *info) {
  struct stat stats;
  return fstat((int)info->fh, &stats) == 0 && stats.st_nlink == 0;
}

static int on_read(const char *path, char *buffer, size_t size, off_t offset, struct fuse_file_info *info) {
  (void)path;
  if (is_stale(info)) return -ESTALE;
  ssize_t got = pread((int)info->fh, buffer, size, offset);
  return got < 0 ? -errno : (int)got;
}

static int on_write(const char *path, const char *buffer, size_t size, off_t offset, struct fuse_file_info *info) {
  if (is_stale(info)) return -ESTALE;
  ssize_t put = pwrite((int)info->fh, buffer, size, offset);
  if (put < 0) return -errno;
  LOCKED(learn(path));
  return (int)put;
}

static int on_fsync(const char *path, int only_data, struct fuse_file_info *info) {
  (void)path, (void)only_data;
  return fsync((int)info->fh) < 0 ? -errno : 0;
}

static int on_release(const char *path, struct fuse_file_info *info) {
  (void)path;
  close((int)info->fh);
  return 0;
}

static int on_statfs(const char *path, struct statvfs *stats) { REAL(at, path); return statvfs(at, stats) < 0 ? -errno : 0; }

static int on_lock(const char *path, struct fuse_file_info *info, int command, struct flock *lock) {
  (void)path, (void)info, (void)command, (void)lock;
  return -ENOLCK;
}

static int on_flock(const char *path, struct fuse_file_info *info, int operation) {
  (void)path, (void)info, (void)operation;
  return -ENOLCK;
}

static void *on_init(struct fuse_conn_info *connection, struct fuse_config *config) {
  (void)connection;
  config->attr_timeout = config->entry_timeout = config->negative_timeout = 0;
  config->use_ino = 1;
  return NULL;
}

static const struct fuse_operations operations = {
  .init = on_init, .getattr = on_getattr, .readlink = on_readlink, .readdir = on_readdir, .mkdir = on_mkdir, .unlink = on_unlink,
  .rmdir = on_rmdir, .symlink = on_symlink, .rename = on_rename, .link = on_link, .chmod = on_chmod, .chown = on_chown,
  .truncate = on_truncate, .utimens = on_utimens, .open = on_open, .create = on_create, .read = on_read, .write = on_write,
  .fsync = on_fsync, .release = on_release, .statfs = on_statfs, .lock = on_lock, .flock = on_flock,
};

int main(int count, char *given[]) {
  if (count != 4) return 2;
  root = realpath(given[1], NULL);
  seconds = atof(given[2]);
  if (root == NULL) return 2;
  char *arguments[] = {given[0], "-f", "-o", "allow_other,default_permissions", given[3]};
  return fuse_main(5, arguments, &operations, NULL);
}
