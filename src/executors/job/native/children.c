/*
 * Ending all that is left. A process is killed only while it is a child that has not been waited for, so no other one can have got its
 * number meanwhile. The children of one that was killed become ours, and are killed next.
 */
#define _GNU_SOURCE
#include "supervisor.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Seconds after which those are given up that do not die: they are another user's, or wait for a device. */
enum { PATIENCE = 5 };

/* The parent of a process; 0 where it is gone. */
static pid_t parent_of(const char *pid) {
  char path[64];
  char text[1024];
  snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
  FILE *file = fopen(path, "re");
  if (file == NULL) return 0;
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = '\0';
  /* The name stands in parentheses and may hold any character. */
  char *after = strrchr(text, ')');
  int parent = 0;
  return after != NULL && sscanf(after, ") %*c %d", &parent) == 1 ? parent : 0;
}

/* Kills each child that can be found by the numbers of the parents of all processes. */
static void kill_by_parents(void) {
  DIR *folder = opendir("/proc");
  if (folder == NULL) return;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
    if (isdigit((unsigned char)entry->d_name[0]) && parent_of(entry->d_name) == getpid()) kill(atoi(entry->d_name), SIGKILL);
  closedir(folder);
}

/* Kills each child. Some may be missed that come meanwhile: the next round meets them. */
static void kill_children(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
  FILE *file = fopen(path, "re");
  if (file == NULL) {
    /* A kernel without these lists. */
    kill_by_parents();
    return;
  }
  int pid;
  while (fscanf(file, "%d", &pid) == 1) kill(pid, SIGKILL);
  fclose(file);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Children that are still there when they were given up. */
static int count_children(void) {
  int count = 0;
  DIR *folder = opendir("/proc");
  if (folder == NULL) return 1;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
    if (isdigit((unsigned char)entry->d_name[0]) && parent_of(entry->d_name) == getpid()) count += 1;
  closedir(folder);
  return count;
}

struct ending end_children(void) {
  struct ending ending = {0, 0};
  double until = now() + PATIENCE;
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  for (int round = 0;; round += 1) {
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
      if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ending.killed += 1;
    if (pid < 0 && errno == ECHILD) return ending;
    if (now() > until) break;
    kill_children();
    /* A child's end wakes; what is not noticed by that is looked for again. */
    struct timespec pause = {0, 5 * 1000 * 1000};
    if (round > 0) sigtimedwait(&child, NULL, &pause);
  }
  ending.left = count_children();
  return ending;
}
