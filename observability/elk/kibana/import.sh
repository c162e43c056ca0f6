# Import the saved objects into the Kibana beside this container, then stay and do nothing: the pod is ready when they
# are in, which the file `imported` says. Needs KIBANA (its address), FILES (their folder), JAEGER_URL, USERNAME and
# PASSWORD.
set -euo pipefail
SCRATCH=${SCRATCH:-/tmp}
RETRY_SECONDS=${RETRY_SECONDS:-5}
rm -f "$SCRATCH/imported"

# The password is told in a file descriptor, since everybody on the node may read arguments.
call() { # PATH, and what curl needs beside
  local path=$1
  shift
  curl --silent --show-error --max-time 60 --config <(printf 'user = "%s:%s"\n' "$USERNAME" "$PASSWORD") \
    --header 'kbn-xsrf: import' "$@" "$KIBANA$path"
}

import() {
  call '/api/saved_objects/_import?overwrite=true' --form "file=@$SCRATCH/all.ndjson" >"$SCRATCH/answer" \
    && grep --quiet '"success":true' "$SCRATCH/answer"
}

until call /api/status --fail --output /dev/null 2>/dev/null; do sleep "$RETRY_SECONDS"; done
# Links lead to wherever people open Jaeger.
sed "s|JAEGER_URL|$JAEGER_URL|g" "$FILES"/*.ndjson >"$SCRATCH/all.ndjson"
until import; do
  echo "error: the saved objects were not imported: $(head -c 600 "$SCRATCH/answer")" >&2
  sleep "$RETRY_SECONDS"
done
touch "$SCRATCH/imported"
echo "the saved objects are in"
exec sleep infinity
