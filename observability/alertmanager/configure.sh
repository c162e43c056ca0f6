#!/bin/sh
# Writes Alertmanager's configuration: the routes, and the receivers `pages` and `tickets`. Each is a webhook if the
# Secret alertmanager-receivers has a key of its name with the address, else it tells nobody:
#   kubectl create secret generic alertmanager-receivers -n observability --from-literal=pages=https://...
#   kubectl rollout restart deployment/alertmanager -n observability
# Usage: configure.sh <folder of the Secret> <file to write>
set -eu
umask 077

receiver() {
  echo "  - name: $2"
  if [ -s "$1/$2" ]; then
    printf "    webhook_configs:\n      - url: '%s'\n" "$(cat "$1/$2")"
  fi
}

{
  cat "$(dirname "$0")/routes.yaml"
  echo "receivers:"
  receiver "$1" pages
  receiver "$1" tickets
} > "$2"
