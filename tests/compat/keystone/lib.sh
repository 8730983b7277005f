# The scripts that start and stop servers for the compatibility tests source this file.

die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# free_port: prints a free TCP port of loopback
free_port() {
  /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# answers URL SECONDS: waits until the URL responds with 200
answers() {
  local end=$((SECONDS + $2))
  until [ "$(curl -s -o /dev/null -m 2 -w '%{http_code}' "$1")" = 200 ]; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.2
  done
}

# stop_pid FILE SECONDS: ends the process named in the file with TERM; after SECONDS with KILL, and its children too
stop_pid() {
  local file=$1 end=$((SECONDS + $2)) pid below
  [ -f "$file" ] || return 0
  pid=$(cat "$file")
  below=$(cat "/proc/$pid"/task/*/children 2>/dev/null || true)
  kill -TERM "$pid" 2>/dev/null || true
  while kill -0 "$pid" 2>/dev/null && [ $SECONDS -lt $end ]; do sleep 0.1; done
  # shellcheck disable=SC2086
  kill -KILL "$pid" $below 2>/dev/null || true
  rm -f "$file"
}
