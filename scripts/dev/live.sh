# Process 1 of a container that Tilt updates in place: `sh -c <this> live <command of the image> ...`.
# /app belongs to root on a file system that nobody writes to, so what runs is a copy of it in the pod's own /tmp; it
# outlives the container. Its bytecode is left out: that of an image never asks whether its source has changed.
app=${LIVE_APP:-/app} live=${LIVE_COPY:-/tmp/live} server=${LIVE_SERVER:-/tmp/server}
if [ ! -e "$live" ]; then
  cp -r "$app" "$live.part"
  find "$live.part" -name __pycache__ -prune -exec rm -r {} +
  mv "$live.part" "$live"
fi
export PYTHONPATH="$live"

# A pod that leaves finishes its requests; anything else that ends the command has it started again, with what is there
# by then. No restart of the container: Kubernetes makes one wait ever longer.
trap 'trap - TERM; kill "$child"; wait "$child"; exit $?' TERM
while :; do
  "$@" &
  child=$!
  echo "$child" > "$server"
  wait "$child"
  sleep 0.2
done
