#!/bin/sh
# Lets the kernel run the programs of another architecture by the emulator $2, recognised as Debian's line in the file $1
# says, for as long as standard input is open: however the caller ends, nothing of it stays. Needs a mount namespace of
# its own. The registration holds for the whole machine, under a name of this run, so that no other run's is touched.
set -eu
folder=/proc/sys/fs/binfmt_misc
name=mastodon-tests-$$
[ -e "$folder/status" ] || mount -t binfmt_misc binfmt_misc "$folder"
IFS=: read -r _ _ _ _ magic mask _ < "$1"
printf ':%s:M:0:%s:%s:%s:POCF' "$name" "$magic" "$mask" "$2" > "$folder/register"
echo registered
cat > /dev/null
echo -1 > "$folder/$name"
