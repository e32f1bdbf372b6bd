# shellcheck shell=bash
# Configures Elasticsearch and Kibana: users, roles, lifecycle, template, snapshots, searches. Every request sets a
# state, so a second run changes nothing. Reads requests.txt, a line for each request: `TARGET METHOD PATH BODY
# STATUSES`. BODY is a file beside it or `-`; STATUSES are the accepted ones, separated by commas.
# A function in `$(…)` ends at its first failure too.
set -euo pipefail
shopt -s inherit_errexit
umask 077
# shellcheck source=secrets.sh
source "$SETUP_DIR/secrets.sh"

login=$WORK_DIR/login
answer=$WORK_DIR/answer
password=$(secret elastic)
printf 'user = "elastic:%s"\n' "$password" > "$login"

# Prints the status of the answer, or why there is no complete one; the body is in the file $answer.
ask() {
  local status
  : > "$answer"
  status=$(curl --silent --config "$login" --cacert "$CA_FILE" --max-time 60 --output "$answer" --write-out '%{http_code}' \
    --header 'kbn-xsrf: setup' "$@") || status="none (curl failed with $?)"
  echo "$status"
}

# Waits until a page answers with 200.
await() {
  local status end=$((SECONDS + WAIT_SECONDS))
  status=$(ask "$1")
  while [ "$status" != 200 ]; do
    if [ "$SECONDS" -ge "$end" ]; then
      echo "setup: $1 did not answer with 200 within $WAIT_SECONDS s, but with $status" >&2
      return 1
    fi
    sleep 3
    status=$(ask "$1")
  done
  echo "setup: $1 is there"
}

request() {
  local url=$1$3 method=$2 body=$4 statuses=$5 status said
  local options=(--request "$method")
  case $body in
    -) ;;
    *.ndjson) options+=(--form "file=@$SETUP_DIR/$body") ;;
    *)
      fill "$SETUP_DIR/$body" > "$WORK_DIR/body"
      options+=(--header 'content-type: application/json' --data-binary "@$WORK_DIR/body")
      ;;
  esac
  status=$(ask "${options[@]}" "$url")
  said=$(head -c 500 "$answer")
  if [[ ,$statuses, != *",$status,"* ]]; then
    echo "setup: $method $url: status $status, expected $statuses: $said" >&2
    return 1
  fi
  # The response to an import lists the objects Kibana rejected.
  if [[ $body = *.ndjson ]] && ! grep -q '"success":true' "$answer"; then
    echo "setup: $method $url: not everything was taken: $said" >&2
    return 1
  fi
  echo "setup: $method $url: $status"
}

reached=
while read -r target method path body statuses; do
  case $target in
    elasticsearch) base=$ELASTICSEARCH_URL ready='/_cluster/health?wait_for_status=yellow&timeout=30s' ;;
    kibana) base=$KIBANA_URL ready=/api/status ;;
    *) echo "setup: requests.txt names $target, expected elasticsearch or kibana" >&2; exit 1 ;;
  esac
  if [[ $reached != *"$target"* ]]; then
    await "$base$ready"
    reached+=" $target"
  fi
  request "$base" "$method" "$path" "$body" "$statuses"
done < "$SETUP_DIR/requests.txt"
echo 'setup: done'
