# Bring Elasticsearch to what the files beside this script say. Everything is a PUT of a whole, so that it may be run
# again. Needs ELASTICSEARCH (its address), CA, FILES (the folder of the files), ELASTIC_PASSWORD, LOGSTASH_PASSWORD,
# KIBANA_PASSWORD and READER_PASSWORD.
set -euo pipefail
WAIT_SECONDS=${WAIT_SECONDS:-300}
STREAM=logs-proving_ground-default

# The passwords are told on standard input or in a file descriptor, since everybody on the node may read arguments.
call() { # METHOD PATH, body on standard input
  curl --silent --show-error --fail-with-body --max-time 60 --cacert "$CA" --config <(printf 'user = "elastic:%s"\n' "$ELASTIC_PASSWORD") \
    --request "$1" --header 'Content-Type: application/json' --data-binary @- --output /tmp/answer "$ELASTICSEARCH$2" \
    || { echo "error: $1 $2: $(head -c 600 /tmp/answer 2>/dev/null)" >&2; return 1; }
}

put() { # PATH, body on standard input
  call PUT "$1"
  echo "$1 is as declared"
}

await() { # until Elasticsearch takes requests: it may just be starting
  local end=$((SECONDS + WAIT_SECONDS))
  until call GET "/_cluster/health?wait_for_status=yellow&timeout=30s" </dev/null 2>/tmp/why; do
    ((SECONDS < end)) || { cat /tmp/why >&2; echo "error: Elasticsearch did not answer within $WAIT_SECONDS s" >&2; return 1; }
    sleep 2
  done
}

await
call PUT /_security/user/kibana_system/_password <<<"{\"password\": \"$KIBANA_PASSWORD\"}"
echo "kibana_system has its password"
put /_security/role/proving_ground_writer <"$FILES/role-writer.json"
put /_security/role/proving_ground_reader <"$FILES/role-reader.json"
put /_security/user/logstash <<<"{\"password\": \"$LOGSTASH_PASSWORD\", \"roles\": [\"proving_ground_writer\"]}"
put /_security/user/reader <<<"{\"password\": \"$READER_PASSWORD\", \"roles\": [\"proving_ground_reader\"]}"
put /_ilm/policy/logs-proving_ground <"$FILES/ilm-policy.json"
put /_index_template/logs-proving_ground <"$FILES/index-template.json"
# A search before the first line finds nothing, instead of no index. What is there already keeps its lines: the mapping
# of a changed template counts from its next index on.
if call GET "/_data_stream/$STREAM" </dev/null 2>/dev/null; then
  call POST "/$STREAM/_rollover?lazy=true" </dev/null
  echo "$STREAM goes on in a new index with its next line"
else
  put "/_data_stream/$STREAM" </dev/null
fi
