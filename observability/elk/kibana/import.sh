# Import the saved objects into the Kibana beside this container, then stay and do nothing: the pod is ready when they
# are in. Needs KIBANA (its address), FILES (their folder), JAEGER_URL, USERNAME and PASSWORD.
set -euo pipefail
DONE=${DONE:-/tmp/imported}
rm -f "$DONE"

call() { # PATH and what curl needs beside; the password is told in a file descriptor, for arguments can be read
  local path=$1
  shift
  curl --silent --show-error --max-time 60 --config <(printf 'user = "%s:%s"\n' "$USERNAME" "$PASSWORD") --header 'kbn-xsrf: import' "$@" "$KIBANA$path"
}

until call /api/status --fail --output /dev/null 2>/dev/null; do sleep 3; done
# Links lead to wherever people open Jaeger.
sed "s|JAEGER_URL|$JAEGER_URL|g" "$FILES"/*.ndjson >/tmp/all.ndjson
until call '/api/saved_objects/_import?overwrite=true' --form file=@/tmp/all.ndjson >/tmp/answer && grep --quiet '"success":true' /tmp/answer; do
  echo "error: the saved objects were not imported: $(head -c 600 /tmp/answer)" >&2
  sleep 10
done
touch "$DONE"
echo "the saved objects are in"
exec sleep infinity
