/* Hides a folder from this process, and from whatever it becomes and starts, by mounts of its own (Linux). */
#define _GNU_SOURCE
#include "supervisor.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_SHOWN = 256 };

static int fail(const char *what) {
  fprintf(stderr, "the project could not be hidden: %s: %s\n", what, strerror(errno));
  return -1;
}

static int write_text(const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return -1;
  ssize_t length = (ssize_t)strlen(text);
  int result = write(file, text, (size_t)length) == length ? 0 : -1;
  close(file);
  return result;
}

/* Mounts of its own; whoever may not make them gets a user namespace in which they may, as the same user. */
static int own_mounts(void) {
  unsigned user = (unsigned)geteuid(), group = (unsigned)getegid();
  if (unshare(CLONE_NEWNS) != 0) {
    char map[64];
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return -1;
    if (write_text("/proc/self/setgroups", "deny") != 0 && errno != ENOENT) return -1;
    snprintf(map, sizeof map, "%u %u 1", user, user);
    if (write_text("/proc/self/uid_map", map) != 0) return -1;
    snprintf(map, sizeof map, "%u %u 1", group, group);
    if (write_text("/proc/self/gid_map", map) != 0) return -1;
  }
  return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

/* Makes the folders above a path, where there are none. */
static int make_above(char *path) {
  for (char *at = path + 1; (at = strchr(at, '/')) != NULL; at++) {
    *at = 0;
    int result = mkdir(path, 0755);
    *at = '/';
    if (result != 0 && errno != EEXIST) return -1;
  }
  return 0;
}

/* Puts what an open path leads to where it was. */
static int show(int shown, const char *name) {
  char path[PATH_MAX], from[64];
  struct stat stats;
  if (fstat(shown, &stats) != 0 || snprintf(path, sizeof path, "%s", name) >= (int)sizeof path || make_above(path) != 0) return -1;
  if (S_ISDIR(stats.st_mode)) {
    if (mkdir(path, 0755) != 0 && errno != EEXIST) return -1;
  } else {
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) return -1;
    close(file);
  }
  snprintf(from, sizeof from, "/proc/self/fd/%d", shown);
  return mount(from, path, NULL, MS_BIND | MS_REC, NULL);
}

int hide(char **pairs) {
  char here[PATH_MAX];
  int shown[MOST_SHOWN];
  if (getcwd(here, sizeof here) == NULL) return fail("the working folder");
  if (own_mounts() != 0) return fail("mounts of its own");
  const char *hidden = pairs[1];
  char **first = pairs + 2;
  int count = 0;
  for (char **at = first; at[0] != NULL && strcmp(at[0], "show") == 0 && count < MOST_SHOWN; at += 2) shown[count++] = open(at[1], O_PATH | O_CLOEXEC);
  if (mount("tmpfs", hidden, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=4m") != 0) return fail(hidden);
  for (int at = 0; at < count; at++) {
    /* What is not there is passed over. */
    if (shown[at] >= 0 && show(shown[at], first[2 * at + 1]) != 0) return fail(first[2 * at + 1]);
    close(shown[at]);
  }
  if (mount(NULL, hidden, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) != 0) return fail(hidden);
  /* The working folder is entered anew: the way up from it leads through what is hidden. */
  return chdir(here) == 0 ? 0 : fail(here);
}

int can_hide(void) {
  pid_t child = fork();
  if (child == 0) _exit(own_mounts() == 0 && mount("tmpfs", "/tmp", "tmpfs", 0, "size=4k") == 0 ? 0 : 1);
  int status = 1;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
