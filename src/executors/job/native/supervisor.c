/*
 * Runs a program and sees to it that nothing of it is left at its end.
 *
 *   supervisor [--events] [--confined PAIR...] -- PROGRAM [ARGUMENT]...
 *   supervisor --launcher
 *   supervisor --confinement
 *
 * The first runs one program, whose exit code it gives, or 128 and its signal. The second runs any number of them, as it is asked to.
 */
#include "supervisor.h"
#include <stdio.h>
#include <string.h>

int main(int count, char **arguments) {
  int at = 1;
  int keeps_events = 0;
  char **confinement = NULL;
  if (count == 2 && strcmp(arguments[1], "--confinement") == 0) {
    tell_confinement();
    return 0;
  }
  if (count == 2 && strcmp(arguments[1], "--launcher") == 0) return launch();
  for (; at < count && strcmp(arguments[at], "--") != 0; at += 1) {
    if (confinement != NULL) continue;
    if (strcmp(arguments[at], "--events") == 0) keeps_events = 1;
    else if (strcmp(arguments[at], "--confined") == 0) confinement = arguments + at + 1;
    else {
      fprintf(stderr, "supervisor: unknown option %s\n", arguments[at]);
      return 2;
    }
  }
  if (at + 1 >= count) {
    fprintf(stderr, "supervisor: no program is given\n");
    return 2;
  }
  struct work work = {arguments + at + 1, keeps_events, confinement, -1};
  return supervise(&work);
}
