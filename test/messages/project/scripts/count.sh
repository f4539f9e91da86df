#!/bin/sh
# count.sh WORDS LEAST: how many words have at least LEAST letters.
awk -v least="$2" 'length($0) >= least { n += 1 } END { print n + 0 }' "$1"
