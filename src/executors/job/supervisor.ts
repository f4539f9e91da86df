/**
 * Runs a program in its own process group and dies with the coordinator: a guard reads the control pipe, whose other end only the
 * coordinator holds, and kills the whole group when it ends. Everything that the program starts inherits the lock's descriptor. At the end
 * it says what time of the processor all this took.
 */
export const SUPERVISOR = `
trap : TERM INT
(trap '' TERM INT; read -r ignored <&3; kill -KILL 0) >/dev/null 2>&1 &
guard=$!
exec 3<&-
"$@" &
work=$!
wait $work; code=$?
while kill -0 $work 2>/dev/null; do wait $work; code=$?; done
kill -KILL $guard 2>/dev/null
times >&5
exit $code
`;
